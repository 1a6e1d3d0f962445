{{/* All objects begin with this. */}}
{{- define "parley.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains "parley" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-parley" (.Release.Name | trunc 33 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{/* Name of a component's objects. Call with (list . "router"). */}}
{{- define "parley.name" -}}
{{- printf "%s-%s" (include "parley.fullname" (index . 0)) (index . 1) -}}
{{- end -}}

{{/* DNS name of a service of this release. Call with (list . "router-pods"). */}}
{{- define "parley.host" -}}
{{- $root := index . 0 -}}
{{- printf "%s.%s.svc.%s" (include "parley.name" .) $root.Release.Namespace $root.Values.clusterDomain -}}
{{- end -}}

{{/* What selects all pods of the release. */}}
{{- define "parley.selector" -}}
app.kubernetes.io/name: parley
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* What selects the pods of a component. Call with (list . "router"). */}}
{{- define "parley.componentSelector" -}}
{{ include "parley.selector" (index . 0) }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* Labels of every object. Call with (list . "router"). */}}
{{- define "parley.labels" -}}
{{- $root := index . 0 -}}
{{ include "parley.componentSelector" . }}
app.kubernetes.io/part-of: parley
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Image of a component. Call with (list . .Values.router.image). */}}
{{- define "parley.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- $registry := $root.Values.image.registry -}}
{{- $name := empty $registry | ternary $image.repository (printf "%s/%s" ($registry | trimSuffix "/") $image.repository) -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name ($image.tag | default $root.Values.image.tag | default $root.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* Bytes of a size as 512MiB, 20GiB or 20Gi. Call with (list "nats.shardBytes" "1GiB"). */}}
{{- define "parley.bytes" -}}
{{- $text := index . 1 | toString -}}
{{- $digits := regexFind "^[0-9]+" $text -}}
{{- $unit := regexFind "[A-Za-z]*$" $text | trimSuffix "B" -}}
{{- $powers := dict "" 0 "Ki" 10 "Mi" 20 "Gi" 30 "Ti" 40 -}}
{{- if or (not $digits) (not (hasKey $powers $unit)) (ne $text (printf "%s%s" $digits (regexFind "[A-Za-z]*$" $text))) -}}
{{- fail (printf "%s: %q is no size: write 512Mi, 20Gi or 1Ti" (index . 0) $text) -}}
{{- end -}}
{{- $bytes := int64 $digits -}}
{{- range until (div (index $powers $unit) 10 | int) -}}{{- $bytes = mul $bytes 1024 -}}{{- end -}}
{{- $bytes -}}
{{- end -}}

{{/* How many pods of a component there may be. Call with .Values.router. */}}
{{- define "parley.most" -}}
{{- if ne .autoscaling.kind "none" -}}{{ .autoscaling.max }}{{- else -}}{{ .replicas }}{{- end -}}
{{- end -}}

{{/* Addresses of the pods of a stateful component, one for each there may be. Call with (list . "router" "router-pods" 8700 count). */}}
{{- define "parley.podAddresses" -}}
{{- $root := index . 0 -}}
{{- $addresses := list -}}
{{- range $i := until (int (index . 4)) -}}
{{- $addresses = append $addresses (printf "%s-%d.%s:%v" (include "parley.name" (list $root (index $ 1))) $i (include "parley.host" (list $root (index $ 2))) (index $ 3)) -}}
{{- end -}}
{{- join "," $addresses -}}
{{- end -}}
