package projection

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"sync"
)

// The named captures of a groupSelector's pattern.
const (
	captureNamespace = "namespace"
	captureRole      = "role"
)

// pattern is a compiled groupSelector.
type pattern struct {
	expression      *regexp.Regexp
	namespace, role int // of the captures; -1: there is none
}

// match is what a pattern makes of a displayName.
type match struct{ namespace, role string }

func (p *pattern) matches(displayName string) bool { return p.expression.MatchString(displayName) }

func (p *pattern) match(displayName string) (match, bool) {
	groups := p.expression.FindStringSubmatch(displayName)
	if groups == nil {
		return match{}, false
	}
	capture := func(index int) string {
		if index < 0 {
			return ""
		}
		return groups[index]
	}
	return match{capture(p.namespace), capture(p.role)}, true
}

// maxPatternLength is as in the API.
const maxPatternLength = 256

// maxInstructions bounds what a match costs, which is done for every group of
// a sync: (a{1,900}){1,900} is short, too.
const maxInstructions = 1000

// compilePattern compiles the pattern of a groupSelector, which must match a
// whole displayName. It remembers what it compiled: an event of a group asks
// every binding with a pattern.
func compilePattern(text string) (*pattern, error) {
	if len(text) > 4*maxPatternLength {
		return nil, fmt.Errorf("the pattern has %d bytes; %d characters are allowed", len(text), maxPatternLength)
	}
	compiled.Lock()
	defer compiled.Unlock()
	if known, ok := compiled.patterns[text]; ok {
		return known.pattern, known.err
	}
	if len(compiled.patterns) >= maxPatterns {
		clear(compiled.patterns)
	}
	p, err := newPattern(text)
	compiled.patterns[text] = patternOrError{p, err}
	return p, err
}

type patternOrError struct {
	pattern *pattern
	err     error
}

// maxPatterns bounds the memory of compilePattern.
const maxPatterns = 256

var compiled = struct {
	sync.Mutex
	patterns map[string]patternOrError
}{patterns: map[string]patternOrError{}}

func newPattern(text string) (*pattern, error) {
	// By itself first: ")(" would balance the parentheses around it.
	if err := checkPattern(text); err != nil {
		return nil, err
	}
	expression, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		return nil, err
	}
	p := &pattern{expression: expression, namespace: -1, role: -1}
	captures := map[string]*int{captureNamespace: &p.namespace, captureRole: &p.role}
	for i, name := range expression.SubexpNames() {
		index, known := captures[name]
		switch {
		case name == "":
		case !known:
			return nil, fmt.Errorf("the capture %q has no meaning; there are %q and %q", name, captureNamespace, captureRole)
		case *index >= 0:
			return nil, fmt.Errorf("there are two captures %q", name)
		default:
			*index = i
		}
	}
	return p, nil
}

func checkPattern(text string) error {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return err
	}
	if n := len(program.Inst); n > maxInstructions {
		return fmt.Errorf("the pattern is too costly to match (%d instructions; %d are allowed): use smaller repetitions", n, maxInstructions)
	}
	return nil
}
