// Command e2e installs the chart on a real cluster and does what an admin and an
// identity provider do, from `helm install` to `helm uninstall`.
//
//	make e2e                      on a node of its own (hack/node: root on Linux)
//	KUBECONFIG=FILE make e2e      on another cluster, which must have the images
//
// Each step prints what it does and how long it took; the first that does not
// show what it should ends the run with its reason.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/rollcall-scim/rollcall/hack/node/command"
)

func main() { command.Main("e2e", run) }

// step is one part of the run.
type step struct {
	title string
	do    func(context.Context) error
}

func run(ctx context.Context, arguments []string) (err error) {
	e := &environment{namespace: "rollcall-system", release: "rollcall"}
	flags := flag.NewFlagSet("e2e", flag.ExitOnError)
	flags.StringVar(&e.bin, "bin", "bin", "`folder` of rollcall, idpsim, kubectl-rollcall and helm")
	flags.StringVar(&e.programs, "programs", "bin/node", "`folder` of the node's programs and kubectl")
	flags.StringVar(&e.folder, "folder", "bin/e2e", "`folder` for what the run writes")
	flags.StringVar(&e.kubeconfig, "kubeconfig", "", "use the cluster of this `file` instead of a node of its own")
	flags.StringVar(&e.archives, "images", "", "image archives to load into the node, comma-separated `files`")
	flags.StringVar(&e.image, "image", "ghcr.io/rollcall-scim/rollcall", "`repository` of the image")
	flags.StringVar(&e.before, "tag", "", "`tag` of the image that is installed")
	flags.StringVar(&e.after, "upgrade-tag", "", "`tag` of the image that is upgraded to")
	_ = flags.Parse(arguments) // exits on an error
	if err := e.prepare(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	begun := time.Now()
	steps := e.steps()
	for i, s := range steps {
		if err := ctx.Err(); err != nil {
			return errors.New("interrupted")
		}
		fmt.Printf("\n== %d/%d  %s\n", i+1, len(steps), s.title)
		started := time.Now()
		if err := s.do(ctx); err != nil {
			e.diagnose()
			return fmt.Errorf("%s: %w", s.title, err)
		}
		fmt.Printf("E2E step=%q seconds=%.1f\n", s.title, time.Since(started).Seconds())
	}
	fmt.Printf("\nE2E seconds=%.0f\n%d passed, 0 failed\n", time.Since(begun).Seconds(), len(steps))
	return nil
}

func (e *environment) steps() []step {
	return []step{
		{"start a node", e.startNode},
		{"the quick start, command by command", e.quickStart},
		{"helm install, two replicas", e.install},
		{"helm test: a SCIM round trip from a pod", e.helmTest},
		{"connect Entra ID, Okta and JumpCloud with the plugin's wizard", e.connect},
		{"their cycles, over TLS", e.cycles},
		{"what kubectl shows", e.views},
		{"access follows the identity provider", e.access},
		{"why, members, log and filter try", e.plugin},
		{"metrics of both replicas", e.metrics},
		{"resident memory of the replicas", e.memory},
		{"helm upgrade under load", e.upgrade},
		{"rotate a token under load", e.rotate},
		{"helm uninstall keeps definitions and data", e.uninstall},
		{"install again, and find them", e.reinstall},
	}
}
