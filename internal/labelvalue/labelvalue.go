// Package labelvalue turns any text into the value of a Kubernetes label.
//
// A value that Kubernetes allows stays as it is. In any other, what may not
// stand in a label value becomes its Unicode code points in hexadecimal between
// "_x" and "_": "R & D" is R_x20.26.20_D. At either end, where Kubernetes
// wants a letter or digit, "x_" or "_x" stands outside: "C++" is
// C_x2b.2b__x. What is then longer than 63 characters is cut and ends with
// "__" and a hash of the whole text.
//
// Distinct texts give distinct values. A text that looks as if it were escaped
// is escaped itself, and within an escaped value every "_" is (_x5f_), so that
// "_" only opens and closes.
package labelvalue

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	// MaxLength is the longest label value.
	MaxLength = 63
	// hashLength is in characters of five bits.
	hashLength = 20
	// invalidByte is added to bytes that are not UTF-8, to tell them from characters.
	invalidByte = utf8.MaxRune + 1
)

var (
	valid   = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)
	escaped = regexp.MustCompile(`_x[0-9a-f]{2,6}(\.[0-9a-f]{2,6})*_|__[a-z2-7]{20}$`)
	base    = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
)

// Escape gives the label value for a text: at most 63 characters, and "" only
// for "".
func Escape(text string) string {
	if text == "" || valid.MatchString(text) && !escaped.MatchString(text) {
		return text
	}
	value := escape(text)
	if len(value) <= MaxLength {
		return value
	}
	hash := sha256.Sum256([]byte(text))
	start := strings.TrimRight(value[:MaxLength-hashLength-len("__")], "-_.")
	return start + "__" + base.EncodeToString(hash[:])[:hashLength]
}

func escape(text string) string {
	var b strings.Builder
	open := false
	for i := 0; i < len(text) && b.Len() <= MaxLength; { // what is longer is cut anyway
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 {
			r = invalidByte + rune(text[i])
		}
		atEnd := i == 0 || i+size == len(text)
		i += size
		if isAlphanumeric(r) || (r == '-' || r == '.') && !atEnd {
			if open {
				b.WriteByte('_')
			}
			open = false
			b.WriteByte(byte(r))
			continue
		}
		switch {
		case open:
			b.WriteByte('.')
		case b.Len() == 0:
			b.WriteString("x__x")
		default:
			b.WriteString("_x")
		}
		open = true
		fmt.Fprintf(&b, "%02x", r)
	}
	if open {
		b.WriteString("__x")
	}
	return b.String()
}

func isAlphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
