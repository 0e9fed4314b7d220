// Package memory is a scim.Store without a database, for tests and for
// comparing another Store with: one lock, plain maps, and every answer worked
// out from what is stored at that moment.
//
// A resource that was returned shares memory with the store and must not be
// changed.
package memory

import (
	"cmp"
	"context"
	"crypto/rand"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// Store keeps resources in memory. It is safe for concurrent use.
type Store struct {
	mu       sync.RWMutex
	sequence uint64
	kinds    map[string]*kind           // by the name of the resource type
	groupsOf map[string]map[string]bool // member id → ids of the groups it is in
}

// kind holds the resources of one type.
type kind struct {
	records map[string]*record
	order   []*record         // by sequence: the order of creation
	taken   map[string]string // folded unique name → id
}

// record is one stored resource. attributes are replaced and never changed, so
// readers may keep them.
type record struct {
	id         string
	sequence   uint64
	revision   uint64
	created    time.Time
	modified   time.Time
	attributes scim.Object // without members and groups
	members    []string
}

// New makes an empty store.
func New() *Store {
	return &Store{kinds: map[string]*kind{}, groupsOf: map[string]map[string]bool{}}
}

func (s *Store) kind(rt *schema.ResourceType) *kind {
	if k := s.kinds[rt.Name]; k != nil {
		return k
	}
	k := &kind{records: map[string]*record{}, taken: map[string]string{}}
	s.kinds[rt.Name] = k
	return k
}

// peek is kind for readers, which may not add one.
func (s *Store) peek(rt *schema.ResourceType) *kind {
	if k := s.kinds[rt.Name]; k != nil {
		return k
	}
	return &kind{}
}

// Create implements scim.Store.
func (s *Store) Create(ctx context.Context, rt *schema.ResourceType, attributes scim.Object, need scim.Need) (*scim.Resource, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.kind(rt)
	if err := k.free(rt, attributes, ""); err != nil {
		return nil, err
	}
	s.sequence++
	now := time.Now().UTC().Truncate(time.Microsecond)
	r := &record{
		id:       strings.ToLower(rt.Name + "-" + rand.Text()),
		sequence: s.sequence, revision: 1, created: now, modified: now,
		attributes: copyObject(attributes),
	}
	members := memberValues(r.attributes["members"])
	delete(r.attributes, "members")
	k.records[r.id] = r
	k.order = append(k.order, r)
	k.claim(rt, r)
	s.setMembers(r, addMembers(nil, members))
	return s.resource(rt, r, need), nil
}

// Get implements scim.Store.
func (s *Store) Get(ctx context.Context, rt *schema.ResourceType, id string, need scim.Need) (*scim.Resource, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.peek(rt).records[id]
	if r == nil {
		return nil, scim.NotFound(rt.Name, id)
	}
	return s.resource(rt, r, need), nil
}

// Modify implements scim.Store.
func (s *Store) Modify(ctx context.Context, rt *schema.ResourceType, id string, change scim.Change) (*scim.Resource, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.peek(rt)
	r := k.records[id]
	if r == nil {
		return nil, scim.NotFound(rt.Name, id)
	}
	if change.Precondition != nil {
		if err := change.Precondition(s.version(rt, r)); err != nil {
			return nil, err
		}
	}
	attributes := r.attributes
	if change.Apply != nil {
		var err error
		if attributes, err = change.Apply(copyObject(attributes)); err != nil {
			return nil, err
		}
		if err := k.free(rt, attributes, id); err != nil {
			return nil, err
		}
	}
	members, err := s.changeMembers(r.members, change.Members)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(attributes, r.attributes) || !slices.Equal(members, r.members) {
		k.release(rt, r)
		r.attributes = attributes
		k.claim(rt, r)
		s.setMembers(r, members)
		r.revision++
		// The clock may have been set back; time in a resource never goes so.
		if now := time.Now().UTC().Truncate(time.Microsecond); now.After(r.modified) {
			r.modified = now
		}
	}
	return s.resource(rt, r, change.Need), nil
}

// Delete implements scim.Store. Groups keep the id as a member, as they keep
// every id that names nothing.
func (s *Store) Delete(ctx context.Context, rt *schema.ResourceType, id string, precondition func(string) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.peek(rt)
	r := k.records[id]
	if r == nil {
		return scim.NotFound(rt.Name, id)
	}
	if precondition != nil {
		if err := precondition(s.version(rt, r)); err != nil {
			return err
		}
	}
	s.setMembers(r, nil)
	k.release(rt, r)
	delete(k.records, id)
	at, _ := slices.BinarySearchFunc(k.order, r.sequence, func(o *record, sequence uint64) int {
		return cmp.Compare(o.sequence, sequence)
	})
	k.order = slices.Delete(k.order, at, at+1)
	return nil
}
