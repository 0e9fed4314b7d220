package handler_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
)

func TestAuthentication(t *testing.T) {
	p := serve(t)
	for name, test := range map[string]struct {
		header    string
		status    int
		challenge string
	}{
		"right token":           {"Authorization: Bearer " + token, 200, ""},
		"scheme in lower case":  {"Authorization: bearer " + token, 200, ""},
		"scheme in upper case":  {"Authorization: BEARER   " + token, 200, ""},
		"no header":             {"Authorization:", 401, `Bearer realm="SCIM"`},
		"another scheme":        {"Authorization: Basic dTpw", 401, `Bearer realm="SCIM"`},
		"token without scheme":  {"Authorization: " + token, 401, `Bearer realm="SCIM"`},
		"scheme without token":  {"Authorization: Bearer", 401, `Bearer realm="SCIM"`},
		"wrong token":           {"Authorization: Bearer wrong", 401, `Bearer realm="SCIM", error="invalid_token"`},
		"token with its suffix": {"Authorization: Bearer " + token + "x", 401, `Bearer realm="SCIM", error="invalid_token"`},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			for _, path := range []string{"/Users", "/ServiceProviderConfig", "/Schemas", "/nothing", "/Users/x/y"} {
				got := p.do("GET", path, "", test.header)
				if test.status == 200 {
					if got.status == 401 {
						t.Errorf("%s: refused: %s", path, got.body)
					}
					continue
				}
				got.wantError(test.status, "")
				equal(t, path, got.header.Get("WWW-Authenticate"), test.challenge)
				if strings.Contains(got.body, "wrong") || strings.Contains(got.body, token) {
					t.Errorf("%s: the answer repeats the token: %s", path, got.body)
				}
			}
		})
	}
	missing := p.do("GET", "/Users", "", "Authorization:").text("detail")
	wrong := p.do("GET", "/Users", "", "Authorization: Bearer x").text("detail")
	if missing == wrong {
		t.Errorf("a missing and a wrong token are told apart by nothing: %s", wrong)
	}
}

func TestAuthenticateAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		err        error
		status     int
		retryAfter string
	}{
		"paused":                  {scim.Unavailable(90*time.Second, "the sync is paused"), 503, "90"},
		"part of a second":        {scim.Unavailable(time.Millisecond, "soon"), 503, "1"},
		"a second and a bit":      {scim.Unavailable(1001*time.Millisecond, "soon"), 503, "2"},
		"no time said":            {scim.Unavailable(0, "soon"), 503, "1"},
		"too many requests":       {&scim.Error{Status: 429, Detail: "slower", RetryAfter: 2 * time.Second}, 429, "2"},
		"an error of its own":     {errors.New("secret store is away: password=hunter2"), 500, ""},
		"deadline passed":         {context.DeadlineExceeded, 503, "1"},
		"a 400 has no RetryAfter": {&scim.Error{Status: 400, Detail: "bad", RetryAfter: time.Second}, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := serveWith(t, handler.Options{
				Store:        memory.New(),
				Authenticate: func(context.Context, string) error { return test.err },
			})
			got := p.get("/Users").wantError(test.status, "")
			equal(t, "Retry-After", got.header.Get("Retry-After"), test.retryAfter)
			if strings.Contains(got.body, "hunter2") {
				t.Errorf("the answer shows an inner error: %s", got.body)
			}
		})
	}
}

// A service provider that does not exist is served by a Handler that refuses
// every token and has no Store.
func TestUnknownProviderAnswersLikeAWrongToken(t *testing.T) {
	known := serve(t)
	unknown := serveWith(t, handler.Options{
		Authenticate: func(context.Context, string) error { return handler.InvalidToken() },
	})
	for _, authorization := range []string{"Authorization: Bearer wrong", "Authorization:"} {
		for _, path := range []string{"/Users", "/Users/x", "/Schemas", "/no"} {
			a, b := known.do("GET", path, "", authorization), unknown.do("GET", path, "", authorization)
			equal(t, path+" status", b.status, a.status)
			equal(t, path+" body", b.body, a.body)
			equal(t, path+" challenge", b.header.Get("WWW-Authenticate"), a.header.Get("WWW-Authenticate"))
		}
	}
}
