{{/*
How long each process may take to leave, in seconds, computed from what it is told: Kubernetes never kills one that is
still draining. 15 s are what each takes at most to close what it has.
*/}}
{{- define "parley.routerGrace" -}}
{{- with .Values.router -}}
{{- add .preStopSeconds .drain.handOverSeconds .drain.noticeSeconds (max .drain.spreadSeconds .drain.patienceSeconds) 15 -}}
{{- end -}}
{{- end -}}
{{- define "parley.gatewayGrace" -}}
{{- with .Values.gateway -}}
{{- add .preStopSeconds .drain.noticeSeconds .drain.spreadSeconds .drain.patienceSeconds 15 -}}
{{- end -}}
{{- end -}}
{{- define "parley.presenceGrace" -}}{{- add .Values.presence.preStopSeconds 15 -}}{{- end -}}
{{- define "parley.dispatcherGrace" -}}{{- add .Values.dispatcher.preStopSeconds 30 -}}{{- end -}}
{{- define "parley.edgeGrace" -}}{{- add .Values.edge.preStopSeconds 15 -}}{{- end -}}
