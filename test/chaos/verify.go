package chaos

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// quiescence is how long after the last request everything must have followed.
const quiescence = 90 * time.Second

// sweepTime is how long slices that nobody uses are watched to go.
const sweepTime = 30 * time.Second

// verify compares what is there with what was acknowledged, when all is quiet.
func (r *run) verify(ctx context.Context) (*snapshot, error) {
	r.say("no more load; checking")
	for _, p := range r.replicas {
		if err := p.ready(ctx); err != nil {
			r.tally.find(kindStuck, "%v", err)
		}
	}
	s, err := r.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	// A change that nobody waits for any more may still be under way; and what
	// follows the objects takes its time.
	deadline := time.Now().Add(quiescence)
	for {
		again, err := r.snapshot(ctx)
		if err != nil {
			return nil, err
		}
		divergent, bound := r.divergences(ctx, again), again.wronglyBound(r)
		if quiet := s.same(again); quiet && len(divergent)+len(bound) == 0 {
			break
		} else if time.Now().After(deadline) {
			if !quiet {
				r.tally.find(kindStuck, "users and groups still change %s after the last request", quiescence)
			}
			for _, text := range divergent {
				r.tally.find(kindDivergent, "%s", text)
			}
			for _, text := range bound {
				r.tally.find(kindBound, "%s", text)
			}
			break
		}
		s = again
		if err := pause(ctx, time.Second); err != nil {
			return nil, err
		}
	}
	if s, err = r.snapshot(ctx); err != nil {
		return nil, err
	}
	for _, text := range s.duplicates() {
		r.tally.find(kindDuplicate, "%s", text)
	}
	for id, err := range s.unreadable {
		r.tally.find(kindHalf, "group %s: %v", id, err)
	}
	r.compare(s)
	r.searchLogs()
	return s, r.watchSweep(ctx, s)
}

// watchSweep waits for a while until slices that nobody uses are gone, and notes
// in s how many are left. One that was written for the present version of its
// group is kept for minutes: its writer may yet finish.
func (r *run) watchSweep(ctx context.Context, s *snapshot) error {
	begin := time.Now()
	for s.sweptSlices = s.unusedSlices; s.sweptSlices > 0 && time.Since(begin) < sweepTime; {
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
		again, err := r.snapshot(ctx)
		if err != nil {
			return err
		}
		s.sweptSlices = again.unusedSlices
	}
	s.sweep = time.Since(begin)
	return nil
}

// same tells whether nobody has written users and groups in between.
func (s *snapshot) same(other *snapshot) bool {
	return slices.EqualFunc(s.users, other.users, func(a, b v1alpha1.User) bool { return a.Name == b.Name && a.Generation == b.Generation }) &&
		slices.EqualFunc(s.groups, other.groups, func(a, b v1alpha1.Group) bool { return a.Name == b.Name && a.Generation == b.Generation })
}

// compare holds what is there against what each worker knows of what it owns.
func (r *run) compare(s *snapshot) {
	all := map[string]*owned{}
	shares := map[string][]*owned{}
	for _, w := range r.workers {
		for _, o := range append(slices.Clone(w.owned), w.retired...) {
			if o.kind == share {
				shares[o.id] = append(shares[o.id], o)
				continue
			}
			all[o.key] = o
		}
	}
	seen := map[string]bool{}
	ownerOf := func(token, id string) *owned {
		key := token
		if i := strings.LastIndexByte(token, '.'); i >= 0 {
			key = token[:i]
		}
		o := all[key]
		switch {
		case o == nil:
			r.tally.find(kindLost, "nobody made %s, with externalId %q", id, token)
		case seen[key]:
			r.tally.find(kindDuplicate, "%s is there twice, also as %s", key, id)
			return nil
		}
		seen[key] = true
		return o
	}
	for i := range s.users {
		u := &s.users[i]
		if u.Spec.ID == r.canary.user {
			continue
		}
		if o := ownerOf(u.Spec.ExternalID, u.Spec.ID); o != nil {
			got, err := o.userState(u)
			r.conclusion(o, u.Spec.ID, got, err)
		}
	}
	for i := range s.groups {
		g := &s.groups[i]
		switch parts := shares[g.Spec.ID]; {
		case g.Spec.ID == r.canary.group:
		case parts != nil:
			for _, o := range parts {
				got, err := o.groupState(g, s.members[g.Spec.ID])
				r.conclusion(o, g.Spec.ID, got, err)
			}
			delete(shares, g.Spec.ID)
		default:
			if o := ownerOf(g.Spec.ExternalID, g.Spec.ID); o != nil {
				got, err := o.groupState(g, s.members[g.Spec.ID])
				r.conclusion(o, g.Spec.ID, got, err)
			}
		}
	}
	for id := range shares {
		r.tally.find(kindLost, "the shared group %s is gone", id)
	}
	for key, o := range all {
		if !seen[key] {
			r.conclusion(o, "", state{}, nil)
		}
	}
}

