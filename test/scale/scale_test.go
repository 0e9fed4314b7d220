package scale

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/directory"
)

func TestMain(m *testing.M) {
	if RunChild() {
		return
	}
	os.Exit(m.Run())
}

// 10,000 users are filled in and measured; what comes out of so few samples
// means nothing.
func TestADirectoryIsFilledAndMeasured(t *testing.T) {
	o := Short()
	var out, progress bytes.Buffer
	o.Out, o.Progress, o.Profiles = &out, &progress, t.TempDir()
	lines, err := Run(t.Context(), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	t.Log("\n" + out.String())
	got := map[string]float64{}
	for _, l := range lines {
		got[l.Name] = l.Value
	}
	for _, name := range []string{
		"get_user_p50", "get_user_p99", "filter_username_p50", "list_first_page_p50", "list_last_page_p99", "cursor_walk",
		"patch_add_member_p50", "patch_remove_member_p99", "ready_after_restart", "informer_ready",
		"operator_rss", "informer_rss", "memory_ratio", "heap_ratio", "warm_memory_ratio", "bytes_per_user", "bytes_per_membership", "etcd_database", "etcd_defragmented",
	} {
		if got[name] <= 0 {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	for name, want := range map[string]float64{"objects_users": float64(o.Users), "objects_groups": float64(o.Groups)} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	// The two largest groups have more members than a root and one leaf hold.
	if got["objects_slices"] < 4 {
		t.Errorf("there are %v slices", got["objects_slices"])
	}
	form := regexp.MustCompile(`(?m)^SCALE name=\S+ value=[\d.]+ goal=\S+ unit=\S+ met=(yes|no|-)( \w+=\S+)*$`)
	if n := len(form.FindAllString(out.String(), -1)); n != len(lines) {
		t.Errorf("%d of %d lines have their form", n, len(lines))
	}
	for _, name := range []string{"operator-heap", "operator-start", "informer-heap", "informer-start"} {
		if info, err := os.Stat(filepath.Join(o.Profiles, name+".pprof")); err != nil || info.Size() == 0 {
			t.Errorf("the profile %s: %v", name, err)
		}
	}
}

func TestSizesAddUp(t *testing.T) {
	tests := map[string]struct {
		groups, users, memberships int
		largest, smallest          int
	}{
		"as by default":    {5_000, 100_000, 1_000_000, 100_000, 19},
		"a small company":  {60, 1_200, 12_000, 1_200, 58},
		"all are full":     {3, 10, 30, 10, 10},
		"hardly anybody":   {20, 100, 119, 100, 1},
		"one each is left": {5, 100, 50, 46, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := sizes(test.groups, test.users, test.memberships)
			sum := 0
			for _, size := range got {
				sum += size
			}
			if sum != test.memberships || len(got) != test.groups {
				t.Errorf("%d groups have %d members", len(got), sum)
			}
			if !slices.IsSortedFunc(got, func(a, b int) int { return b - a }) {
				t.Errorf("they do not descend: %v", got[:min(len(got), 20)])
			}
			if got[0] != test.largest || got[len(got)-1] != test.smallest {
				t.Errorf("they are from %d to %d, want %d to %d", got[0], got[len(got)-1], test.largest, test.smallest)
			}
		})
	}
}

const written = `{"apiVersion":"scim.rollcall.dev/v1alpha1","kind":"User","metadata":{"creationTimestamp":"2026-01-02T03:04:05Z","generation":1,` +
	`"labels":{"scim.rollcall.dev/synced":"true"},"managedFields":[{"manager":"rollcall","operation":"Update"}],` +
	`"name":"ann-example-com-aaaaaaaaaaaaa","namespace":"identity","uid":"11111111-2222-4333-8444-555555555555"},` +
	`"spec":{"emails":[{"type":"work","value":"Ann@example.com"}],"enterprise":{"employeeNumber":"0000001","manager":{"value":"bob-uaaaaaa"}},` +
	`"externalId":"4e5f-0000001","id":"ann-example-com-aaaaaaaaaaaaa-uabcdef","title":"VP \"0000001\"","userName":"Ann@example.com"}}`

func TestASeededUserDiffersFromItsModelInItsNamesOnly(t *testing.T) {
	m := model{raw: written}
	if err := json.Unmarshal([]byte(written), &m.user); err != nil {
		t.Fatal(err)
	}
	p, object := m.seed(123)
	got := v1alpha1.User{}
	if err := json.Unmarshal(object.Value, &got); err != nil {
		t.Fatal(err)
	}
	name := directory.Slot(directory.KindUser, syncName, "ann.0000123@example.com", false)
	if p.userName != "Ann.0000123@example.com" || !strings.HasPrefix(p.id, name+"-u") || string(object.Key) != usersPrefix+"identity/"+name {
		t.Errorf("%+v is at %s", p, object.Key)
	}
	if got.UID == m.user.UID || len(got.UID) != len(m.user.UID) {
		t.Errorf("its uid is %s", got.UID)
	}
	want := m.user.DeepCopy()
	want.Name, want.UID = name, got.UID
	want.Spec.ID, want.Spec.UserName, want.Spec.ExternalID = p.id, p.userName, "4e5f-0000123"
	want.Spec.Emails[0].Value, want.Spec.Enterprise.EmployeeNumber = p.userName, "0000123"
	if diff := cmp.Diff(want, &got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	tests := map[string]struct {
		change func(*Options)
		says   string
	}{
		"few users":              {func(o *Options) { o.Users = 99 }, "users must be between"},
		"many users":             {func(o *Options) { o.Users = 200_001 }, "users must be between"},
		"few groups":             {func(o *Options) { o.Groups = 1 }, "groups must be between"},
		"not enough for all":     {func(o *Options) { o.Memberships = o.Users }, "memberships must be between"},
		"more than there can be": {func(o *Options) { o.Memberships = o.Users*o.Groups + 1 }, "memberships must be between"},
		"nothing bound":          {func(o *Options) { o.Bindings = 0 }, "bindings must be between"},
		"nobody to copy":         {func(o *Options) { o.ThroughSCIM = 0 }, "users through SCIM must be between"},
		"no samples":             {func(o *Options) { o.Samples = 0 }, "samples must be between"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := Short()
			test.change(&o)
			if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an error that says %q", err, test.says)
			}
		})
	}
}

func TestLines(t *testing.T) {
	tests := map[string]struct {
		line *Line
		want string
	}{
		"no goal":        {line("a", 1234.5, "s"), "SCALE name=a value=1234 goal=- unit=s met=-"},
		"a goal reached": {line("b", 1.5, "1").atMost(2), "SCALE name=b value=1.5 goal=<=2 unit=1 met=yes"},
		"a goal missed":  {line("c", 2.01, "1").atMost(2).with("of", 3), "SCALE name=c value=2.01 goal=<=2 unit=1 met=no of=3"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.line.String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
