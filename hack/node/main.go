//go:build linux

// Command node runs a Kubernetes cluster of one node on this machine until it is
// interrupted: etcd, the control plane, containerd, kubelet, kube-proxy and
// CoreDNS, from the programs that hack/node.sh builds. Pods run, Services are
// routed, names are resolved; NetworkPolicies are stored and enforced by nobody.
// It needs root on Linux, and there is one at a time on a machine.
//
//	go run ./hack/node --kubeconfig /tmp/admin.conf --images bin/image.tar
//
// The kubeconfig appears when the node is Ready, and is removed at the end, as
// is everything else that the node wrote or set up.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/hack/node/command"
)

func main() { command.Main("node", run) }

// node is a cluster that runs.
type node struct {
	programs string // folder of the programs
	state    string // folder of everything that is written
	begun    time.Time
	started  []*process // in order
}

func run(ctx context.Context, arguments []string) (err error) {
	flags := flag.NewFlagSet("node", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "node.conf", "`file` to write a kubeconfig with cluster-admin rights to")
	programs := flags.String("programs", "bin/node", "`folder` of the programs, as hack/node.sh prints it")
	state := flags.String("state", "bin/node-state", "`folder` for what the node writes; emptied first")
	images := flags.String("images", "", "image archives to load, which name the images, comma-separated `files`")
	_ = flags.Parse(arguments) // exits on an error
	if os.Geteuid() != 0 {
		return errors.New("a node needs root on Linux; elsewhere use kind, minikube or any cluster, by KUBECONFIG")
	}
	n := &node{begun: time.Now()}
	for folder, to := range map[string]*string{*programs: &n.programs, *state: &n.state} {
		if *to, err = filepath.Abs(folder); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, n.stop()) }()
	if err := n.start(ctx, archives(*images)); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("%w; the logs are in %s", err, n.path("log"))
	}
	if err := copyFile(n.path("admin.conf"), *kubeconfig); err != nil {
		return err
	}
	defer func() { _ = os.Remove(*kubeconfig) }()
	n.say("ready: kubectl --kubeconfig %s get pods -A", *kubeconfig)
	select {
	case <-ctx.Done():
		return nil
	case name := <-ended(n.started):
		return fmt.Errorf("%s ended; its log is %s", name, n.path("log", name+".log"))
	}
}

func archives(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// start brings everything up, one after the other.
func (n *node) start(ctx context.Context, images []string) error {
	if err := n.clean(); err != nil {
		return fmt.Errorf("cleaning up what an earlier node left: %w", err)
	}
	for _, folder := range []string{"pki", "log", "run", "kubelet", "cni"} {
		if err := os.MkdirAll(n.path(folder), 0o700); err != nil {
			return err
		}
	}
	steps := []struct {
		title string
		do    func(context.Context) error
	}{
		{"network", n.setUpNetwork},
		{"certificates", n.writeCredentials},
		{"etcd and the API server", n.startControlPlane},
		{"containerd", n.startRuntime},
		{"images", func(ctx context.Context) error { return n.loadImages(ctx, images) }},
		{"kubelet, kube-proxy and CoreDNS", n.startNode},
	}
	for _, step := range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		n.say("%s", step.title)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.title, err)
		}
	}
	return nil
}

func (n *node) path(elements ...string) string {
	return filepath.Join(append([]string{n.state}, elements...)...)
}

func (n *node) say(format string, values ...any) {
	fmt.Printf("node: %4.1f s  %s\n", time.Since(n.begun).Seconds(), fmt.Sprintf(format, values...))
}

// copyFile never shows half a file to who waits for it.
func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to+".partial", content, 0o600); err != nil {
		return err
	}
	return os.Rename(to+".partial", to)
}
