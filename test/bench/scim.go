package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// endpoint is a SCIM endpoint, or another base URL, with a token.
type endpoint struct {
	base, bearer string
}

// connections is what all requests go through, to the operator and to the bare
// handler alike: keep-alive, and no compression, which Go would otherwise ask for.
var connections = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}}

// do sends a request, and fails unless the answer has the status. The body of
// the answer is read into answer, or thrown away if that is nil. A 429, a 503
// and a conflict that was retried too often are errRefused.
func (e endpoint) do(ctx context.Context, status int, method, path, body string, answer *bytes.Buffer) error {
	request, err := http.NewRequestWithContext(ctx, method, e.base+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+e.bearer)
	if body != "" {
		request.Header.Set("Content-Type", "application/scim+json")
	}
	response, err := connections.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != status {
		detail, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
		switch response.StatusCode {
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			return fmt.Errorf("%w: %d %s", errRefused, response.StatusCode, detail)
		}
		return fmt.Errorf("%s %s: got %d, want %d: %s", method, path, response.StatusCode, status, detail)
	}
	if answer == nil {
		_, err = io.Copy(io.Discard, response.Body)
		return err
	}
	answer.Reset()
	_, err = answer.ReadFrom(response.Body)
	return err
}

// create creates a resource and gives its id.
func (e endpoint) create(ctx context.Context, path, body string) (id string, err error) {
	var answer bytes.Buffer
	if err := e.do(ctx, http.StatusCreated, http.MethodPost, path, body, &answer); err != nil {
		return "", err
	}
	var created struct{ ID string }
	if err := json.Unmarshal(answer.Bytes(), &created); err != nil {
		return "", fmt.Errorf("POST %s answered %q: %w", path, answer.String(), err)
	}
	return created.ID, nil
}

// addMember and removeMember answer 204, since the client accepts nothing else:
// the answer is then the same for a group of any size.
func (e endpoint) addMember(ctx context.Context, group, id string) error {
	return e.do(ctx, http.StatusNoContent, http.MethodPatch, "/Groups/"+group,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"members","value":[{"value":"`+id+`"}]}]}`, nil)
}

func (e endpoint) removeMember(ctx context.Context, group, id string) error {
	return e.do(ctx, http.StatusNoContent, http.MethodPatch, "/Groups/"+group,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"members[value eq \"`+id+`\"]"}]}`, nil)
}

// filtered is the path of a query.
func filtered(path, filter string) string { return path + "?filter=" + url.QueryEscape(filter) }

// userBody is a new user as Entra ID sends it. name has no character that JSON escapes.
func userBody(name string) string {
	return `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],` +
		`"externalId":"4e5f6071-` + name + `","userName":"` + name + `@example.com","active":true,"displayName":"Ann ` + name + `",` +
		`"title":"Engineer","preferredLanguage":"en-US","emails":[{"primary":true,"type":"work","value":"` + name + `@example.com"}],` +
		`"name":{"formatted":"Ann ` + name + `","familyName":"` + name + `","givenName":"Ann"},` +
		`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"` + name + `","department":"Platform"}}`
}

// groupBody is a new group with members.
func groupBody(name string, members []string) string {
	var b strings.Builder
	b.WriteString(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"` + name + `","members":[`)
	for i, id := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"value":"` + id + `"}`)
	}
	b.WriteString(`]}`)
	return b.String()
}
