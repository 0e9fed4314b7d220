package bench

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"

	"k8s.io/client-go/rest"

	"github.com/rollcall-scim/rollcall/test/replica"
)

// watchesEnded is how many watches the API server has ended because who watches
// did not keep up. The operator may not be one of them for having been stopped:
// it would list everything again, on the account of what is measured next.
func (c *cluster) watchesEnded(ctx context.Context) (int, error) {
	client, err := rest.HTTPClientFor(c.Config)
	if err != nil {
		return 0, err
	}
	metrics, err := replica.Fetch(ctx, client, http.MethodGet, strings.TrimSuffix(c.Config.Host, "/")+"/metrics", http.NoBody)
	return sum(metrics, "apiserver_terminated_watchers_total"), err
}

// sum adds up a counter over its labels.
func sum(metrics []byte, name string) int {
	total := 0.0
	for line := range bytes.Lines(metrics) {
		if !bytes.HasPrefix(line, []byte(name+"{")) {
			continue
		}
		value, err := strconv.ParseFloat(string(bytes.TrimSpace(line[bytes.LastIndexByte(line, ' ')+1:])), 64)
		if err == nil {
			total += value
		}
	}
	return int(total)
}
