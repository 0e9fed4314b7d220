package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// chart is the folder of the chart, from the top of the repository.
const chart = "charts/rollcall"

// values are what an admin sets.
func (e *environment) values(tag string) []string {
	return []string{
		"--set", "replicas=2",
		"--set", "image.repository=" + strings.TrimPrefix(e.image, registry(e.image)+"/"), "--set", "image.registry=" + registry(e.image),
		"--set", "image.tag=" + tag, "--set", "image.pullPolicy=IfNotPresent",
		"--set", "externalURL=" + e.proxy.URL(),
	}
}

// registry is the host of an image's name.
func registry(image string) string {
	host, _, _ := strings.Cut(image, "/")
	return host
}

func (e *environment) install(ctx context.Context) error {
	if err := e.openIngress(); err != nil {
		return err
	}
	if err := e.deploy(ctx, "install", e.before, "--create-namespace"); err != nil {
		return err
	}
	return e.resident(ctx, "idle_replica_memory")
}

// deploy installs or upgrades, and tells how long it took until both replicas
// serve.
func (e *environment) deploy(ctx context.Context, verb, tag string, more ...string) error {
	begun := time.Now()
	arguments := append([]string{verb, e.release, chart, "--namespace", e.namespace, "--wait", "--timeout", "3m"}, e.values(tag)...)
	if _, err := e.show(ctx, "helm", append(arguments, more...)...); err != nil {
		return err
	}
	ready := time.Since(begun)
	if _, err := e.show(ctx, "kubectl", "get", "pods", "-n", e.namespace, "-o", "wide"); err != nil {
		return err
	}
	version, err := e.kubectl(ctx, "exec", "-n", e.namespace, "deploy/"+e.release, "--", "/rollcall", "version")
	if err != nil {
		return err
	}
	fmt.Printf("%sE2E name=%s_ready value=%.1f unit=s\n", version, verb, ready.Seconds())
	return nil
}

func (e *environment) helmTest(ctx context.Context) error {
	_, err := e.show(ctx, "helm", "test", e.release, "--namespace", e.namespace, "--logs", "--timeout", "2m")
	return err
}

// upgrade replaces the image while an identity provider is at work.
func (e *environment) upgrade(ctx context.Context) error {
	load, err := e.startLoad(ctx, "upgrade", "entra", 40)
	if err != nil {
		return err
	}
	if err := e.deploy(ctx, "upgrade", e.after); err != nil {
		return err
	}
	return load.finish()
}

func (e *environment) uninstall(ctx context.Context) error {
	before, err := e.counts(ctx)
	if err != nil {
		return err
	}
	e.proxy.forget()
	if _, err := e.show(ctx, "helm", "uninstall", e.release, "--namespace", e.namespace, "--wait"); err != nil {
		return err
	}
	if _, err := e.show(ctx, "kubectl", "get", "crds", "-o", "name"); err != nil {
		return err
	}
	after, err := e.counts(ctx)
	if err != nil {
		return err
	}
	if before != after {
		return fmt.Errorf("there were %s before, and %s are left", before, after)
	}
	fmt.Println("kept:", after)
	return nil
}

// reinstall finds what the release before it left, and goes on with it.
func (e *environment) reinstall(ctx context.Context) error {
	before, err := e.counts(ctx)
	if err != nil {
		return err
	}
	if err := e.deploy(ctx, "install", e.after); err != nil {
		return err
	}
	if err := eventually(ctx, patience, "every sync is Ready", e.syncsReady); err != nil {
		return err
	}
	after, err := e.counts(ctx)
	if err != nil {
		return err
	}
	if before != after {
		return fmt.Errorf("there were %s before, and %s now", before, after)
	}
	return e.idpsim(ctx, "entra", "--phase", "test", "--verify")
}

func (e *environment) syncsReady(ctx context.Context) error {
	_, err := e.kubectl(ctx, "wait", "idps", "--all", "-A", "--for", "condition=Ready", "--timeout", "1s")
	return err
}

// counts tells how many objects there are of what SCIM made and of what was
// projected from it.
func (e *environment) counts(ctx context.Context) (string, error) {
	var parts []string
	for _, kind := range []string{"identityprovidersyncs", "users.scim.rollcall.dev", "groups.scim.rollcall.dev"} {
		names, err := e.kubectl(ctx, "get", kind, "-A", "-o", "name")
		if err != nil {
			return "", err
		}
		parts = append(parts, fmt.Sprintf("%d %s", len(strings.Fields(names)), kind))
	}
	names, err := e.kubectl(ctx, "get", "rolebindings", "-A", "-l", "app.kubernetes.io/managed-by=rollcall", "-o", "name")
	if err != nil {
		return "", err
	}
	return strings.Join(append(parts, fmt.Sprintf("%d rolebindings", len(strings.Fields(names)))), ", "), nil
}

// openIngress ends TLS in front of the release's Service, whose address this
// machine reaches by kube-proxy's rules. The Service need not exist yet.
func (e *environment) openIngress() error {
	e.proxy = newIngress(e.serviceURL)
	return writeCertificate(filepath.Join(e.folder, "ca.crt"), e.proxy.server.Certificate())
}

// serviceURL asks for the Service's address: a release that is installed again
// has another one.
func (e *environment) serviceURL() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	address, err := e.kubectl(ctx, "get", "service", e.release, "-n", e.namespace, "-o", "jsonpath={.spec.clusterIP}:{.spec.ports[0].port}")
	if err != nil {
		return "", err
	}
	return "https://" + address, nil
}
