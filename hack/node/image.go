//go:build linux

package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// pauseImage keeps the namespaces of a pod while its containers come and go.
const pauseImage = "localhost/pause:1"

const pauseSource = `package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	<-ended
}
`

// writePauseImage builds the image as an archive that containerd imports: a
// layer with one program, its configuration, and a manifest that names both.
func writePauseImage(ctx context.Context, n *node, archive string) error {
	// Not in the state folder: the go command finds that below the repository.
	folder, err := os.MkdirTemp("", "pause")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	source, program := filepath.Join(folder, "main.go"), filepath.Join(folder, "pause")
	if err := os.WriteFile(source, []byte(pauseSource), 0o600); err != nil {
		return err
	}
	if _, err := n.command(ctx, "env", "CGO_ENABLED=0", "go", "build", "-o", program, source); err != nil {
		return err
	}
	content, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	layer, err := tarball(file{"pause", content})
	if err != nil {
		return err
	}
	configuration, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Entrypoint": []string{"/pause"}, "User": "65535:65535"},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{fmt.Sprintf("sha256:%x", sha256.Sum256(layer))}},
	})
	if err != nil {
		return err
	}
	manifest, err := json.Marshal([]map[string]any{{
		"Config": "config.json", "RepoTags": []string{pauseImage}, "Layers": []string{"layer.tar"},
	}})
	if err != nil {
		return err
	}
	image, err := tarball(file{"manifest.json", manifest}, file{"config.json", configuration}, file{"layer.tar", layer})
	if err != nil {
		return err
	}
	return os.WriteFile(archive, image, 0o600)
}

type file struct {
	name    string
	content []byte
}

func tarball(files ...file) ([]byte, error) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o755, Size: int64(len(f.content))}); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}
