package directory

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

func (s scope) key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: s.sync.Namespace, Name: name}
}

// slot is the object name that decides who owns a name.
func (s scope) slot(name string) string {
	policy := s.policy
	if s.ask != nil {
		policy = s.ask()
	}
	return slot(s.kind, s.sync.Name, name, policy.OpaqueNames)
}

// carries tells whether a resource has a name whose slot is the given one.
func (s scope) carries(o client.Object, slot string) bool {
	return visible(o) && s.slot(nameOf(o)) == slot
}

// live reads an object from the API server; nil if there is none.
func (s scope) live(ctx context.Context, name string) (client.Object, error) {
	o := newObject(s.kind)
	err := s.client.Get(ctx, s.key(name), o)
	if apierrors.IsNotFound(err) {
		o = nil
	} else if err != nil {
		return nil, err
	}
	if key := s.key(name); s.tracker.isBehind(key) {
		s.tracker.confirmed(key, o, s.cached(key))
	}
	return o, nil
}

// byID finds a visible resource; without one the error is 404. fresh tells
// that it comes from the API server, which is asked if the informer does not
// know the resource, is behind, or if force says so.
func (s scope) byID(ctx context.Context, id string, force bool) (o client.Object, fresh bool, err error) {
	name, kind, ok := ObjectName(id)
	if !ok || kind != s.kind {
		return nil, false, scim.NotFound(s.kind, id)
	}
	if !force {
		if o := s.known(s.key(name), id); o != nil {
			return o, false, nil
		}
	}
	o, err = s.live(ctx, name)
	if err != nil {
		return nil, true, err
	}
	if o == nil || resourceOf(o).ID != id || !visible(o) || syncOf(o) != s.sync {
		return nil, true, scim.NotFound(s.kind, id)
	}
	return o, true, nil
}

// known gives the visible resource of an object as the informer knows it; nil
// if that does not do.
func (s scope) known(key types.NamespacedName, id string) client.Object {
	if s.strongReads || s.tracker.isBehind(key) {
		return nil
	}
	o := s.cached(key)
	if o == nil || resourceOf(o).ID != id || !visible(o) || syncOf(o) != s.sync {
		return nil
	}
	return o
}

// byOwnName finds the visible resource that has a userName or displayName,
// ignoring case; nil if there is none. With force, or if the informer knows
// none, the API server is asked.
func (s scope) byOwnName(ctx context.Context, name string, force bool) (client.Object, error) {
	for _, o := range s.indexed(byName, indexValue(s.sync, schema.Fold(name))) {
		if !force && !s.strongReads && !s.tracker.isBehind(keyOf(o)) {
			return o, nil
		}
		// Its object may be in no slot of this name, if objectNames was
		// changed since: it is asked itself first.
		live, err := s.live(ctx, o.GetName())
		if err != nil {
			return nil, err
		}
		if live != nil && s.hasName(live, name) {
			return live, nil
		}
	}
	return s.owner(ctx, s.slot(name))
}

func (s scope) hasName(o client.Object, name string) bool {
	return visible(o) && syncOf(o) == s.sync && schema.Fold(nameOf(o)) == schema.Fold(name)
}

// owner asks the API server which resource owns a slot; nil if none does.
func (s scope) owner(ctx context.Context, slot string) (client.Object, error) {
	o, err := s.live(ctx, slot)
	if o == nil || err != nil || syncOf(o) != s.sync {
		return nil, err
	}
	if s.carries(o, slot) {
		return o, nil
	}
	if claimOf(o).ClaimFor == "" {
		return nil, nil
	}
	holder, err := s.holder(ctx, claimOf(o).ClaimFor)
	if holder == nil || err != nil || !s.carries(holder, slot) {
		return nil, err
	}
	return holder, nil
}

// holder reads the object of an id from the API server: a resource, or the
// bare claim it starts as. nil means that there is none and never will be.
func (s scope) holder(ctx context.Context, id string) (client.Object, error) {
	name, kind, ok := ObjectName(id)
	if !ok || kind != s.kind {
		return nil, nil
	}
	o, err := s.live(ctx, name)
	if o == nil || err != nil {
		return nil, err
	}
	if resourceOf(o).ID == id || resourceOf(o).ID == "" && claimOf(o).ClaimFor == id {
		return o, nil
	}
	return nil, nil
}
