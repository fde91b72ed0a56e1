{{/* The labels that every object has and by which pods are chosen. */}}
{{- define "lighthouse.labels" -}}
app.kubernetes.io/name: lighthouse
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
