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

// maxInstructions and maxRanges bound what a match costs, which is done for every
// group of a sync, and what it costs to compile: (a{1,900}){1,900} is short, too,
// and \pL is hundreds of ranges of characters.
const (
	maxInstructions = 1000
	maxRanges       = 4000
)

// maxRemembered bounds the memory of compilePattern, in instructions and ranges:
// about 100 MB at most, if somebody writes patterns for that. Usual ones are of about 100.
const maxRemembered = 1 << 20

// compiled has what compilePattern compiled.
var compiled = struct {
	sync.Mutex
	patterns map[string]knownPattern
	size     int
}{patterns: map[string]knownPattern{}}

type knownPattern struct {
	pattern *pattern
	err     error
	size    int // in instructions and ranges
}

// compilePattern compiles the pattern of a groupSelector, which must match a
// whole displayName. It remembers what it compiled, as an event of a group asks
// every binding with a pattern. When there are too many, any is forgotten for
// the next: were it the oldest, all would be compiled again for each event.
func compilePattern(text string) (*pattern, error) {
	if len(text) > 4*maxPatternLength {
		return nil, fmt.Errorf("the pattern has %d bytes; %d characters are allowed", len(text), maxPatternLength)
	}
	compiled.Lock()
	defer compiled.Unlock()
	if known, ok := compiled.patterns[text]; ok {
		return known.pattern, known.err
	}
	p, size, err := newPattern(text)
	for other, known := range compiled.patterns {
		if compiled.size+size <= maxRemembered {
			break
		}
		delete(compiled.patterns, other)
		compiled.size -= known.size
	}
	compiled.patterns[text], compiled.size = knownPattern{p, err, size}, compiled.size+size
	return p, err
}

func newPattern(text string) (p *pattern, size int, err error) {
	// By itself first: ")(" would balance the parentheses around it.
	if size, err = checkPattern(text); err != nil {
		return nil, size, err
	}
	expression, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		return nil, size, err
	}
	p = &pattern{expression: expression, namespace: -1, role: -1}
	captures := map[string]*int{captureNamespace: &p.namespace, captureRole: &p.role}
	for i, name := range expression.SubexpNames() {
		index, known := captures[name]
		switch {
		case name == "":
		case !known:
			return nil, size, fmt.Errorf("the capture %q has no meaning; there are %q and %q", name, captureNamespace, captureRole)
		case *index >= 0:
			return nil, size, fmt.Errorf("there are two captures %q", name)
		default:
			*index = i
		}
	}
	return p, size, nil
}

func checkPattern(text string) (size int, err error) {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return 1, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 1, err
	}
	instructions, ranges := len(program.Inst), 0
	for i := range program.Inst {
		ranges += (len(program.Inst[i].Rune) + 1) / 2
	}
	switch {
	case instructions > maxInstructions:
		return 1, fmt.Errorf("the pattern is too costly to match (%d instructions; %d are allowed): use smaller repetitions", instructions, maxInstructions)
	case ranges > maxRanges:
		return 1, fmt.Errorf(`the pattern is too costly to compile (%d ranges of characters; %d are allowed): use smaller classes, as [a-z] for \pL, or repeat them fewer times`, ranges, maxRanges)
	}
	return instructions + ranges, nil
}
