#!/usr/bin/env bash
# The main job of Rollcall from end to end: a control plane, the operator with
# the rights of config/rbac, the samples, and idpsim in the part of Entra ID. Every
# step is checked; the first one that does not show what it should ends the
# demo with its reason.
#
#   hack/demo.sh          stays up until Ctrl-C, to look around
#   ONCE=1 hack/demo.sh   ends by itself
#
# `make demo` builds what it needs first. Everything it writes is in bin/demo.
set -euo pipefail
# Each background job in a process group of its own: Ctrl-C reaches this script
# alone, which then stops them in order.
set -m
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly users=1000 groups=50 memberships=350 deltas=100
readonly directory=bin/demo
assets=$(hack/controlplane.sh 2>/dev/null)
export LC_ALL=C # one order for sort and comm
export PATH=$assets:$PWD/bin:$PATH
export KUBECONFIG=$PWD/$directory/admin.conf

# --- what the steps are written with -----------------------------------------

title() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

show() { # COMMAND: prints a command line as one would type it, and runs it
  printf '\033[2m$ %s\033[0m\n' "$1"
  bash -o pipefail -c "$1"
}

fail() {
  printf '\nThe demo failed: %s\n' "$*" >&2
  exit 1
}

eventually() { # DESCRIPTION COMMAND...: tries for up to a minute
  local description=$1 tries
  shift
  for ((tries = 0; tries < 240; tries++)); do
    if "$@" 2>/dev/null; then return; fi
    still_running
    sleep 0.25
  done
  fail "waited a minute, but $description"
}

