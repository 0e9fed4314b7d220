package directory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

// resource gives an object as SCIM shows it.
func (s scope) resource(ctx context.Context, o client.Object, need scim.Need) (*scim.Resource, error) {
	switch o := o.(type) {
	case *v1alpha1.Group:
		r := s.bare(o)
		r.Meta.Version = version(o, nil)
		if !need.Members {
			return r, nil
		}
		if err := need.AffordMembers(ctx, int(o.Spec.MemberCount)); err != nil {
			return nil, err
		}
		ids, err := s.members(ctx, o)
		if err != nil {
			return nil, err
		}
		if len(ids) > 0 {
			members := make([]scim.Member, len(ids))
			for i, id := range ids {
				members[i] = s.member(s.sync, id)
			}
			r.Attributes["members"] = members
		}
		r.MemberCount = len(ids)
		return r, nil
	case *v1alpha1.User:
		groups, err := s.groupsOf(ctx, s.sync, o.Spec.ID, false)
		if err != nil {
			return nil, err
		}
		return s.user(o, groups, need), nil
	}
	return nil, fmt.Errorf("a %T is no resource", o)
}

// user gives a user who is in the groups.
func (s scope) user(u *v1alpha1.User, groups []*v1alpha1.Group, need scim.Need) *scim.Resource {
	r := s.bare(u)
	r.Meta.Version = version(u, groups)
	if need.Groups && len(groups) > 0 {
		r.Attributes["groups"] = groupsAttribute(groups)
	}
	return r
}

// shown gives an object as SCIM shows it, perhaps encoded already.
func (s scope) shown(ctx context.Context, o client.Object, need scim.Need) (*scim.Resource, error) {
	if u, ok := o.(*v1alpha1.User); ok && need.Encoder != nil {
		return s.rendered(ctx, u, need)
	}
	return s.resource(ctx, o, need)
}

// bare gives what can be read off the object alone: no version, members or groups.
func (s scope) bare(o client.Object) *scim.Resource {
	spec := resourceOf(o)
	r := &scim.Resource{
		ID:         spec.ID,
		Attributes: s.attributes(o),
		Meta:       scim.Meta{ResourceType: s.kind, Created: instant(spec.Created), LastModified: instant(spec.LastModified)},
	}
	if g, ok := o.(*v1alpha1.Group); ok {
		r.MemberCount = int(g.Spec.MemberCount)
	}
	return r
}

func groupsAttribute(groups []*v1alpha1.Group) []any {
	list := make([]any, len(groups))
	for i, g := range groups {
		list[i] = scim.Object{"value": g.Spec.ID, "display": g.Spec.DisplayName, "$ref": "Groups/" + g.Spec.ID, "type": "direct"}
	}
	return list
}

// version is the entity tag. The generation of an object counts the changes of
// its spec; a user's `groups` are stored elsewhere, so they are added.
func version(o client.Object, groups []*v1alpha1.Group) string {
	uid := o.GetUID()
	tag := append(make([]byte, 0, 64), `W/"`...)
	tag = append(tag, uid[:min(8, len(uid))]...)
	tag = append(tag, '-')
	tag = strconv.AppendInt(tag, o.GetGeneration(), 10)
	if len(groups) > 0 {
		text := make([]byte, 0, 512)
		for _, g := range groups {
			text = append(append(text, g.Spec.ID...), 0)
			text = append(append(text, g.Spec.DisplayName...), 0)
		}
		digest := sha256.Sum256(text)
		tag = append(tag, '-')
		tag = hex.AppendEncode(tag, digest[:6])
	}
	return string(append(tag, '"'))
}

// version is the entity tag of an object as it is stored.
func (s scope) version(ctx context.Context, o client.Object) (string, error) {
	var groups []*v1alpha1.Group
	if s.kind == KindUser {
		var err error
		if groups, err = s.groupsOf(ctx, s.sync, resourceOf(o).ID, false); err != nil {
			return "", err
		}
	}
	return version(o, groups), nil
}

func instant(t *metav1.MicroTime) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// touch sets the time of a change, which never goes back, not even when a
// clock does.
func (s scope) touch(spec *v1alpha1.ResourceSpec) {
	now := s.now().Truncate(time.Microsecond)
	if last := spec.LastModified; last != nil && !now.After(last.Time) {
		now = last.Add(time.Microsecond)
	}
	spec.LastModified = &metav1.MicroTime{Time: now}
}
