package handler

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"sync"
)

// minGzip is the least size of a body that is compressed, in bytes: less fits
// into two or three packets anyway, and is what most answers come to.
const minGzip = 4096

var compressors = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is a valid one
	return w
}}

// compress gives the body as the client reads it best, and names its coding.
func compress(header http.Header, r *http.Request, body []byte) []byte {
	if len(body) < minGzip {
		return body
	}
	header.Add("Vary", "Accept-Encoding")
	if !acceptsGzip(r) {
		return body
	}
	var buf bytes.Buffer
	buf.Grow(len(body) / 4)
	w := compressors.Get().(*gzip.Writer)
	defer compressors.Put(w)
	w.Reset(&buf)
	_, err := w.Write(body)
	if closeErr := w.Close(); err != nil || closeErr != nil || buf.Len() >= len(body) {
		return body
	}
	header.Set("Content-Encoding", "gzip")
	return buf.Bytes()
}

// acceptsGzip reads Accept-Encoding (RFC 9110 §12.5.3). Only who names gzip
// gets it.
func acceptsGzip(r *http.Request) bool {
	for _, line := range r.Header["Accept-Encoding"] {
		for item := range strings.SplitSeq(line, ",") {
			coding, parameters, _ := strings.Cut(item, ";")
			if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
				return hasWeight(parameters)
			}
		}
	}
	return false
}