free_port() { # FROM: the first port from there on that nobody listens on
  local port=$1
  while (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
  echo "$port"
}

# --- processes ------------------------------------------------------------------

cluster='' operator=''

still_running() {
  if [[ -n $cluster ]] && ! kill -0 "$cluster" 2>/dev/null; then fail "the control plane stopped"; fi
  if [[ -n $operator ]] && ! kill -0 "$operator" 2>/dev/null; then fail "the operator stopped"; fi
}

stop() { # PID
  if [[ -z $1 ]]; then return; fi
  kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

finish() {
  local status=$?
  trap '' INT TERM
  trap - EXIT
  if ((status != 0)) && [[ -s $directory/rollcall.log ]]; then
    printf '\nThe last lines of %s:\n' "$directory/rollcall.log" >&2
    tail -n 15 "$directory/rollcall.log" >&2
  fi
  printf '\nStopping ...\n'
  stop "$operator"
  stop "$cluster"
  rm -rf "$directory/tmp" "$directory"/*.conf "$directory/token"
  if ((status == 0)); then rm -rf "$directory"; fi
  echo "Everything is stopped."
  exit "$status"
}

# --- steps ------------------------------------------------------------------------

start_control_plane() {
  if [[ ! -x bin/devcluster ]]; then echo "Building bin/devcluster: a minute or two the first time ..."; fi
  go build -o bin/devcluster ./hack/devcluster
  title "Starting etcd, kube-apiserver and kube-controller-manager"
  rm -rf "$directory"
  mkdir -p "$directory/tmp"
  TMPDIR=$PWD/$directory/tmp KUBEBUILDER_ATTACH_CONTROL_PLANE_OUTPUT=true \
    devcluster --kubeconfig "$KUBECONFIG" >"$directory/controlplane.log" 2>&1 </dev/null &
  cluster=$!
  eventually "the API server is not ready; see $directory/controlplane.log" test -s "$KUBECONFIG"
  show "kubectl version"
}

install() {
  title "Installing the custom resources, the admission policies, and the rights of the operator"
  show "kubectl apply --server-side -k config/crd"
  show "kubectl apply --server-side -k config/admission"
  show "kubectl create namespace rollcall-system"
  show "kubectl apply -k config/rbac"
}

# The operator gets the token of its ServiceAccount, as in a Pod, and so no more
# rights than config/rbac gives it.
operator_kubeconfig() {
  local file=$directory/operator.conf admin token
  token=$(kubectl create token rollcall --namespace rollcall-system --duration 24h)
  cp "$KUBECONFIG" "$file"
  admin=$(kubectl --kubeconfig "$file" config view -o jsonpath='{.users[0].name}')
  kubectl --kubeconfig "$file" config set-credentials rollcall --token "$token"
  kubectl --kubeconfig "$file" config set-context --current --user rollcall
  kubectl --kubeconfig "$file" config delete-user "$admin"
}

start_operator() {
  title "Starting the operator with those rights, outside of the cluster"
  operator_kubeconfig >/dev/null
  local port probes
  port=$(free_port 8443)
  probes=$(free_port $((port + 1)))
  base=http://127.0.0.1:$port
  local command="rollcall --kubeconfig $directory/operator.conf --scim-bind-address 127.0.0.1:$port --external-url $base \
--sync-namespaces identity --leader-election-namespace rollcall-system --metrics-bind-address 0 --health-probe-bind-address 127.0.0.1:$probes"
  printf '\033[2m$ %s\033[0m\n' "$command"
  $command >"$directory/rollcall.log" 2>&1 </dev/null &
  operator=$!
  eventually "the operator does not listen on port $port" listening "$port"
}

listening() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

apply_samples() {
  title "A sync for Entra ID, and two teams that bind its groups"
  show "kubectl apply --server-side -k config/samples"
  eventually "the sync is not Ready" \
    kubectl wait --namespace identity identityprovidersyncs/entra --for condition=Ready --timeout 1s >/dev/null
  show "kubectl get idps --namespace identity --output wide"

  title "Its token, which the operator made"
  show "kubectl get secret --namespace identity entra-scim-token"
  kubectl get secret --namespace identity entra-scim-token --output go-template='{{.data.token | base64decode}}' >"$directory/token"
  local bytes
  bytes=$(wc -c <"$directory/token")
  if ((bytes < 32)); then fail "the token has $bytes bytes; it must have at least 32"; fi
  url=$(kubectl get identityprovidersyncs --namespace identity entra --output jsonpath='{.status.endpoint}')
  if [[ $url != "$base/identity/entra/scim/v2" ]]; then fail "the sync's endpoint is '$url'"; fi
}

play() { # PHASE OPTION...: idpsim exits non-zero on any failed request or difference
  show "idpsim --url $url --token-file $directory/token --profile entra --phase $* \
--users $users --groups $groups --memberships $memberships --verify"
}

initial_cycle() {
  title "Entra ID's initial cycle: $users users, $groups groups"
  play initial
  eventually "the sync does not count $users users and $groups groups" counted
  show "kubectl get idps --namespace identity"
  show "kubectl describe idps --namespace identity entra"
  show "kubectl get users --namespace identity | awk 'NR <= 8'"
  show "kubectl get groups --namespace identity | awk 'NR <= 8'"
}

counted() {
  [[ $(kubectl get identityprovidersyncs --namespace identity entra \
    --output jsonpath='{.status.users.total} {.status.groups.total}') == "$users $groups" ]]
}

# Who may view the namespace `platform`, by the RoleBindings there.
subjects() {
  kubectl get rolebindings --namespace platform \
    --output go-template='{{range .items}}{{range .subjects}}{{.name}}{{"\n"}}{{end}}{{end}}' | sort
}

# Who should: the active members of the group k8s-platform-users.
entitled() {
  { kubectl get groups.scim.rollcall.dev --namespace identity \
      --output go-template='{{range .items}}{{if eq (or .spec.displayName "") "k8s-platform-users"}}{{range .spec.members}}member {{.}}{{"\n"}}{{end}}{{end}}{{end}}'
    kubectl get users.scim.rollcall.dev --namespace identity \
      --output go-template='{{range .items}}{{if .spec.id}}user {{.spec.id}} {{.spec.active}} {{.spec.userName}}{{"\n"}}{{end}}{{end}}'
  } | awk '$1 == "member" { member[$2] = 1 } $1 == "user" && member[$2] && $3 != "false" { print $4 }' | sort
}

projected() { [[ $(subjects) == "$(entitled)" && -n $(subjects) ]]; }

show_binding() {
  eventually "the RoleBinding does not name the active members of the group" projected
  show "kubectl get grouprolebindings --all-namespaces"
  show "kubectl get clustergrouprolebindings"
  show "kubectl get rolebindings --namespace platform"
  show "kubectl get rolebindings --namespace platform --output go-template='{{range .items}}{{range .subjects}}{{.name}}{{\"\\n\"}}{{end}}{{end}}' | awk 'NR <= 5 { print } END { print \"... \" NR \" subjects\" }'"
}

may_view() { # USER yes|no
  local answer
  printf '\033[2m$ %s\033[0m\n' "kubectl auth can-i list pods --namespace platform --as $1"
  answer=$(kubectl auth can-i list pods --namespace platform --as "$1" || true)
  echo "$answer"
  if [[ $answer != "$2" ]]; then fail "$1 should get the answer '$2'"; fi
}

role_binding() {
  title "What the group k8s-platform-users gives: the role view in the namespace platform"
  show_binding
  subjects >"$directory/before"
  may_view "$(sed -n 1p "$directory/before")" yes
}

# One PATCH as Entra ID sends it, and then the opposite one, so that idpsim finds
# what it left.
one_member_leaves() {
  local name user group
  name=$(sed -n 1p "$directory/before")
  user=$(id_of users.scim.rollcall.dev userName "$name")
  group=$(id_of groups.scim.rollcall.dev displayName k8s-platform-users)
  title "Entra ID removes $name from the group"
  patch_group "$group" "{\"op\":\"Remove\",\"path\":\"members\",\"value\":[{\"value\":\"$user\"}]}"
  show_binding
  if grep -qxF -- "$name" <(subjects); then fail "$name is still a subject"; fi
  may_view "$name" no
  title "It adds $name again"
  patch_group "$group" "{\"op\":\"Add\",\"path\":\"members\",\"value\":[{\"value\":\"$user\"}]}"
  eventually "the RoleBinding does not name the active members of the group" projected
  may_view "$name" yes
}

id_of() { # KIND ATTRIBUTE VALUE
  kubectl get "$1" --namespace identity --output go-template="{{range .items}}{{if .spec.id}}{{.spec.$2}}{{\"\t\"}}{{.spec.id}}{{\"\n\"}}{{end}}{{end}}" |
    awk -F '\t' -v value="$3" '$1 == value { print $2 }'
}

patch_group() { # ID OPERATION: with curl, or without it where there is none
  local body="{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[$2]}"
  if command -v curl >/dev/null; then
    show "curl --silent --show-error --fail --request PATCH '$url/Groups/$1' --header \"Authorization: Bearer \$(cat $directory/token)\" --header 'Content-Type: application/scim+json' --data '$body'"
    return
  fi
  local host=${base#http://} answer
  printf 'PATCH %s/Groups/%s\n%s\n' "$url" "$1" "$body"
  exec 3<>"/dev/tcp/${host%:*}/${host#*:}"
  printf 'PATCH %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/scim+json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' \
    "/${url#"$base/"}/Groups/$1" "$host" "$(cat "$directory/token")" "${#body}" "$body" >&3
  read -r answer <&3
  exec 3>&-
  echo "$answer"
  if [[ $answer != "HTTP/1.1 2"* ]]; then fail "the SCIM server answered $answer"; fi
}

members_leave() {
  title "$deltas changes at Entra ID: people join, leave, are hired, renamed, disabled"
  play "deltas --deltas $deltas"
  title "The same RoleBinding afterwards"
  show_binding
  subjects >"$directory/after"
  local left
  left=$(comm -23 "$directory/before" "$directory/after")
  if [[ -z $left ]]; then fail "nobody left the group"; fi
  printf '\nWho lost access (-) and got it (+):\n'
  { diff "$directory/before" "$directory/after" || true; } | sed -n 's/^< /  - /p; s/^> /  + /p'
  may_view "$(sed -n 1p <<<"$left")" no
}

# Somebody with all rights in the namespace of the sync, and in none else.
boundaries() {
  title "What even the owner of the sync's namespace may not do"
  show "kubectl create rolebinding owner --namespace identity --clusterrole cluster-admin --user mallory"
  local user
  user=$(kubectl get users.scim.rollcall.dev --namespace identity --output name | sed -n 1p)
  refused "kubectl delete --namespace identity --as mallory $user" "only the SCIM server writes users"
  refused "kubectl label namespace identity --as mallory access.scim.rollcall.dev/payments=true" "only the operator sets"
  show "kubectl delete rolebinding owner --namespace identity"
}

refused() { # COMMAND REASON
  printf '\033[2m$ %s\033[0m\n' "$1"
  local answer
  if answer=$(bash -c "$1" 2>&1); then fail "that should have been refused: $answer"; fi
  echo "$answer"
  if [[ $answer != *"$2"* ]]; then fail "it should have been refused since $2"; fi
}

look_around() {
  title "It stays up until Ctrl-C. To look around, in another terminal:"
  cat <<EOF
  export KUBECONFIG=$KUBECONFIG PATH=$assets:\$PATH
  kubectl get idps,scimusers,scimgroups,grouprolebindings --all-namespaces
  kubectl explain users.spec --api-version scim.rollcall.dev/v1alpha1
  curl -H "Authorization: Bearer \$(cat $PWD/$directory/token)" '$url/Users?count=1'

  Logs: $directory/rollcall.log, $directory/controlplane.log
EOF
  trap 'exit 0' INT
  while sleep 1; do still_running; done
}

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start_control_plane
install
start_operator
apply_samples
initial_cycle
role_binding
one_member_leaves
members_leave
boundaries
if [[ -n ${ONCE:-} && ${ONCE:-} != 0 ]]; then
  title "Every step showed what it should."
else
  look_around
fi
# Ctrl-C may reach the sleep alone; bash then leaves the function without a word.
exit 0
