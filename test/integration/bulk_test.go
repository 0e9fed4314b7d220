package integration

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// A bulk request makes users and a group of them; a list of all is then read
// page by page, each page from the other replica.
func TestBulkAndCursors(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	const n = 30
	var members, operations, names []string
	for i := range n {
		names = append(names, fmt.Sprintf("Bulk%02d", i))
		members = append(members, fmt.Sprintf(`{"value":"bulkId:%d"}`, i))
		operations = append(operations, fmt.Sprintf(`{"method":"POST","path":"/Users","bulkId":"%d","data":{"userName":%q}}`, i, names[i]))
	}
	makeGroup := `{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"Everybody","members":[` + strings.Join(members, ",") + `]}}`
	got := f.on(0).want(t, 200, "POST", "/Bulk", `{"Operations":[`+makeGroup+","+strings.Join(operations, ",")+`]}`)
	var bulk struct {
		Operations []struct{ Status, Location string }
	}
	if err := json.Unmarshal([]byte(got.Body), &bulk); err != nil {
		t.Fatal(err)
	}
	for i, operation := range bulk.Operations {
		if operation.Status != "201" {
			t.Fatalf("operation %d: %s", i, got.Body)
		}
	}
	group := bulk.Operations[0].Location[strings.LastIndex(bulk.Operations[0].Location, "/"):]
	var stored struct{ Members []struct{ Value string } }
	if err := json.Unmarshal([]byte(f.on(1).want(t, 200, "GET", "/Groups"+group, "").Body), &stored); err != nil {
		t.Fatal(err)
	}
	if len(stored.Members) != n {
		t.Errorf("the group has %d members, want %d", len(stored.Members), n)
	}

	within(t, "both replicas list all users", func() string {
		for i := range 2 {
			if r := f.on(i).want(t, 200, "GET", "/Users?count=0", ""); !strings.Contains(r.Body, fmt.Sprintf(`"totalResults":%d`, n)) {
				return r.Body
			}
		}
		return ""
	})
	slices.Reverse(names)
	var seen []string
	for page, cursor := 0, ""; page == 0 || cursor != ""; page++ {
		var list struct {
			NextCursor string
			Resources  []struct{ UserName string }
		}
		query := "/Users?sortBy=userName&sortOrder=descending&count=7&cursor=" + url.QueryEscape(cursor)
		if err := json.Unmarshal([]byte(f.on(page%2).want(t, 200, "GET", query, "").Body), &list); err != nil {
			t.Fatal(err)
		}
		for _, r := range list.Resources {
			seen = append(seen, r.UserName)
		}
		cursor = list.NextCursor
	}
	if !slices.Equal(seen, names) {
		t.Errorf("read %v, want %v", seen, names)
	}
}
