{{- define "rollcall.args" -}}
- --scim-bind-address=:8443
{{- if ne .Values.tls.mode "none" }}
- --tls-cert-file=/etc/rollcall/tls/tls.crt
- --tls-key-file=/etc/rollcall/tls/tls.key
{{- end }}
- --sync-namespaces={{ include "rollcall.syncNamespaces" . }}
{{- with include "rollcall.externalURL" . }}
- --external-url={{ . }}
{{- end }}
{{- if .Values.scim.trustForwardedHeaders }}
- --trust-forwarded-headers
{{- end }}
{{- with .Values.scim.corsAllowedOrigins }}
- --cors-allowed-origins={{ join "," . }}
{{- end }}
- --max-concurrent-requests={{ int64 .Values.scim.maxConcurrentRequests }}
- --max-connections={{ int64 .Values.scim.maxConnections }}
- --max-concurrent-body-bytes={{ int64 .Values.scim.maxConcurrentBodyBytes }}
- --max-concurrent-answer-bytes={{ int64 .Values.scim.maxConcurrentAnswerBytes }}
- --shutdown-delay={{ int64 .Values.shutdownDelaySeconds }}s
{{- if .Values.scim.strongReads }}
- --strong-reads
{{- end }}
- --metrics-bind-address={{ .Values.metrics.enabled | ternary ":8080" "0" }}
- --log-level={{ .Values.logLevel }}
{{- if ne .Values.provisioningLog "names" }}
- --provisioning-log={{ .Values.provisioningLog }}
{{- end }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}
