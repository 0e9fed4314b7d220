#!/usr/bin/env bash
# Build the archives of the kubectl plugin that .krew.yaml names, one for each
# platform there, into bin/plugin. The same commit gives the same archives.
#
#   VERSION=v0.1.0 hack/plugin.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=$PWD/bin/plugin
rm -rf "$out"
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for archive in $(grep -o 'kubectl-rollcall_[a-z]*_[a-z0-9]*\.tar\.gz' .krew.yaml); do
  IFS=_ read -r _ os arch <<<"${archive%.tar.gz}"
  program=kubectl-rollcall
  if [[ $os == windows ]]; then program+=.exe; fi
  echo "building $archive ..." >&2
  CGO_ENABLED=0 GOOS=$os GOARCH=$arch go build -trimpath \
    -ldflags "-s -w -X main.version=${VERSION:-unknown} -X main.commit=${COMMIT:-unknown}" -o "$work/$program" ./cmd/kubectl-rollcall
  cp LICENSE "$work/"
  tar -C "$work" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - "$program" LICENSE | gzip -9n >"$out/$archive"
  rm "$work/$program"
done
(cd "$out" && sha256sum -- *.tar.gz | tee checksums.txt)
