package mapping

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

type m = v1alpha1.AttributeMapping

func mappings(users ...m) *Mappings { return Compile(&v1alpha1.AttributeMappings{Users: users}) }

// text writes changes as a sorted text: +key=value, -key.
func text(c Changes) map[string]string {
	out := map[string]string{}
	for which, changes := range map[string]map[string]*string{"label:": c.Labels, "annotation:": c.Annotations} {
		for k, v := range changes {
			k = strings.Replace(which+k, "annotation:"+v1alpha1.AnnotationMapped, "record", 1)
			if v == nil {
				out[k] = "(removed)"
			} else {
				out[k] = *v
			}
		}
	}
	return out
}

func TestChanges(t *testing.T) {
	department := m{Label: "department", Value: "user.enterprise.department"}
	tests := map[string]struct {
		mappings    []m
		labels      map[string]string
		annotations map[string]string
		record      string
		want        map[string]string
	}{
		"no mappings": {want: map[string]string{}},
		"a new label": {
			mappings: []m{department},
			want:     map[string]string{"label:department": "Site_x20_Reliability", "record": "label:department"},
		},
		"as it should be": {
			mappings: []m{department}, labels: map[string]string{"department": "Site_x20_Reliability"}, record: "label:department",
			want: map[string]string{},
		},
		"another value": {
			mappings: []m{department}, labels: map[string]string{"department": "old"}, record: "label:department",
			want: map[string]string{"label:department": "Site_x20_Reliability"},
		},
		"taken away by somebody": {
			mappings: []m{department}, record: "label:department",
			want: map[string]string{"label:department": "Site_x20_Reliability"},
		},
		"somebody else's": {
			mappings: []m{department}, labels: map[string]string{"department": "mine"},
			want: map[string]string{},
		},
		"somebody else's of the same value": {
			mappings: []m{department}, labels: map[string]string{"department": "Site_x20_Reliability"},
			want: map[string]string{},
		},
		"two, and an annotation": {
			mappings: []m{department, {Label: "example.com/kind", Value: "user.userType"}, {Annotation: "title", Value: "user.title"}},
			want: map[string]string{"label:department": "Site_x20_Reliability", "label:example.com/kind": "Employee", "annotation:title": "Head of R & D",
				"record": "annotation:title,label:department,label:example.com/kind"},
		},
		"an annotation and a label of one name": {
			mappings: []m{{Label: "a", Value: "'1'"}, {Annotation: "a", Value: "'2'"}},
			want:     map[string]string{"label:a": "1", "annotation:a": "2", "record": "annotation:a,label:a"},
		},
		"removed from the spec": {
			labels: map[string]string{"department": "x", "mine": "y"}, record: "label:department",
			want: map[string]string{"label:department": "(removed)", "record": "(removed)"},
		},
		"another key": {
			mappings: []m{{Label: "team", Value: "user.enterprise.department"}}, labels: map[string]string{"department": "x"}, record: "label:department",
			want: map[string]string{"label:department": "(removed)", "label:team": "Site_x20_Reliability", "record": "label:team"},
		},
		"from label to annotation": {
			mappings: []m{{Annotation: "team", Value: "user.enterprise.department"}}, labels: map[string]string{"team": "x"}, record: "label:team",
			want: map[string]string{"label:team": "(removed)", "annotation:team": "Site Reliability", "record": "annotation:team"},
		},
		"an absent attribute": {
			mappings: []m{{Label: "nick", Value: "user.nickName"}}, labels: map[string]string{"nick": "x"}, record: "label:nick",
			want: map[string]string{"label:nick": "(removed)", "record": "(removed)"},
		},
		"an absent attribute, never set": {mappings: []m{{Label: "nick", Value: "user.nickName"}}, want: map[string]string{}},
		"nothing":                        {mappings: []m{{Label: "nick", Value: "''"}}, want: map[string]string{}},
		"a value of another type": {
			mappings: []m{{Label: "level", Value: `user["urn:x:y"].level`}}, want: map[string]string{},
		},
		"a broken expression keeps what it set": {
			mappings: []m{{Label: "department", Value: "user."}, {Label: "kind", Value: "user.userType"}},
			labels:   map[string]string{"department": "x"}, record: "label:department",
			want: map[string]string{"label:kind": "Employee", "record": "label:department,label:kind"},
		},
		"a broken expression that never set anything": {
			mappings: []m{{Label: "department", Value: "user."}}, labels: map[string]string{"department": "mine"},
			want: map[string]string{},
		},
		"a broken key keeps every label": {
			mappings: []m{{Label: "depart ment", Value: "user.enterprise.department"}},
			labels:   map[string]string{"department": "x"}, annotations: map[string]string{"title": "x"}, record: "annotation:title,label:department",
			want: map[string]string{"annotation:title": "(removed)", "record": "label:department"},
		},
		"a long annotation": {
			mappings: []m{{Annotation: "long", Value: "user.photos[0].value"}, {Annotation: "longer", Value: "user.photos[0].value + '.'"}},
			want:     map[string]string{"annotation:long": strings.Repeat("x", MaxAnnotationValue), "record": "annotation:long"},
		},
		"a record of what is not ours": {
			labels: map[string]string{v1alpha1.LabelSync: "entra"}, record: "label:scim.rollcall.dev/sync,label:,x,field:y,label:gone",
			want: map[string]string{"record": "(removed)"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			user := &v1alpha1.User{Spec: v1alpha1.UserSpec{UserName: "jane", UserType: "Employee", Title: "Head of R & D",
				Enterprise: &v1alpha1.EnterpriseUser{Department: "Site Reliability"},
				Photos:     []v1alpha1.LargeMultiValue{{Value: strings.Repeat("x", MaxAnnotationValue)}}}}
			user.Spec.Extensions = map[string]v1alpha1.RawJSON{"urn:x:y": `{"level":5}`}
			user.Labels, user.Annotations = test.labels, test.annotations
			if test.record != "" {
				metav1.SetMetaDataAnnotation(&user.ObjectMeta, v1alpha1.AnnotationMapped, test.record)
			}
			compiled := mappings(test.mappings...)
			c := compiled.User(user)
			if diff := cmp.Diff(test.want, text(c)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			after := user.DeepCopy()
			c.Apply(after)
			if again := compiled.User(after); !again.Empty() {
				t.Errorf("when applied, there is still something to change: %v", text(again))
			}
			removal := Removal(after)
			removal.Apply(after)
			if _, left := after.Annotations[v1alpha1.AnnotationMapped]; left {
				t.Error("a record is left when all is removed")
			}
			for k := range after.Labels {
				if _, before := test.labels[k]; !before {
					t.Errorf("label %s is left when all is removed", k)
				}
			}
		})
	}
}

func TestGroupChanges(t *testing.T) {
	g := &v1alpha1.Group{Spec: v1alpha1.GroupSpec{DisplayName: "k8s-shop-view"}}
	compiled := Compile(&v1alpha1.AttributeMappings{Groups: []m{{Label: "namespace", Value: "group.displayName.split('-')[1]"}}})
	want := map[string]string{"label:namespace": "shop", "record": "label:namespace"}
	if diff := cmp.Diff(want, text(compiled.Group(g))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c := compiled.User(&v1alpha1.User{}); !c.Empty() {
		t.Errorf("a group's mapping changes a user: %v", text(c))
	}
}

func TestProblems(t *testing.T) {
	tests := map[string]struct {
		mappings []m
		want     []string // parts, one for each problem
	}{
		"none":                 {[]m{{Label: "a", Value: "user.title"}, {Label: "example.com/A.b_c-d", Value: "''"}, {Annotation: "Example.com/x", Value: "''"}}, nil},
		"an expression":        {[]m{{Label: "a", Value: "user.titel"}}, []string{`spec.mappings.users[0]: label "a": correct its value: user has no attribute "titel"`}},
		"a group's expression": {[]m{{Label: "a", Value: "group.displayName"}}, []string{"undeclared reference to 'group'"}},
		"a list":               {[]m{{Label: "a", Value: "user.emails.map(e, e.value)"}}, []string{"must give a string"}},
		"no key":               {[]m{{Value: "''"}}, []string{"give it one of the two"}},
		"a space":              {[]m{{Label: "a b", Value: "''"}}, []string{`label "a b" is no valid key`}},
		"two slashes":          {[]m{{Annotation: "a/b/c", Value: "''"}}, []string{`annotation "a/b/c" is no valid key`}},
		"a prefix with capitals": {[]m{{Label: "Example.com/x", Value: "''"}},
			[]string{`label "Example.com/x" is no valid key`}},
		"kubernetes.io":         {[]m{{Label: "kubernetes.io/x", Value: "''"}}, []string{"is reserved"}},
		"app.kubernetes.io":     {[]m{{Label: "app.kubernetes.io/managed-by", Value: "''"}}, []string{"is reserved"}},
		"k8s.io":                {[]m{{Annotation: "k8s.io/x", Value: "''"}}, []string{"is reserved"}},
		"below k8s.io":          {[]m{{Annotation: "a.b.k8s.io/x", Value: "''"}}, []string{"is reserved"}},
		"in capitals":           {[]m{{Annotation: "Kubernetes.IO/x", Value: "''"}}, []string{"is reserved"}},
		"rollcall.dev":          {[]m{{Label: "rollcall.dev/x", Value: "''"}}, []string{"is reserved"}},
		"scim.rollcall.dev":     {[]m{{Label: "scim.rollcall.dev/synced", Value: "''"}}, []string{"is reserved"}},
		"similar names":         {[]m{{Label: "notk8s.io/x", Value: "''"}, {Label: "k8s.io.example.com/x", Value: "''"}, {Label: "kubernetes.io", Value: "''"}}, nil},
		"one key twice":         {[]m{{Label: "a", Value: "''"}, {Annotation: "a", Value: "''"}, {Label: "a", Value: "'x'"}}, []string{`spec.mappings.users[2]: label "a" is set by spec.mappings.users[0] already`}},
		"several, and one good": {[]m{{Label: "k8s.io/x", Value: "''"}, {Label: "b", Value: "''"}, {Label: "c", Value: "("}}, []string{"users[0]", "users[2]"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			problems := mappings(test.mappings...).Problems
			if len(problems) != len(test.want) {
				t.Fatalf("got %v, want %d problems", problems, len(test.want))
			}
			for i, want := range test.want {
				if got := problems[i].String(); !strings.Contains(got, want) {
					t.Errorf("got %q, want it to say %q", got, want)
				}
			}
		})
	}
}

func TestNilMapsNothing(t *testing.T) {
	var none *Mappings
	user := &v1alpha1.User{}
	user.Annotations = map[string]string{v1alpha1.AnnotationMapped: "label:a"}
	user.Labels = map[string]string{"a": "b"}
	if c := none.User(user); !c.Empty() {
		t.Errorf("it changes %v", text(c))
	}
}

func TestCache(t *testing.T) {
	var c Cache
	s := &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "idp", UID: "1", Generation: 1}}
	first := c.Of(s)
	if c.Of(s.DeepCopy()) != first {
		t.Error("the same spec is compiled twice")
	}
	s.Spec.Mappings = &v1alpha1.AttributeMappings{Users: []m{{Label: "a b", Value: "''"}}}
	s.Generation++
	if got := c.Of(s); len(got.Problems) != 1 {
		t.Error("a changed spec is not compiled")
	}
	s.UID, s.Spec.Mappings = "2", nil
	if got := c.Of(s); len(got.Problems) != 0 {
		t.Error("another sync of the same name is not compiled")
	}
}

