package filter

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxExponent bounds the exponent of a number; beyond it numbers are equal in
// order. It has eight hexadecimal digits in a key. So many digits of a number
// are compared.
const (
	maxExponent = 1<<30 - 1
	maxDigits   = 1000
)

// numberKey is a text that orders as the number does, exactly: ids may be
// integers of any length, which a float64 cannot tell apart. The number is
// written as 0.d₁d₂… × 10ᵉ; its sign comes first, then e, then the digits. Of a
// negative number all of that is turned over.
func numberKey(text string) (key string, ok bool) {
	if _, err := strconv.ParseFloat(text, 64); err != nil && !errors.Is(err, strconv.ErrRange) || strings.ContainsAny(text, "xXpPnN_") {
		return "", false
	}
	negative := strings.HasPrefix(text, "-")
	text = strings.TrimLeft(text, "+-")
	mantissa, exponent := text, 0
	if e := strings.IndexAny(text, "eE"); e >= 0 {
		mantissa = text[:e]
		exponent = clamp(text[e+1:])
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	exponent += len(whole) - (len(whole+fraction) - len(digits))
	digits = strings.TrimRight(digits[:min(len(digits), maxDigits)], "0")
	if digits == "" {
		return "1", true
	}
	exponent = min(max(exponent, -maxExponent), maxExponent)
	if !negative {
		return fmt.Sprintf("2%08x%s", exponent+maxExponent, digits), true
	}
	turned := []byte(digits)
	for i, c := range turned {
		turned[i] = '0' + '9' - c
	}
	// What ends first is the larger one, so the end is more than any digit.
	return fmt.Sprintf("0%08x%s~", maxExponent-exponent, turned), true
}

// clamp reads an exponent; of one that is out of range only the sign matters.
func clamp(text string) int {
	n, _ := strconv.ParseInt(text, 10, 32)
	return int(min(max(n, -maxExponent), maxExponent))
}
