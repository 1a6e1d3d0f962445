{{/*
Environment of one of our processes. Call with a dict: root, component, values, plain (setting -> value),
secret (setting -> {name, key}), environment (entries that the settings name, or nothing). A setting that the chart sets itself cannot be set in values.settings too.
*/}}
{{- define "parley.env" -}}
{{- $prefix := printf "PARLEY_%s_" (upper .component) -}}
{{- $component := .component -}}
{{- $own := dict -}}
{{- range $key, $_ := .plain -}}{{- $_ := set $own $key true -}}{{- end -}}
{{- range $key, $_ := .secret -}}{{- $_ := set $own $key true -}}{{- end -}}
{{- range $key, $_ := .values.settings -}}
{{- if hasKey $own $key -}}{{- fail (printf "%s.settings: the chart sets %q itself from other values; docs/helm-values.md says from which" $component $key) -}}{{- end -}}
{{- $_ := set $own $key true -}}
{{- end -}}
{{- range $key, $_ := .values.secretSettings -}}
{{- if hasKey $own $key -}}{{- fail (printf "%s.secretSettings: %q is set already, by the chart or in %s.settings" $component $key $component) -}}{{- end -}}
{{- end -}}
- name: POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
{{- with .environment }}
{{ toYaml . }}
{{- end }}
{{- if .values.javaToolOptions }}
- name: JAVA_TOOL_OPTIONS
  value: {{ .values.javaToolOptions | quote }}
{{- end }}
{{- if ne .root.Values.logging.format "text" }}
- name: PARLEY_LOG_FORMAT
  value: {{ .root.Values.logging.format | quote }}
{{- end }}
- name: PARLEY_LOG_LEVEL
  value: {{ .root.Values.logging.level | quote }}
{{- range $key, $ref := merge (dict) .secret .values.secretSettings }}
- name: {{ $prefix }}{{ include "parley.envName" $key }}
  valueFrom: { secretKeyRef: { name: {{ $ref.name | quote }}, key: {{ $ref.key | quote }} } }
{{- end }}
{{- range $key, $value := merge (dict) .plain .values.settings }}
- name: {{ $prefix }}{{ include "parley.envName" $key }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end -}}

{{/* SESSION_FRAME_BYTES out of session.frame-bytes. */}}
{{- define "parley.envName" -}}
{{- . | upper | replace "." "_" | replace "-" "_" -}}
{{- end -}}

