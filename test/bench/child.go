package bench

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/rollcall-scim/rollcall/test/replica"
)

// The namespaces that are used beside that of the syncs.
const (
	syncNamespace     = replica.SyncNamespace
	bareNamespace     = "bare"     // what client-go writes for comparison
	bindingsNamespace = "payments" // what groups are bound in
)

// startTimeout is how long a child may take until it serves: less than this
// unless it lacks rights, and says so in its log.
const startTimeout = time.Minute

// The roles of children.
const (
	roleOperator  = "operator"
	roleConstants = "constants"
)

// RunChild does the part of a child, if this process was started as one. A
// program that calls Run must call it before anything else.
func RunChild() (isChild bool) {
	return replica.Main(map[string]replica.Role{roleOperator: replica.Operate, roleConstants: serveConstants})
}

// startOperator runs the operator without leader election: a leader that is
// stopped for a while loses its lead.
func startOperator(ctx context.Context, c *cluster) (*replica.Process, error) {
	return replica.Start(ctx, roleOperator, replica.Operator{API: c.Operator, Namespace: syncNamespace}, startTimeout, false)
}

// startConstants runs a bare handler that answers bodies of the sizes, by path.
func startConstants(ctx context.Context, sizes map[string]int) (*replica.Process, error) {
	return replica.Start(ctx, roleConstants, sizes, startTimeout, false)
}

func serveConstants(ctx context.Context, spec json.RawMessage, ready func(string) error) error {
	var sizes map[string]int
	if err := json.Unmarshal(spec, &sizes); err != nil {
		return err
	}
	address, err := replica.Serve(ctx, "127.0.0.1:0", constants(sizes))
	if err != nil {
		return err
	}
	if err := ready(address); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// constants is the bare handler: it writes, and does nothing else.
func constants(sizes map[string]int) http.Handler {
	mux := http.NewServeMux()
	for path, size := range sizes {
		body := make([]byte, size)
		for i := range body {
			body[i] = 'x'
		}
		length := strconv.Itoa(size)
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/scim+json")
			w.Header().Set("Content-Length", length)
			_, _ = w.Write(body)
		})
	}
	return mux
}

// cluster is the control plane, with client-go's part in what is measured.
type cluster struct{ *replica.Cluster }

func startCluster(ctx context.Context) (*cluster, error) {
	c, err := replica.StartCluster(ctx, []string{bareNamespace, bindingsNamespace})
	return &cluster{c}, err
}
