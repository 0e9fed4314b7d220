package scale

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// connections is what all requests go through: keep-alive, and no compression,
// which Go would otherwise ask for.
var connections = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}

// endpoint is the SCIM endpoint of the sync, with its token.
type endpoint struct{ base, bearer string }

func (r *runner) endpoint() endpoint {
	return endpoint{fmt.Sprintf("http://%s/%s/%s/scim/v2", r.operator.Address, syncNamespace, syncName), r.cluster.bearer}
}

// do sends a request, and fails unless the answer has the status.
func (e endpoint) do(ctx context.Context, status int, method, path, body string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, e.base+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+e.bearer)
	if body != "" {
		request.Header.Set("Content-Type", "application/scim+json")
	}
	response, err := connections.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != status {
		err = fmt.Errorf("%s %s: got %d, want %d: %.500s", method, path, response.StatusCode, status, content)
	}
	return content, err
}

// page is a ListResponse (RFC 7644 §3.4.2, RFC 9865).
type page struct {
	Total      int    `json:"totalResults"`
	NextCursor string `json:"nextCursor"`
	Resources  []struct {
		ID string `json:"id"`
	} `json:"Resources"`
}

func (e endpoint) list(ctx context.Context, path string, query url.Values) (page, error) {
	var p page
	content, err := e.do(ctx, http.StatusOK, http.MethodGet, path+"?"+query.Encode(), "")
	if err == nil {
		err = json.Unmarshal(content, &p)
	}
	return p, err
}

// addMember and removeMember answer 204, since the client accepts nothing else.
func (e endpoint) addMember(ctx context.Context, group, id string) error {
	_, err := e.do(ctx, http.StatusNoContent, http.MethodPatch, "/Groups/"+group,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"members","value":[{"value":"`+id+`"}]}]}`)
	return err
}

func (e endpoint) removeMember(ctx context.Context, group, id string) error {
	_, err := e.do(ctx, http.StatusNoContent, http.MethodPatch, "/Groups/"+group,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"members[value eq \"`+id+`\"]"}]}`)
	return err
}

// createGroup makes a group with members and gives its id.
func (e endpoint) createGroup(ctx context.Context, name string, members []string) (string, error) {
	var b strings.Builder
	b.WriteString(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"externalId":"ext-` + name + `","displayName":"` + name + `","members":[`)
	for i, id := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"value":"` + id + `"}`)
	}
	b.WriteString(`]}`)
	content, err := e.do(ctx, http.StatusCreated, http.MethodPost, "/Groups?excludedAttributes=members", b.String())
	if err != nil {
		return "", err
	}
	var created struct{ ID string }
	return created.ID, json.Unmarshal(content, &created)
}
