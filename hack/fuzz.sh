#!/usr/bin/env bash
# Runs every native fuzz target under internal/, one after the other.
#
#   hack/fuzz.sh 10m           for ten minutes each
#   hack/fuzz.sh 2s -race      built with -race and not for coverage: that finds
#                              less, but builds at once after go test -race
#
# A target that finds something does not keep the others from running; the exit
# status is 1 then. Everything this writes is in bin/fuzz: what was learned for
# the next time, and the inputs that fail. They are tried first until they pass.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly time=${1:?how long to run each target, such as 10m}
shift
readonly directory=$PWD/bin/fuzz
(($# > 0)) && build=("$@") || build=(-fuzz .)

failed=()
count=0
while read -r package; do
  workspace=$directory/$package
  mkdir -p "$workspace"
  # A test binary leaves what it finds in its working directory, so that is not
  # the package's.
  go test -c "${build[@]}" -o "$workspace/fuzz.test" "./$package"
  if [[ -d $package/testdata/fuzz ]]; then
    mkdir -p "$workspace/testdata"
    cp -r "$package/testdata/fuzz" "$workspace/testdata/"
  fi
  while read -r target; do
    echo "$target in $package"
    count=$((count + 1))
    log=$workspace/$target.log
    (cd "$workspace" && ./fuzz.test -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" \
      -test.fuzzminimizetime 1x -test.fuzzcachedir "$directory/cache/$package" </dev/null 2>&1 | tee "$log") && continue
    # On a busy machine a worker may be in the middle of an input when the time
    # is over, which Go reports as a failure without one.
    if grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input written' "$log"; then
      echo "the time ended in the middle of an input; nothing was found"
      continue
    fi
    failed+=("$package $target")
  done < <("$workspace/fuzz.test" -test.list '^Fuzz')
done < <(grep -rl --include='*_test.go' '^func Fuzz' internal | xargs -r -n1 dirname | sort -u)

if ((count == 0)); then
  echo "there are no fuzz targets under internal/" >&2
  exit 1
fi
((${#failed[@]} == 0)) && exit 0
echo >&2
for one in "${failed[@]}"; do
  read -r package target <<<"$one"
  echo "$target found something: the inputs are in ${directory#"$PWD"/}/$package/testdata/fuzz/$target." >&2
  echo "To keep one as a test, copy it to $package/testdata/fuzz/$target and run go test -run $target ./$package" >&2
done
exit 1
