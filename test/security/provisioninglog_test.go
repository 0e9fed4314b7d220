package security

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func provisioningLog(namespace, name string) *v1alpha1.ProvisioningLog {
	return &v1alpha1.ProvisioningLog{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Entries:    []v1alpha1.ProvisioningLogEntry{{Time: metav1.NowMicro(), Action: v1alpha1.ActionCreated, Kind: v1alpha1.ProvisionedUser, Name: "ann"}},
	}
}

// A tenant with all verbs on everything in the namespace of a sync.
func TestProvisioningLogs(t *testing.T) {
	ns := namespace(t, nil)
	mallory := actor{"mallory-logs"}.may(t, ns, everything)
	changed, deleted, collected := provisioningLog(ns, "changed"), provisioningLog(ns, "deleted"), provisioningLog(ns, "collected")
	create(t, changed)
	create(t, deleted)
	create(t, collected)

	withstands(t, "rollcall-provisioning-logs", map[string]attack{
		"the operator writes one": {thief, creating(provisioningLog(ns, "written"))},
		"the operator changes one": {thief, func(ctx context.Context, as client.Client) error {
			log := &v1alpha1.ProvisioningLog{}
			if err := admin.Get(ctx, client.ObjectKeyFromObject(changed), log); err != nil {
				return err
			}
			log.Dropped++
			return as.Update(ctx, log)
		}},
		"the garbage collector deletes": {actor{"system:serviceaccount:kube-system:generic-garbage-collector"}, deleting(collected)},
	}, map[string]attack{
		"forges a log":         {mallory, creating(provisioningLog(ns, "forged"))},
		"takes out an entry":   {mallory, changing(changed, func(l *v1alpha1.ProvisioningLog) { l.Entries = nil })},
		"has it disappear":     {mallory, deleting(deleted)},
		"takes away its owner": {mallory, changing(changed, func(l *v1alpha1.ProvisioningLog) { l.Finalizers = []string{"example.com/mallory"} })},
	})
}
