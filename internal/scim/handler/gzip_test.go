package handler_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
)

func TestGzip(t *testing.T) {
	p := serve(t)
	id := p.user("ada")
	for i := range 50 {
		p.user(fmt.Sprint("user", i))
	}
	plain := p.do("GET", "/Users", "", "Accept-Encoding: identity").want(200)
	for accepted, want := range map[string]bool{
		"gzip": true, "deflate, GZIP;q=0.5": true, "br, gzip ; q=1.0": true, "gzip;q=0": false, "gzip;q=x": false,
		"identity": false, "br": false, "*": false, "xgzip": false,
	} {
		got := p.do("GET", "/Users", "", "Accept-Encoding: "+accepted).want(200)
		equal(t, accepted+": Vary", got.header.Get("Vary"), "Accept-Encoding")
		equal(t, accepted+": Content-Length", got.header.Get("Content-Length"), strconv.Itoa(len(got.body)))
		if !want {
			equal(t, accepted, got.body, plain.body)
			equal(t, accepted, got.header.Get("Content-Encoding"), "")
			continue
		}
		equal(t, accepted, got.header.Get("Content-Encoding"), "gzip")
		r, err := gzip.NewReader(strings.NewReader(got.body))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, accepted, string(body), plain.body)
	}
	small := p.do("GET", "/Users/"+id, "", "Accept-Encoding: gzip").want(200)
	equal(t, "a small answer", small.header.Get("Content-Encoding"), "")
	equal(t, "a small answer", small.text("userName"), "ada")
}

// RFC 9110 §8.7: a body that is a resource says which.
func TestContentLocation(t *testing.T) {
	p := serve(t)
	made := p.do("POST", "/Users", `{"userName":"ada"}`).want(201)
	url := made.text("meta", "location")
	path := strings.TrimPrefix(url, p.base)
	for what, got := range map[string]*answered{
		"POST": made, "GET": p.get(path),
		"PUT":   p.do("PUT", path, `{"userName":"ada","title":"x"}`).want(200),
		"PATCH": p.do("PATCH", path+"?attributes=title", patchBody(`[{"op":"add","path":"title","value":"y"}]`)).want(200),
	} {
		equal(t, what, got.header.Get("Content-Location"), url)
		equal(t, what, got.header.Get("Location"), url)
	}
	for what, got := range map[string]*answered{
		"a list": p.get("/Users"), "no body": p.do("DELETE", path, "").want(204), "an error": p.get(path).want(404),
	} {
		equal(t, what, got.header.Get("Content-Location"), "")
	}
}
