{{- /* Generated from config/rbac/role.yaml by `make chart`. */ -}}
{{- define "rollcall.managerClusterRules" -}}
- apiGroups:
  - ""
  resources:
  - namespaces
  verbs:
  - get
  - list
  - patch
  - watch
- apiGroups:
  - ""
  - events.k8s.io
  resources:
  - events
  verbs:
  - create
  - patch
- apiGroups:
  - admissionregistration.k8s.io
  resources:
  - validatingadmissionpolicies
  - validatingadmissionpolicybindings
  verbs:
  - get
  - list
  - watch
- apiGroups:
  - networking.k8s.io
  resources:
  - networkpolicies
  verbs:
  - create
  - delete
  - get
  - list
  - update
  - watch
- apiGroups:
  - rbac.authorization.k8s.io
  resources:
  - clusterrolebindings
  - rolebindings
  verbs:
  - create
  - delete
  - get
  - list
  - update
  - watch
- apiGroups:
  - scim.rollcall.dev
  resources:
  - clustergrouprolebindings
  - groupnetworkpolicies
  - grouprolebindings
  verbs:
  - get
  - list
  - watch
- apiGroups:
  - scim.rollcall.dev
  resources:
  - clustergrouprolebindings/status
  - groupnetworkpolicies/status
  - grouprolebindings/status
  - identityprovidersyncs/status
  verbs:
  - patch
- apiGroups:
  - scim.rollcall.dev
  resources:
  - groupmemberslices
  verbs:
  - create
  - delete
  - get
  - list
  - provision
  - watch
- apiGroups:
  - scim.rollcall.dev
  resources:
  - groups
  - users
  verbs:
  - create
  - delete
  - get
  - list
  - patch
  - provision
  - update
  - watch
- apiGroups:
  - scim.rollcall.dev
  resources:
  - identityprovidersyncs
  verbs:
  - get
  - list
  - patch
  - serve
  - watch
- apiGroups:
  - scim.rollcall.dev
  resources:
  - provisioninglogs
  verbs:
  - create
  - get
  - provision
  - update
{{- end -}}
{{- define "rollcall.managerRules" -}}
{{- if has .Release.Namespace (splitList "," (include "rollcall.syncNamespaces" .)) }}
- apiGroups:
  - ""
  resources:
  - secrets
  verbs:
  - create
  - get
{{- end }}
- apiGroups:
  - coordination.k8s.io
  resources:
  - leases
  verbs:
  - create
  - get
  - update
{{- end -}}
