package filter

import (
	"time"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

type SyntaxError struct{ Detail string }

func (e *SyntaxError) Error() string { return e.Detail }

func Parse(text string) (Expression, error)             { return nil, nil }
func ParsePath(text string) (Path, error)               { return Path{}, nil }
func ParseAttribute(text string) (AttributePath, error) { return AttributePath{}, nil }
func Check(rt *schema.ResourceType, e Expression) error { return nil }

type Candidate struct {
	ID           string
	Created      time.Time
	LastModified time.Time
	Version      string
	Attributes   map[string]any
}

func Match(rt *schema.ResourceType, e Expression, c Candidate) bool { return false }

type Predicate func(Candidate) bool

func Compile(rt *schema.ResourceType, e Expression) (Predicate, error) { return nil, nil }
func CompileValue(a *schema.Attribute, e Expression) (func(value map[string]any) bool, error) {
	return nil, nil
}
func Plan(rt *schema.ResourceType, e Expression) (terms []Comparison, residual Expression) {
	return nil, nil
}
