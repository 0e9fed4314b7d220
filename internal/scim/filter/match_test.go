package filter

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

type object = map[string]any

var bjensen = Candidate{
	ID:           "bjensen-1",
	Created:      time.Date(2026, 1, 31, 8, 0, 0, 250_000_000, time.UTC),
	LastModified: time.Date(2026, 2, 1, 8, 0, 0, 0, time.UTC),
	Version:      `W/"a1"`,
	Attributes: object{
		"externalId":  "Ext-1",
		"userName":    "BJensen@Example.com",
		"active":      true,
		"displayName": "Barbara Müller",
		"name":        object{"givenName": "Barbara"},
		"profileUrl":  "https://example.com/B",
		"emails": []any{
			object{"type": "work", "value": "b@Example.com", "primary": true},
			object{"type": "home", "value": "babs@home.example"},
		},
		"roles":                  []any{object{"value": "admin", "primary": true}},
		schema.EnterpriseUserURN: object{"department": "Tours", "manager": object{"value": "M1"}},
		"urn:example:2.0:User":   object{"badge": "7"},
	},
}

func TestMatchUser(t *testing.T) {
	tests := map[string]struct {
		filter string
		want   bool
	}{
		"eq ignores case":            {`userName eq "bjensen@EXAMPLE.com"`, true},
		"eq another":                 {`userName eq "jsmith"`, false},
		"eq, umlaut not composed":    {"displayName eq \"barbara mu\u0308ller\"", true},
		"eq ignores case, umlaut":    {`displayName eq "BARBARA MÜLLER"`, true},
		"eq with the core URN":       {schema.UserURN + `:userName eq "bjensen@example.com"`, true},
		"attribute name in any case": {`USERNAME eq "bjensen@example.com"`, true},
		"externalId is case-exact":   {`externalId eq "ext-1"`, false},
		"externalId":                 {`externalId eq "Ext-1"`, true},
		"id":                         {`id eq "bjensen-1"`, true},
		"id is case-exact":           {`id eq "BJENSEN-1"`, false},
		"a reference is case-exact":  {`profileUrl eq "https://example.com/b"`, false},
		"ne":                         {`userName ne "x"`, true},
		"ne the same":                {`userName ne "BJENSEN@example.com"`, false},
		"ne on an absent attribute":  {`title ne "x"`, true},
		"eq on an absent attribute":  {`title eq "x"`, false},
		"co":                         {`userName co "@example"`, true},
		"sw":                         {`userName sw "bj"`, true},
		"sw in the middle":           {`userName sw "jensen"`, false},
		"ew":                         {`userName ew ".COM"`, true},
		"gt":                         {`userName gt "a"`, true},
		"le":                         {`userName le "a"`, false},
		"pr":                         {`userName pr`, true},
		"pr on a complex":            {`name pr`, true},
		"pr on a list":               {`emails pr`, true},
		"pr on a sub-attribute":      {`emails.primary pr`, true},
		"pr absent":                  {`title pr`, false},
		"pr absent sub-attribute":    {`name.familyName pr`, false},
		"eq null":                    {`title eq null`, true},
		"eq null, present":           {`userName eq null`, false},
		"ne null":                    {`userName ne null`, true},
		"boolean":                    {`active eq true`, true},
		"boolean as text":            {`active eq "True"`, true},
		"boolean ne":                 {`active ne true`, false},
		"sub-attribute":              {`name.givenName eq "barbara"`, true},
		"any of several":             {`emails.value eq "babs@home.example"`, true},
		"none of several":            {`emails.value eq "x"`, false},
		"ne means none of several":   {`emails.value ne "babs@home.example"`, false},
		"complex compares its value": {`emails co "home.example"`, true},
		"not":                        {`not (userName eq "x")`, true},
		"and":                        {`userName sw "b" and title pr`, false},
		"or":                         {`userName sw "b" or title pr`, true},
		"value path, one value":      {`emails[type eq "work" and value co "example.com"]`, true},
		"value path, two values":     {`emails[type eq "work" and value co "home"]`, false},
		"value path, not":            {`emails[not (type eq "work")]`, true},
		"value path on a singular":   {`name[givenName eq "Barbara"]`, true},
		"value path, unknown part":   {`emails[color eq "red"]`, false},
		"value path, absent list":    {`phoneNumbers[type eq "work"]`, false},
		"Entra":                      {`emails[type eq "work"].value eq "B@example.com"`, true},
		"Entra, of another type":     {`emails[type eq "home"].value eq "b@example.com"`, false},
		"Entra roles":                {`roles[primary eq "True"].value eq "admin"`, true},
		"Entra roles, unquoted":      {`roles[primary eq TRUE].value eq admin`, true},
		"Entra, ne":                  {`emails[type eq "work"].value ne "x"`, true},
		"extension":                  {schema.EnterpriseUserURN + `:department eq "tours"`, true},
		"manager, Entra":             {`manager eq "M1"`, true},
		"manager is case-exact":      {`manager.value eq "m1"`, false},
		"unquoted":                   {`userName eq bjensen@example.com`, true},
		"unknown attribute":          {`shoeSize eq 42`, false},
		"unknown attribute, ne":      {`shoeSize ne 42`, true},
		"unknown attribute, not":     {`not (shoeSize eq 42)`, true},
		"unknown attribute, eq null": {`shoeSize eq null`, true},
		"unknown attribute, pr":      {`shoeSize pr`, false},
		"unknown, value path":        {`shoes[size eq 42]`, false},
		"created eq":                 {`meta.created eq "2026-01-31T08:00:00.25Z"`, true},
		"created eq, another zone":   {`meta.created eq "2026-01-31T10:00:00.250+02:00"`, true},
		"lastModified gt":            {`meta.lastModified gt "2026-02-01T07:59:59Z"`, true},
		"lastModified ge, no zone":   {`meta.lastModified ge "2026-02-01T08:00:00"`, true},
		"lastModified lt, a day":     {`meta.lastModified lt "2026-02-01"`, false},
		"resourceType":               {`meta.resourceType eq "User"`, true},
		"version":                    {`meta.version eq "W/\"a1\""`, true},
		"schemas":                    {`schemas eq "` + schema.EnterpriseUserURN + `"`, true},
		"schemas, undeclared":        {`schemas eq "urn:example:2.0:User"`, true},
		"schemas, another":           {`schemas eq "` + schema.GroupURN + `"`, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := Parse(tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			if err := Check(schema.UserType(), e); err != nil {
				t.Fatal(err)
			}
			if got := Match(schema.UserType(), e, bjensen); got != tt.want {
				t.Errorf("%s: got %v", tt.filter, got)
			}
		})
	}
}

