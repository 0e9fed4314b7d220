package projection

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSubjectName is the longest name of a subject, in bytes.
const maxSubjectName = 1024

// CheckSubjectName refuses names that are never bound. Names that begin with
// "system:" belong to Kubernetes (system:anonymous would open the cluster to
// everybody), and no authenticator gives out the others.
func CheckSubjectName(name string) error {
	switch {
	case name == "":
		return errors.New("the name is empty")
	case len(name) > maxSubjectName:
		return fmt.Errorf("the name has %d bytes; at most %d can be bound", len(name), maxSubjectName)
	case !utf8.ValidString(name):
		return errors.New("the name is not valid UTF-8")
	case strings.HasPrefix(name, "system:"):
		return errors.New(`names that begin with "system:" are reserved for Kubernetes`)
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }):
		return errors.New("the name contains white space or characters that do not print")
	}
	return nil
}
