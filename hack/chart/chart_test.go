package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSchemaAndTable(t *testing.T) {
	tests := map[string]struct {
		values     string
		properties string // of the schema, as JSON
		rows       []string
		err        string
	}{
		"a scalar has the type of its default": {
			values:     "# How many.\nreplicas: 2\n",
			properties: `{"replicas":{"type":"integer","description":"How many."}}`,
			rows:       []string{"| `replicas` | How many. | `2` |"},
		},
		"@schema adds to it, and is not part of the description": {
			values:     "# How much.\n# @schema {enum: [info, debug]}\nlevel: info\n",
			properties: `{"level":{"type":"string","description":"How much.","enum":["info","debug"]}}`,
			rows:       []string{"| `level` | How much. | `\"info\"` |"},
		},
		"a mapping with comments has these keys only": {
			values: "tls:\n  # Where from.\n  mode: none\n",
			properties: `{"tls":{"type":"object","additionalProperties":false,
				"properties":{"mode":{"type":"string","description":"Where from."}}}}`,
			rows: []string{"| `tls.mode` | Where from. | `\"none\"` |"},
		},
		"a mapping without comments is a default, whatever its keys": {
			values:     "# Resources | limits.\nresources:\n  cpu: 1\n",
			properties: `{"resources":{"type":"object","description":"Resources | limits."}}`,
			rows:       []string{"| `resources` | Resources \\| limits. | `{\"cpu\":1}` |"},
		},
		"a title begins a table": {
			values:     "# --- Pods\n\n# How many.\nreplicas: 2\n",
			properties: `{"replicas":{"type":"integer","description":"How many."}}`,
			rows:       []string{"### Pods", "| `replicas` | How many. | `2` |"},
		},
		"a value without a comment":      {values: "replicas: 2\n", err: "replicas has no comment"},
		"a part without a comment":       {values: "tls:\n  # Where from.\n  mode: none\n  name: a\n", err: "tls.name has no comment"},
		"a list of who knows what":       {values: "# Who.\nfrom: []\n", err: "from: say in @schema what its items are"},
		"a default that says no type":    {values: "# Which.\nport:\n", err: "port: say in @schema what type it has"},
		"a schema that is no YAML":       {values: "# Which.\n# @schema {enum: [\nport: 1\n", err: "port: @schema"},
		"something other than a mapping": {values: "- 1\n", err: "no mapping"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			values, err := parse([]byte(test.values))
			var schema []byte
			if err == nil {
				schema, err = schemaOf(values)
			}
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("got %v, want an error that says %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got struct{ Properties any }
			var want any
			if err := json.Unmarshal(schema, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(test.properties), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got.Properties); diff != "" {
				t.Errorf("schema (-want +got):\n%s", diff)
			}
			var table bytes.Buffer
			for _, child := range values.children {
				if child.section != "" {
					titles(&table, child.section)
				}
				if err := child.rows(&table); err != nil {
					t.Fatal(err)
				}
			}
			for _, row := range test.rows {
				if !strings.Contains(table.String(), row+"\n") {
					t.Errorf("no row %s in\n%s", row, table.String())
				}
			}
		})
	}
}

func TestManifestsOfAnotherForm(t *testing.T) {
	const cluster, own = "---\nkind: ClusterRole\nrules:\n- apiGroups:\n  - \"\"\n", "---\nkind: Role\nrules:\n- apiGroups:\n  - \"\"\n  resources:\n  - leases\n"
	const secrets = "- apiGroups:\n  - \"\"\n  resources:\n  - secrets\n"
	tests := map[string]struct {
		make func(string) (string, error)
		from string
		err  string
	}{
		"a policy without the label by which it is found": {policy, "kind: ValidatingAdmissionPolicy\nmetadata:\n  name: a\n", "label by which the operator finds it"},
		"a definition that controller-gen did not write":  {crd, "metadata:\n  name: a\n", "of the form that controller-gen writes"},
		"no Role":                           {managerRules, cluster, "not one ClusterRole and one Role"},
		"a Role with no rule about Secrets": {managerRules, cluster + own, "0 rules of the Role are about Secrets"},
		"a Role with two":                   {managerRules, cluster + own + secrets + secrets, "2 rules of the Role are about Secrets"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := test.make(test.from); err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %v, want an error that says %q", err, test.err)
			}
		})
	}
}

func TestWhatLooksLikeAnAction(t *testing.T) {
	const source, want = "message: '{{ .Values }}'", "message: '{{ `{{` }} .Values }}'"
	if got := escape(source); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
