package handler

import (
	"net/http"
	"time"
)

// NewServer makes an http.Server with bounds on what a client may hold on to:
// a slow or silent one loses its connection, and headers above 64 KiB (a filter
// is in the URL, so this bounds filters too) are a 431.
func NewServer(addr string, h http.Handler) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second, // 16 MiB at 2.2 Mbit/s
		WriteTimeout:      90 * time.Second, // counts from the end of the header, so it includes reading
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    64 << 10,
	}
}
