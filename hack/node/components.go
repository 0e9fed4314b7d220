//go:build linux

package main

import (
	"context"
	"os"
	"strings"
)

func (n *node) startControlPlane(ctx context.Context) error {
	const etcd = "http://127.0.0.1:23790"
	pki := func(name string) string { return n.path("pki", name) }
	if err := n.launch("etcd", "--data-dir", n.path("etcd"), "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
		"--listen-peer-urls", "http://127.0.0.1:23800", "--unsafe-no-fsync"); err != nil {
		return err
	}
	if err := n.launch("kube-apiserver", "--etcd-servers", etcd, "--bind-address", address, "--advertise-address", address,
		"--secure-port", "6443", "--service-cluster-ip-range", services, "--allow-privileged",
		"--tls-cert-file", pki("apiserver.crt"), "--tls-private-key-file", pki("apiserver.key"), "--client-ca-file", pki("ca.crt"),
		"--authorization-mode", "Node,RBAC", "--enable-admission-plugins", "NodeRestriction",
		"--service-account-issuer", "https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file", pki("tokens.key"), "--service-account-signing-key-file", pki("tokens.key"),
		"--kubelet-preferred-address-types", "InternalIP", "--kubelet-certificate-authority", pki("ca.crt"),
		"--kubelet-client-certificate", pki("admin.crt"), "--kubelet-client-key", pki("admin.key")); err != nil {
		return err
	}
	err := n.await(ctx, func(ctx context.Context) error {
		_, err := n.kubectl(ctx, "get", "--raw", "/readyz")
		return err
	})
	if err != nil {
		return err
	}
	if err := n.launch("kube-controller-manager", "--kubeconfig", n.path("controller-manager.conf"), "--leader-elect=false",
		"--use-service-account-credentials", "--root-ca-file", pki("ca.crt"), "--service-account-private-key-file", pki("tokens.key"),
		"--bind-address", "127.0.0.1", "--secure-port", "0"); err != nil {
		return err
	}
	return n.launch("kube-scheduler", "--kubeconfig", n.path("scheduler.conf"), "--leader-elect=false",
		"--bind-address", "127.0.0.1", "--secure-port", "0")
}

func (n *node) startRuntime(ctx context.Context) error {
	if err := n.write("containerd.toml", containerdConfig); err != nil {
		return err
	}
	if err := n.write("cni/10-pods.conflist", cniConfig); err != nil {
		return err
	}
	if err := n.launch("containerd", "--config", n.path("containerd.toml")); err != nil {
		return err
	}
	return n.await(ctx, func(ctx context.Context) error {
		_, err := n.command(ctx, "ctr", n.ctr("version")...)
		return err
	})
}

// loadImages puts images into containerd: there is no registry to pull from.
func (n *node) loadImages(ctx context.Context, archives []string) error {
	pause := n.path("run", "pause.tar")
	if err := writePauseImage(ctx, n, pause); err != nil {
		return err
	}
	for _, archive := range append([]string{pause}, archives...) {
		if _, err := n.command(ctx, "ctr", n.ctr("images", "import", archive)...); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) startNode(ctx context.Context) error {
	for name, content := range map[string]string{"kubelet.yaml": kubeletConfig, "proxy.yaml": proxyConfig, "Corefile": corefile} {
		if err := n.write(name, content); err != nil {
			return err
		}
	}
	// It has more than it needs, as a program on the host may: it serves this
	// node alone.
	if err := n.launch("coredns", "-conf", n.path("Corefile")); err != nil {
		return err
	}
	if err := n.launch("kubelet", "--kubeconfig", n.path("kubelet.conf"), "--config", n.path("kubelet.yaml"),
		"--hostname-override", nodeName, "--node-ip", address, "--root-dir", n.path("kubelet"),
		"--oom-score-adj=0"); err != nil { // lowering it takes CAP_SYS_RESOURCE, which containers of CI systems lack
		return err
	}
	if err := n.launch("kube-proxy", "--config", n.path("proxy.yaml")); err != nil {
		return err
	}
	return n.await(ctx, func(ctx context.Context) error {
		_, err := n.kubectl(ctx, "wait", "node/"+nodeName, "--for", "condition=Ready", "--timeout", "1s")
		return err
	})
}

func (n *node) kubectl(ctx context.Context, arguments ...string) (string, error) {
	return n.command(ctx, "kubectl", append([]string{"--kubeconfig", n.path("admin.conf")}, arguments...)...)
}

// ctr is a command line for containerd's client, in kubelet's namespace.
func (n *node) ctr(arguments ...string) []string {
	return append([]string{"--address", n.path("run", "containerd.sock"), "--namespace", "k8s.io"}, arguments...)
}

// write writes a configuration with this node's values.
func (n *node) write(name, content string) error {
	values := strings.NewReplacer("{state}", n.state, "{programs}", n.programs, "{address}", address, "{node}", nodeName,
		"{podDevice}", podDevice, "{podNetwork}", podNetwork, "{pauseImage}", pauseImage)
	return os.WriteFile(n.path(name), []byte(values.Replace(content)), 0o600)
}
