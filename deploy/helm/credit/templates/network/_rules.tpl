{{/* Peers and ports that several policies name. Keep out: which pod may do what (policies.yaml). */}}

{{- define "credit.net.pods" -}}
- podSelector:
    matchLabels:
      app.kubernetes.io/name: credit
      app.kubernetes.io/instance: {{ .root.Release.Name }}
      app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "credit.net.tcp" -}}
ports:
  {{- range . }}
  - protocol: TCP
    port: {{ . }}
  {{- end }}
{{- end }}

{{- define "credit.net.toDatabase" -}}
- to:
    {{- if .Values.database.bundled }}
    {{- include "credit.net.pods" (dict "root" . "component" "postgresql") | nindent 4 }}
    {{- else }}
    {{- range .Values.database.cidrs }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
    {{- end }}
  {{- include "credit.net.tcp" (list .Values.database.port) | nindent 2 }}
{{- end }}

{{/* An object store has no address of its own to name; a claim needs no rule. */}}
{{- define "credit.net.toLake" -}}
{{- if not .Values.lake.claim.enabled }}
- to:
    {{- range .Values.networkPolicy.objectStoreCidrs }}
    - ipBlock:
        cidr: {{ . }}
        {{- /* Credentials of a node are not for a pod that was taken over. */}}
        except: ["169.254.169.254/32"]
    {{- end }}
  {{- include "credit.net.tcp" (list 443) | nindent 2 }}
{{- end }}
{{- end }}

{{- define "credit.net.toAlertmanager" -}}
{{- if .Values.monitoring.enabled }}
- to:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: alertmanager
  {{- include "credit.net.tcp" (list 9093) | nindent 2 }}
{{- else if .Values.externalMonitoring.alertmanagerUrl }}
- to:
    {{- include "credit.net.namespace" .Values.externalMonitoring.namespace | nindent 4 }}
  {{- include "credit.net.tcp" (list 9093) | nindent 2 }}
{{- end }}
{{- end }}

{{/* Prometheus, wherever it runs. */}}
{{- define "credit.net.fromPrometheus" -}}
- from:
    {{- if .root.Values.monitoring.enabled }}
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: prometheus
    {{- else }}
    {{- include "credit.net.namespace" .root.Values.externalMonitoring.namespace | nindent 4 }}
    {{- end }}
  {{- include "credit.net.tcp" (list .port) | nindent 2 }}
{{- end }}

{{- define "credit.net.namespace" -}}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ . }}
{{- end }}

{{- define "credit.net.from" -}}
- from:
    {{- include "credit.net.pods" . | nindent 4 }}
  {{- include "credit.net.tcp" (list .port) | nindent 2 }}
{{- end }}

{{- define "credit.net.header" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: credit-{{ .name }}
  labels:
    {{- include "credit.labels" (dict "root" .root "component" "network") | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: credit
      app.kubernetes.io/instance: {{ .root.Release.Name }}
      app.kubernetes.io/component: {{ .name }}
  policyTypes: ["Ingress", "Egress"]
{{- end }}

{{- define "credit.net.toApiServer" -}}
- to:
    {{- range .Values.networkPolicy.apiServerCidrs }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
  {{- include "credit.net.tcp" (list 443 6443) | nindent 2 }}
{{- end }}

{{- define "credit.net.monitoringNames" -}}
["prometheus", "alertmanager", "grafana", "kube-state-metrics", "kube-prometheus-stack-prometheus-operator"]
{{- end }}
