#!/usr/bin/env bash
# Builds etcd, kube-apiserver, kube-controller-manager and kubectl from Go
# modules, so that tests, demo and benchmarks run on a real control plane
# without a download of prebuilt programs. Needs only Go.
#
#   hack/controlplane.sh            builds what is missing and prints the folder
#   BIN=DIR hack/controlplane.sh    builds into DIR (default: bin/kubernetes/<version>)
#
# If KUBEBUILDER_ASSETS is set, the programs there are used and nothing is built.
set -euo pipefail
task=controlplane
source "$(dirname "${BASH_SOURCE[0]}")/programs.sh"

programs=(etcd kube-apiserver kube-controller-manager kubectl)
kubernetes=$(kubernetes_version)

if [[ -n ${KUBEBUILDER_ASSETS:-} ]]; then
  trap - EXIT
  for program in "${programs[@]}"; do
    if [[ ! -x $KUBEBUILDER_ASSETS/$program ]]; then
      say "KUBEBUILDER_ASSETS is $KUBEBUILDER_ASSETS, but there is no program $program in it:"
      say "add it (setup-envtest leaves kube-controller-manager out), or unset KUBEBUILDER_ASSETS to build all four."
      exit 1
    fi
  done
  say "using KUBEBUILDER_ASSETS, $KUBEBUILDER_ASSETS"
  echo "$KUBEBUILDER_ASSETS"
  exit 0
fi

bin=${BIN:-$(dirname "$hack")/bin/kubernetes/${kubernetes#v}}
mkdir -p "$bin"
bin=$(cd "$bin" && pwd)
need_go

build 1/4 etcd controlplane/etcd go.etcd.io/etcd/server/v3 go.etcd.io/etcd/server/v3 -ldflags '-s -w'
n=1
for program in "${programs[@]:1}"; do
  n=$((n + 1))
  build "$n/4" "$program" controlplane/kubernetes k8s.io/kubernetes "k8s.io/kubernetes/cmd/$program" -ldflags "$(kubernetes_flags)"
done
say "ready: Kubernetes $kubernetes and etcd $(module_version controlplane/etcd go.etcd.io/etcd/server/v3) in $bin"
echo "$bin"
