package handler

import (
	"crypto/rand"
	"net/http"
)

const headerRequestID = "X-Request-Id"

// maxRequestID bounds an id that the client chose.
const maxRequestID = 128

// requestID is the id that the client gave its request, if it can go into a
// header and a log line as it is, or a new one.
func requestID(r *http.Request) string {
	id := r.Header.Get(headerRequestID)
	if id == "" || len(id) > maxRequestID {
		return rand.Text()
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return rand.Text()
		}
	}
	return id
}
