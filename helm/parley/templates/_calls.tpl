{{/*
Who calls whom: the one source of NetworkPolicies and of the mesh's AuthorizationPolicies. For each component: from, what
comes in (ports; components, or peers outside of Parley as NetworkPolicy names them; neither: anybody); outside, what goes
to somewhere else.
*/}}
{{- define "parley.calls" -}}
{{- $edges := list -}}
{{- if .Values.edge.enabled -}}{{- $edges = append $edges "edge" -}}{{- end -}}
{{- $meshGateway := .Values.mesh.istio.gateway.enabled -}}
{{- $callers := $edges -}}
{{- if .Values.gateway.enabled -}}{{- $callers = append $callers "gateway" -}}{{- end -}}
{{- $gatewayPeers := list (dict "podSelector" (dict "matchLabels" (dict "gateway.networking.k8s.io/gateway-name" (include "parley.fullname" .)))) -}}
router:
  from:
    - { ports: [8700], components: {{ toJson $callers }} }
    {{- if $meshGateway }}
    - { ports: [8700], peers: {{ toJson $gatewayPeers }} }
    {{- end }}
    - { ports: [8710], components: [router] }
  outside:
    {{- include "parley.issuerCall" . | nindent 4 }}
    {{- include "parley.natsCall" . | nindent 4 }}
    {{- include "parley.otlpCall" . | nindent 4 }}
    {{- include "parley.spansCall" . | nindent 4 }}
    {{- with index .Values.router.settings "moderation.url" }}
    - { what: "Moderation.", port: {{ include "parley.port" . }} }
    {{- end }}
presence:
  from:
    - { ports: [8720], components: [router] }
  outside:
    {{- include "parley.otlpCall" . | nindent 4 }}
    {{- if not .Values.redis.enabled }}
    - { what: "Redis.", port: {{ splitList ":" .Values.redis.existing.address | last }} }
    {{- end }}
{{- if .Values.dispatcher.enabled }}
dispatcher:
  from:
    - { ports: [8700], components: {{ toJson $callers }} }
    {{- if $meshGateway }}
    - { ports: [8700], peers: {{ toJson $gatewayPeers }} }
    {{- end }}
  outside:
    {{- include "parley.issuerCall" . | nindent 4 }}
    {{- include "parley.natsCall" . | nindent 4 }}
    {{- include "parley.otlpCall" . | nindent 4 }}
    {{- include "parley.spansCall" . | nindent 4 }}
    # It refuses private addresses itself; this is the second fence.
    - what: "Push services and webhooks, which are public."
      port: 443
      to: {{ toJson (list (dict "ipBlock" (dict "cidr" "0.0.0.0/0" "except" .Values.networkPolicy.privateNetworks)) (dict "ipBlock" (dict "cidr" "::/0" "except" .Values.networkPolicy.privateNetworksV6))) }}
{{- end }}
{{- if .Values.gateway.enabled }}
gateway:
  from:
    {{- if $edges }}
    - { ports: [8740], components: {{ toJson $edges }} }
    {{- end }}
    {{- if $meshGateway }}
    - { ports: [8740], peers: {{ toJson $gatewayPeers }} }
    {{- end }}
  outside:
    {{- include "parley.otlpCall" . | nindent 4 }}
    {{- include "parley.spansCall" . | nindent 4 }}
{{- end }}
{{- if .Values.edge.enabled }}
edge:
  from:
    - { ports: [8443], peers: {{ toJson .Values.networkPolicy.clients }} }
    {{- if .Values.selftest.enabled }}
    - { ports: [8443], components: [selftest] }
    {{- end }}
  outside:
    {{- include "parley.issuerCall" . | nindent 4 }}
    {{- include "parley.spansCall" . | nindent 4 }}
{{- if .Values.selftest.enabled }}
selftest:
  from: []
{{- end }}
{{- end }}
{{- if .Values.nats.enabled }}
nats:
  from:
    - { ports: [4222], components: [router, dispatcher] }
    - { ports: [8222], components: [router, dispatcher] }
    - { ports: [6222], components: [nats] }
{{- end }}
{{- if .Values.redis.enabled }}
redis:
  from:
    - { ports: [6379], components: [presence] }
{{- end }}
{{- end -}}

{{/* The port of an address with a scheme. */}}
{{- define "parley.port" -}}
{{- $url := urlParse . -}}
{{- $named := regexFind ":[0-9]+$" $url.host -}}
{{- if $named -}}{{ trimPrefix ":" $named }}{{- else if eq $url.scheme "http" -}}80{{- else if eq $url.scheme "nats" -}}4222{{- else -}}443{{- end -}}
{{- end -}}

{{- define "parley.issuerCall" -}}
{{- with .Values.auth.jwks.url -}}
- { what: "The issuer's public keys.", port: {{ include "parley.port" . }} }
{{- end -}}
{{- end -}}

{{- define "parley.natsCall" -}}
{{- if not .Values.nats.enabled -}}
{{- $ports := dict -}}
{{- range .Values.nats.existing.servers -}}{{- $_ := set $ports (include "parley.port" .) true -}}{{- end -}}
{{- with .Values.nats.existing.monitoring -}}{{- $_ := set $ports (include "parley.port" .) true -}}{{- end -}}
{{- range $port := keys $ports | sortAlpha }}
- { what: "NATS.", port: {{ $port }} }
{{- end }}
{{- end -}}
{{- end -}}

{{- define "parley.otlpCall" -}}
{{- with .Values.telemetry.otlpEndpoint -}}
- { what: "The collector of metrics.", port: {{ include "parley.port" . }} }
{{- end -}}
{{- end -}}

{{- define "parley.spansCall" -}}
{{- with .Values.telemetry.traces.endpoint -}}
- { what: "The collector of spans.", port: {{ include "parley.port" . }} }
{{- end -}}
{{- end -}}
