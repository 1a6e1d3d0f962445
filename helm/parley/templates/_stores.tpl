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

{{/*
Who may do what at the broker, as YAML: docs/operations/credentials.md says why. A test compares it with what the programs
say that they need.
*/}}
{{- define "parley.natsPermissions" -}}
router:
  publish:
    - "chat.*.*"
    - "cut.*.*"
    - "marks.*"
    - "user.*"
    - "inquiries"
    - "_INBOX.>"
    - "$KV.conversation-lists.>"
    - "$KV.snapshots.>"
    - "$KV.blocks.>"
    - "$KV.profiles.>"
    - "$KV.presence-settings.>"
    - "$KV.progress.>"
    - "$KV.revocations.>"
    - "$KV.routers.>"
    - "$JS.API.STREAM.INFO.*"
    - "$JS.API.STREAM.MSG.GET.*"
    - "$JS.API.DIRECT.GET.*"
    - "$JS.API.DIRECT.GET.*.>"
    - "$JS.API.CONSUMER.CREATE.*.>"
    - "$JS.API.CONSUMER.INFO.*.*"
    - "$JS.API.CONSUMER.DELETE.*.*"
    - "$JS.API.CONSUMER.MSG.NEXT.*.*"
    - "$JS.FC.>"
    - "$JS.API.STREAM.CREATE.*"
    - "$JS.API.STREAM.MSG.DELETE.*"
    - "$JS.API.STREAM.PURGE.marks"
  subscribe: ["_INBOX.>", "user.*", "inquiries"]
dispatcher:
  publish:
    - "dispatch.*"
    - "inquiries"
    - "$KV.push-users.>"
    - "$KV.webhooks.>"
    - "$KV.webhook-cursors.>"
    - "$KV.dispatchers.>"
    - "$JS.API.STREAM.INFO.*"
    - "$JS.API.STREAM.MSG.GET.*"
    - "$JS.API.DIRECT.GET.*"
    - "$JS.API.DIRECT.GET.*.>"
    - "$JS.API.CONSUMER.CREATE.*.>"
    - "$JS.API.CONSUMER.INFO.*.*"
    - "$JS.API.CONSUMER.DELETE.*.*"
    - "$JS.API.CONSUMER.MSG.NEXT.*.*"
    - "$JS.FC.>"
    - "$JS.API.CONSUMER.NAMES.*"
    - "$JS.ACK.>"
  subscribe: ["_INBOX.>"]
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
