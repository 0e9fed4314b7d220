{{- define "rollcall.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* At most 40 characters: what is appended stays within 63. */ -}}
{{- define "rollcall.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "rollcall.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rollcall.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "rollcall.releaseLabels" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "rollcall.labels" -}}
app.kubernetes.io/name: {{ include "rollcall.name" . }}
{{ include "rollcall.releaseLabels" . }}
{{- end -}}

{{- define "rollcall.serviceAccountName" -}}
{{- if .Values.serviceAccount.name -}}
{{- .Values.serviceAccount.name -}}
{{- else -}}
{{- include "rollcall.fullname" . -}}
{{- end -}}
{{- end -}}

{{- define "rollcall.image" -}}
{{- $registry := default .Values.image.registry .Values.global.imageRegistry -}}
{{- with $registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- with .Values.image.tag }}:{{ . }}{{ end }}@{{ .Values.image.digest -}}
{{- else -}}
:{{ default .Chart.AppVersion .Values.image.tag -}}
{{- end -}}
{{- end -}}

{{- /* The namespaces of syncs, separated by commas. */ -}}
{{- define "rollcall.syncNamespaces" -}}
{{- join "," (default (list .Release.Namespace) .Values.syncNamespaces) -}}
{{- end -}}

{{- define "rollcall.tlsSecretName" -}}
{{- default (printf "%s-tls" (include "rollcall.fullname" .)) .Values.tls.secretName -}}
{{- end -}}

{{- define "rollcall.externalURL" -}}
{{- if .Values.externalURL -}}
{{- .Values.externalURL -}}
{{- else if and .Values.ingress.enabled .Values.ingress.hosts -}}
https://{{ first .Values.ingress.hosts }}
{{- else if and .Values.httpRoute.enabled .Values.httpRoute.hostnames -}}
https://{{ first .Values.httpRoute.hostnames }}
{{- end -}}
{{- end -}}

{{- define "rollcall.servicePort" -}}
{{- default (eq .Values.tls.mode "none" | ternary 80 443) .Values.service.port -}}
{{- end -}}

{{- /* The names of the Service, one a line. */ -}}
{{- define "rollcall.serviceNames" -}}
{{- $name := include "rollcall.fullname" . -}}
{{ $name }}.{{ .Release.Namespace }}.svc
{{ $name }}.{{ .Release.Namespace }}.svc.cluster.local
{{ $name }}.{{ .Release.Namespace }}
{{ $name }}
{{- end -}}

{{- /* The names in extraEnv, separated by commas. */ -}}
{{- define "rollcall.extraEnvNames" -}}
{{- range .Values.extraEnv }}{{ .name }},{{ end -}}
{{- end -}}

{{- define "rollcall.subjects" -}}
- kind: ServiceAccount
  name: {{ include "rollcall.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}
