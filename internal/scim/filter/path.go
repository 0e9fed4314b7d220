package filter

import (
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// ParsePath reads the path of a PATCH operation (RFC 7644 §3.5.2): attr,
// attr.sub, attr[filter], attr[filter].sub, each with a schema's URN in front,
// or the URN of an extension alone, which leaves Name empty. An error is a
// *SyntaxError.
func ParsePath(text string) (Path, error) {
	p, err := newParser(text)
	if err != nil {
		return Path{}, err
	}
	attribute, err := p.attribute()
	if err != nil {
		return Path{}, err
	}
	path := Path{AttributePath: attribute}
	if p.at('[') {
		if path.Name == "" && isCoreURN(path.URN) || path.SubAttribute != "" {
			return Path{}, syntaxError("position %d: only an attribute takes a filter in brackets", p.pos+1)
		}
		if path.Filter, err = p.enclosed('[', ']', true); err != nil {
			return Path{}, err
		}
		if p.at('.') {
			if path.SubAttribute, err = p.subAttribute(); err != nil {
				return Path{}, err
			}
		}
	}
	p.skipSpace()
	if !p.done() {
		return Path{}, p.expected("the end of the path")
	}
	return path, nil
}

// ParseAttribute reads one name of `attributes`, `excludedAttributes` or
// `sortBy` (RFC 7644 §3.10). A filter in brackets is dropped: Entra ID asks for
// emails[type eq "work"], and gets emails. An error is a *SyntaxError.
func ParseAttribute(text string) (AttributePath, error) {
	path, err := ParsePath(text)
	return path.AttributePath, err
}

// attribute is URN:name.sub; the URN alone leaves Name empty.
func (p *parser) attribute() (AttributePath, error) {
	start := p.pos
	for !p.done() && !isSpace(p.text[p.pos]) && strings.IndexByte(`[]()"`, p.text[p.pos]) < 0 {
		p.pos++
	}
	token := p.text[start:p.pos]
	split := splitName
	if schema.IsURN(token) {
		split = splitURN
	}
	path, ok := split(token)
	if !ok {
		p.pos = start
		return AttributePath{}, p.expected("an attribute name")
	}
	return path, nil
}

// subAttribute is .name.
func (p *parser) subAttribute() (string, error) {
	start := p.pos
	for p.pos++; !p.done() && isNameChar(p.text[p.pos]); {
		p.pos++
	}
	name := p.text[start+1 : p.pos]
	if !isName(name) {
		p.pos = start + 1
		return "", p.expected("the name of a sub-attribute")
	}
	return name, nil
}

// splitURN tells the schema's URN from the attribute. Where the schema is not
// known, the attribute is what follows the last colon, if that may be a name
// at all: the URNs of extensions commonly end with a version or with :User.
func splitURN(token string) (AttributePath, bool) {
	for _, urn := range []string{schema.UserURN, schema.GroupURN, schema.EnterpriseUserURN} {
		if len(token) < len(urn) || !strings.EqualFold(token[:len(urn)], urn) {
			continue
		}
		if len(token) == len(urn) {
			return AttributePath{URN: token}, true
		}
		if token[len(urn)] == ':' {
			path, ok := splitName(token[len(urn)+1:])
			path.URN = token[:len(urn)]
			return path, ok
		}
	}
	colon := strings.LastIndexByte(token, ':')
	path, ok := splitName(token[colon+1:])
	if !ok || strings.EqualFold(path.Name, "User") || strings.EqualFold(path.Name, "Group") || colon <= len("urn:") {
		return AttributePath{URN: token}, true
	}
	path.URN = token[:colon]
	return path, true
}

// isCoreURN tells a URN of RFC 7643 from one that may have an attribute's name at
// its end, such as …:2.0:group.
func isCoreURN(urn string) bool {
	return strings.EqualFold(urn, schema.UserURN) || strings.EqualFold(urn, schema.GroupURN) || strings.EqualFold(urn, schema.EnterpriseUserURN)
}

// splitName is name or name.sub.
func splitName(text string) (AttributePath, bool) {
	name, sub, hasSub := strings.Cut(text, ".")
	path := AttributePath{Name: name, SubAttribute: sub}
	return path, isName(name) && (!hasSub || isName(sub))
}

// isName follows attrName of RFC 7643 §2.1, and $ref.
func isName(name string) bool {
	if name == "" || name == "$" || name[0] != '$' && !isLetter(name[0]) {
		return false
	}
	for i := 1; i < len(name); i++ {
		if name[i] == '$' || !isNameChar(name[i]) {
			return false
		}
	}
	return true
}

func isNameChar(c byte) bool {
	return isLetter(c) || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '$'
}
