{{/*
One line a page: add one where a UI joins, and a rule in network/. The path travels on, and every page is told its own; the dashboard is the front page.
*/}}
{{- define "credit.signIn.upstreams" -}}
http://credit-dashboard:8501/
{{- if .Values.mlflow.enabled }}
http://credit-mlflow:5000/mlflow/
{{- end }}
{{- if .Values.dagster.enabled }}
http://credit-dagster:3000/dagster/
{{- end }}
{{- if .Values.monitoring.enabled }}
http://credit-monitoring-grafana/grafana/
http://credit-monitoring-prometheus:9090/prometheus/
http://credit-monitoring-alertmanager:9093/alertmanager/
{{- end }}
{{- end }}

{{- define "credit.signIn.arguments" -}}
- --http-address=0.0.0.0:4180
- --provider={{ .Values.signIn.provider }}
{{- with .Values.signIn.issuerUrl }}
- --oidc-issuer-url={{ . }}
{{- end }}
- --redirect-url=https://{{ .Values.ingress.pagesHost }}/oauth2/callback
{{- range .Values.signIn.emailDomains }}
- --email-domain={{ . }}
{{- end }}
{{- range .Values.signIn.allowedGroups }}
- --allowed-group={{ . }}
{{- end }}
# Behind the Ingress: the address of the client and of the page are in its headers.
- --reverse-proxy=true
- --cookie-secure=true
- --cookie-samesite=lax
- --cookie-name=__Host-credit
- --cookie-path=/
- --cookie-expire={{ .Values.signIn.sessionHours }}h
- --code-challenge-method=S256
# The provider is one: no page of our own that only leads to it.
- --skip-provider-button=true
- --upstream-timeout=120s
{{- range splitList "\n" (include "credit.signIn.upstreams" . | trim) }}
- --upstream={{ . }}
{{- end }}
{{- end }}
