package scale

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/test/figure"
)

// memberships adds up what the groups say of themselves in etcd.
func (r *runner) memberships(ctx context.Context) (int, error) {
	total := 0
	var failure error
	err := r.cluster.etcd.each(ctx, groupsPrefix, func(p pair) {
		var g v1alpha1.Group
		if err := json.Unmarshal(p.Value, &g); err != nil {
			failure = fmt.Errorf("reading %s: %w", p.Key, err)
		}
		total += int(g.Spec.MemberCount)
	})
	if err == nil {
		err = failure
	}
	return total, err
}

// room measures what is stored, and the memory of those that store it.
func (r *runner) room(ctx context.Context) error {
	r.say("measuring etcd")
	apiServer, database := residentOf("kube-apiserver"), residentOf("etcd")
	total, members := 0, 0.0
	for _, kind := range []struct{ name, prefix string }{
		{"users", usersPrefix}, {"groups", groupsPrefix}, {"slices", slicesPrefix}, {"rolebindings", roleBindingsPrefix},
	} {
		objects, size, err := r.cluster.etcd.stored(ctx, kind.prefix)
		if err != nil {
			return err
		}
		total += objects
		r.add(line("objects_"+kind.name, float64(objects), "1").with("MiB", figure.Text(size/mebibyte)))
		switch kind.prefix {
		case usersPrefix:
			if objects != r.Users {
				return fmt.Errorf("etcd has %d users, not %d", objects, r.Users)
			}
			r.add(line("bytes_per_user", size/float64(r.Users), "B"))
		case groupsPrefix, slicesPrefix:
			members += size
		}
	}
	r.add(line("objects_written", float64(total), "1"), line("bytes_per_membership", members/float64(r.Memberships), "B").with("of", "groups,slices"))
	file, used, err := r.cluster.etcd.database(ctx)
	if err != nil {
		return err
	}
	r.add(line("etcd_database", file/mebibyte, "MiB").with("in_use", figure.Text(used/mebibyte)))
	if err := r.cluster.etcd.compact(ctx); err != nil {
		return err
	}
	if file, used, err = r.cluster.etcd.database(ctx); err != nil {
		return err
	}
	r.add(line("etcd_defragmented", file/mebibyte, "MiB").with("in_use", figure.Text(used/mebibyte)))
	if apiServer > 0 {
		r.add(line("apiserver_rss", apiServer/mebibyte, "MiB"), line("etcd_rss", database/mebibyte, "MiB"))
	}
	return nil
}