{{/* What every container of the chart may do: nothing that it does not need. */}}
{{- define "parley.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* Security of a pod. Call with the id of its user. */}}
{{- define "parley.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{/* Where pods may run. Call with a dict: root, component, values, deployment (whether it has a hash of its template). */}}
{{- define "parley.placement" -}}
{{- $selector := include "parley.componentSelector" (list .root .component) -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: {{ .values.spread.zone }}
    labelSelector:
      matchLabels:
        {{- $selector | nindent 8 }}
    {{- if .deployment }}
    matchLabelKeys: [pod-template-hash]
    {{- end }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: {{ .values.spread.node }}
    labelSelector:
      matchLabels:
        {{- $selector | nindent 8 }}
    {{- if .deployment }}
    matchLabelKeys: [pod-template-hash]
    {{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Labels and annotations of a pod. Call with a dict: root, component, values, checksum (of what it reads at its start). */}}
{{- define "parley.podMetadata" -}}
# Without the chart's version: a new chart alone must not start every pod anew.
labels:
  {{- include "parley.componentSelector" (list .root .component) | nindent 2 }}
  app.kubernetes.io/part-of: parley
  {{- include "parley.meshLabels" .root | nindent 2 }}
  {{- if hasKey . "plain" }}
  # A process of ours: it has metrics.
  parley.dev/metrics: "true"
  {{- end }}
  {{- with .values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- if or .values.podAnnotations .checksum (include "parley.meshAnnotations" .root) }}
annotations:
  {{- with .checksum }}
  parley.dev/configuration: {{ . | quote }}
  {{- end }}
  {{- include "parley.meshAnnotations" .root | nindent 2 }}
  {{- with .values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Probes of one of our processes, at its admin port. */}}
{{- define "parley.probes" -}}
# A slow node gets three minutes until the process answers at all; whether it takes work, readiness says.
startupProbe:
  httpGet: { path: /livez, port: admin }
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 90
# Asks the process about itself alone. That NATS or Redis is away is no reason to start it anew.
livenessProbe:
  httpGet: { path: /livez, port: admin }
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 6
# Says 503 while it starts and drains.
readinessProbe:
  httpGet: { path: /readyz, port: admin }
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
{{- end -}}

{{/*
Spec of the pods of one of our processes. Call with a dict: root, component, values, plain, secret, ports (name ->
number), volumes and mounts (lists), grace (s), deployment.
*/}}
{{- define "parley.podSpec" -}}
serviceAccountName: {{ include "parley.name" (list .root .component) }}
automountServiceAccountToken: false
# Else Kubernetes puts a variable for each service into the environment, whose names begin like those of settings.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .grace }}
securityContext:
  {{- include "parley.podSecurity" 65532 | nindent 2 }}
{{ include "parley.placement" . }}
containers:
  - name: {{ .component }}
    image: {{ include "parley.image" (list .root .values.image) | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    securityContext:
      {{- include "parley.containerSecurity" . | nindent 6 }}
    env:
      {{- include "parley.env" . | nindent 6 }}
    ports:
      {{- range $name, $port := .ports }}
      - { name: {{ $name }}, containerPort: {{ $port }} }
      {{- end }}
    {{- include "parley.probes" . | nindent 4 }}
    {{- if .values.preStopSeconds }}
    # It serves on until nobody is sent to it any more; then SIGTERM lets it drain.
    lifecycle: { preStop: { sleep: { seconds: {{ .values.preStopSeconds }} } } }
    {{- end }}
    # The last lines of its log are the reason of its end: kubectl describe shows them.
    terminationMessagePolicy: FallbackToLogsOnError
    resources:
      {{- toYaml .values.resources | nindent 6 }}
    volumeMounts:
      - { name: tmp, mountPath: /tmp }
      {{- range .mounts }}
      - {{ toJson . }}
      {{- end }}
volumes:
  - { name: tmp, emptyDir: { sizeLimit: 256Mi } }
  {{- range .volumes }}
  - {{ toJson . }}
  {{- end }}
{{- end -}}

{{/* A Deployment of one of our processes: as parley.podSpec. */}}
{{- define "parley.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "parley.name" (list .root .component) }}
  labels:
    {{- include "parley.labels" (list .root .component) | nindent 4 }}
spec:
  {{- if eq .values.autoscaling.kind "none" }}
  replicas: {{ .values.replicas }}
  {{- end }}
  minReadySeconds: {{ .values.minReadySeconds }}
  # Never fewer than before: a new one is ready first.
  strategy: { type: RollingUpdate, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  selector:
    matchLabels:
      {{- include "parley.componentSelector" (list .root .component) | nindent 6 }}
  template:
    metadata:
      {{- include "parley.podMetadata" . | nindent 6 }}
    spec:
      {{- include "parley.podSpec" (merge (dict "deployment" true) .) | nindent 6 }}
{{- end -}}

{{/* A StatefulSet of one of our processes, whose pods have names: as parley.podSpec. */}}
{{- define "parley.statefulSet" -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ include "parley.name" (list .root .component) }}
  labels:
    {{- include "parley.labels" (list .root .component) | nindent 4 }}
spec:
  {{- if eq .values.autoscaling.kind "none" }}
  replicas: {{ .values.replicas }}
  {{- end }}
  serviceName: {{ include "parley.name" (list .root (printf "%s-pods" .component)) }}
  # All at once at the first start; an update goes one by one, from the last to the first, each ready before the next.
  podManagementPolicy: Parallel
  updateStrategy: { type: RollingUpdate }
  minReadySeconds: {{ .values.minReadySeconds }}
  selector:
    matchLabels:
      {{- include "parley.componentSelector" (list .root .component) | nindent 6 }}
  template:
    metadata:
      {{- include "parley.podMetadata" . | nindent 6 }}
    spec:
      {{- include "parley.podSpec" . | nindent 6 }}
{{- end -}}

{{/* What stands beside each workload: its account and its disruption budget. Call with a dict: root, component, values. */}}
{{- define "parley.beside" -}}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "parley.name" (list .root .component) }}
  labels:
    {{- include "parley.labels" (list .root .component) | nindent 4 }}
automountServiceAccountToken: false
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "parley.name" (list .root .component) }}
  labels:
    {{- include "parley.labels" (list .root .component) | nindent 4 }}
spec:
  # One at a time. With a single pod a node can be emptied all the same.
  maxUnavailable: 1
  # A pod that is not ready serves nobody: it may always go.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "parley.componentSelector" (list .root .component) | nindent 6 }}
{{- end -}}

{{/* Volume and mount of the issuer's keys, when they are in a Secret; YAML of a list or nothing. */}}
{{- define "parley.jwksVolumes" -}}
{{- with .Values.auth.jwks.secret.name -}}
- { name: jwks, secret: { secretName: {{ . | quote }} } }
{{- end -}}
{{- end -}}
{{- define "parley.jwksMounts" -}}
{{- if .Values.auth.jwks.secret.name -}}
- { name: jwks, mountPath: /etc/parley/jwks, readOnly: true }
{{- end -}}
{{- end -}}

{{/* Where processes read the issuer's keys. */}}
{{- define "parley.jwks" -}}
{{- if .Values.auth.jwks.url -}}{{ .Values.auth.jwks.url }}{{- else -}}/etc/parley/jwks/{{ .Values.auth.jwks.secret.key }}{{- end -}}
{{- end -}}

{{/* Settings of the token check, as YAML of a dict: prefix "auth." of services, "" of the edge. Call with (list . "auth."). */}}
{{- define "parley.authSettings" -}}
{{- $root := index . 0 -}}
{{- $prefix := index . 1 -}}
{{ $prefix }}jwks: {{ include "parley.jwks" $root | quote }}
{{- with $root.Values.auth.issuer }}
{{ $prefix }}issuer: {{ . | quote }}
{{- end }}
{{- with $root.Values.auth.audience }}
{{ $prefix }}audience: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* Settings of the broker, as YAML of a dict. */}}
{{- define "parley.natsSettings" -}}
nats.servers: {{ include "parley.natsServers" . | quote }}
{{- with include "parley.natsMonitoring" . }}
nats.monitoring: {{ . | quote }}
{{- end }}
nats.shards: {{ .Values.log.shards | toString | quote }}
nats.replicas: {{ .Values.log.replicas | toString | quote }}
nats.shard-bytes: {{ .Values.log.shardBytes | quote }}
{{- end -}}

{{/* The broker's user of a component, as YAML of a dict, or nothing. Call with (list . "router"). */}}
{{- define "parley.natsUser" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- if $root.Values.secrets.nats.name -}}
nats.user: {{ ternary $component (index $root.Values.nats.existing (printf "%sUser" $component)) $root.Values.nats.enabled | quote }}
{{- end -}}
{{- end -}}

{{/* A reference to its password, likewise. */}}
{{- define "parley.natsPassword" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- with $root.Values.secrets.nats -}}
{{- if .name -}}
nats.password: { name: {{ .name | quote }}, key: {{ index . (printf "%sKey" $component) | quote }} }
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What is the same for all: the admin endpoint, and where metrics go. As YAML of a dict. */}}
{{- define "parley.commonSettings" -}}
admin.listen: "0.0.0.0:9464"
{{- with .Values.telemetry.otlpEndpoint }}
metrics.endpoint: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* Where spans go, of those that go on with traces. As YAML of a dict. */}}
{{- define "parley.spanSettings" -}}
{{- with .Values.telemetry.traces.endpoint -}}
trace.endpoint: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* The same of those that begin traces. */}}
{{- define "parley.traceSettings" -}}
{{- with .Values.telemetry.traces -}}
{{- if .endpoint -}}
trace.endpoint: {{ .endpoint | quote }}
trace.ratio: {{ .ratio | toString | quote }}
{{- end }}
{{- end }}
{{- end -}}
