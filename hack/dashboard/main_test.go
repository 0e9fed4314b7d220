package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// model is the part of Grafana's dashboard schema that is used here: what it
// does not know is an error.
type model struct {
	UID           string                      `json:"uid"`
	Title         string                      `json:"title"`
	Tags          []string                    `json:"tags"`
	Description   string                      `json:"description"`
	SchemaVersion int                         `json:"schemaVersion"`
	Version       int                         `json:"version"`
	Editable      bool                        `json:"editable"`
	GraphTooltip  int                         `json:"graphTooltip"`
	Time          struct{ From, To string }   `json:"time"`
	Timezone      string                      `json:"timezone"`
	Refresh       string                      `json:"refresh"`
	Templating    struct{ List []variableOf } `json:"templating"`
	Annotations   struct{ List []any }        `json:"annotations"`
	Links         []map[string]any            `json:"links"`
	Panels        []panelOf                   `json:"panels"`
}

type variableOf struct {
	Name, Label, Type, Definition, Regex string
	Query, Datasource, AllValue, Current any
	Refresh, Sort, Hide                  int
	Multi, IncludeAll                    bool
}

type panelOf struct {
	ID              int
	Type, Title     string
	Description     string
	GridPos         struct{ X, Y, W, H int }
	Collapsed       bool
	Panels          []any
	Datasource      map[string]string
	FieldConfig     struct{ Defaults, Overrides any }
	Options         map[string]any
	Transformations []any
	Targets         []struct {
		RefID, Expr, LegendFormat, Format, EditorMode string
		Datasource                                    map[string]string
		Range, Instant                                bool
	}
}

func TestTheDashboardIsTheGeneratedOne(t *testing.T) {
	want, err := encode(dashboard())
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("..", "..", "charts", "rollcall", "files", "dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("charts/rollcall/files/dashboard.json is not up to date: run make generate")
	}
}

func TestGrafanaUnderstandsTheDashboard(t *testing.T) {
	text, err := encode(dashboard())
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var d model
	if err := decoder.Decode(&d); err != nil {
		t.Fatal(err)
	}
	var variables []string
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
	}
	if !slices.Equal(variables, []string{"datasource", "namespace", "sync"}) {
		t.Errorf("the variables are %v", variables)
	}
	taken, ids := map[[2]int]string{}, map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("%s: the id %d is taken", p.Title, p.ID)
		}
		ids[p.ID] = true
		g := p.GridPos
		if g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > width {
			t.Errorf("%s: it does not fit into the grid: %+v", p.Title, g)
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("%s overlaps %s", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			if !strings.HasSuffix(p.Title, "?") {
				t.Errorf("the row %q is no question", p.Title)
			}
			continue
		}
		if !slices.Contains([]string{"stat", "timeseries", "table"}, p.Type) || p.Title == "" || len(p.Targets) == 0 {
			t.Errorf("the panel %q of type %q has %d queries", p.Title, p.Type, len(p.Targets))
		}
		refs := map[string]bool{}
		for _, target := range p.Targets {
			if refs[target.RefID] || target.Expr == "" || target.Datasource["uid"] != "${datasource}" || target.Range == target.Instant {
				t.Errorf("%s: the query %+v is not right", p.Title, target)
			}
			refs[target.RefID] = true
		}
	}
}
