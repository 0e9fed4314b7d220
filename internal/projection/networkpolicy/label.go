package networkpolicy

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// NamespaceLabelValue is the value of the labels that labelNamespaces keeps.
const NamespaceLabelValue = "true"

const (
	hashLength    = 13 // base32 characters of a hash: 65 bits
	maxLabelName  = 63
	maxSlugLength = maxLabelName - 2*(hashLength+1)
)

// NamespaceLabel is the key of the label that labelNamespaces keeps for a group:
//
//	access.scim.rollcall.dev/<displayName, as far as it fits>.<hash of the sync>.<hash of sync and displayName>
//
// The readable part is lower-case and tells nothing apart; the hashes do. The
// sync is part of the key, so no two syncs share a label, whatever their groups
// are called, and so that the labels of a sync can be found when it no longer
// says which groups they were for.
func NamespaceLabel(sync types.NamespacedName, displayName string) string {
	parts := []string{SyncOfLabel(sync), hash("group", sync.Namespace, sync.Name, displayName)}
	if slug := slug(displayName); slug != "" {
		parts = append([]string{slug}, parts...)
	}
	return v1alpha1.NamespaceAccessLabelPrefix + strings.Join(parts, ".")
}

// SyncOfLabel is the part of NamespaceLabel that all labels of a sync have in common.
func SyncOfLabel(sync types.NamespacedName) string { return hash("sync", sync.Namespace, sync.Name) }

// ParseNamespaceLabel gives that part of a label's key; false for a key that
// NamespaceLabel does not make.
func ParseNamespaceLabel(key string) (sync string, ok bool) {
	name, ok := strings.CutPrefix(key, v1alpha1.NamespaceAccessLabelPrefix)
	if !ok {
		return "", false
	}
	parts := strings.Split(name, ".")
	if n := len(parts); n == 2 || n == 3 {
		return parts[n-2], len(parts[n-2]) == hashLength && len(parts[n-1]) == hashLength
	}
	return "", false
}

// slug keeps the letters and digits of ASCII, with a dash for what is between them.
func slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() == maxSlugLength {
			break
		}
	}
	return strings.TrimRight(b.String(), "-")
}

// hash is of the parts, none of which may contain a zero byte.
func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:hashLength])
}
