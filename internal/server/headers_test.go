package server

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHeadersWithoutAnEnd: many clients send nearly as much of a header as may
// be, and then nothing. What they may keep the server from is bounded together.
func TestHeadersWithoutAnEnd(t *testing.T) {
	f := newFixture(t, entra(nil), func(o *Options) { o.Timeouts.Header = time.Minute })
	s, stop := start(t, f.options)
	var header strings.Builder
	header.WriteString("GET / HTTP/1.1\r\nHost: x\r\n")
	for i := 0; header.Len() < 250<<10; i++ {
		fmt.Fprintf(&header, "X-%d: %s\r\n", i, strings.Repeat("x", 1000))
	}
	clients := make([]net.Conn, 2*maxUnfinished/header.Len())
	for i := range clients {
		clients[i] = dial(t, s.Address())
		// The server may close it before it has all.
		_, _ = io.WriteString(clients[i], header.String())
	}
	kept := func() (n int) {
		for _, c := range clients {
			_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
			_, err := c.Read(make([]byte, 1))
			if err, ok := err.(net.Error); ok && err.Timeout() { //nolint:errorlint // as package net gives it
				n++
			}
		}
		return n
	}
	const most = maxUnfinished / (250 << 10)
	for deadline := time.Now().Add(soon); kept() > most; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d connections are kept, want at most %d", kept(), len(clients), most)
		}
	}
	if kept() == 0 {
		t.Error("all connections were closed")
	}
	if err := fresh(t, s.Address()); err != nil {
		t.Errorf("a request beside them: %v", err)
	}
	for _, c := range clients {
		_ = c.Close()
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestStrangersThatDoNotRead have no token, and a window of 0 for each of their
// answers on one HTTP/2 connection.
func TestStrangersThatDoNotRead(t *testing.T) {
	f := newFixture(t, entra(nil), func(o *Options) {
		o.CertFile, o.KeyFile = filepath.Join(t.TempDir(), "tls.crt"), filepath.Join(t.TempDir(), "tls.key")
	})
	writeCertificate(t, &f.options, 1)
	s, stop := start(t, f.options)
	dialer := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}, NetDialer: &net.Dialer{Timeout: soon}} //nolint:gosec // self-signed
	c, err := dialer.DialContext(t.Context(), "tcp", s.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	sent := append([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, 0, []byte{0, 4, 0, 0, 0, 0})...) // SETTINGS_INITIAL_WINDOW_SIZE
	for i := range uint32(maxStreams) {
		sent = append(sent, frame(1, 0x5, 2*i+1, []byte{0x82, 0x87, 0x84, 0x01, 1, 'x'})...) // GET https://x/
	}
	began := time.Now()
	if _, err := c.Write(sent); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(began.Add(soon)); err != nil {
		t.Fatal(err)
	}
	reset := 0
	for r := bufio.NewReader(c); reset < maxStreams; {
		head := make([]byte, 9)
		if _, err := io.ReadFull(r, head); err != nil {
			t.Fatalf("%d of %d streams were reset: %v", reset, maxStreams, err)
		}
		if _, err := r.Discard(int(head[0])<<16 | int(head[1])<<8 | int(head[2])); err != nil {
			t.Fatal(err)
		}
		if head[3] == 3 { // RST_STREAM
			reset++
		}
	}
	if took := time.Since(began); took < refusalWrite || took > soon {
		t.Errorf("they were reset after %s, want %s", took, refusalWrite)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestHeaderFieldsAreLetGo: HTTP/2 keeps a request until its answer is gone.
func TestHeaderFieldsAreLetGo(t *testing.T) {
	f := newFixture(t, entra(nil), nil)
	router, err := newRouter(f.options)
	if err != nil {
		t.Fatal(err)
	}
	for _, authorization := range []string{"", "Bearer " + bearer} {
		rq := httptest.NewRequestWithContext(t.Context(), http.MethodGet, users, http.NoBody)
		rq.ProtoMajor = 2
		rq.Header.Set("Authorization", authorization)
		router.ServeHTTP(httptest.NewRecorder(), rq)
		if len(rq.Header) > 0 {
			t.Errorf("with Authorization %q, %v is kept", authorization, rq.Header)
		}
	}
}
