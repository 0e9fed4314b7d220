package filter_test

import (
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

func TestNarrow(t *testing.T) {
	for text, want := range map[string]struct {
		rest  string // "" for none
		holds bool
	}{
		`meta.resourceType eq "User"`:                                  {"", true},
		`META.RESOURCETYPE eq "Group"`:                                 {"", false},
		`meta.resourceType ne "Group"`:                                 {"", true},
		`not (meta.resourceType eq "User")`:                            {"", false},
		`meta.resourceType eq "User" and title pr`:                     {`title pr`, false},
		`title pr and meta.resourceType eq "Group"`:                    {"", false},
		`meta.resourceType eq "User" or title pr`:                      {"", true},
		`meta.resourceType eq "Group" or title pr`:                     {`title pr`, false},
		`not (title pr and meta.resourceType eq "User")`:               {`not (title pr)`, false},
		`meta.resourceType eq "User" or meta.resourceType eq "Group"`:  {"", true},
		`meta.resourceType eq "User" and meta.resourceType eq "Group"`: {"", false},
		`meta.resourceType sw "U"`:                                     {`meta.resourceType sw "U"`, false},
		`title eq "User" and active eq true`:                           {`title eq "User" and active eq true`, false},
	} {
		e, err := filter.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		rest, holds := filter.Narrow(schema.UserType(), e)
		got := ""
		if rest != nil {
			got = rest.String()
		}
		if got != want.rest || rest == nil && holds != want.holds {
			t.Errorf("%s: %q %v, want %q %v", text, got, holds, want.rest, want.holds)
		}
	}
	if rest, holds := filter.Narrow(schema.UserType(), nil); rest != nil || !holds {
		t.Errorf("no filter: %v %v", rest, holds)
	}
}
