package directory

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// The kinds of resources.
const (
	KindUser  = "User"
	KindGroup = "Group"
)

const (
	maxSlug    = 32 // characters of a name in an object name
	hashLength = 13 // base32 characters: 65 bits
	saltLength = 6  // random base32 characters at the end of an id
)

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// slot is the object name computed from a userName or displayName: whoever
// holds that object decides who owns the name. docs/architecture.md, "Names".
func slot(kind, sync, name string, opaque bool) string {
	folded := schema.Fold(name)
	sum := sha256.Sum256([]byte(kind + "\x00" + sync + "\x00" + folded))
	return join(folded, encoding.EncodeToString(sum[:])[:hashLength], opaque)
}

// Slot is the object name in which a resource of the sync with that name is
// created, for tools that make the objects that the SCIM server would.
func Slot(kind, sync, name string, opaque bool) string { return slot(kind, sync, name, opaque) }

// randomName is an object name that is the slot of no name.
func randomName(name string, opaque bool) string {
	return join(schema.Fold(name), randomText(hashLength), opaque)
}

func join(folded, hash string, opaque bool) string {
	if s := slug(folded); s != "" && !opaque {
		return s + "-" + hash
	}
	return hash
}

// slug keeps of a folded name what may stand in an object name: letters
// without their accents, and digits.
func slug(folded string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(folded) {
		if b.Len() == maxSlug {
			break
		}
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			b.WriteRune(r)
		} else if s := b.String(); s != "" && s[len(s)-1] != '-' {
			b.WriteByte('-')
		}
	}
	return strings.TrimRight(b.String(), "-")
}

// newID gives a fresh SCIM id for a resource that lives in the named object.
// RFC 7643 §3.1 forbids giving an id out twice, hence the random part.
func newID(kind, object string) string {
	return object + "-" + string(letter(kind)) + randomText(saltLength)
}

func letter(kind string) byte {
	if kind == KindGroup {
		return 'g'
	}
	return 'u'
}

// ObjectName reads the object name and the kind, KindUser or KindGroup, off a
// SCIM id. It is false for what cannot be an id that newID gave.
func ObjectName(id string) (name, kind string, ok bool) {
	cut := len(id) - saltLength - 2
	if cut < hashLength || cut > maxSlug+1+hashLength || id[cut] != '-' {
		return "", "", false
	}
	switch id[cut+1] {
	case 'u':
		kind = KindUser
	case 'g':
		kind = KindGroup
	default:
		return "", "", false
	}
	for i := range len(id) {
		c := id[i]
		dash := c == '-' && i > 0 && i <= cut
		if isText := 'a' <= c && c <= 'z' || '0' <= c && c <= '9'; !isText && !dash {
			return "", "", false
		}
	}
	return id[:cut], kind, true
}

// randomText gives n random base32 characters.
func randomText(n int) string {
	random := make([]byte, n)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	for i := range random {
		random[i] = "abcdefghijklmnopqrstuvwxyz234567"[random[i]&31]
	}
	return string(random)
}
