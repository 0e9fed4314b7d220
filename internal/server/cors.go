package server

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// What a page of an allowed origin may send and read, beyond what every page may.
const (
	corsMethods = "GET, POST, PUT, PATCH, DELETE"
	corsHeaders = "Authorization, Content-Type, If-Match, If-None-Match, X-Request-Id"
	corsExposed = "Content-Location, ETag, Location, Retry-After, WWW-Authenticate, X-Request-Id"
	corsMaxAge  = "600" // seconds
)

// origins are those of web pages whose scripts may use the server. A browser
// keeps every other page's from it; whoever is no browser is not kept from
// anything, so a token is needed all the same.
type origins map[string]bool

// newOrigins checks a list of origins: scheme, host and perhaps a port, such as
// https://validator.example.com. An empty one allows none.
func newOrigins(list []string) (origins, error) {
	allowed := origins{}
	for _, origin := range list {
		u, err := url.Parse(origin)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || !strings.EqualFold(u.Scheme+"://"+u.Host, origin) {
			return nil, fmt.Errorf("the origin %q must look like https://validator.example.com, without a path", origin)
		}
		allowed[strings.ToLower(origin)] = true
	}
	return allowed, nil
}

// CheckOrigins tells what is wrong with Options.AllowedOrigins.
func CheckOrigins(list []string) error {
	_, err := newOrigins(list)
	return err
}

// allow tells the browser that the page may read the answer, and answers a
// preflight. It looks at no path and no token, so it tells nothing of either.
func (o origins) allow(w http.ResponseWriter, r *http.Request) (answered bool) {
	if len(o) == 0 {
		return false
	}
	header := w.Header()
	header.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !o[strings.ToLower(origin)] {
		return false
	}
	header.Set("Access-Control-Allow-Origin", origin)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		header.Set("Access-Control-Expose-Headers", corsExposed)
		return false
	}
	header.Set("Access-Control-Allow-Methods", corsMethods)
	header.Set("Access-Control-Allow-Headers", corsHeaders)
	header.Set("Access-Control-Max-Age", corsMaxAge)
	w.WriteHeader(http.StatusNoContent)
	return true
}