// conclusion takes the last state of what a worker owns.
func (r *run) conclusion(o *owned, id string, s state, partial error) {
	if partial != nil {
		r.tally.find(kindHalf, "%s (%s): %v", o.key, id, partial)
		return
	}
	before := o.candidates()
	if kind := o.check(s); kind != "" {
		r.tally.find(kind, "%s (%s) is: %s; possible are %q", o.key, id, s, before)
	}
	if expected := o.ids[s.born]; s.born != "" && expected != "" && expected != id {
		r.tally.find(kindLost, "%s has the id %s; its creation was answered %s", o.key, id, expected)
	}
}

// wronglyBound compares the subjects of all bindings with the active members of
// their groups.
func (s *snapshot) wronglyBound(r *run) []string {
	var wrong []string
	type owner struct{ namespace, kind, name string }
	var owners []owner
	compare := func(namespace, kind, name string, wanted map[string]bool) {
		owners = append(owners, owner{namespace, kind, name})
		got := s.subjects(namespace, kind, name)
		for subject := range wanted {
			if got[subject] != 1 {
				wrong = append(wrong, fmt.Sprintf("%s %s in %s binds %s %d times, want once", kind, name, namespace, subject, got[subject]))
			}
		}
		for subject := range got {
			if !wanted[subject] {
				wrong = append(wrong, fmt.Sprintf("%s %s in %s binds %s, who is no active member", kind, name, namespace, subject))
			}
		}
	}
	pattern := regexp.MustCompile(groupPattern)
	for team, selected := range teams {
		for i, groups := range r.boundIn(team) {
			compare(team, "GroupRoleBinding", fmt.Sprintf("chaos-%d", i), s.wantedSubjects(func(name string) bool { return slices.Contains(groups, name) }))
		}
		compare(team, "ClusterGroupRoleBinding", "canary", s.wantedSubjects(func(name string) bool { return name == canaryGroup }))
		matches := func(name string) bool { return selected && pattern.MatchString(name) }
		compare(team, "ClusterGroupRoleBinding", "pattern", s.wantedSubjects(matches))
	}
	for i := range s.bindings {
		b := &s.bindings[i]
		_, ours := teams[b.Namespace]
		if ours && b.Labels["app.kubernetes.io/managed-by"] == "rollcall" && len(b.Subjects) > 0 && !slices.ContainsFunc(owners, func(o owner) bool {
			return o.namespace == b.Namespace && ownedBy(b, o.kind, o.name)
		}) {
			wrong = append(wrong, fmt.Sprintf("RoleBinding %s in %s is of no binding, and has %d subjects", b.Name, b.Namespace, len(b.Subjects)))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// searchLogs looks for what no replica may do, whatever happens.
func (r *run) searchLogs() {
	for _, p := range r.replicas {
		content, err := os.ReadFile(p.logFile)
		if err != nil {
			r.tally.find(kindCrash, "%v", err)
			continue
		}
		for _, text := range []string{"WARNING: DATA RACE", "panic: ", "fatal error: ", "Observed a panic"} {
			if n := strings.Count(string(content), text); n > 0 {
				r.tally.find(kindCrash, "%s says %q %d times", p.logFile, text, n)
			}
		}
	}
}
