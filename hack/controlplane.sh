#!/usr/bin/env bash
# Builds etcd, kube-apiserver, kube-controller-manager and kubectl from Go
# modules, so that tests, demo and benchmarks run on a real control plane
# without a download of prebuilt programs. Needs only Go.
#
#   hack/controlplane.sh            builds what is missing and prints the folder
#   BIN=DIR hack/controlplane.sh    builds into DIR (default: bin/kubernetes/<version>)
#
# The versions and checksums are those of hack/controlplane/*/go.mod and go.sum.
# A program is built again only when its embedded version is another one.
# If KUBEBUILDER_ASSETS is set, the programs there are used and nothing is built.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
programs=(etcd kube-apiserver kube-controller-manager kubectl)

say() { printf 'controlplane: %s\n' "$*" >&2; }

module_version() { # DIRECTORY MODULE: the version that go.mod requires
  awk -v module="$2" '
    $1 == "require" { sub(/^require[ \t]+/, "") }
    $1 == module && $2 ~ /^v/ { print $2; exit }' "$here/controlplane/$1/go.mod"
}

kubernetes=$(module_version kubernetes k8s.io/kubernetes)
etcd=$(module_version etcd go.etcd.io/etcd/server/v3)
if [[ -z $kubernetes || -z $etcd ]]; then
  say "hack/controlplane/*/go.mod no longer name the versions to build"
  exit 1
fi

if [[ -n ${KUBEBUILDER_ASSETS:-} ]]; then
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

if ! command -v go >/dev/null; then
  say "Go is not installed; see https://go.dev/doc/install"
  exit 1
fi

bin=${BIN:-$(dirname "$here")/bin/kubernetes/${kubernetes#v}}
mkdir -p "$bin"
bin=$(cd "$bin" && pwd)

is_built() { # PROGRAM MODULE VERSION: whether bin/PROGRAM is a build of it
  [[ -x $bin/$1 ]] && go version -m "$bin/$1" 2>/dev/null | awk -v module="$2" -v version="$3" '
    $1 == "mod" && $2 == module && $3 == version { found = 1 }
    END { exit !found }'
}

running=
stop() {
  trap - EXIT
  if [[ -n $running ]]; then
    kill "$running" 2>/dev/null || true
    wait "$running" 2>/dev/null || true
  fi
  rm -f "$bin"/.*.building.$$
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step() { # TITLE COMMAND...: runs the command and shows that it goes on
  local title=$1 begun=$SECONDS status=0 tick=0
  shift
  say "$title ..."
  "$@" &
  running=$!
  while kill -0 "$running" 2>/dev/null; do
    sleep 0.5
    tick=$((tick + 1))
    if ((tick % 60 == 0)); then say "$title ... $((SECONDS - begun)) s"; fi
  done
  wait "$running" || status=$?
  running=
  if ((status != 0)); then
    say "$title failed after $((SECONDS - begun)) s"
    exit "$status"
  fi
  say "$title: done in $((SECONDS - begun)) s"
}

in_module() { # DIRECTORY GO-COMMAND...: without cgo, so that no C compiler is needed
  local directory=$here/controlplane/$1
  shift
  GOWORK=off CGO_ENABLED=0 exec go -C "$directory" "$@"
}

fetch() { in_module "$1" list -mod=readonly -deps "$2" >/dev/null; }

# Without its version numbers the API server calls itself v0.0.0-master.
release=${kubernetes#v}
minor=${release#*.}
stamp=k8s.io/component-base/version
ldflags="-s -w -X $stamp.gitVersion=$kubernetes -X $stamp.gitMajor=${release%%.*} -X $stamp.gitMinor=${minor%%.*}"

build() { # N PROGRAM DIRECTORY MODULE VERSION PACKAGE
  local n=$1 program=$2 directory=$3 module=$4 version=$5 package=$6
  if is_built "$program" "$module" "$version"; then return; fi
  local partial=$bin/.$program.building.$$
  step "[$n/${#programs[@]}] modules of $program $version" fetch "$directory" "$package"
  step "[$n/${#programs[@]}] building $program $version" \
    in_module "$directory" build -mod=readonly -trimpath -ldflags "$ldflags" -o "$partial" "$package"
  mv -f "$partial" "$bin/$program"
}

build 1 etcd etcd go.etcd.io/etcd/server/v3 "$etcd" go.etcd.io/etcd/server/v3
n=1
for program in kube-apiserver kube-controller-manager kubectl; do
  n=$((n + 1))
  build $n $program kubernetes k8s.io/kubernetes "$kubernetes" k8s.io/kubernetes/cmd/$program
done
say "ready: Kubernetes $kubernetes and etcd $etcd in $bin"
echo "$bin"
