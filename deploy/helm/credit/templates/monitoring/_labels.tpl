{{/* What an operator of Prometheus picks monitors and rules by; its own of this chart picks all of the namespace. */}}
{{- define "credit.monitoring.labels" -}}
{{- with .Values.externalMonitoring.labels }}
{{- toYaml . }}
{{- end }}
{{- end }}
