package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// scimClient talks to one sync on one replica, as an identity provider does.
type scimClient struct {
	base   string
	bearer string
}

// on is a client of a replica.
func (f fixture) on(i int) scimClient { return f.at(replicas[i].url) }

func (f fixture) at(url string) scimClient {
	return scimClient{base: url + "/" + f.namespace + "/idp/scim/v2", bearer: f.bearer}
}

func (c scimClient) with(bearer string) scimClient {
	c.bearer = bearer
	return c
}

// answer is what an identity provider gets.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

var transport = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}}

func (c scimClient) do(t *testing.T, method, path, body string) answer {
	t.Helper()
	got, err := c.try(t, method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (c scimClient) try(t *testing.T, method, path, body string) (answer, error) {
	rq, err := http.NewRequestWithContext(t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if c.bearer != "" {
		rq.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	rq.Header.Set("Accept", "application/scim+json")
	rq.Header.Set("Content-Type", "application/scim+json")
	got, err := transport.Do(rq)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = got.Body.Close() }()
	content, err := io.ReadAll(got.Body)
	return answer{got.StatusCode, got.Header, string(content)}, err
}

// want is do, and fails the test at another status.
func (c scimClient) want(t *testing.T, status int, method, path, body string) answer {
	t.Helper()
	got := c.do(t, method, path, body)
	if got.Status != status {
		t.Fatalf("%s %s: got %d, want %d: %s", method, path, got.Status, status, got.Body)
	}
	return got
}

// resource is the part of a SCIM resource or list that tests look at.
type resource struct {
	ID           string     `json:"id"`
	UserName     string     `json:"userName"`
	DisplayName  string     `json:"displayName"`
	Groups       []member   `json:"groups"`
	Members      []member   `json:"members"`
	TotalResults int        `json:"totalResults"`
	Resources    []resource `json:"Resources"`
	SCIMType     string     `json:"scimType"`
	Detail       string     `json:"detail"`
	Schemas      []string   `json:"schemas"`
	StatusText   string     `json:"status"`
}

type member struct {
	Value string `json:"value"`
}

func (a answer) resource(t *testing.T) resource {
	t.Helper()
	var r resource
	if err := json.Unmarshal([]byte(a.Body), &r); err != nil {
		t.Fatalf("%d %s: %v", a.Status, a.Body, err)
	}
	return r
}

// user is the body of a new user.
func user(userName string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%q,"displayName":%q,"active":true}`, userName, userName)
}

// group is the body of a new group.
func group(displayName string, members ...string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":%q,"members":%s}`, displayName, values(members))
}

func values(ids []string) string {
	list := make([]member, len(ids))
	for i, id := range ids {
		list[i].Value = id
	}
	content, _ := json.Marshal(list)
	return string(content)
}

// patch is the body of a PATCH with these operations.
func patch(operations ...string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + strings.Join(operations, ",") + `]}`
}

func addMembers(ids ...string) string {
	return patch(`{"op":"add","path":"members","value":` + values(ids) + `}`)
}

func removeMember(id string) string {
	return patch(fmt.Sprintf(`{"op":"remove","path":"members[value eq \"%s\"]"}`, id))
}

func replace(attribute, value string) string {
	return patch(fmt.Sprintf(`{"op":"replace","path":%q,"value":%s}`, attribute, value))
}

func filter(expression string) string { return "?filter=" + url.QueryEscape(expression) }

// newUser creates a user and gives its id.
func (c scimClient) newUser(t *testing.T, userName string) string {
	t.Helper()
	return c.want(t, 201, "POST", "/Users", user(userName)).resource(t).ID
}

// newUsers creates users at once and gives their ids in order.
func (c scimClient) newUsers(t *testing.T, prefix string, n int) []string {
	t.Helper()
	ids := make([]string, n)
	parallel(n, 16, func(i int) {
		got, err := c.try(t, "POST", "/Users", user(fmt.Sprintf("%s%d@example.com", prefix, i)))
		if err != nil || got.Status != 201 {
			t.Errorf("creating user %d: %v %d %s", i, err, got.Status, got.Body)
			return
		}
		ids[i] = got.resource(t).ID
	})
	if t.Failed() {
		t.FailNow()
	}
	return ids
}

func (c scimClient) newGroup(t *testing.T, displayName string, members ...string) string {
	t.Helper()
	return c.want(t, 201, "POST", "/Groups", group(displayName, members...)).resource(t).ID
}

// parallel does n things, some at once. One that fails its test does not keep
// the others from ending.
func parallel(n, atOnce int, do func(i int)) {
	var all sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			do(i)
		})
	}
	all.Wait()
}
