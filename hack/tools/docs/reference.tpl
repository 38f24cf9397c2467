{{- /* The page docs/api.md: the kinds first, then the types they are made of. */ -}}
{{- define "gvList" -}}
# API reference

<!-- Written by `make docs` from the comments in api/; change them there. -->
{{ range . }}
Group and version: `{{ .GroupVersionString }}`. Required fields say so under *Rules*; all others may be left out.

| Kinds |
| --- |
{{- $gv := . }}
{{- range .SortedKinds }}
| {{ $gv.TypeForKind . | markdownRenderTypeLink }} |
{{- end }}

## Kinds
{{ range .SortedTypes }}{{ if .GVK }}{{ template "type" . }}{{ end }}{{ end }}
## Types
{{ range .SortedTypes }}{{ if not .GVK }}{{ template "type" . }}{{ end }}{{ end }}
{{- end }}
{{- end -}}

{{- define "type" -}}
{{- if markdownShouldRenderType . }}
### {{ .Name }}

{{ .Doc }}
{{ if .IsAlias }}
Written as: {{ markdownRenderTypeLink .UnderlyingType }}
{{ end }}
{{- if .Validation }}
Rules:
{{ range .Validation }}
- {{ . }}
{{- end }}
{{ end }}
{{- if .References }}
Used in:{{ range $i, $type := .SortedReferences }}{{ if $i }},{{ end }} {{ markdownRenderTypeLink $type }}{{ end }}
{{ end }}
{{- if .Members }}
| Field | Description | Default | Rules |
| --- | --- | --- | --- |
{{- range .Members }}
{{- if ne .Name "metadata" }}
| `{{ .Name }}` {{ markdownRenderType .Type }} | {{ markdownRenderFieldDoc .Doc }} | {{ with .Default }}`{{ . }}`{{ end }} | {{ range .Validation }}{{ if eq . "Required: {}" }}Required<br />{{ else if ne . "Optional: {}" }}{{ markdownRenderFieldDoc . }}<br />{{ end }}{{ end }} |
{{- end }}
{{- end }}
{{ end }}
{{- if .EnumValues }}
| Value | Meaning |
| --- | --- |
{{- range .EnumValues }}
| `{{ .Name }}` | {{ markdownRenderFieldDoc .Doc }} |
{{- end }}
{{ end }}
{{- end }}
{{- end -}}
