package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The user that the programs run as.
const (
	userID = "65532:65532"
	passwd = "nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n"
	group  = "nonroot:x:65532:\n"
)

// entrypoint is what the image runs; the other programs are called by path.
const entrypoint = "rollcall"

// file is one file of a layer.
type file struct {
	name    string
	mode    int64
	content []byte
}

// image has one layer for the files about the user and one for each program,
// so that a changed program is pulled alone. There are no certificates of
// authorities: the operator trusts the one that Kubernetes mounts.
func (o *options) image(folder string, platform v1.Platform) (v1.Image, error) {
	const readable, executable = 0o444, 0o555
	layers := [][]file{{{"etc/group", readable, []byte(group)}, {"etc/passwd", readable, []byte(passwd)}}}
	programs, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	found := false
	for _, program := range programs {
		content, err := os.ReadFile(filepath.Join(folder, program.Name()))
		if err != nil {
			return nil, err
		}
		found = found || program.Name() == entrypoint
		layers = append(layers, []file{{program.Name(), executable, content}})
	}
	if !found {
		return nil, fmt.Errorf("there is no program %s", entrypoint)
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, files := range layers {
		layer, err := layerOf(files, o.created)
		if err != nil {
			return nil, err
		}
		if image, err = mutate.Append(image, mutate.Addendum{
			Layer:   layer,
			History: v1.History{Created: v1.Time{Time: o.created}, CreatedBy: "hack/image " + files[len(files)-1].name},
		}); err != nil {
			return nil, err
		}
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = platform.OS, platform.Architecture
	config.Created = v1.Time{Time: o.created}
	config.Config = v1.Config{
		User:       userID,
		Entrypoint: []string{"/" + entrypoint},
		WorkingDir: "/",
		Env:        []string{"PATH=/"},
		Labels:     o.labels(),
	}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return nil, err
	}
	annotated, ok := mutate.Annotations(image, o.labels()).(v1.Image)
	if !ok {
		return nil, fmt.Errorf("the image could not be annotated")
	}
	return annotated, nil
}

// layerOf is a layer that depends on nothing but its files and the time.
func layerOf(files []file, created time.Time) (v1.Layer, error) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	folders := map[string]bool{".": true}
	for _, f := range files {
		if folder := filepath.Dir(f.name); !folders[folder] {
			folders[folder] = true
			if err := w.WriteHeader(&tar.Header{Name: folder + "/", Typeflag: tar.TypeDir, Mode: 0o555, ModTime: created, Format: tar.FormatPAX}); err != nil {
				return nil, err
			}
		}
		if err := w.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.content)), Mode: f.mode, ModTime: created, Format: tar.FormatPAX}); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
}

// labels are those of https://github.com/opencontainers/image-spec/blob/main/annotations.md.
func (o *options) labels() map[string]string {
	labels := map[string]string{
		"org.opencontainers.image.title":         "Rollcall",
		"org.opencontainers.image.description":   "SCIM 2.0 for Kubernetes: users and groups of an identity provider become access",
		"org.opencontainers.image.url":           "https://github.com/rollcall-scim/rollcall",
		"org.opencontainers.image.source":        "https://github.com/rollcall-scim/rollcall",
		"org.opencontainers.image.documentation": "https://github.com/rollcall-scim/rollcall/blob/main/docs/install.md",
		"org.opencontainers.image.vendor":        "The Rollcall authors",
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.version":       o.version,
		"org.opencontainers.image.created":       o.created.UTC().Format(time.RFC3339),
	}
	if o.revision != "" {
		labels["org.opencontainers.image.revision"] = o.revision
	}
	return labels
}
