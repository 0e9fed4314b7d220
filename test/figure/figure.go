// Package figure writes measured figures as a person reads them.
package figure

import (
	"strconv"
	"strings"
)

// Text has three significant digits, and all before the point.
func Text(v float64) string {
	precision := 0
	for bound := 100.0; precision < 3 && v < bound; bound /= 10 {
		precision++
	}
	text := strconv.FormatFloat(v, 'f', precision, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
