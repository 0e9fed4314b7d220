package handler

import (
	"fmt"
	"net/http"
	"time"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// NewServer makes an http.Server with bounds on what a client may hold on to:
// a slow or silent one loses its connection. A header that is a little too
// large is left to the Handler, which answers with a SCIM error; far above its
// limit, net/http answers 431 by itself.
func NewServer(addr string, h http.Handler) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second, // 16 MiB at 2.2 Mbit/s
		WriteTimeout:      90 * time.Second, // counts from the end of the header, so it includes reading
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    256 << 10,
		// "OPTIONS *" asks for a token and gets a request id like everything else.
		DisableGeneralOptionsHandler: true,
	}
}

// checkHeader bounds the URL, which holds the filter, and the other headers.
func (l Limits) checkHeader(r *http.Request) error {
	if err := l.checkURL(len(r.URL.Path) + len(r.URL.RawQuery)); err != nil {
		return err
	}
	size := 0
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	if size > l.Header {
		return &scim.Error{
			Status: http.StatusRequestHeaderFieldsTooLarge,
			Detail: fmt.Sprintf("the headers are larger than %d bytes together, the most that is read", l.Header),
		}
	}
	return nil
}

func (l Limits) checkURL(size int) error {
	if size <= l.Header {
		return nil
	}
	return &scim.Error{
		Status: http.StatusRequestURITooLong,
		Detail: fmt.Sprintf("the URL is longer than %d bytes, the most that is read: use a shorter filter", l.Header),
	}
}
