# Functions to build programs from Go modules, sourced by controlplane.sh and
# node.sh. The versions and checksums are those of go.mod and go.sum in the
# folders under hack/. A program is built again only when its embedded version is
# another one.
#
# Who sources this sets `task`, the word in front of each message, and `bin`,
# the folder to build into, before the first build.

hack=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() { printf '%s: %s\n' "$task" "$*" >&2; }

module_version() { # FOLDER MODULE: the version that FOLDER/go.mod requires
  awk -v module="$2" '
    $1 == "require" { sub(/^require[ \t]+/, "") }
    $1 == module && $2 ~ /^v/ { print $2; exit }' "$hack/$1/go.mod"
}

is_built() { # PROGRAM MODULE VERSION: whether bin/PROGRAM is a build of it
  [[ -x $bin/$1 ]] && go version -m "$bin/$1" 2>/dev/null | awk -v module="$2" -v version="$3" '
    ($1 == "mod" || $1 == "dep") && $2 == module && $3 == version { found = 1 }
    END { exit !found }'
}

running=
stop_building() {
  trap - EXIT
  if [[ -n $running ]]; then
    kill "$running" 2>/dev/null || true
    wait "$running" 2>/dev/null || true
  fi
  rm -f "${bin:?}"/.*.building.$$
}
trap stop_building EXIT
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

cgo=0 # without it no C compiler is needed

in_module() { # FOLDER GO-COMMAND...
  local folder=$hack/$1
  shift
  GOWORK=off CGO_ENABLED=$cgo exec go -C "$folder" "$@"
}

fetch() { in_module "$1" list -mod=readonly -deps "$2" >/dev/null; }

build() { # COUNT PROGRAM FOLDER MODULE PACKAGE [BUILD-FLAG...]
  local count=$1 program=$2 folder=$3 module=$4 package=$5 version
  shift 5
  version=$(module_version "$folder" "$module")
  if [[ -z $version ]]; then
    say "hack/$folder/go.mod no longer names the version of $module"
    exit 1
  fi
  if is_built "$program" "$module" "$version"; then return; fi
  local partial=$bin/.$program.building.$$
  step "[$count] modules of $program $version" fetch "$folder" "$package"
  step "[$count] building $program $version" in_module "$folder" build -mod=readonly -trimpath "$@" -o "$partial" "$package"
  mv -f "$partial" "$bin/$program"
}

kubernetes_version() { module_version controlplane/kubernetes k8s.io/kubernetes; }

kubernetes_flags() { # without its numbers the API server calls itself v0.0.0-master
  local version release minor stamp=k8s.io/component-base/version
  version=$(kubernetes_version)
  release=${version#v}
  minor=${release#*.}
  echo "-s -w -X $stamp.gitVersion=$version -X $stamp.gitMajor=${release%%.*} -X $stamp.gitMinor=${minor%%.*}"
}

need_go() {
  if ! command -v go >/dev/null; then
    say "Go is not installed; see https://go.dev/doc/install"
    exit 1
  fi
}
