package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/yaml"
	crmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/rollcall-scim/rollcall/internal/metrics"
)

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", "..", ".."}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestThePageIsTheGeneratedOne(t *testing.T) {
	if !bytes.Equal(read(t, "docs", "metrics.md"), page(metrics.All())) {
		t.Error("docs/metrics.md is not up to date: run make generate")
	}
}

func TestNamesFollowTheConventions(t *testing.T) {
	for _, m := range metrics.All() {
		counts, seconds := strings.HasSuffix(m.Name, "_total"), strings.HasSuffix(m.Name, "_seconds")
		if !strings.HasPrefix(m.Name, "rollcall_") || counts != (m.Type == metrics.Counter) || m.Type == metrics.Histogram && !seconds || !strings.HasSuffix(m.Help, ".") {
			t.Errorf("%+v", m)
		}
	}
}

// No metric of Rollcall is exposed that is not declared, and so documented.
func TestEveryMetricIsDeclared(t *testing.T) {
	declared := documented(t)
	families, err := crmetrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, family := range families {
		if strings.HasPrefix(family.GetName(), "rollcall_") {
			found++
			if !declared[family.GetName()] {
				t.Errorf("%s is not declared by internal/metrics", family.GetName())
			}
		}
	}
	if found == 0 {
		t.Error("nothing is exposed")
	}
}

// documented are the metrics that docs/metrics.md names.
func documented(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[a-z_`, ]+`) \\|").FindAllStringSubmatch(string(read(t, "docs", "metrics.md")), -1) {
		for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[1], -1) {
			names[name[1]] = true
		}
	}
	return names
}

var metricName = regexp.MustCompile(`\b(rollcall|workqueue|controller_runtime|rest_client|leader_election|process|go)_[a-z_]+\b`)

// unknown gives the metrics in an expression that are not documented.
func unknown(known map[string]bool, expression string) []string {
	var names []string
	for _, name := range metricName.FindAllString(expression, -1) {
		base := name
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			if cut, ok := strings.CutSuffix(name, suffix); ok && known[cut] {
				base = cut
			}
		}
		if !known[base] {
			names = append(names, name)
		}
	}
	return names
}

func TestTheDashboardUsesMetricsThatExist(t *testing.T) {
	text := string(read(t, "charts", "rollcall", "files", "dashboard.json"))
	expressions := regexp.MustCompile(`"(?:expr|query|definition)": "((?:[^"\\]|\\.)*)"`).FindAllStringSubmatch(text, -1)
	if len(expressions) < 30 {
		t.Fatalf("only %d queries", len(expressions))
	}
	known := documented(t)
	for _, e := range expressions {
		if names := unknown(known, e[1]); len(names) > 0 {
			t.Errorf("%s: there is no %v", e[1], names)
		}
	}
}

// rules are the alerts, of which nothing is unknown.
type rules struct {
	Groups []struct {
		Name  string `json:"name"`
		Rules []struct {
			Alert       string            `json:"alert"`
			Expr        string            `json:"expr"`
			For         string            `json:"for"`
			Labels      map[string]string `json:"labels"`
			Annotations map[string]string `json:"annotations"`
		} `json:"rules"`
	} `json:"groups"`
}

func TestEveryAlertHasItsMetricsAndItsRunbook(t *testing.T) {
	var file rules
	if err := yaml.UnmarshalStrict(read(t, "charts", "rollcall", "files", "alerts.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	headings := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^## (\w+)$`).FindAllStringSubmatch(string(read(t, "docs", "alerts.md")), -1) {
		headings[heading[1]] = true
	}
	tested := string(read(t, "hack", "alerts", "alerts_test.yaml"))
	known := documented(t)
	for _, group := range file.Groups {
		for _, r := range group.Rules {
			if names := unknown(known, r.Expr); len(names) > 0 || !metricName.MatchString(r.Expr) {
				t.Errorf("%s: there is no %v in %s", r.Alert, names, r.Expr)
			}
			if keys := slices.Sorted(maps.Keys(r.Annotations)); !slices.Equal(keys, []string{"description", "runbook_url", "summary"}) {
				t.Errorf("%s has the annotations %v", r.Alert, keys)
			}
			if want := "https://github.com/rollcall-scim/rollcall/blob/main/docs/alerts.md#" + strings.ToLower(r.Alert); r.Annotations["runbook_url"] != want || !headings[r.Alert] {
				t.Errorf("%s has no section in docs/alerts.md", r.Alert)
			}
			if !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) || r.For == "" {
				t.Errorf("%s: severity %q for %q", r.Alert, r.Labels["severity"], r.For)
			}
			if !strings.Contains(tested, `alertname="`+r.Alert+`"`) {
				t.Errorf("%s is not tested in hack/alerts/alerts_test.yaml", r.Alert)
			}
			delete(headings, r.Alert)
		}
	}
	for heading := range headings {
		t.Errorf("docs/alerts.md has a section %s, and there is no such alert", heading)
	}
}
