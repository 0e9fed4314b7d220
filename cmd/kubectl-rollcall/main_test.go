package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestArguments(t *testing.T) {
	tests := map[string]struct{ argv, want []string }{
		"as kubectl calls a plugin":       {[]string{"/usr/bin/kubectl-rollcall", "users", "ann"}, []string{"users", "ann"}},
		"as kubectl asks for completions": {[]string{"/usr/bin/kubectl_complete-rollcall", "users", ""}, []string{"__complete", "users", ""}},
		"on Windows":                      {[]string{"kubectl_complete-rollcall.exe", "st"}, []string{"__complete", "st"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, arguments(test.argv)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
