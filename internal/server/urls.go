package server

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// basePath is the path of a sync's SCIM base.
func basePath(namespace, name string) string { return "/" + namespace + "/" + name + "/scim/v2" }

// splitPath takes a request's path apart into the sync and what is relative to
// its SCIM base. ok is false for any other path.
func splitPath(path string) (namespace, name, rest string, ok bool) {
	path, ok = strings.CutPrefix(path, "/")
	namespace, path, _ = strings.Cut(path, "/")
	name, path, _ = strings.Cut(path, "/")
	rest, found := strings.CutPrefix(path, "scim/v2")
	if !ok || !found || namespace == "" || name == "" || rest != "" && rest[0] != '/' {
		return "", "", "", false
	}
	return namespace, name, rest, true
}

// URLs tells where identity providers reach the server.
type URLs struct {
	external       string // without a slash at its end, or empty
	trustForwarded bool
}

// NewURLs checks an external URL: http or https, a host, perhaps a path that a
// proxy takes off. When it is empty, URLs are made from the request, with
// trustForwarded from X-Forwarded-Proto and X-Forwarded-Host.
func NewURLs(external string, trustForwarded bool) (URLs, error) {
	if external == "" {
		return URLs{trustForwarded: trustForwarded}, nil
	}
	u, err := url.Parse(external)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return URLs{}, fmt.Errorf("the external URL %q must look like https://scim.example.com", external)
	}
	return URLs{external: strings.TrimRight(external, "/")}, nil
}

// Endpoint is what an admin enters at the identity provider: a URL, or the
// path alone when the external URL is not known.
func (u URLs) Endpoint(namespace, name string) string {
	return u.external + basePath(namespace, name)
}

// base is the SCIM base of a sync as the client of a request knows it.
func (u URLs) base(r *http.Request, path string) string {
	if u.external != "" {
		return u.external + path
	}
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if u.trustForwarded {
		if proto := firstValue(r, "X-Forwarded-Proto"); proto == "http" || proto == "https" {
			scheme = proto
		}
		if forwarded := firstValue(r, "X-Forwarded-Host"); validHost(forwarded) {
			host = forwarded
		}
	}
	return scheme + "://" + host + path
}

// firstValue is what the proxy nearest to the client said.
func firstValue(r *http.Request, header string) string {
	first, _, _ := strings.Cut(r.Header.Get(header), ",")
	return strings.TrimSpace(first)
}

func validHost(host string) bool {
	u, err := url.Parse("//" + host)
	return err == nil && host != "" && u.Host == host && u.User == nil
}
