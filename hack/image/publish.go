package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// published is the repository of releases.
const published = "ghcr.io/rollcall-scim/rollcall"

// write makes an OCI image layout, and each SBOM as a file beside it.
func (o *options) write(index v1.ImageIndex, images []platformImage) error {
	if err := os.RemoveAll(o.output); err != nil {
		return err
	}
	path, err := layout.Write(o.output, empty.Index)
	if err != nil {
		return err
	}
	// The second is what containerd and Docker call an image that they import.
	if err := path.AppendIndex(index, layout.WithAnnotations(map[string]string{
		"org.opencontainers.image.ref.name": o.version, "io.containerd.image.name": published + ":" + o.version,
	})); err != nil {
		return err
	}
	for _, i := range images {
		if err := path.AppendImage(i.sbom); err != nil {
			return err
		}
		layers, err := i.sbom.Layers()
		if err != nil {
			return err
		}
		content, err := layers[0].Uncompressed()
		if err != nil {
			return err
		}
		file, err := os.Create(fmt.Sprintf("%s.%s_%s.cdx.json", filepath.Clean(o.output), i.platform.OS, i.platform.Architecture))
		if err != nil {
			return err
		}
		if _, err := file.ReadFrom(content); err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}

// publish pushes the images, and then the SBOMs, which refer to them.
func (o *options) publish(index v1.ImageIndex, images []platformImage) error {
	if o.push == "" {
		return nil
	}
	var naming []name.Option
	if o.insecure {
		naming = append(naming, name.Insecure)
	}
	reference, err := name.ParseReference(o.push, naming...)
	if err != nil {
		return err
	}
	login := remote.WithAuthFromKeychain(authn.DefaultKeychain)
	if err := remote.WriteIndex(reference, index, login); err != nil {
		return err
	}
	for _, i := range images {
		digest, err := i.sbom.Digest()
		if err != nil {
			return err
		}
		if err := remote.Write(reference.Context().Digest(digest.String()), i.sbom, login); err != nil {
			return fmt.Errorf("SBOM of %s: %w", i.platform, err)
		}
	}
	return nil
}

// report prints what was made, for people and for scripts.
func (o *options) report(index v1.ImageIndex, images []platformImage) error {
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	fmt.Printf("layout  %s\ndigest  %s\n", o.output, digest)
	if o.push != "" {
		fmt.Printf("pushed  %s@%s\n", o.push, digest)
	}
	for _, i := range images {
		manifest, err := i.image.Manifest()
		if err != nil {
			return err
		}
		size := manifest.Config.Size
		for _, layer := range manifest.Layers {
			size += layer.Size
		}
		const mebi = 1 << 20
		fmt.Printf("%-12s  %.1f MiB to pull\n", i.platform, float64(size)/mebi)
	}
	return nil
}
