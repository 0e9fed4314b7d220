package idpsim

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// made is a directory after its changes, and the changes.
func made(t *testing.T, c Config) (*runner, []string) {
	t.Helper()
	c.URL = "http://127.0.0.1"
	c, err := c.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRunner(&c)
	if err != nil {
		t.Fatal(err)
	}
	var log []string
	for _, ch := range r.changes {
		line := ch.kind
		if ch.person != nil {
			line += " " + ch.person.UserName
		}
		if ch.team != nil {
			line += " " + ch.team.DisplayName
		}
		log = append(log, line)
	}
	return r, log
}

func TestDirectoryIsMadeFromItsSeed(t *testing.T) {
	c := Config{Users: 300, Groups: 12, Deltas: 400, GroupPrefix: "k8s-", Seed: 7}
	first, log := made(t, c)
	again, logAgain := made(t, c)
	if diff := cmp.Diff(first.People, again.People); diff != "" {
		t.Errorf("people differ: %s", diff)
	}
	if diff := cmp.Diff(first.members, again.members); diff != "" {
		t.Errorf("memberships differ: %s", diff)
	}
	if diff := cmp.Diff(log, logAgain); diff != "" {
		t.Errorf("changes differ: %s", diff)
	}
	c.Seed = 8
	if _, other := made(t, c); cmp.Equal(log, other) {
		t.Error("another seed gives the same changes")
	}
}

func TestDirectory(t *testing.T) {
	tests := map[string]struct {
		config          Config
		wantMemberships int
	}{
		"defaults":                 {Config{}, 100},
		"large":                    {Config{Users: 5000, Groups: 100, Memberships: 20_000}, 20_000},
		"more than fit":            {Config{Users: 10, Groups: 3, Memberships: 1000}, 30},
		"no groups":                {Config{Users: 10, Groups: -1}, 0},
		"no memberships":           {Config{Users: 10, Groups: 4, Memberships: -1}, 0},
		"one user in every group":  {Config{Users: 1, Groups: 5}, 5},
		"odd numbers add up":       {Config{Users: 997, Groups: 13, Memberships: 1234}, 1234},
		"one group with everybody": {Config{Users: 1000, Groups: 1, Memberships: 1000}, 1000},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.config.Deltas, test.config.GroupPrefix = -1, "k8s-"
			r, _ := made(t, test.config)
			if got := r.Directory.Memberships(); got != test.wantMemberships {
				t.Errorf("memberships = %d, want %d", got, test.wantMemberships)
			}
			names, prefixed := map[string]bool{}, 0
			for _, p := range r.People {
				if key := strings.ToLower(p.UserName); names[key] {
					t.Errorf("userName %s is there twice", p.UserName)
				} else {
					names[key] = true
				}
			}
			for i, team := range r.Teams {
				if key := strings.ToLower(team.DisplayName); names[key] {
					t.Errorf("displayName %s is there twice", team.DisplayName)
				} else {
					names[key] = true
				}
				if strings.HasPrefix(team.DisplayName, "k8s-") {
					prefixed++
				}
				if len(r.members[i]) > len(r.members[0]) {
					t.Errorf("group %d is larger than the first", i)
				}
			}
			if want := (len(r.Teams) + 1) / 2; prefixed != want {
				t.Errorf("%d groups have the prefix, want %d", prefixed, want)
			}
		})
	}
}

// Every kind of change comes up, and what must not happen does not.
func TestChanges(t *testing.T) {
	tests := map[string]struct {
		profile string
		kinds   []string
		want    []string
	}{
		"all":                      {"entra", nil, DeltaKinds()},
		"all of one that keeps":    {"okta", nil, DeltaKinds()},
		"chosen":                   {"entra", []string{kindLeave, kindDisable}, []string{kindLeave, kindDisable}},
		"nobody to enable at all":  {"entra", []string{kindEnable}, nil},
		"leaving ends when empty":  {"entra", []string{kindLeave}, []string{kindLeave}},
		"deleting ends when empty": {"entra", []string{kindDelete}, []string{kindDelete}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, _ := made(t, Config{Profile: test.profile, Users: 100, Groups: 10, Deltas: 2000, DeltaKinds: test.kinds})
			got := map[string]bool{}
			for _, ch := range r.changes {
				got[ch.kind] = true
				if ch.team != nil && ch.team.Index == 0 && (ch.kind == kindRenameGroup || ch.kind == kindDeleteGroup) {
					t.Errorf("%s of the first group", ch.kind)
				}
				if ch.kind == kindDelete && ch.person.Deleted == (test.profile == "okta") {
					t.Errorf("deletion with profile %s: deleted is %t", test.profile, ch.person.Deleted)
				}
			}
			want := map[string]bool{}
			for _, kind := range test.want {
				want[kind] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("kinds (-want +got): %s", diff)
			}
			for i, team := range r.Teams {
				for index := range r.members[i] {
					if team != nil && r.People[index].Deleted {
						t.Errorf("%s was deleted and is in %s", r.People[index].UserName, team.DisplayName)
					}
				}
			}
		})
	}
}

func TestConfigIsChecked(t *testing.T) {
	tests := map[string]struct {
		config Config
		want   string // in the error
	}{
		"no URL":           {Config{}, "base URL is missing"},
		"no scheme":        {Config{URL: "scim.example.com/scim"}, "must begin with https://"},
		"ftp":              {Config{URL: "ftp://scim.example.com"}, "must begin with https://"},
		"unknown profile":  {Config{URL: "http://x", Profile: "google"}, "choose one of entra, entra-aad, okta"},
		"unknown phase":    {Config{URL: "http://x", Phase: "final"}, "unknown phase"},
		"unknown kind":     {Config{URL: "http://x", DeltaKinds: []string{"jump"}}, "unknown kind of delta"},
		"negative users":   {Config{URL: "http://x", Users: -1}, "users must be between 1"},
		"too many workers": {Config{URL: "http://x", Connections: 100_000}, "connections must be between 1 and"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			report, err := Run(t.Context(), test.config)
			if err == nil || !strings.Contains(err.Error(), test.want) || report != nil {
				t.Errorf("Run = %v, %v; want an error with %q", report, err, test.want)
			}
		})
	}
}