func BenchmarkUser(b *testing.B) {
	user := &v1alpha1.User{Spec: v1alpha1.UserSpec{UserName: "jane", Enterprise: &v1alpha1.EnterpriseUser{Department: "Site Reliability"}}}
	compiled := mappings(m{Label: "department", Value: "user.enterprise.department"}, m{Label: "domain", Value: "user.userName"}, m{Label: "title", Value: "user.title"})
	c := compiled.User(user)
	c.Apply(user)
	for b.Loop() {
		if c := compiled.User(user); !c.Empty() {
			b.Fatal(text(c))
		}
	}
}

// The expressions in docs/mappings.md can be used.
func TestDocumentedExpressions(t *testing.T) {
	document, err := os.ReadFile("../../docs/mappings.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(document), "| to get | write |")
	section, _, _ = strings.Cut(section, "\n\n")
	rows := regexp.MustCompile("(?m)^\\| .+ \\| `(.+)` \\|$").FindAllStringSubmatch(section, -1)
	if len(rows) < 10 {
		t.Fatalf("the documentation has %d expressions", len(rows))
	}
	yes := true
	user := &v1alpha1.User{Spec: v1alpha1.UserSpec{UserName: "jane@Example.com", UserType: "Contractor", Active: &yes,
		Name: &v1alpha1.Name{FamilyName: "Doe"}, Emails: []v1alpha1.MultiValue{{Value: "jane@example.com", Type: "work"}},
		Enterprise: &v1alpha1.EnterpriseUser{Department: "Sales"}}}
	user.Spec.Extensions = map[string]v1alpha1.RawJSON{"urn:example:params:scim:2.0:User": `{"costUnit":"c","level":3}`}
	for _, row := range rows {
		compiled := mappings(m{Annotation: "a", Value: row[1]})
		if c := compiled.User(user); len(compiled.Problems) > 0 || c.Annotations["a"] == nil {
			t.Errorf("%s gives nothing: %v", row[1], compiled.Problems)
		}
	}
}
