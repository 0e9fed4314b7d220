package handler

import (
	"net/http"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// InvalidToken is the answer to a bearer token that is not accepted. It says
// nothing of why, so that nobody learns which service providers exist.
func InvalidToken() *scim.Error {
	return &scim.Error{
		Status: http.StatusUnauthorized,
		Detail: "the bearer token is not accepted here: check that the tenant URL is right and that the token is the current one, without spaces around it",
	}
}

func missingToken() *scim.Error {
	return &scim.Error{
		Status: http.StatusUnauthorized,
		Detail: "the request has no bearer token: send the header 'Authorization: Bearer <token>'",
	}
}

// bearerToken reads the Authorization header (RFC 6750 §2.1). The scheme
// compares case-insensitively (RFC 9110 §11.1).
func bearerToken(r *http.Request) (string, error) {
	scheme, token, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	token = strings.TrimSpace(token)
	if token == "" || !strings.EqualFold(scheme, "Bearer") {
		return "", missingToken()
	}
	return token, nil
}

// challenge is the WWW-Authenticate header of a 401 (RFC 6750 §3): a token that
// was sent in vain is called invalid, a missing one is only asked for.
func challenge(r *http.Request) string {
	if _, err := bearerToken(r); err != nil {
		return `Bearer realm="SCIM"`
	}
	return `Bearer realm="SCIM", error="invalid_token"`
}
