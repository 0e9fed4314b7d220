package directory

import (
	"maps"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// What is decoded from JSON takes more memory than it needs: every text is a
// copy of its own, also a department that thousands share and the id of a user
// in each of the groups, every list has room for four, and labels, which are
// mostly the same for all, are a map for each object. Objects in the informers'
// stores are never modified, so they can share all that.

const (
	// maxShared bounds the texts that are kept to be shared, maxSharedIDs the ids.
	maxShared    = 1 << 15
	maxSharedIDs = 1 << 20
	// maxSharedLength is of texts that may well repeat.
	maxSharedLength = 128
)

// CacheOptions have the informers of a Directory keep compact objects, without
// managedFields. A cache.Cache for a Directory should be made with them.
func CacheOptions() map[client.Object]cache.ByObject {
	c := &compactor{texts: newShared[string](maxShared), ids: newShared[string](maxSharedIDs), maps: newShared[map[string]string](maxShared)}
	compact := cache.ByObject{Transform: c.transform}
	return map[client.Object]cache.ByObject{&v1alpha1.User{}: compact, &v1alpha1.Group{}: compact, &v1alpha1.GroupMemberSlice{}: compact}
}

// compactor is a transform of informers, which call it before an object is
// stored. It changes no content but managedFields.
type compactor struct {
	texts, ids *shared[string]
	maps       *shared[map[string]string]
}

func (c *compactor) transform(object any) (any, error) {
	switch o := object.(type) {
	case *v1alpha1.User:
		c.resource(&o.ObjectMeta, &o.Spec.ResourceSpec)
		c.user(&o.Spec)
	case *v1alpha1.Group:
		c.resource(&o.ObjectMeta, &o.Spec.ResourceSpec)
		o.Spec.Members, o.Spec.Removed = c.members(o.Spec.Members), c.members(o.Spec.Removed)
	case *v1alpha1.GroupMemberSlice:
		c.meta(&o.ObjectMeta)
		c.share(&o.Spec.SyncRef.Name, &o.Spec.Group)
		o.Spec.Members, o.Spec.Leaves = c.members(o.Spec.Members), clipped(o.Spec.Leaves)
	}
	return object, nil
}

func (c *compactor) meta(m *metav1.ObjectMeta) {
	m.ManagedFields = nil
	c.share(&m.Namespace)
	m.Labels, m.Annotations = c.sharedMap(m.Labels), c.sharedMap(m.Annotations)
}

func (c *compactor) resource(m *metav1.ObjectMeta, r *v1alpha1.ResourceSpec) {
	c.meta(m)
	c.share(&r.SyncRef.Name)
	r.ID = c.ids.of(r.ID, r.ID)
	if strings.HasPrefix(r.ID, m.Name) {
		m.Name = r.ID[:len(m.Name)]
	}
	if r.LastModified != nil && r.Created != nil && *r.LastModified == *r.Created {
		r.LastModified = r.Created
	}
}

func (c *compactor) user(s *v1alpha1.UserSpec) {
	s.Active = sharedBool(s.Active)
	c.share(&s.Title, &s.UserType, &s.PreferredLanguage, &s.Locale, &s.Timezone)
	if s.Name != nil {
		if s.Name.Formatted == s.DisplayName {
			s.Name.Formatted = s.DisplayName
		}
		c.share(&s.Name.FamilyName, &s.Name.GivenName, &s.Name.HonorificPrefix, &s.Name.HonorificSuffix)
	}
	for _, values := range []*[]v1alpha1.MultiValue{&s.Emails, &s.PhoneNumbers, &s.IMs, &s.Entitlements, &s.Roles} {
		*values = clipped(*values)
		for i := range *values {
			v := &(*values)[i]
			v.Primary = sharedBool(v.Primary)
			c.share(&v.Type)
			if v.Value == s.UserName {
				v.Value = s.UserName
			}
		}
	}
	for _, values := range []*[]v1alpha1.LargeMultiValue{&s.Photos, &s.X509Certificates} {
		*values = clipped(*values)
		for i := range *values {
			c.share(&(*values)[i].Type)
		}
	}
	s.Addresses = clipped(s.Addresses)
	for i := range s.Addresses {
		a := &s.Addresses[i]
		a.Primary = sharedBool(a.Primary)
		c.share(&a.Formatted, &a.StreetAddress, &a.Locality, &a.Region, &a.PostalCode, &a.Country, &a.Type)
	}
	if e := s.Enterprise; e != nil {
		c.share(&e.CostCenter, &e.Organization, &e.Division, &e.Department)
		if e.Manager != nil {
			e.Manager.Value = c.ids.of(e.Manager.Value, e.Manager.Value)
			c.share(&e.Manager.Ref, &e.Manager.DisplayName)
		}
	}
}

// members shares ids with the users and groups, and with other groups.
func (c *compactor) members(ids []string) []string {
	ids = clipped(ids)
	for i, id := range ids {
		ids[i] = c.ids.of(id, id)
	}
	return ids
}

func (c *compactor) share(texts ...*string) {
	for _, text := range texts {
		if *text != "" && len(*text) <= maxSharedLength {
			*text = c.texts.of(*text, *text)
		}
	}
}

// sharedMap gives a map of the same content, which nobody may modify.
func (c *compactor) sharedMap(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	var content strings.Builder
	for _, key := range slices.Sorted(maps.Keys(m)) {
		// Neither a key nor the value of a label has a NUL in it; an annotation
		// with one is not shared.
		if strings.ContainsRune(m[key], 0) || len(m[key]) > maxSharedLength {
			return m
		}
		content.WriteString(key + "\x00" + m[key] + "\x00")
	}
	return c.maps.of(content.String(), m)
}

// clipped gives a list without room for more.
func clipped[T any](list []T) []T {
	if cap(list) == len(list) {
		return list
	}
	return append(make([]T, 0, len(list)), list...)
}

var yes, no = true, false

func sharedBool(b *bool) *bool {
	switch {
	case b == nil:
		return nil
	case *b:
		return &yes
	}
	return &no
}

// shared keeps values to be used again, by their content, and lets go of those
// that were not asked for since half of the bound was filled.
type shared[V any] struct {
	limit int

	mu         sync.Mutex
	young, old map[string]V
}

func newShared[V any](limit int) *shared[V] {
	return &shared[V]{limit: limit, young: map[string]V{}}
}

// of gives the value that is kept for a content, or keeps this one.
func (s *shared[V]) of(content string, value V) V {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept, ok := s.young[content]; ok {
		return kept
	}
	if kept, ok := s.old[content]; ok {
		value = kept
		delete(s.old, content)
	}
	if len(s.young) >= s.limit/2 {
		s.old, s.young = s.young, map[string]V{}
	}
	s.young[content] = value
	return value
}
