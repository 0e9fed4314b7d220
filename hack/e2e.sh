#!/usr/bin/env bash
# The end-to-end test: the chart on a real cluster, from install to uninstall.
#
#   hack/e2e.sh                       on a node of its own, which needs root on Linux
#   KUBECONFIG=FILE IMAGE=REPOSITORY TAG=TAG UPGRADE_TAG=TAG hack/e2e.sh
#                                     on another cluster, with images that it can pull
#
# Everything it writes is in bin/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ -n ${KUBECONFIG:-} ]]; then
  exec go run ./test/e2e --programs "$(hack/controlplane.sh)" --kubeconfig "$KUBECONFIG" \
    --image "${IMAGE:?a repository that the cluster can pull from}" --tag "${TAG:?the tag to install}" --upgrade-tag "${UPGRADE_TAG:-$TAG}"
fi
if [[ $(uname -s) != Linux || $EUID != 0 ]]; then
  echo "e2e: a node of its own needs root on Linux; name another cluster by KUBECONFIG, IMAGE and TAG" >&2
  exit 1
fi

readonly image=ghcr.io/rollcall-scim/rollcall
programs=$(hack/node.sh)
go build -o bin/node/rollcall-node ./hack/node
go build -o bin/e2e-test ./test/e2e

# The quick start builds the first version; the second has the same programs, to
# upgrade to.
first=$(sed -n 's/^appVersion: *//p' charts/rollcall/Chart.yaml)
VERSION=e2e-after PLATFORMS=linux/$(go env GOARCH) hack/image.sh
tar -C bin/image/layout -cf bin/image/e2e-after.tar .
# Not exec: tests of signals want a process group of their own.
bin/e2e-test --programs "$programs" --images "$PWD/bin/image/e2e-after.tar" --image $image --tag "$first" --upgrade-tag e2e-after
