{{/*
Names, labels and what several templates say alike. Keep out: anything that only one template uses.
Everything is called credit-<component> whatever the release is called, because the values of sub-charts
cannot be templates and must name our objects: so one release a namespace.
*/}}

{{- define "credit.labels" -}}
{{ include "credit.selector" . }}
app.kubernetes.io/part-of: credit
app.kubernetes.io/version: {{ .root.Values.image.tag | default .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "credit.selector" -}}
app.kubernetes.io/name: credit
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* An image of ours: credit-service, credit-dashboard, credit-dagster, credit-mlflow. */}}
{{- define "credit.image" -}}
{{- $image := .root.Values.image -}}
{{- with $image.registry }}{{ . }}/{{ end }}{{ .name }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "credit.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Every pod of ours: an ordinary user, the runtime's seccomp filter, volumes that this user may write. */}}
{{- define "credit.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  # Only where the owner differs: a journal of many files would otherwise be walked at every start.
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* Every container: nothing to gain by leaving its program, and nothing to write but its volumes. */}}
{{- define "credit.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: ["ALL"]
{{- end }}

{{/* A setting from the Secret of database addresses. */}}
{{- define "credit.databaseSetting" -}}
- name: {{ .setting }}
  valueFrom:
    secretKeyRef:
      name: {{ .root.Values.secrets.database }}
      key: {{ .key }}
{{- end }}

{{/* Keys of the lake, where it is an object store that asks for them. */}}
{{- define "credit.lakeKeys" -}}
{{- with .Values.lake.existingSecret }}
- secretRef:
    name: {{ . }}
{{- end }}
{{- end }}

{{- define "credit.lakeMount" -}}
{{- if .root.Values.lake.claim.enabled }}
- name: lake
  mountPath: /data
  readOnly: {{ .readOnly }}
{{- end }}
{{- end }}

{{- define "credit.lakeVolume" -}}
{{- if .Values.lake.claim.enabled }}
- name: lake
  persistentVolumeClaim:
    claimName: {{ .Values.lake.claim.existingClaim | default "credit-lake" }}
{{- end }}
{{- end }}

{{- define "credit.tmpVolume" -}}
- name: tmp
  emptyDir:
    sizeLimit: {{ . }}
{{- end }}

{{/* Read by every process of ours, Dagster's runs among them: a change starts the pods anew. */}}
{{- define "credit.settingsChecksum" -}}
checksum/settings: {{ include (print .Template.BasePath "/settings.yaml") . | sha256sum }}
{{- end }}

{{- define "credit.alertmanagerUrl" -}}
{{- if .Values.monitoring.enabled -}}
http://credit-monitoring-alertmanager:9093{{ .Values.monitoring.alertmanager.alertmanagerSpec.routePrefix | trimSuffix "/" }}
{{- else -}}
{{ .Values.externalMonitoring.alertmanagerUrl }}
{{- end -}}
{{- end }}
