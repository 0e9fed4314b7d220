{{- /* What cannot be right, said before anything is installed. */ -}}
{{- define "rollcall.validate" -}}
{{- include "rollcall.validateOneRelease" . -}}
{{- range $key := list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/managed-by" "app.kubernetes.io/version" "helm.sh/chart" -}}
{{- if hasKey $.Values.commonLabels $key -}}
{{- fail (printf "commonLabels must not set %s: the chart does" $key) -}}
{{- end -}}
{{- end -}}
{{- range $key := list "app.kubernetes.io/name" "app.kubernetes.io/instance" -}}
{{- if hasKey $.Values.podLabels $key -}}
{{- fail (printf "podLabels must not set %s: Services and the Deployment select pods by it" $key) -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.tls.mode "certManager") (not .Values.tls.certManager.issuerRef.name) -}}
{{- fail "tls.mode certManager needs tls.certManager.issuerRef.name, the Issuer or ClusterIssuer that signs the certificate" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.enabled needs ingress.hosts: an Ingress for every host would take other applications' requests" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.enabled needs httpRoute.parentRefs, the Gateway to attach to" -}}
{{- end -}}
{{- if .Values.httpRoute.backendTLSPolicy.enabled -}}
{{- if not .Values.httpRoute.enabled -}}
{{- fail "httpRoute.backendTLSPolicy.enabled needs httpRoute.enabled" -}}
{{- end -}}
{{- if eq .Values.tls.mode "none" -}}
{{- fail "httpRoute.backendTLSPolicy.enabled and tls.mode none contradict each other: with none the pods serve plain HTTP" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.scim.trustForwardedHeaders (include "rollcall.externalURL" .) -}}
{{- fail "scim.trustForwardedHeaders has no effect with an external URL (set as externalURL, or taken from the ingress or httpRoute): use one of them" -}}
{{- end -}}
{{- if and (not (kindIs "invalid" .Values.podDisruptionBudget.minAvailable)) (not (kindIs "invalid" .Values.podDisruptionBudget.maxUnavailable)) -}}
{{- fail "set podDisruptionBudget.minAvailable or podDisruptionBudget.maxUnavailable, not both" -}}
{{- end -}}
{{- include "rollcall.validateDisruption" . -}}
{{- include "rollcall.validateService" . -}}
{{- with .Values.updateStrategy -}}
{{- if and (eq (default "" .type) "Recreate") .rollingUpdate -}}
{{- fail "updateStrategy.type Recreate goes without a rollingUpdate: set updateStrategy.rollingUpdate to null. No replica serves during an upgrade then" -}}
{{- end -}}
{{- end -}}
{{- if has "POD_NAMESPACE" (splitList "," (include "rollcall.extraEnvNames" .)) -}}
{{- fail "extraEnv must not have POD_NAMESPACE: it is the release's namespace" -}}
{{- end -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- fail "serviceAccount.create false needs serviceAccount.name, the ServiceAccount to use" -}}
{{- end -}}
{{- if has "cluster-admin" .Values.bindableRoles -}}
{{- fail "bindableRoles must not have cluster-admin, since the admins of every namespace could give it there: put it into extraBindableRoles.clusterRoles if you must" -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.enabled) -}}
{{- fail "metrics.serviceMonitor.enabled needs metrics.enabled" -}}
{{- end -}}
{{- if and .Values.metrics.prometheusRule.enabled (not .Values.metrics.enabled) -}}
{{- fail "metrics.prometheusRule.enabled needs metrics.enabled: without metrics the alert RollcallDown would fire for ever" -}}
{{- end -}}
{{- if le (int64 .Values.terminationGracePeriodSeconds) (int64 .Values.shutdownDelaySeconds) -}}
{{- fail "terminationGracePeriodSeconds must be longer than shutdownDelaySeconds, by as long as requests may take to end" -}}
{{- end -}}
{{- $namespaces := splitList "," (include "rollcall.syncNamespaces" .) -}}
{{- range $name, $sync := .Values.syncs -}}
{{- if not (and (le (len $name) 63) (regexMatch "^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" $name)) -}}
{{- fail (printf "syncs.%s is no name of an object: use up to 63 lower-case letters, digits, - and ." $name) -}}
{{- end -}}
{{- $namespace := default (first $namespaces) $sync.namespace -}}
{{- if not (has $namespace $namespaces) -}}
{{- fail (printf "syncs.%s is in the namespace %s, where syncs are not served: add it to syncNamespaces" $name $namespace) -}}
{{- end -}}
{{- end -}}
{{- include "rollcall.validateArgs" . -}}
{{- end -}}

{{- /* A budget that lets no pod go keeps every node from being drained. Who wants that says maxUnavailable: 0. */ -}}
{{- define "rollcall.validateDisruption" -}}
{{- with .Values.podDisruptionBudget -}}
{{- $stay := toString (default "" .minAvailable) -}}
{{- if and .enabled (gt (int $.Values.replicas) 1) -}}
{{- if or (eq $stay "100%") (and (regexMatch "^[0-9]+$" $stay) (ge (int $stay) (int $.Values.replicas))) -}}
{{- fail (printf "podDisruptionBudget.minAvailable %s of %d replicas would keep every node from being drained: take less, or more replicas (if that is what you want: maxUnavailable 0)" $stay (int $.Values.replicas)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* The API server would say it, but only when the release is half installed. */ -}}
{{- define "rollcall.validateService" -}}
{{- with .Values.service -}}
{{- if eq .type "ClusterIP" -}}
{{- range $value := list "nodePort" "externalTrafficPolicy" -}}
{{- if get $.Values.service $value -}}
{{- fail (printf "service.%s needs service.type NodePort or LoadBalancer" $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if ne .type "LoadBalancer" -}}
{{- range $value := list "loadBalancerClass" "loadBalancerSourceRanges" -}}
{{- if get $.Values.service $value -}}
{{- fail (printf "service.%s needs service.type LoadBalancer" $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* The flags that values set: giving one again would undo the value. */ -}}
{{- define "rollcall.validateArgs" -}}
{{- $values := dict
  "--scim-bind-address" "nothing: the Service leads to port 8443"
  "--tls-cert-file" "tls"
  "--tls-key-file" "tls"
  "--external-url" "externalURL"
  "--trust-forwarded-headers" "scim.trustForwardedHeaders"
  "--cors-allowed-origins" "scim.corsAllowedOrigins"
  "--max-concurrent-requests" "scim.maxConcurrentRequests"
  "--max-connections" "scim.maxConnections"
  "--max-concurrent-body-bytes" "scim.maxConcurrentBodyBytes"
  "--max-concurrent-answer-bytes" "scim.maxConcurrentAnswerBytes"
  "--shutdown-delay" "shutdownDelaySeconds"
  "--provisioning-log" "provisioningLog"
  "--operator-namespace" "nothing: it is the release's"
  "--strong-reads" "scim.strongReads"
  "--sync-namespaces" "syncNamespaces"
  "--metrics-bind-address" "metrics.enabled"
  "--health-probe-bind-address" "nothing: the probes are at port 8081"
  "--leader-elect" "nothing: replicas need a leader"
  "--leader-election-namespace" "nothing: the operator may keep its Lease in its own namespace only"
  "--log-level" "logLevel" -}}
{{- range $arg := .Values.extraArgs -}}
{{- $flag := first (splitList "=" $arg) -}}
{{- with get $values $flag -}}
{{- fail (printf "extraArgs must not have %s; set %s" $flag .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* The kinds and the admission policies are the cluster's: two operators would undo each other's work. */ -}}
{{- define "rollcall.validateOneRelease" -}}
{{- $policy := lookup "admissionregistration.k8s.io/v1" "ValidatingAdmissionPolicy" "" "rollcall-identities" -}}
{{- with dig "metadata" "annotations" dict $policy -}}
{{- $name := index . "meta.helm.sh/release-name" -}}
{{- $namespace := index . "meta.helm.sh/release-namespace" -}}
{{- if and $name (or (ne $name $.Release.Name) (ne $namespace $.Release.Namespace)) -}}
{{- fail (printf "Rollcall is already installed in this cluster: release %s in namespace %s. One release serves the whole cluster, for any number of identity providers and namespaces (syncNamespaces): upgrade that one, or uninstall it first" $name $namespace) -}}
{{- end -}}
{{- end -}}
{{- end -}}
