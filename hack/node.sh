#!/usr/bin/env bash
# Builds what hack/node runs, from Go modules: the control plane, and kubelet,
# kube-proxy, kube-scheduler, containerd, runc, the network plugins and CoreDNS.
#
#   hack/node.sh                    builds what is missing and prints the folder
#
# Needs Go, a C compiler and libseccomp for runc, and iptables and iproute2 to
# run it; on Debian and Ubuntu it installs those that are missing.
set -euo pipefail
task=node
source "$(dirname "${BASH_SOURCE[0]}")/programs.sh"

bin=$(dirname "$hack")/bin/node
mkdir -p "$bin"
need_go

packages=()
for need in cc:gcc pkg-config:pkg-config iptables:iptables ip:iproute2 conntrack:conntrack sysctl:procps; do
  command -v "${need%%:*}" >/dev/null || packages+=("${need#*:}")
done
pkg-config --exists libseccomp 2>/dev/null || packages+=(libseccomp-dev)
if ((${#packages[@]} > 0)); then
  if ! command -v apt-get >/dev/null; then
    say "install these with your package manager: ${packages[*]}"
    exit 1
  fi
  say "installing ${packages[*]}"
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}" >&2
fi

controlplane=$(bash "$hack/controlplane.sh")
for program in etcd kube-apiserver kube-controller-manager kubectl; do
  ln -sfn "$controlplane/$program" "$bin/$program"
done

n=0
next() { n=$((n + 1)); }
small=(-ldflags '-s -w')
for program in kube-scheduler kube-proxy kubelet; do
  next
  build "$n/12" "$program" controlplane/kubernetes k8s.io/kubernetes "k8s.io/kubernetes/cmd/$program" -ldflags "$(kubernetes_flags)"
done
containerd=github.com/containerd/containerd/v2
for program in containerd containerd-shim-runc-v2 ctr; do
  next
  build "$n/12" "$program" node/containerd $containerd "$containerd/cmd/$program" "${small[@]}"
done
plugins=github.com/containernetworking/plugins
for program in main/bridge main/loopback ipam/host-local meta/portmap; do
  next
  build "$n/12" "${program#*/}" node/containerd $plugins "$plugins/plugins/$program" "${small[@]}"
done
next
build "$n/12" coredns node/coredns github.com/coredns/coredns . "${small[@]}"
next
# Pods run with the seccomp profile RuntimeDefault, which runc applies by libseccomp.
cgo=1 build "$n/12" runc node/runc github.com/opencontainers/runc github.com/opencontainers/runc -tags seccomp "${small[@]}"
say "ready: $bin"
echo "$bin"
