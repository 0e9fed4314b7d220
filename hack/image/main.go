// Command image makes the container image without Docker: the programs alone,
// on no base, for each platform, with a list of what is in them (SBOM). The
// same programs give the same digest.
//
//	image --programs DIR --output DIR [--push REGISTRY/REPOSITORY:TAG] [--version V --revision COMMIT --created RFC3339]
//
// DIR has a folder for each platform, such as linux_amd64, with the programs.
// It prints the reference or the folder, the digest, and the sizes.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// options are the flags.
type options struct {
	programs string
	output   string
	push     string
	insecure bool

	version  string
	revision string
	created  time.Time
}

func main() {
	var o options
	var created string
	flag.StringVar(&o.programs, "programs", "", "folder with a folder for each platform, such as linux_amd64")
	flag.StringVar(&o.output, "output", "", "folder to write an OCI image layout to")
	flag.StringVar(&o.push, "push", "", "registry/repository:tag to push to as well; credentials are those of the Docker configuration")
	flag.BoolVar(&o.insecure, "insecure", false, "push over plain HTTP")
	flag.StringVar(&o.version, "version", "unknown", "version, for the label org.opencontainers.image.version")
	flag.StringVar(&o.revision, "revision", "", "commit, for the label org.opencontainers.image.revision")
	flag.StringVar(&created, "created", "1970-01-01T00:00:00Z", "time that the image and its files carry")
	flag.Parse()
	err := error(nil)
	if o.created, err = time.Parse(time.RFC3339, created); err == nil {
		err = o.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// platformImage is the image of one platform with its SBOM.
type platformImage struct {
	platform v1.Platform
	image    v1.Image
	sbom     v1.Image
}

func (o *options) run() error {
	if o.programs == "" || o.output == "" || flag.NArg() > 0 {
		return fmt.Errorf("give --programs and --output, and no arguments")
	}
	folders, err := filepath.Glob(filepath.Join(o.programs, "*_*"))
	if err != nil || len(folders) == 0 {
		return fmt.Errorf("%s has no folder of a platform, such as linux_amd64", o.programs)
	}
	var images []platformImage
	for _, folder := range folders {
		made, err := o.platform(folder)
		if err != nil {
			return fmt.Errorf("%s: %w", folder, err)
		}
		images = append(images, made)
	}
	index, err := o.index(images)
	if err != nil {
		return err
	}
	if err := o.write(index, images); err != nil {
		return err
	}
	if err := o.publish(index, images); err != nil {
		return err
	}
	return o.report(index, images)
}

// platform makes the image of one folder of programs.
func (o *options) platform(folder string) (platformImage, error) {
	system, architecture, _ := strings.Cut(filepath.Base(folder), "_")
	platform := v1.Platform{OS: system, Architecture: architecture}
	image, err := o.image(folder, platform)
	if err != nil {
		return platformImage{}, err
	}
	sbom, err := o.sbom(folder, platform, image)
	return platformImage{platform: platform, image: image, sbom: sbom}, err
}

// index lists the images of all platforms.
func (o *options) index(images []platformImage) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, i := range images {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: i.image, Descriptor: v1.Descriptor{Platform: &i.platform}})
	}
	annotated, ok := mutate.Annotations(index, o.labels()).(v1.ImageIndex)
	if !ok {
		return nil, fmt.Errorf("the index could not be annotated")
	}
	return annotated, nil
}
