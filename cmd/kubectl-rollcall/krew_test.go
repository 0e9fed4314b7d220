package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/template"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// krewPlugin is krew's manifest, v1alpha2; what it does not know is an error.
type krewPlugin struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version          string         `json:"version"`
		Homepage         string         `json:"homepage"`
		ShortDescription string         `json:"shortDescription"`
		Description      string         `json:"description"`
		Caveats          string         `json:"caveats"`
		Platforms        []krewPlatform `json:"platforms"`
	} `json:"spec"`
}

type krewPlatform struct {
	Selector *metav1.LabelSelector `json:"selector"`
	URI      string                `json:"uri"`
	SHA256   string                `json:"sha256"`
	Bin      string                `json:"bin"`
}

// rendered is what krew-release-bot makes of the template: addURIAndSha renders
// the URL, and adds the checksum of what is there, indented as the bot does.
func rendered(t *testing.T, tag string) []byte {
	text, err := os.ReadFile(filepath.Join("..", "..", ".krew.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	render := func(name, text string, functions template.FuncMap) string {
		parsed, err := template.New(name).Funcs(functions).Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := parsed.Execute(&out, map[string]string{"TagName": tag}); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	return []byte(render(".krew.yaml", string(text), template.FuncMap{"addURIAndSha": func(url, _ string) string {
		return "uri: " + render("url", url, nil) + "\n    sha256: " + strings.Repeat("0a", 32)
	}}))
}

func TestKrewTakesTheManifest(t *testing.T) {
	const tag = "v1.2.3"
	var p krewPlugin
	if err := yaml.UnmarshalStrict(rendered(t, tag), &p); err != nil {
		t.Fatal(err)
	}
	if p.APIVersion != "krew.googlecontainertools.github.com/v1alpha2" || p.Kind != "Plugin" || p.Metadata.Name != "rollcall" {
		t.Errorf("it is the %s %s %q", p.APIVersion, p.Kind, p.Metadata.Name)
	}
	if p.Spec.Version != tag || p.Spec.Homepage == "" || p.Spec.Description == "" {
		t.Errorf("version %q, homepage %q, description %q", p.Spec.Version, p.Spec.Homepage, p.Spec.Description)
	}
	if d := p.Spec.ShortDescription; d == "" || len(d) > 50 || strings.HasSuffix(d, ".") || strings.Contains(d, "\n") {
		t.Errorf("the short description is %q, want one line of at most 50 characters without a full stop", d)
	}
	served := map[string]int{}
	for _, platform := range p.Spec.Platforms {
		selector, err := metav1.LabelSelectorAsSelector(platform.Selector)
		if err != nil {
			t.Fatal(err)
		}
		for _, system := range []string{"linux", "darwin", "windows"} {
			for _, architecture := range []string{"amd64", "arm64"} {
				if !selector.Matches(labels.Set{"os": system, "arch": architecture}) {
					continue
				}
				served[system+"/"+architecture]++
				archive := "https://github.com/rollcall-scim/rollcall/releases/download/" + tag + "/kubectl-rollcall_" + system + "_" + architecture + ".tar.gz"
				if platform.URI != archive || !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(platform.SHA256) {
					t.Errorf("%s/%s is %s with checksum %q", system, architecture, platform.URI, platform.SHA256)
				}
				if want := map[bool]string{true: "kubectl-rollcall.exe", false: "kubectl-rollcall"}[system == "windows"]; platform.Bin != want {
					t.Errorf("the program of %s/%s is %q, want %q", system, architecture, platform.Bin, want)
				}
			}
		}
	}
	for _, platform := range []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64"} {
		if served[platform] != 1 {
			t.Errorf("%d archives are for %s, want one", served[platform], platform)
		}
	}
}
