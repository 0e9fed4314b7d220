#!/usr/bin/env bash
# Builds the container image without Docker: rollcall and idpsim, static, on no
# base, for each platform. The same commit gives the same digest.
#
#   hack/image.sh                                   writes an OCI layout to bin/image/layout
#   PUSH=REGISTRY/REPOSITORY:TAG hack/image.sh      pushes it as well (INSECURE=1: over plain HTTP)
#
#   VERSION=v1.2.3             instead of what git says
#   PLATFORMS='linux/amd64'    instead of amd64 and arm64
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=${VERSION:-$(git describe --tags --always --dirty --match 'v*' 2>/dev/null || echo unknown)}
revision=$(git rev-parse HEAD 2>/dev/null || true)
created=$(TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null || echo 1970-01-01T00:00:00Z)
directory=$PWD/bin/image

rm -rf "$directory/programs"
for platform in ${PLATFORMS:-linux/amd64 linux/arm64}; do
  echo "building $platform ..." >&2
  # Without the state of the working tree: two builds of one commit must not differ.
  GOOS=${platform%/*} GOARCH=${platform#*/} CGO_ENABLED=0 go build -trimpath -buildvcs=false \
    -ldflags "-s -w -X main.version=$version -X main.commit=$revision" \
    -o "$directory/programs/${platform/\//_}/" ./cmd/rollcall ./cmd/idpsim
done

GOWORK=off CGO_ENABLED=0 go -C hack/image build -mod=readonly -trimpath -o "$directory/image" .
"$directory/image" --programs "$directory/programs" --output "$directory/layout" \
  --version "$version" --revision "$revision" --created "$created" \
  ${PUSH:+--push "$PUSH"} ${INSECURE:+--insecure}
