package scale

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/rollcall-scim/rollcall/internal/token"
	"github.com/rollcall-scim/rollcall/test/replica"
)

const (
	syncNamespace     = replica.SyncNamespace
	bindingsNamespace = "payments" // what groups are bound in
	syncName          = "scale"

	// quota is the most that etcd's documentation suggests for its database.
	quota = 8 << 30
)

// cluster is a control plane with room in its etcd, and a sync.
type cluster struct {
	*replica.Cluster
	etcd   etcd
	bearer string // of the sync
}

// startCluster is to be followed by Stop, unless there is an error.
func startCluster(ctx context.Context) (*cluster, error) {
	plane, err := replica.StartCluster(ctx, []string{bindingsNamespace}, func(env *envtest.Environment) {
		env.ControlPlaneStopTimeout = replica.StopTimeout // etcd has much to close
		env.ControlPlane.Etcd.Configure().Set("quota-backend-bytes", fmt.Sprint(quota))
	})
	if err != nil {
		return nil, err
	}
	c := &cluster{plane, etcd(plane.EtcdURL()), token.Generate()}
	if err := c.CreateSync(ctx, syncName, c.bearer); err != nil {
		return nil, errors.Join(err, plane.Stop())
	}
	return c, nil
}

// residentOf is the memory of a program that this process has started; 0 if it
// cannot be told here.
func residentOf(program string) float64 {
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	total := 0.0
	for _, process := range processes {
		id := process.Name()
		stat, err := os.ReadFile(filepath.Join("/proc", id, "stat"))
		if err != nil { // no process, or it has ended
			continue
		}
		// id (program) state parent …; the program is cut at 15 characters.
		name, rest, _ := strings.Cut(string(stat), ") ")
		_, name, _ = strings.Cut(name, "(")
		fields := strings.Fields(rest)
		if name == program && len(fields) > 1 && fields[1] == fmt.Sprint(os.Getpid()) {
			now, _ := replica.Resident(id)
			total += now
		}
	}
	return total
}
