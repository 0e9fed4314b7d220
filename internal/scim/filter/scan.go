package filter

import (
	"encoding/json"
	"strings"
)

// value is a JSON string, number, true, false or null, or a word without
// quotes, which some clients send for a string.
func (p *parser) value() (any, error) {
	if p.at('"') {
		return p.quoted()
	}
	word := p.word()
	switch {
	case word == "":
		return nil, p.expected("a value")
	case strings.EqualFold(word, "true"):
		return true, nil
	case strings.EqualFold(word, "false"):
		return false, nil
	case strings.EqualFold(word, "null"):
		return nil, nil
	case isNumber(word):
		return json.Number(word), nil
	}
	return word, nil
}

// quoted is a JSON string. Most have nothing to decode.
func (p *parser) quoted() (string, error) {
	start, plain := p.pos, true
	for p.pos++; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; {
		case c == '\\':
			plain = false
			p.pos++
		case c < ' ':
			plain = false // an error
		case c == '"':
			p.pos++
			if plain {
				return p.text[start+1 : p.pos-1], nil
			}
			var value string
			if err := json.Unmarshal([]byte(p.text[start:p.pos]), &value); err != nil {
				return "", syntaxError("position %d: not a JSON string: %v", start+1, err)
			}
			return value, nil
		}
	}
	return "", syntaxError("position %d: the string has no closing quote", start+1)
}

// word runs to a space, or to a bracket that it did not open itself.
func (p *parser) word() string {
	start, open := p.pos, 0
	for ; p.pos < len(p.text); p.pos++ {
		switch p.text[p.pos] {
		case ' ', '\t', '\n', '\r', ']':
			return p.text[start:p.pos]
		case '(':
			open++
		case ')':
			if open--; open < 0 {
				return p.text[start:p.pos]
			}
		}
	}
	return p.text[start:]
}

// isNumber follows the grammar of JSON: 007 is a word, not a number.
func isNumber(word string) bool {
	if c := word[0]; c != '-' && (c < '0' || c > '9') {
		return false
	}
	var number json.Number
	return json.Unmarshal([]byte(word), &number) == nil
}

// negation takes the word "not" if a parenthesis follows.
func (p *parser) negation() bool {
	start := p.pos
	if strings.EqualFold(p.letters(), "not") {
		p.skipSpace()
		if p.at('(') {
			return true
		}
	}
	p.pos = start
	return false
}

// keyword takes the word, in any letter case, if it is next.
func (p *parser) keyword(word string) bool {
	start := p.pos
	p.skipSpace()
	if strings.EqualFold(p.letters(), word) && (p.done() || p.at('(') || isSpace(p.text[p.pos])) {
		return true
	}
	p.pos = start
	p.skipSpace()
	return false
}

func (p *parser) letters() string {
	start := p.pos
	for p.pos < len(p.text) && isLetter(p.text[p.pos]) {
		p.pos++
	}
	return p.text[start:p.pos]
}

func (p *parser) skipSpace() {
	for p.pos < len(p.text) && isSpace(p.text[p.pos]) {
		p.pos++
	}
}

func (p *parser) done() bool { return p.pos >= len(p.text) }

func (p *parser) at(c byte) bool { return p.pos < len(p.text) && p.text[p.pos] == c }

func (p *parser) take(c byte) bool {
	if !p.at(c) {
		return false
	}
	p.pos++
	return true
}

// expected is the error that something else is next.
func (p *parser) expected(what string) *SyntaxError {
	found := "the end"
	if !p.done() {
		rest := []rune(p.text[p.pos:min(len(p.text), p.pos+64)])
		found = string(rest[:min(len(rest), 16)])
	}
	return syntaxError("position %d: expected %s, found %q", p.pos+1, what, found)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
