package idpsim

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxAnswer     = 256 << 20       // bytes; a list page of large groups is the longest
	maxRetryAfter = 2 * time.Minute // nobody waits longer, whatever the server says
)

// client sends requests, at the wanted rate, and tries again where an identity
// provider would.
type client struct {
	http     *http.Client
	base     string // without a trailing slash
	query    string // of every request
	header   http.Header
	retries  int
	pacer    pacer
	recorder *recorder
	answered atomic.Bool // the server has answered at least once
}

func newClient(c *Config, t *standard, rec *recorder) (*client, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, err
	}
	cl := &client{query: u.RawQuery, header: t.header.Clone(), retries: c.MaxRetries, recorder: rec, http: c.HTTPClient}
	if cl.query == "" {
		cl.query = t.tenantQuery
	}
	u.RawQuery, u.ForceQuery = "", false
	cl.base = strings.TrimRight(u.String(), "/")
	if c.Token != "" {
		cl.header.Set("Authorization", "Bearer "+c.Token)
	}
	if c.Rate > 0 {
		cl.pacer.interval = time.Duration(float64(time.Second) / c.Rate)
	}
	if cl.http == nil {
		if cl.http, err = newHTTPClient(c); err != nil {
			return nil, err
		}
	}
	return cl, nil
}

// newHTTPClient keeps its connections open and follows no redirects: identity
// providers do not either.
func newHTTPClient(c *Config) (*http.Client, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.Insecure}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("reading the CA file: %w", err)
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("the CA file %s has no PEM certificate", c.CAFile)
		}
	}
	return &http.Client{
		Timeout: c.Timeout,
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: min(c.Timeout, 10*time.Second)}).DialContext,
			TLSClientConfig:     settings,
			MaxIdleConns:        c.Connections,
			MaxIdleConnsPerHost: c.Connections,
			IdleConnTimeout:     90 * time.Second,
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// do sends a request until it is answered for good. An error is one of
// transport; the context's when the run is over.
func (c *client) do(ctx context.Context, r *request, body any) (*answer, error) {
	var payload []byte
	if body != nil {
		var err error
		if payload, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("writing the body: %w", err)
		}
	}
	for attempt := 0; ; attempt++ {
		if err := c.pacer.wait(ctx); err != nil {
			return nil, err
		}
		start := time.Now()
		a, err := c.once(ctx, r, payload)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		c.recorder.sent(r, a, time.Since(start))
		pause, again := c.again(a, err, attempt)
		if !again {
			return a, err
		}
		c.recorder.retries.Add(1)
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// again says whether to repeat a request, and when: after a 429 or 503, and
// after a connection that was never made, which cannot have done anything.
func (c *client) again(a *answer, err error, attempt int) (time.Duration, bool) {
	pause := 500 * time.Millisecond << min(attempt, 6)
	if attempt >= c.retries {
		return 0, false
	}
	if err != nil {
		var op *net.OpError
		return pause, c.answered.Load() && errors.As(err, &op) && op.Op == "dial"
	}
	if a.status != http.StatusTooManyRequests && a.status != http.StatusServiceUnavailable {
		return 0, false
	}
	if asked, isSet := retryAfter(a.header); isSet {
		pause = min(asked, maxRetryAfter)
	}
	return pause, true
}

// retryAfter reads Retry-After in both of its forms (RFC 9110 §10.2.3).
func retryAfter(h http.Header) (time.Duration, bool) {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(time.Until(at), 0), true
	}
	return 0, false
}

func (c *client) url(path string) string {
	if c.query == "" {
		return c.base + path
	}
	if strings.Contains(path, "?") {
		return c.base + path + "&" + c.query
	}
	return c.base + path + "?" + c.query
}

func (c *client) once(ctx context.Context, r *request, payload []byte) (*answer, error) {
	var body io.Reader
	if payload != nil {
		body = bytes.NewReader(payload)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.url(r.path), body)
	if err != nil {
		return nil, err
	}
	for name, values := range c.header {
		if payload != nil || name != "Content-Type" {
			req.Header[name] = values
		}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it was read to its end
	a := &answer{status: resp.StatusCode, header: resp.Header}
	if a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer)); err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	c.answered.Store(true)
	return a, nil
}

// pacer spaces requests evenly.
type pacer struct {
	interval time.Duration // 0: no waiting
	mu       sync.Mutex
	next     time.Time
}

func (p *pacer) wait(ctx context.Context) error {
	if p.interval == 0 {
		return nil
	}
	p.mu.Lock()
	now := time.Now()
	if p.next.Before(now.Add(-100 * time.Millisecond)) {
		p.next = now // what was not used for long is lost: no bursts
	}
	pause := p.next.Sub(now)
	p.next = p.next.Add(p.interval)
	p.mu.Unlock()
	return sleep(ctx, pause)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
