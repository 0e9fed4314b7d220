// Package admission tells whether the admission policies are in force.
//
// Objects do not record their author, so what an admission policy did not
// check can never be checked later. Therefore, while a policy of
// config/admission or its binding is missing or changed, nobody is given
// access: Guard says so to whoever projects, and what is taken away goes on
// being taken away. When all are back, whoever asked is told.
//
// The policies are compared with the copy that is built into the program, so a
// policy of another version counts as changed: apply the manifests of the
// version that runs.
package admission

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	manifests "github.com/rollcall-scim/rollcall/config/admission"
)

// The label of the policies and their bindings; one without it is not seen.
const (
	LabelName = "app.kubernetes.io/name"
	Name      = "rollcall"
)

// Manifests are the policies, each followed by its binding, in the version of
// this program.
func Manifests() ([]client.Object, error) {
	files, err := fs.Glob(manifests.Manifests, "*.yaml")
	if err != nil {
		return nil, err
	}
	var objects []client.Object
	for _, name := range files {
		if name == "kustomization.yaml" {
			continue
		}
		file, err := manifests.Manifests.Open(name)
		if err != nil {
			return nil, err
		}
		read, err := decode(file)
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, fmt.Errorf("config/admission/%s: %w", name, err)
		}
		objects = append(objects, read...)
	}
	return objects, nil
}

func decode(file io.Reader) ([]client.Object, error) {
	const lookAhead = 512
	documents := yaml.NewYAMLOrJSONDecoder(file, lookAhead)
	policy, binding := &admissionv1.ValidatingAdmissionPolicy{}, &admissionv1.ValidatingAdmissionPolicyBinding{}
	if err := documents.Decode(policy); err != nil {
		return nil, err
	}
	if err := documents.Decode(binding); err != nil {
		return nil, err
	}
	if policy.Kind != "ValidatingAdmissionPolicy" || !strings.HasPrefix(binding.Kind, policy.Kind) || binding.Spec.PolicyName != policy.Name {
		return nil, fmt.Errorf("want a policy and then its binding, got %s %q and %s %q", policy.Kind, policy.Name, binding.Kind, binding.Name)
	}
	return []client.Object{policy, binding}, nil
}
