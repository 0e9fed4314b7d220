package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// programs is a folder with this very program as each of the names, for two
// platforms: it tells what it was built from, as every Go program does.
func programs(t *testing.T, names ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	for _, platform := range []string{"linux_amd64", "linux_arm64"} {
		for _, name := range names {
			if err := write(filepath.Join(directory, platform, name), content); err != nil {
				t.Fatal(err)
			}
		}
	}
	return directory
}

func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o755)
}

// build makes the image and reads the layout again.
func build(t *testing.T, o options) (v1.ImageIndex, *v1.IndexManifest) {
	t.Helper()
	o.output = filepath.Join(t.TempDir(), "layout")
	if err := o.run(); err != nil {
		t.Fatal(err)
	}
	index, err := layout.ImageIndexFromPath(o.output)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	return index, manifest
}

func TestTheSameProgramsGiveTheSameDigest(t *testing.T) {
	from := programs(t, "rollcall", "idpsim")
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	_, first := build(t, options{programs: from, version: "v1.2.3", created: at})
	_, second := build(t, options{programs: from, version: "v1.2.3", created: at})
	_, other := build(t, options{programs: from, version: "v1.2.4", created: at})
	for i := range first.Manifests {
		if first.Manifests[i].Digest != second.Manifests[i].Digest {
			t.Errorf("manifest %d is %s, and then %s", i, first.Manifests[i].Digest, second.Manifests[i].Digest)
		}
	}
	if first.Manifests[0].Digest == other.Manifests[0].Digest {
		t.Error("another version has the same digest")
	}
}

func TestImage(t *testing.T) {
	layoutIndex, manifest := build(t, options{programs: programs(t, "rollcall", "idpsim"), version: "v1.2.3", revision: "0123abc"})
	if got := manifest.Manifests[0].Annotations["io.containerd.image.name"]; got != "ghcr.io/rollcall-scim/rollcall:v1.2.3" {
		t.Errorf("the image is imported as %q", got)
	}
	index, err := layoutIndex.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	images, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for n, descriptor := range images.Manifests {
		platforms = append(platforms, descriptor.Platform.String())
		image, err := index.Image(descriptor.Digest)
		if err != nil {
			t.Fatal(err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		c := config.Config
		if c.User != "65532:65532" || !slices.Equal(c.Entrypoint, []string{"/rollcall"}) || config.Architecture != descriptor.Platform.Architecture {
			t.Errorf("%s: user %q runs %q on %s", descriptor.Platform, c.User, c.Entrypoint, config.Architecture)
		}
		if c.Labels["org.opencontainers.image.version"] != "v1.2.3" || c.Labels["org.opencontainers.image.revision"] != "0123abc" {
			t.Errorf("%s: labels %v", descriptor.Platform, c.Labels)
		}
		wantSBOM(t, layoutIndex, manifest.Manifests[1+n].Digest, descriptor.Digest)
	}
	if !slices.Equal(platforms, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("platforms %v", platforms)
	}
}

// wantSBOM reads the SBOM and finds it to be about an image and to name a
// module that this program is built from.
func wantSBOM(t *testing.T, index v1.ImageIndex, sbom, about v1.Hash) {
	t.Helper()
	image, err := index.Image(sbom)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.Subject == nil || manifest.Subject.Digest != about || manifest.Config.MediaType != cycloneDX {
		t.Errorf("the SBOM %s is of type %s, about %v, want about %s", sbom, manifest.Config.MediaType, manifest.Subject, about)
	}
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	reader, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	var document bom
	if err := json.Unmarshal(content, &document); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(document.Components, func(c component) bool {
		return c.Name == "github.com/google/go-containerregistry" && strings.HasPrefix(c.PURL, "pkg:golang/github.com/google/go-containerregistry@v")
	}) {
		t.Errorf("no module among %d components", len(document.Components))
	}
}

func TestWhatIsMissing(t *testing.T) {
	text := t.TempDir()
	if err := write(filepath.Join(text, "linux_amd64", "rollcall"), []byte("#!/bin/sh\n")); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ programs, says string }{
		"no platform":           {t.TempDir(), "no folder of a platform"},
		"no rollcall":           {programs(t, "idpsim"), "there is no program rollcall"},
		"no program of Go":      {text, "does not say what it was built from"},
		"no folder of programs": {"", "give --programs and --output"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := options{programs: test.programs, output: filepath.Join(t.TempDir(), "layout")}
			if err := o.run(); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an error that says %q", err, test.says)
			}
		})
	}
}
