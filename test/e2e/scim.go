package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
)

// scimClient changes single people and memberships of a sync.
type scimClient struct {
	environment *environment
	sync        string
	http        *http.Client
}

// resource is a user or group: its id, and its userName or displayName.
type resource struct{ id, name string }

func (e *environment) client(sync string) *scimClient {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: e.proxy.server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}}
	return &scimClient{environment: e, sync: sync, http: &http.Client{Transport: transport}}
}

func (c *scimClient) do(ctx context.Context, method, path string, body, into any) error {
	e := c.environment
	token, err := os.ReadFile(e.tokenFile(c.sync))
	if err != nil {
		return err
	}
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, e.proxy.URL()+"/"+e.namespace+"/"+c.sync+"/scim/v2"+path, sent)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+string(token))
	r.Header.Set("Content-Type", "application/scim+json")
	answer, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// someMember finds an active member of a group that the sync's filter lets in.
func (c *scimClient) someMember(ctx context.Context) (group, user resource, err error) {
	var groups struct {
		Resources []struct {
			ID, DisplayName string
			Members         []struct{ Value string }
		}
	}
	filter := url.Values{"filter": {`displayName sw "k8s-"`}, "count": {"50"}}
	if err := c.do(ctx, http.MethodGet, "/Groups?"+filter.Encode(), nil, &groups); err != nil {
		return group, user, err
	}
	for _, g := range groups.Resources {
		for _, member := range g.Members {
			var found struct {
				ID, UserName string
				Active       bool
			}
			if err := c.do(ctx, http.MethodGet, "/Users/"+member.Value, nil, &found); err == nil && found.Active {
				return resource{g.ID, g.DisplayName}, resource{found.ID, found.UserName}, nil
			}
		}
	}
	return group, user, fmt.Errorf("no group of %s that begins with k8s- has an active member", c.sync)
}

func (c *scimClient) patch(ctx context.Context, path string, operation map[string]any) error {
	return c.do(ctx, http.MethodPatch, path, map[string]any{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": []any{operation},
	}, nil)
}

func (c *scimClient) removeMember(ctx context.Context, group, user resource) error {
	return c.patch(ctx, "/Groups/"+group.id, map[string]any{"op": "remove", "path": `members[value eq "` + user.id + `"]`})
}

func (c *scimClient) addMember(ctx context.Context, group, user resource) error {
	return c.patch(ctx, "/Groups/"+group.id, map[string]any{"op": "add", "path": "members", "value": []any{map[string]string{"value": user.id}}})
}

func (c *scimClient) setActive(ctx context.Context, user resource, active bool) error {
	return c.patch(ctx, "/Users/"+user.id, map[string]any{"op": "replace", "path": "active", "value": active})
}
