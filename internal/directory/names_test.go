package directory

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

func TestSlot(t *testing.T) {
	tests := map[string]struct {
		name   string
		opaque bool
		prefix string
		length int
	}{
		"readable":           {"Jane.Doe@Example.com", false, "jane-doe-example-com-", 34},
		"long":               {strings.Repeat("ab", 100), false, strings.Repeat("ab", 16) + "-", 46},
		"accents":            {"Équipe Grünstraße", false, "equipe-grunstrasse-", 32},
		"no letters":         {"名前", false, "", 13},
		"opaque":             {"jane", true, "", 13},
		"dashes at the ends": {"--a--", false, "a-", 15},
		"cut at a dash":      {strings.Repeat("a", 31) + "-b", false, strings.Repeat("a", 31) + "-", 45},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := slot(KindUser, "entra", test.name, test.opaque)
			if !strings.HasPrefix(got, test.prefix) || len(got) != test.length {
				t.Errorf("slot is %q (%d), want prefix %q and length %d", got, len(got), test.prefix, test.length)
			}
		})
	}
}

func TestSlotTellsNamesApart(t *testing.T) {
	base := slot(KindUser, "entra", "jane", false)
	if same := slot(KindUser, "entra", "JANE", false); same != base {
		t.Errorf("letter case matters: %s, %s", base, same)
	}
	if same := slot(KindUser, "entra", "ſtraße", false); same != slot(KindUser, "entra", "STRASSE", false) {
		t.Error("the slot does not follow the fold of the schema")
	}
	for what, other := range map[string]string{
		"kind": slot(KindGroup, "entra", "jane", false),
		"sync": slot(KindUser, "okta", "jane", false),
		"name": slot(KindUser, "entra", "jane.", false),
	} {
		if other == base {
			t.Errorf("the %s does not matter", what)
		}
	}
}

func TestObjectNameReadsIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name, kind := rapid.String().Draw(t, "name"), rapid.SampledFrom([]string{KindUser, KindGroup}).Draw(t, "kind")
		object := slot(kind, "entra", name, rapid.Bool().Draw(t, "opaque"))
		if problems := validation.IsDNS1123Subdomain(object); problems != nil {
			t.Fatalf("object name %q of %q: %v", object, schema.Fold(name), problems)
		}
		id := newID(kind, object)
		gotObject, gotKind, ok := ObjectName(id)
		if gotObject != object || gotKind != kind || !ok || len(id) > 63 {
			t.Fatalf("id %q gives %q, %q, %v", id, gotObject, gotKind, ok)
		}
	})
}

func TestObjectNameRefusesOtherText(t *testing.T) {
	id := newID(KindUser, slot(KindUser, "entra", "jane", false))
	for _, other := range []string{
		"", "jane", id[:len(id)-1], id + "a", strings.ToUpper(id), "/" + id[1:], "-" + id[1:], id[:4] + "." + id[5:],
		strings.Repeat("a", 47) + "-uabcdef", "00000000-0000-0000-0000-000000000000", "a-uabcdef",
	} {
		if name, _, ok := ObjectName(other); ok {
			t.Errorf("%q was read as an id of object %q", other, name)
		}
	}
}
