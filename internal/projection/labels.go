package projection

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// What marks the objects that are projected.
const (
	// LabelManagedBy has the value ManagedBy.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// ManagedBy is Rollcall's name in LabelManagedBy.
	ManagedBy = "rollcall"
	// LabelBinding is the name of the GroupRoleBinding; of a name over 63
	// characters, its beginning and a hash.
	LabelBinding = "scim.rollcall.dev/binding"
)

// hash is 13 base32 characters of a hash of the parts.
func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:13])
}

func labelValue(name string) string {
	const maxLength = 63
	if len(name) <= maxLength {
		return name
	}
	suffix := "-" + hash(name)
	return name[:maxLength-len(suffix)] + suffix
}
