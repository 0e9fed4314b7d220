// Command devcluster runs etcd, kube-apiserver and kube-controller-manager with
// the CRDs of this project, as the integration tests do, until it is
// interrupted. There is no node: objects are stored and controllers run, pods
// do not.
//
//	go run ./hack/devcluster --kubeconfig /tmp/admin.conf
//
// The file appears when the API server is ready, and is removed at the end.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/rollcall-scim/rollcall/test/controlplane"
)

func main() {
	// Its own set: controller-runtime has a --kubeconfig to read on the common one.
	flags := flag.NewFlagSet("devcluster", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "devcluster.conf", "`file` to write a kubeconfig with cluster-admin rights to")
	_ = flags.Parse(os.Args[1:]) // exits on an error
	if err := run(*kubeconfig); err != nil {
		fmt.Fprintln(os.Stderr, "devcluster:", err)
		os.Exit(1)
	}
}

func run(kubeconfig string) (err error) {
	// Before anything is started, so that an early interrupt leaves nothing behind.
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)

	cluster, err := controlplane.Start()
	if err != nil {
		return fmt.Errorf("starting the control plane (hack/controlplane.sh builds it): %w", err)
	}
	defer func() {
		if stopErr := cluster.Stop(); stopErr != nil && err == nil {
			err = fmt.Errorf("stopping the control plane: %w", stopErr)
		}
	}()
	if err := cluster.StartControllerManager(); err != nil {
		return fmt.Errorf("starting kube-controller-manager: %w", err)
	}

	// A reader that waits for the file must never see half of it.
	partial := kubeconfig + ".partial"
	if err := os.WriteFile(partial, cluster.Env.KubeConfig, 0o600); err != nil {
		return err
	}
	if err := os.Rename(partial, kubeconfig); err != nil {
		return err
	}
	defer func() { _ = os.Remove(kubeconfig) }()
	fmt.Printf("ready: kubectl --kubeconfig %s get namespaces\n", kubeconfig)

	<-interrupted
	return nil
}
