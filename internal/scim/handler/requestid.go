package handler

import (
	"math/rand/v2"
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
		return newRequestID()
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return newRequestID()
		}
	}
	return id
}

const base32Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// newRequestID is an id of 128 bits: no two requests share one. It protects
// nothing, so it may be guessed, and takes no random bytes of the system's.
func newRequestID() string {
	var id [26]byte
	for half := range 2 {
		n := rand.Uint64()
		for i := range 13 { // the last has 4 bits
			id[13*half+i] = base32Digits[n%32]
			n /= 32
		}
	}
	return string(id[:])
}
