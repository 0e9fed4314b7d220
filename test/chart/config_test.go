package chart

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rollcall-scim/rollcall/test/controlplane"
)

// TestTheChartMakesWhatConfigMakes renders both with equal settings. The chart
// makes no namespace, and labels objects with the release that they belong to.
func TestTheChartMakesWhatConfigMakes(t *testing.T) {
	config := map[string]any{}
	for _, overlay := range []string{"default", "samples/tokens", "network_policy", "flow_schemas", "monitoring"} {
		stream, err := run(t, filepath.Join(controlplane.Assets(), "kubectl"), "kustomize", filepath.Join(controlplane.Root(), "config", overlay))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range decode(t, stream) {
			if o.GetKind() != "Namespace" {
				config[identity(o)] = plain(o)
			}
		}
	}
	stream, err := template(t, "--values", filepath.Join("testdata", "config-values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	chart := map[string]any{}
	for _, o := range decode(t, stream) {
		if _, hook := o.GetAnnotations()["helm.sh/hook"]; !hook {
			chart[identity(o)] = plain(o)
		}
	}
	const least = 40 // the kinds, the policies and their bindings alone
	if len(config) < least {
		t.Errorf("config makes %d objects", len(config))
	}
	all := maps.Clone(config)
	maps.Copy(all, chart)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if diff := cmp.Diff(config[name], chart[name]); diff != "" {
			t.Errorf("%s: config makes (-) and the chart makes (+):\n%s", name, diff)
		}
	}
}

func identity(o *unstructured.Unstructured) string {
	return o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
}

// plain is an object without what tells of its release.
func plain(o *unstructured.Unstructured) map[string]any {
	labels := o.GetLabels()
	for _, label := range []string{"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/managed-by", "app.kubernetes.io/version", "helm.sh/chart"} {
		// The operator finds its policies by their name label.
		if group := o.GroupVersionKind().Group; group != "admissionregistration.k8s.io" || label != "app.kubernetes.io/name" {
			delete(labels, label)
		}
	}
	annotations := o.GetAnnotations()
	delete(annotations, "helm.sh/resource-policy")
	o.SetLabels(labels)
	o.SetAnnotations(annotations)
	for _, field := range []string{"labels", "annotations"} {
		if values, _, _ := unstructured.NestedMap(o.Object, "metadata", field); len(values) == 0 {
			unstructured.RemoveNestedField(o.Object, "metadata", field)
		}
	}
	return o.Object
}
