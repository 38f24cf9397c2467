{{/* Whom the shipped manifests name, and whom this release names instead. */}}
{{- define "allmenning.account" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ .Values.serviceAccount.name }}
{{- end }}

{{- define "allmenning.trialNamespace" -}}
{{ .Release.Namespace }}-trial
{{- end }}

{{/* Labels that select the operator's pods. They never change: a Deployment's selector can't. */}}
{{- define "allmenning.selector" -}}
app.kubernetes.io/name: allmenning-manager
{{- end }}

{{/* Labels of every object. */}}
{{- define "allmenning.labels" -}}
app.kubernetes.io/name: allmenning-manager
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: allmenning
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "allmenning.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{ .Values.image.repository }}:{{ $tag }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/*
allmenning.shipped writes the documents of a manifest of config/ with this release's labels, account and namespaces.
It takes {root, text, keep}: what is kept stays in the cluster when the release is uninstalled.
*/}}
{{- define "allmenning.shipped" -}}
{{- $root := .root -}}
{{- $keep := .keep -}}
{{- $text := .text
  | replace "system:serviceaccount:allmenning-system:allmenning-manager" (include "allmenning.account" $root)
  | replace "{kind: ServiceAccount, name: allmenning-manager, namespace: allmenning-system}"
      (printf "{kind: ServiceAccount, name: %s, namespace: %s}" $root.Values.serviceAccount.name $root.Release.Namespace)
  | replace "allmenning-system-trial" (include "allmenning.trialNamespace" $root)
  | replace "namespace: allmenning-system\n" (printf "namespace: %s\n" $root.Release.Namespace) -}}
{{- range $document := splitList "\n---\n" $text }}
{{- $object := fromYaml $document }}
{{- if $object.Error }}
{{- fail (printf "a shipped manifest can't be read: %s" $object.Error) }}
{{- end }}
{{- $labels := include "allmenning.labels" $root | fromYaml }}
{{- $_ := set $object.metadata "labels" (merge (dict) ($object.metadata.labels | default dict) $labels) }}
{{- if and $keep (eq $object.kind $keep) }}
{{- $_ := set $object.metadata "annotations" (merge (dict "helm.sh/resource-policy" "keep") ($object.metadata.annotations | default dict)) }}
{{- end }}
---
{{ toYaml $object }}
{{ end }}
{{- end }}
