//go:build linux

package main

import (
	"context"
	"os"
	"strings"
)

const (
	address     = "10.99.77.1" // of the node and of the API server
	device      = "rollcall-node"
	podDevice   = "rollcall-pods"
	podNetwork  = "10.99.78.0/24"
	services    = "10.99.80.0/20"
	apiService  = "10.99.80.1" // the first of the services
	clusterName = "rollcall-e2e"
	nodeName    = "rollcall-e2e"
)

// setUpNetwork gives the node an address of its own. It sits on a bridge, since
// not every kernel has dummy devices.
//
// The routes keep on this machine what is sent to a Service or pod that is not
// there, or no longer: without them it would go out by the default route.
func (n *node) setUpNetwork(ctx context.Context) error {
	for _, command := range []string{
		"ip link add " + device + " type bridge",
		"ip address add " + address + "/32 dev " + device,
		"ip link set " + device + " up",
		"ip route add " + services + " dev " + device,
		"ip route add unreachable " + podNetwork + " metric 4096",
		"sysctl -qw net.ipv4.ip_forward=1",
	} {
		words := strings.Fields(command)
		if _, err := n.command(ctx, words[0], words[1:]...); err != nil {
			return err
		}
	}
	// Without it, traffic between pods by way of a Service is not translated
	// back; kernels that have the module only.
	const bridged = "/proc/sys/net/bridge/bridge-nf-call-iptables"
	if _, err := os.Stat(bridged); err == nil {
		return os.WriteFile(bridged, []byte("1"), 0o600)
	}
	return nil
}

// removeNetwork removes the devices, and kube-proxy's rules.
func (n *node) removeNetwork() {
	ctx := context.Background()
	_, _ = n.command(ctx, "ip", "route", "delete", "unreachable", podNetwork, "metric", "4096") // if it is there
	for _, name := range []string{device, podDevice} {
		if _, err := os.Stat("/sys/class/net/" + name); err == nil {
			_, _ = n.command(ctx, "ip", "link", "delete", name)
		}
	}
	if _, err := os.Stat(n.path("proxy.yaml")); err == nil {
		_, _ = n.command(ctx, "kube-proxy", "--config", n.path("proxy.yaml"), "--cleanup")
	}
}
