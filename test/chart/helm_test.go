// Package chart tests charts/rollcall: it makes the same objects as config, and
// a real API server takes what every file of values in charts/rollcall/ci makes.
package chart

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/rollcall-scim/rollcall/test/controlplane"
)

const (
	release   = "rollcall"
	namespace = "rollcall-system"
)

// directory is the chart's.
func directory() string { return filepath.Join(controlplane.Root(), "charts", "rollcall") }

// helm runs helm, from $HELM or bin, and gives its output.
func helm(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	program := cmp.Or(os.Getenv("HELM"), filepath.Join(controlplane.Root(), "bin", "helm"))
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("there is no helm (make tools builds it, or set HELM): %v", err)
	}
	return run(t, program, args...)
}

func run(t *testing.T, program string, args ...string) ([]byte, error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), program, args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", filepath.Base(program), strings.Join(args, " "), err, stderr.String())
	}
	return stdout.Bytes(), nil
}

// template renders the chart for Kubernetes 1.36, as a client that knows no cluster does.
func template(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	return helm(t, append([]string{
		"template", release, directory(), "--namespace", namespace, "--kube-version", controlplane.KubernetesVersion,
	}, args...)...)
}

// decode reads the objects of a YAML stream.
func decode(t *testing.T, stream []byte) []*unstructured.Unstructured {
	t.Helper()
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(stream), 4096)
	for {
		var o unstructured.Unstructured
		if err := decoder.Decode(&o.Object); err != nil {
			if err.Error() == "EOF" {
				return objects
			}
			t.Fatalf("no YAML: %v", err)
		}
		if len(o.Object) > 0 {
			objects = append(objects, &o)
		}
	}
}
