{{/*
What cannot work, all of it at once: found, expected, what to do. The schema of the values holds their types;
here is what several values say together.
*/}}
{{- define "credit.faults" -}}
{{- $v := .Values -}}
{{- $tag := $v.image.tag | default .Chart.AppVersion -}}
{{- $repository := printf "%scredit-dagster" (ternary "" (printf "%s/" $v.image.registry) (empty $v.image.registry)) -}}
{{- $faults := list -}}
{{- if $v.ingress.enabled -}}
{{- range $name := list "serviceHost" "pagesHost" "className" -}}
{{- if not (index $v.ingress $name) -}}
{{- $faults = append $faults (printf "found no ingress.%s; expected a name; set it, or ingress.enabled=false" $name) -}}
{{- end -}}
{{- end -}}
{{- if not $v.signIn.enabled -}}
{{- $faults = append $faults "found signIn.enabled=false with an Ingress; expected sign-in in front of every page; enable it, or set ingress.enabled=false and use kubectl port-forward" -}}
{{- end -}}
{{- end -}}
{{- if not (or $v.signIn.enabled $v.networkPolicy.enabled) -}}
{{- $faults = append $faults "found neither signIn.enabled nor networkPolicy.enabled; expected something that keeps strangers from the dashboard; enable one" -}}
{{- end -}}
{{- if $v.signIn.enabled -}}
{{- if and (eq $v.signIn.provider "oidc") (not $v.signIn.issuerUrl) -}}
{{- $faults = append $faults "found no signIn.issuerUrl; expected the address of the OpenID Connect provider; set it, or signIn.enabled=false without an Ingress" -}}
{{- end -}}
{{- if not $v.signIn.emailDomains -}}
{{- $faults = append $faults "found no signIn.emailDomains; expected who may in; set the domains of their addresses" -}}
{{- end -}}
{{- if and (has "*" $v.signIn.emailDomains) (not $v.signIn.allowedGroups) -}}
{{- $faults = append $faults "found signIn.emailDomains=* without allowedGroups, which lets everybody in whom the provider knows; expected domains or groups; set one" -}}
{{- end -}}
{{- end -}}
{{- $needed := add $v.service.preStopSeconds 20 -}}
{{- if lt (int $v.service.terminationGracePeriodSeconds) (int $needed) -}}
{{- $faults = append $faults (printf "found service.terminationGracePeriodSeconds=%d; expected at least %d (preStop, drain and close); raise it" (int $v.service.terminationGracePeriodSeconds) $needed) -}}
{{- end -}}
{{- if and (not $v.database.bundled) (not $v.database.cidrs) $v.networkPolicy.enabled -}}
{{- $faults = append $faults "found no database.cidrs for a database of your own; expected the networks that hold it; set them (the policies close everything else)" -}}
{{- end -}}
{{- if and $v.monitoring.enabled $v.externalMonitoring.enabled -}}
{{- $faults = append $faults "found both monitoring.enabled and externalMonitoring.enabled; expected one; switch one off" -}}
{{- end -}}
{{- if and (not $v.lake.claim.enabled) (not (contains "://" $v.lake.uri)) -}}
{{- $faults = append $faults (printf "found lake.uri=%s and no claim, a folder that ends with its pod; expected s3://, gs:// or a claim; set one" $v.lake.uri) -}}
{{- end -}}
{{- if $v.dagster.enabled -}}
{{- $images := list (dict "name" "dagsterWebserver" "image" $v.dagster.dagsterWebserver.image) (dict "name" "dagsterDaemon" "image" $v.dagster.dagsterDaemon.image) -}}
{{- range (index $v.dagster "dagster-user-deployments").deployments -}}
{{- if not (and .name .port) -}}
{{- $faults = append $faults "found a code location without name and port; expected the whole entry, because Helm replaces lists; use the values that deploy/helm/images.py prints" -}}
{{- end -}}
{{- $images = append $images (dict "name" (printf "dagster-user-deployments (%s)" (.name | default "no name")) "image" .image) -}}
{{- end -}}
{{- range $images -}}
{{- if or (ne (toString .image.tag) (toString $tag)) (ne .image.repository $repository) -}}
{{- $faults = append $faults (printf "found dagster.%s.image %s:%s; expected %s:%s, as image says; set it" .name .image.repository (toString .image.tag) $repository $tag) -}}
{{- end -}}
{{- end -}}
{{- $pg := $v.dagster.postgresql -}}
{{- if or (ne $pg.postgresqlHost $v.database.host) (ne $pg.postgresqlDatabase $v.database.name) (ne (int $pg.service.port) (int $v.database.port)) -}}
{{- $faults = append $faults (printf "found dagster.postgresql %s:%d/%s; expected %s:%d/%s, as database says; set it" $pg.postgresqlHost (int $pg.service.port) $pg.postgresqlDatabase $v.database.host (int $v.database.port) $v.database.name) -}}
{{- end -}}
{{- end -}}
{{- with $faults -}}
{{- fail (printf "%d values cannot work:\n- %s" (len .) (join "\n- " .)) -}}
{{- end -}}
{{- end -}}
