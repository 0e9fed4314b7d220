package conformance

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	mediaSCIM = "application/scim+json"
	mediaJSON = "application/json"

	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 32 << 20
	// maxWait bounds how long a case waits when it is told to slow down.
	maxWait = 5 * time.Second
	// requestTimeout bounds one request. Speed is no matter of conformance.
	requestTimeout = time.Minute
)

// Target is the service provider under test.
type Target struct {
	URL      string // the SCIM base, with or without a slash at its end
	Token    string // a bearer token
	Insecure bool   // accept any certificate
}

// client sends requests to a Target.
type client struct {
	base  string
	token string
	http  *http.Client
}

func newClient(target Target, connections int) *client {
	transport := &http.Transport{
		MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections,
		DisableCompression: true,
		Proxy:              http.ProxyFromEnvironment,
		TLSClientConfig:    &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: target.Insecure}, //nolint:gosec // only on request
		ForceAttemptHTTP2:  true,
	}
	return &client{base: strings.TrimRight(target.URL, "/"), token: target.Token, http: &http.Client{
		Transport: transport, Timeout: requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a request and what came back.
type answer struct {
	t *T

	method, url string
	sent        http.Header
	request     string

	status int
	header http.Header
	raw    []byte
	body   map[string]any // nil if raw is no JSON object; numbers are json.Number
}

// send makes one request. Headers are "Name: value"; "Name:" sends none of that name.
func (c *client) send(ctx context.Context, method, path, body string, headers ...string) (*answer, error) {
	for wait := 100 * time.Millisecond; ; wait *= 2 {
		a, err := c.once(ctx, method, path, body, headers)
		if err != nil || !busy(method, a.status) || wait > maxWait {
			return a, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// busy tells whether a request is to be repeated later. What was answered 503
// may have been stored, so only reads are.
func busy(method string, status int) bool {
	return status == http.StatusTooManyRequests ||
		status == http.StatusServiceUnavailable && (method == http.MethodGet || method == http.MethodHead)
}

func (c *client) once(ctx context.Context, method, path, body string, headers []string) (*answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	request.Header.Set("Accept", mediaSCIM)
	if body != "" {
		request.Header.Set("Content-Type", mediaSCIM)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ":")
		if value = strings.TrimSpace(value); value == "" {
			request.Header.Del(name)
		} else {
			request.Header.Set(name, value)
		}
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	a := &answer{
		method: method, url: c.base + path, sent: request.Header, request: body,
		status: response.StatusCode, header: response.Header, raw: raw,
	}
	a.body, _ = decode(raw).(map[string]any)
	return a, nil
}

// unzip decodes a body that came as gzip.
func (a *answer) unzip() {
	reader, err := gzip.NewReader(bytes.NewReader(a.raw))
	if err == nil {
		a.raw, err = io.ReadAll(io.LimitReader(reader, maxAnswer))
	}
	if err != nil {
		a.t.fail(a, "a body in gzip: %v", err)
	}
	a.body, _ = decode(a.raw).(map[string]any)
}

// decode reads JSON with numbers as they are; nil for what is no JSON.
func decode(raw []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil || decoder.More() {
		return nil
	}
	return value
}

// encode is the JSON of a value that was decoded, or of a number.
func encode(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err) // such values can all be encoded
	}
	return string(encoded)
}
