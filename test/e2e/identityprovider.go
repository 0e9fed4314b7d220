package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// providers are connected by the wizard and then played by idpsim.
var providers = []string{"entra", "okta", "jumpcloud"}

// connect runs the wizard for each provider, which waits for the connection
// test that idpsim then makes.
func (e *environment) connect(ctx context.Context) error {
	for _, provider := range providers {
		arguments := []string{"connect", provider, "-n", e.namespace, "--prefix", "k8s-", "--allowed-namespaces", "All", "--yes", "--timeout", "2m"}
		fmt.Printf("$ kubectl-rollcall %s\n", strings.Join(arguments, " "))
		wizard := e.command(ctx, "kubectl-rollcall", arguments...)
		var printed strings.Builder
		wizard.Stdout, wizard.Stderr = &printed, &printed
		if err := wizard.Start(); err != nil {
			return err
		}
		done := make(chan error, 1)
		go func() { done <- wizard.Wait() }()
		if err := e.awaitToken(ctx, provider, done); err != nil {
			return fmt.Errorf("%w\n%s", err, printed.String())
		}
		if err := e.idpsim(ctx, provider, "--phase", "test"); err != nil {
			return err
		}
		if err := <-done; err != nil {
			return fmt.Errorf("the wizard: %w\n%s", err, printed.String())
		}
		fmt.Println(printed.String())
	}
	return eventually(ctx, patience, "every sync is Ready", e.syncsReady)
}

// awaitToken waits for the token that the operator makes, and keeps it.
func (e *environment) awaitToken(ctx context.Context, provider string, ended <-chan error) error {
	return eventually(ctx, patience, "the token of "+provider+" is there", func(ctx context.Context) error {
		select {
		case err := <-ended:
			return &final{fmt.Errorf("the wizard ended: %w", err)}
		default:
		}
		return e.saveToken(ctx, provider, 0)
	})
}

// saveToken writes the token at that place of a sync to a file for idpsim.
func (e *environment) saveToken(ctx context.Context, sync string, place int) error {
	ref := fmt.Sprintf("{.spec.tokens[%d].secretRef.name} {.spec.tokens[%d].secretRef.key}", place, place)
	named, err := e.kubectl(ctx, "get", "idps", sync, "-n", e.namespace, "-o", "jsonpath="+ref)
	if err != nil {
		return err
	}
	name, key, ok := strings.Cut(named, " ")
	if !ok || name == "" {
		return fmt.Errorf("sync %s has no token at place %d", sync, place)
	}
	value, err := e.kubectl(ctx, "get", "secret", name, "-n", e.namespace, "-o", `go-template={{index .data "`+key+`" | base64decode}}`)
	if err != nil {
		return err
	}
	return os.WriteFile(e.tokenFile(sync), []byte(value), 0o600)
}

func (e *environment) tokenFile(sync string) string { return filepath.Join(e.folder, sync+".token") }

// cycles runs the initial cycle and the changes of each provider.
func (e *environment) cycles(ctx context.Context) error {
	for _, provider := range providers {
		if err := e.idpsim(ctx, provider, "--users", "300", "--groups", "20", "--memberships", "600", "--deltas", "60", "--verify"); err != nil {
			return err
		}
	}
	return nil
}

// idpsimArguments play a provider against a sync, through the ingress.
func (e *environment) idpsimArguments(sync, profile string, more ...string) []string {
	url := e.proxy.URL() + "/" + e.namespace + "/" + sync + "/scim/v2"
	return append([]string{"--url", url, "--token-file", e.tokenFile(sync), "--ca-file", filepath.Join(e.folder, "ca.crt"), "--profile", profile, "--quiet"}, more...)
}

// idpsim plays the provider that a sync is named after.
func (e *environment) idpsim(ctx context.Context, sync string, more ...string) error {
	_, err := e.show(ctx, "idpsim", e.idpsimArguments(sync, sync, more...)...)
	return err
}

// load is an identity provider at work, in the background.
type load struct {
	cmd     *exec.Cmd
	printed strings.Builder
	done    chan error
}

const syncForLoad = `apiVersion: scim.rollcall.dev/v1alpha1
kind: IdentityProviderSync
metadata: {name: NAME, namespace: NAMESPACE}
spec:
  tokens: [{name: first, secretRef: {name: NAME-token, key: token}, generate: true}]
`

// startLoad makes a sync and plays a provider against it, slowly enough to last,
// and without the retries that would hide a failed request.
func (e *environment) startLoad(ctx context.Context, sync, profile string, rate int) (*load, error) {
	if err := e.apply(ctx, strings.NewReplacer("NAMESPACE", e.namespace, "NAME", sync).Replace(syncForLoad)); err != nil {
		return nil, err
	}
	if err := e.awaitToken(ctx, sync, nil); err != nil {
		return nil, err
	}
	if err := eventually(ctx, patience, "every sync is Ready", e.syncsReady); err != nil {
		return nil, err
	}
	arguments := e.idpsimArguments(sync, profile, "--users", "150", "--groups", "10",
		"--memberships", "300", "--deltas", "200", "--verify", "--retries", "0", "--rate", strconv.Itoa(rate))
	fmt.Printf("$ idpsim %s &\n", strings.Join(arguments, " "))
	l := &load{cmd: e.command(ctx, "idpsim", arguments...), done: make(chan error, 1)}
	l.cmd.Stdout, l.cmd.Stderr = &l.printed, &l.printed
	if err := l.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { l.done <- l.cmd.Wait() }()
	select {
	case err := <-l.done:
		return nil, fmt.Errorf("it ended at once: %w\n%s", err, l.printed.String())
	case <-time.After(2 * time.Second):
		return l, nil
	}
}

// finish waits for the end. It must not have come before, or nothing was under
// load.
func (l *load) finish() error {
	select {
	case err := <-l.done:
		return errors.Join(fmt.Errorf("the load ended too early:\n%s", l.printed.String()), err)
	default:
	}
	err := <-l.done
	fmt.Print(l.printed.String())
	return err
}
