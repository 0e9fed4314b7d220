package handler_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
)

func TestMediaTypes(t *testing.T) {
	p := serve(t)
	for name, test := range map[string]struct {
		header string
		status int
	}{
		"scim":                {"Content-Type: application/scim+json", 201},
		"scim with a charset": {"Content-Type: application/scim+json; charset=utf-8", 201},
		"json":                {"Content-Type: application/json", 201},
		"json, odd parameter": {"Content-Type: application/json; charset", 201},
		"any letter case":     {"Content-Type: Application/SCIM+JSON", 201},
		"none":                {"Content-Type:", 201},
		"text":                {"Content-Type: text/plain", 415},
		"form":                {"Content-Type: application/x-www-form-urlencoded", 415},
		"not a type at all":   {"Content-Type: ;;", 415},
		"compressed":          {"Content-Encoding: gzip", 415},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			got := p.do("POST", "/Users", `{"userName":"`+name+`"}`, test.header)
			if test.status == 201 {
				got.want(201)
			} else {
				got.wantError(test.status, "")
			}
		})
	}
}

func TestAccept(t *testing.T) {
	p := serve(t)
	for accept, want := range map[string]string{
		"":                                   "application/scim+json",
		"*/*":                                "application/scim+json",
		"application/scim+json":              "application/scim+json",
		"application/json":                   "application/json",
		"Application/JSON; q=0.5, text/html": "application/json",
		"application/json, application/scim+json": "application/scim+json",
		"text/html":              "application/scim+json",
		"application/json;q=0":   "application/scim+json",
		"application/json; q=0.": "application/scim+json",
		"application/scim+json;q=0.000, application/json;q=0.001": "application/json",
	} {
		t.Run(accept, func(t *testing.T) {
			for _, path := range []string{"/Users", "/Schemas", "/Users/nobody"} {
				got := p.do("GET", path, "", "Accept: "+accept)
				equal(t, path, got.header.Get("Content-Type"), want)
			}
		})
	}
}

func TestMalformedBodies(t *testing.T) {
	p := serve(t)
	id := p.user("ada")
	deep := strings.Repeat("[", 64) + strings.Repeat("]", 64)
	for name, test := range map[string]struct {
		body string
		says string // part of the detail
	}{
		"empty":              {" ", "empty"},
		"not JSON":           {`{"userName":ada}`, "at byte 13"},
		"cut off":            {`{"userName":"ada"`, "byte 17"},
		"goes on":            {`{"userName":"ada"} x`, "goes on"},
		"two objects":        {`{"userName":"ada"}{}`, "goes on"},
		"an array":           {`[{"userName":"ada"}]`, "JSON object"},
		"null":               {`null`, "JSON object"},
		"a number":           {`12`, "JSON object"},
		"not UTF-8":          {"{\"userName\":\"a\xff\"}", "UTF-8"},
		"too deep":           {`{"userName":"x","a":` + deep + `}`, "deeper than 64"},
		"a lone surrounding": {`}`, "at byte 1"},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			for method, path := range map[string]string{"POST": "/Users", "PUT": "/Users/" + id, "PATCH": "/Users/" + id} {
				detail := p.do(method, path, test.body).wantError(400, "invalidSyntax").text("detail")
				if !strings.Contains(detail, test.says) {
					t.Errorf("%s: detail %q does not say %q", method, detail, test.says)
				}
			}
		})
	}
	p.do("POST", "/Users", "").wantError(400, "invalidSyntax")
}

func TestLenientBodies(t *testing.T) {
	p := serve(t)
	brackets := strings.Repeat("[{", 200)
	for name, test := range map[string]struct{ body, want string }{
		"byte order mark":    {"\uFEFF" + `{"userName":"bom"}`, "bom"},
		"last key counts":    {`{"userName":"first","userName":"second"}`, "second"},
		"space around":       {"\r\n " + `{"userName":"space"}` + "\n", "space"},
		"brackets in a text": {`{"userName":"text","title":"\"` + brackets + `"}`, "text"},
	} {
		t.Run(name, func(t *testing.T) {
			equal(t, "userName", p.do("POST", "/Users", test.body).want(201).text("userName"), test.want)
		})
	}
}

// No object may have so many members that looking each one up takes long, and no
// list more than a large group.
func TestMembersOfAnObject(t *testing.T) {
	p := serve(t)
	members := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(`,"k` + strconv.Itoa(i) + `":[1,2,{}]`)
		}
		return b.String()
	}
	p.do("POST", "/Users", `{"userName":"many"`+members(4095)+`}`).want(201)
	p.do("POST", "/Users", `{"userName":"more"`+members(4096)+`}`).wantError(413, "")
	p.do("POST", "/Users", `{"userName":"more","a":[{"b":1`+members(4096)+`}]}`).wantError(413, "")
	p.do("POST", "/Groups", `{"displayName":"g","members":["a"`+strings.Repeat(`,"a"`, 1<<18)+`]}`).wantError(413, "")
	p.do("POST", "/Users", `{"userName":"lists","a":[`+strings.Repeat("1,", 10_000)+`1]}`).want(201)
}

func TestBodyLimits(t *testing.T) {
	p := serveWith(t, handler.Options{Store: memory.New(), Limits: handler.Limits{Body: 200, GroupBody: 1000}})
	user := func(size int) string { return `{"userName":"` + strings.Repeat("u", size) + `"}` }
	group := func(size int) string { return `{"displayName":"g","x":"` + strings.Repeat("u", size) + `"}` }
	for name, test := range map[string]struct {
		path, body string
		status     int
	}{
		"user within":      {"/Users", user(100), 201},
		"user above":       {"/Users", user(200), 413},
		"group within":     {"/Groups", group(800), 201},
		"group above":      {"/Groups", group(1000), 413},
		"far above":        {"/Groups", group(1 << 20), 413},
		"space counts too": {"/Users", user(10) + strings.Repeat(" ", 200), 413},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			got := p.do("POST", test.path, test.body)
			if test.status == 413 {
				got.wantError(413, "")
			} else {
				got.want(test.status)
			}
		})
	}
	t.Run("length not announced", func(t *testing.T) {
		p.chunked("POST", "/Users", user(200)).wantError(413, "")
		p.chunked("POST", "/Users", user(101)).want(201)
	})
}

// A group of 100,000 members fits into one request by default.
func TestLargeGroup(t *testing.T) {
	p := serve(t)
	ids := make([]string, 100_000)
	for i := range ids {
		ids[i] = strings.Repeat("a", 60) + "-" + strings.Repeat("b", i%40) + string(rune('a'+i%26)) + strconv.Itoa(i)
	}
	id := p.group("everybody", ids...)
	equal(t, "members", len(p.members(id)), len(ids))
	p.do("PATCH", "/Groups/"+id, patchBody(`[{"op":"add","path":"members","value":[{"value":"one-more"}]}]`),
		"Accept: application/scim+json").want(204)
	equal(t, "last member", p.members(id)[100_000], "one-more")
}
