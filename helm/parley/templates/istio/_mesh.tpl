{{/* Labels that bring a pod into the mesh. */}}
{{- define "parley.meshLabels" -}}
{{- if eq .Values.mesh.istio.mode "sidecar" -}}
sidecar.istio.io/inject: "true"
{{- else if eq .Values.mesh.istio.mode "ambient" -}}
istio.io/dataplane-mode: ambient
{{- end -}}
{{- end -}}

{{/* Annotations of a pod in the mesh. */}}
{{- define "parley.meshAnnotations" -}}
{{- if eq .Values.mesh.istio.mode "sidecar" -}}
# The proxy is there before the process, which needs the broker at its start, and drains for as long as the process does:
# it ends when no connection is left.
proxy.istio.io/config: '{"holdApplicationUntilProxyStarts": true, "proxyMetadata": {"EXIT_ON_ZERO_ACTIVE_CONNECTIONS": "true"}}'
{{- end -}}
{{- end -}}

{{/* Identity of a component in the mesh. Call with (list . "router"). */}}
{{- define "parley.principal" -}}
{{- $root := index . 0 -}}
{{- printf "%s/ns/%s/sa/%s" $root.Values.mesh.istio.trustDomain $root.Release.Namespace (include "parley.name" .) -}}
{{- end -}}
