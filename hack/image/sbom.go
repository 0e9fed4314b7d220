package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// cycloneDX is the media type of the SBOM.
const cycloneDX types.MediaType = "application/vnd.cyclonedx+json"

// bom is a CycloneDX 1.6 document, as far as it is used.
type bom struct {
	Format      string       `json:"bomFormat"`
	SpecVersion string       `json:"specVersion"`
	Version     int          `json:"version"`
	Metadata    metadata     `json:"metadata"`
	Components  []component  `json:"components"`
	Depends     []dependency `json:"dependencies"`
}

type metadata struct {
	Timestamp string    `json:"timestamp"`
	Component component `json:"component"`
}

type component struct {
	Ref     string `json:"bom-ref"`
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	PURL    string `json:"purl,omitempty"`
	Hashes  []hash `json:"hashes,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn"`
}

// sbom lists the modules that the programs say they were built from. It is an
// image of its own, which refers to the image it is about.
func (o *options) sbom(folder string, platform v1.Platform, image v1.Image) (v1.Image, error) {
	document, err := o.bom(folder, platform)
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	sbom := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), cycloneDX)
	if sbom, err = mutate.AppendLayers(sbom, static.NewLayer(content, cycloneDX)); err != nil {
		return nil, err
	}
	subject, err := partial.Descriptor(image)
	if err != nil {
		return nil, err
	}
	referring, ok := mutate.Subject(sbom, *subject).(v1.Image)
	if !ok {
		return nil, fmt.Errorf("the SBOM could not refer to its image")
	}
	return referring, nil
}

func (o *options) bom(folder string, platform v1.Platform) (*bom, error) {
	programs, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	subject := component{Ref: "rollcall-image", Type: "container", Name: "rollcall", Version: o.version + " " + platform.String()}
	document := &bom{Format: "CycloneDX", SpecVersion: "1.6", Version: 1, Metadata: metadata{o.created.UTC().Format(time.RFC3339), subject}}
	all := map[string]component{}
	contains := dependency{Ref: subject.Ref}
	for _, program := range programs {
		info, err := buildinfo.ReadFile(filepath.Join(folder, program.Name()))
		if err != nil {
			return nil, fmt.Errorf("%s does not say what it was built from: %w", program.Name(), err)
		}
		app := component{Ref: program.Name(), Type: "application", Name: program.Name(), Version: o.version}
		all[app.Ref] = app
		contains.DependsOn = append(contains.DependsOn, app.Ref)
		depends := dependency{Ref: app.Ref}
		for _, m := range append([]*debug.Module{{Path: "stdlib", Version: strings.TrimPrefix(info.GoVersion, "go")}}, info.Deps...) {
			c := library(m)
			all[c.Ref] = c
			depends.DependsOn = append(depends.DependsOn, c.Ref)
		}
		document.Depends = append(document.Depends, depends)
	}
	for _, ref := range slices.Sorted(maps.Keys(all)) {
		document.Components = append(document.Components, all[ref])
	}
	document.Depends = append([]dependency{contains}, document.Depends...)
	return document, nil
}

// library is a module, or what it was replaced by.
func library(m *debug.Module) component {
	if m.Replace != nil {
		m = m.Replace
	}
	purl := "pkg:golang/" + m.Path + "@" + m.Version
	return component{Ref: purl, Type: "library", Name: m.Path, Version: m.Version, PURL: purl}
}
