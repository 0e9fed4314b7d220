package provisioninglog

import (
	"regexp"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// The bounds of an entry, as its CRD has them.
const (
	maxName       = 256
	maxID         = 128
	maxReason     = 512
	maxNames      = 3
	maxAttributes = 16
)

// entry is a change as it is logged.
func (l *Log) entry(sync types.NamespacedName, c *Change) v1alpha1.ProvisioningLogEntry {
	e := v1alpha1.ProvisioningLogEntry{
		Time: metav1.NewMicroTime(c.Time.Truncate(time.Microsecond)), Action: c.Action, Kind: c.Kind, ID: cut(c.ID, maxID),
		Members: int64(c.Members), RequestID: cut(c.RequestID, maxID), Token: cut(c.Token, 63), Code: int32(c.Code),
		Reason: cut(c.Reason, maxReason),
	}
	for _, attribute := range c.Attributes[:min(maxAttributes, len(c.Attributes))] {
		e.Attributes = append(e.Attributes, cut(attribute, maxName))
	}
	named := l.options.Mode == Names
	for _, id := range c.MemberIDs[:min(maxNames, len(c.MemberIDs))] {
		name := anonymous(id)
		if named {
			if name = l.NameOf(sync, id); name == "" {
				name = id
			}
		}
		e.MemberNames = append(e.MemberNames, cut(name, maxName))
	}
	if !named {
		e.ID = anonymous(e.ID)
		return e
	}
	if e.Name = c.Name; e.Name == "" && c.ID != "" {
		e.Name = l.NameOf(sync, c.ID)
	}
	e.Name = cut(e.Name, maxName)
	if c.Detail != "" {
		e.Reason = cut(strings.TrimPrefix(e.Reason+": "+c.Detail, ": "), maxReason)
	}
	return e
}

// ownID is the end of an id that the directory gave: a hash, and random
// characters behind the letter of the kind.
var ownID = regexp.MustCompile(`(?:^|-)([a-z2-7]{13}-[ug][a-z2-7]{6})$`)

// anonymous leaves out of a SCIM id what was made from a name. The rest is enough
// to find the object by. It is empty for what is no id of ours: whatever the
// identity provider sent may be a name.
func anonymous(id string) string {
	if found := ownID.FindStringSubmatch(id); found != nil {
		return found[1]
	}
	return ""
}

func cut(text string, limit int) string {
	if len(text) <= limit {
		return strings.ToValidUTF8(text, "?")
	}
	const ellipsis = "…"
	return strings.ToValidUTF8(text[:limit-len(ellipsis)], "") + ellipsis
}

// line writes an entry to the operator's log.
func (l *Log) line(sync types.NamespacedName, e *v1alpha1.ProvisioningLogEntry) {
	values := []any{"sync", sync.String(), "action", string(e.Action)}
	add := func(key string, value any, there bool) {
		if there {
			values = append(values, key, value)
		}
	}
	add("kind", string(e.Kind), e.Kind != "")
	add("name", e.Name, e.Name != "")
	add("id", e.ID, e.ID != "")
	add("members", e.Members, e.Members > 0)
	add("memberNames", e.MemberNames, len(e.MemberNames) > 0)
	add("attributes", e.Attributes, len(e.Attributes) > 0)
	add("requestID", e.RequestID, e.RequestID != "")
	add("token", e.Token, e.Token != "")
	add("status", e.Code, e.Code != 0)
	add("reason", e.Reason, e.Reason != "")
	l.options.Log.Info("provisioning", values...)
}
