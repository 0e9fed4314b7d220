package handler_test

import (
	"strings"
	"testing"
)

// RFC 7644 §3.14, RFC 9110 §13.1.
func TestPreconditions(t *testing.T) {
	p := serve(t)
	id := p.user("ada")
	path := "/Users/" + id
	stale := p.get(path).header.Get("ETag")
	p.patch(path, `[{"op":"replace","path":"title","value":"Countess"}]`)
	current := p.get(path).header.Get("ETag")
	if current == stale || current == "" {
		t.Fatalf("the version stays %q after a change", current)
	}
	bare := strings.Trim(strings.TrimPrefix(current, "W/"), `"`)

	for name, test := range map[string]struct {
		header string
		met    bool
	}{
		"the version":           {"If-Match: " + current, true},
		"one of several":        {`If-Match: "x", ` + current, true},
		"without W/":            {`If-Match: "` + bare + `"`, true},
		"without quotes":        {"If-Match: " + bare, true},
		"any":                   {"If-Match: *", true},
		"an old one":            {"If-Match: " + stale, false},
		"a strange one":         {`If-Match: "x"`, false},
		"not another":           {"If-None-Match: " + stale, true},
		"not this one":          {"If-None-Match: " + current, false},
		"only if it is missing": {"If-None-Match: *", false},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			for method, body := range map[string]string{
				"PATCH": patchBody(`[{"op":"replace","path":"title","value":"Countess"}]`),
				"PUT":   `{"userName":"ada","title":"Countess"}`,
			} {
				got := p.do(method, path, body, test.header)
				if !test.met {
					got.wantError(412, "")
				} else if got.status >= 300 {
					t.Errorf("%s: %d %s", method, got.status, got.body)
				}
				equal(t, method+": the version", p.get(path).header.Get("ETag"), current)
			}
		})
	}
}

func TestConditionalDelete(t *testing.T) {
	p := serve(t)
	path := "/Users/" + p.user("ada")
	stale := p.get(path).header.Get("ETag")
	p.patch(path, `[{"op":"replace","path":"title","value":"Countess"}]`)
	p.do("DELETE", path, "", "If-Match: "+stale).wantError(412, "")
	current := p.get(path).want(200).header.Get("ETag")
	p.do("DELETE", path, "", "If-Match: "+current).want(204)
	p.do("DELETE", path, "", "If-Match: "+current).wantError(404, "")
}

func TestConditionalGet(t *testing.T) {
	p := serve(t)
	id := p.user("ada")
	first := p.get("/Users/" + id)
	tag := first.header.Get("ETag")
	equal(t, "meta.version", first.text("meta", "version"), tag)
	for name, test := range map[string]struct {
		header string
		status int
	}{
		"the same":                {"If-None-Match: " + tag, 304},
		"the same without W/":     {"If-None-Match: " + strings.TrimPrefix(tag, "W/"), 304},
		"one of several":          {`If-None-Match: W/"x", ` + tag, 304},
		"any":                     {"If-None-Match: *", 304},
		"another":                 {`If-None-Match: W/"x"`, 200},
		"If-Match the same":       {"If-Match: " + tag, 200},
		"If-Match one of several": {`If-Match: "x",` + tag, 200},
		"If-Match another":        {`If-Match: W/"x"`, 412},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			got := p.do("GET", "/Users/"+id, "", test.header).want(test.status)
			if test.status != 412 {
				equal(t, "ETag", got.header.Get("ETag"), tag)
			}
			if test.status == 304 && got.body != "" {
				t.Errorf("a 304 with a body: %s", got.body)
			}
		})
	}
	p.do("GET", "/Users/"+id, "", `If-Match: "x"`, "If-None-Match: "+tag).wantError(412, "")
	equal(t, "Content-Location of a 304", p.do("GET", "/Users/"+id, "", "If-None-Match: "+tag).header.Get("Content-Location"), first.header.Get("Content-Location"))
	p.group("g", id)
	p.do("GET", "/Users/"+id, "", "If-None-Match: "+tag).want(200)
	p.do("GET", "/Users/"+id, "", "If-Match: "+tag).wantError(412, "")
}

// The ETag of a user changes with its groups, their names included; that of a
// group with its members.
func TestVersionFollowsMembership(t *testing.T) {
	p := serve(t)
	user, other := p.user("ada"), p.user("bob")
	versions := map[string]bool{}
	see := func(step string) {
		t.Helper()
		tag := p.get("/Users/" + user).header.Get("ETag")
		if versions[tag] {
			t.Errorf("%s: the version is still %s", step, tag)
		}
		versions[tag] = true
	}
	see("at first")
	group := p.group("g", user)
	see("in a group")
	p.patch("/Groups/"+group, `[{"op":"replace","path":"displayName","value":"h"}]`)
	see("group renamed")
	before := p.get("/Users/" + user).header.Get("ETag")
	p.patch("/Groups/"+group, `[{"op":"add","path":"members","value":[{"value":"`+other+`"}]}]`)
	equal(t, "somebody else joins", p.get("/Users/"+user).header.Get("ETag"), before)
}

// A change that changes nothing is a 2xx and keeps version and lastModified.
func TestNoChangeKeepsTheVersion(t *testing.T) {
	p := serve(t)
	user := p.create("/Users", fullUser)
	group := p.group("g", user)
	for name, test := range map[string]struct{ method, path, body string }{
		"PATCH replace by the same": {"PATCH", "/Users/" + user, patchBody(`[{"op":"replace","path":"displayName","value":"Ada"}]`)},
		"PATCH add what is there":   {"PATCH", "/Users/" + user, patchBody(`[{"op":"add","path":"name.givenName","value":"Ada"}]`)},
		"PATCH remove what is not":  {"PATCH", "/Users/" + user, patchBody(`[{"op":"remove","path":"title"}]`)},
		"PATCH without operations":  {"PATCH", "/Users/" + user, patchBody(`[]`)},
		"PUT of the same":           {"PUT", "/Users/" + user, fullUser},
		"member there already":      {"PATCH", "/Groups/" + group, patchBody(`[{"op":"add","path":"members","value":[{"value":"` + user + `"}]}]`)},
		"member not there":          {"PATCH", "/Groups/" + group, patchBody(`[{"op":"remove","path":"members[value eq \"nobody\"]"}]`)},
		"members replaced by same":  {"PATCH", "/Groups/" + group, patchBody(`[{"op":"replace","path":"members","value":[{"value":"` + user + `"}]}]`)},
		"PUT of the group":          {"PUT", "/Groups/" + group, `{"displayName":"g"}`},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			before := p.get(test.path).object()["meta"]
			if got := p.do(test.method, test.path, test.body); got.status != 200 && got.status != 204 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			equal(t, "meta", p.get(test.path).object()["meta"], before)
		})
	}
}