func TestMatchGroup(t *testing.T) {
	admins := Candidate{ID: "g", Attributes: object{
		"displayName": "k8s-Admins",
		"members":     []any{object{"value": "u1", "type": "User"}, object{"value": "G2", "type": "Group"}},
	}}
	tests := map[string]struct {
		filter string
		want   bool
	}{
		"Okta's look-up in another case": {`displayName eq "K8S-admins"`, true},
		"Entra's reference check":        {`id eq "g" and members eq "u1"`, true},
		"another member":                 {`id eq "g" and members eq "u2"`, false},
		"member by value":                {`members.value eq "G2"`, true},
		"members are case-exact":         {`members.value eq "g2"`, false},
		"member in brackets":             {`members[value eq "u1" and type eq "user"]`, true},
		"member of another type":         {`members[value eq "u1" and type eq "group"]`, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := Parse(tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			if got := Match(schema.GroupType(), e, admins); got != tt.want {
				t.Errorf("%s: got %v", tt.filter, got)
			}
		})
	}
}

func TestMatchWithoutFilter(t *testing.T) {
	if !Match(schema.UserType(), nil, Candidate{}) {
		t.Error("no filter holds for every resource")
	}
}

func TestCheck(t *testing.T) {
	tests := map[string]struct{ filter, want string }{
		"boolean gt":              {`active gt 3`, "active is a boolean and cannot be compared by gt"},
		"boolean co":              {`active co "t"`, "cannot be compared by co"},
		"boolean as a word":       {`active eq "yes"`, "active eq: the value must be true or false"},
		"text gt boolean":         {`userName gt true`, "userName gt: the value must be a string"},
		"binary gt":               {`x509Certificates.value gt "MII"`, "x509Certificates.value is binary and cannot be compared by gt"},
		"binary le":               {`x509Certificates le "MII"`, "cannot be compared by le"},
		"text eq boolean":         {`userName eq true`, "the value must be a string"},
		"gt null":                 {`title gt null`, "title cannot be compared with null by gt"},
		"time as a word":          {`meta.created gt "yesterday"`, "the value must be a date and time"},
		"time co":                 {`meta.created co "2026"`, "meta.created cannot be compared by co"},
		"time as a number":        {`meta.created gt 2026`, "the value must be a date and time"},
		"password":                {`password eq "x"`, "password cannot be filtered by"},
		"location":                {`meta.location eq "x"`, "meta.location cannot be filtered by"},
		"location pr":             {`not (meta.location pr)`, "meta.location cannot be filtered by"},
		"reference of a group":    {`groups.$ref pr`, "groups.$ref cannot be filtered by"},
		"the same in brackets":    {`groups[$ref eq "x"]`, "groups.$ref cannot be filtered by"},
		"password pr":             {`password pr`, "password cannot be filtered by"},
		"complex":                 {`name eq "x"`, "name has several parts"},
		"complex without a value": {`addresses eq "x"`, "addresses has several parts"},
		"brackets on a simple":    {`userName[value eq "x"]`, "userName has no sub-attributes"},
		"within not":              {`not (active gt 3)`, "cannot be compared by gt"},
		"within or":               {`userName pr or active gt 3`, "cannot be compared by gt"},
		"within brackets":         {`emails[primary gt 3]`, "emails.primary is a boolean"},
		"after brackets":          {`emails[type eq "work"].primary gt 3`, "emails.primary is a boolean"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := Parse(tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			err = Check(schema.UserType(), e)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(syntax.Detail, tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			if Match(schema.UserType(), e, bjensen) {
				t.Error("what does not compile holds for nothing")
			}
		})
	}
}
