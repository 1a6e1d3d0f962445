{{/* Addresses of the broker, for clients. */}}
{{- define "parley.natsServers" -}}
{{- if .Values.nats.enabled -}}
{{- $root := . -}}
{{- $urls := list -}}
{{- range $i := until (int .Values.nats.replicas) -}}
{{- $urls = append $urls (printf "nats://%s-%d.%s:4222" (include "parley.name" (list $root "nats")) $i (include "parley.host" (list $root "nats-pods"))) -}}
{{- end -}}
{{- join "," $urls -}}
{{- else -}}
{{- join "," .Values.nats.existing.servers -}}
{{- end -}}
{{- end -}}

{{/* Its monitoring endpoint, or nothing. */}}
{{- define "parley.natsMonitoring" -}}
{{- if .Values.nats.enabled -}}
http://{{ include "parley.host" (list . "nats") }}:8222
{{- else -}}
{{- .Values.nats.existing.monitoring -}}
{{- end -}}
{{- end -}}

{{/* What JetStream may use of a volume, in bytes: 5 % stay free, since a full disk stops the whole server. */}}
{{- define "parley.natsRoom" -}}
{{- div (mul (include "parley.bytes" (list "nats.storage.size" .Values.nats.storage.size) | int64) 95) 100 -}}
{{- end -}}

{{/* Address of Redis for presence. The password is a setting of its own. */}}
{{- define "parley.redisUrl" -}}
{{- if .Values.redis.enabled -}}
{{- printf "redis://%s:6379" (include "parley.host" (list . "redis")) -}}
{{- else -}}
{{- printf "redis://%s" .Values.redis.existing.address -}}
{{- end -}}
{{- end -}}

{{/* The variable with Redis' password for Redis itself, as a list of environment entries, or nothing. */}}
{{- define "parley.redisPassword" -}}
{{- with .Values.secrets.redis -}}
{{- if .name -}}
- name: REDIS_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ .name | quote }}, key: {{ .passwordKey | quote }} } }
{{- end -}}
{{- end -}}
{{- end -}}
