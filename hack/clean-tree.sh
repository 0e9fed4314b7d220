#!/usr/bin/env bash
# Fails, and shows what differs, unless the git tree equals the last commit.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

changes=$(git status --porcelain)
if [[ -z $changes ]]; then exit 0; fi

git --no-pager diff HEAD
cat >&2 <<EOF

The tree is not clean after generating, formatting and linting:

$changes

Files that \`make generate manifests fmt\` changed belong into the commit (the
diff is above); commit or remove the rest, then run \`make verify\` again.
EOF
exit 1
