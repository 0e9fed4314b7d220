package output

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestGridAlignsWhatATerminalShows(t *testing.T) {
	grid := func(wide, color bool) string {
		var b bytes.Buffer
		text := &Text{out: &b, color: color, wide: wide}
		g := NewGrid("NAME", "STATE", "+ID")
		g.Row("佐藤 美咲", Good("active"), "1")
		g.Row("e\u0301ve", "", "2")
		text.Grid(g)
		g = g.Continue()
		g.Row("x", Bad("inactive"), "3")
		text.Grid(g)
		if err := text.Flush(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	tests := map[string]struct {
		wide, color bool
		want        string
	}{
		"narrow":  {false, false, "NAME        STATE\n佐藤 美咲   active\ne\u0301ve         -\nx           inactive\n"},
		"wide":    {true, false, "NAME        STATE    ID\n佐藤 美咲   active   1\ne\u0301ve         -        2\nx           inactive   3\n"},
		"colored": {false, true, "NAME        STATE\n佐藤 美咲   \x1b[32mactive\x1b[0m\ne\u0301ve         \x1b[2m-\x1b[0m\nx           \x1b[31minactive\x1b[0m\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, grid(test.wide, test.color)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestCleanKeepsNamesFromSteeringTheTerminal(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"plain":               {"Ann O'Brien 佐藤", "Ann O'Brien 佐藤"},
		"an escape sequence":  {"\x1b[31mred", "\uFFFD[31mred"},
		"a line break":        {"a\nb\r", "a\uFFFDb\uFFFD"},
		"a right-to-left one": {"ann\u202Enimda", "ann\uFFFDnimda"},
		"a separator":         {"a\u2028b", "a\uFFFDb"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Clean(test.in); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestPrintGivesProgramsWhatTheyAskFor(t *testing.T) {
	value := map[string]any{"name": "a<b", "list": []string{}}
	tests := map[string]struct{ format, want string }{
		"text": {Table, "for people: a\uFFFDb\n"},
		"json": {JSON, "{\n  \"list\": [],\n  \"name\": \"a<b\"\n}\n"},
		"yaml": {YAML, "list: []\nname: a<b\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			p, err := New(&b, test.format)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Print(value, func(t *Text) { t.Line("for people: %s", "a\tb") }); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, b.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	if _, err := New(&bytes.Buffer{}, "xml"); err == nil {
		t.Error("xml is taken")
	}
}

func TestTimes(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	before := metav1.NewTime(now.Add(-90 * time.Minute))
	if got := Ago(&before, now) + "; " + Ago(nil, now) + "; " + Until(now.Add(49*time.Hour), now) + "; " + Until(before.Time, now); got != "90m ago; never; in 2d1h; 90m ago" {
		t.Error(got)
	}
}
