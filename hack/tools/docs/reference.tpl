{{- /* The page docs/api.md: the kinds first, then the types they are made of. */ -}}
{{- define "gvList" -}}
# API reference

<!-- Written by `make docs` from the comments in api/; change them there. -->
{{ range . }}
Group and version: `{{ .GroupVersionString }}`. Required fields say so under *Rules*; all others may be left out.

A time is an RFC 3339 time. In a spec it has the word that a person would say: `from`, `until`, `ends`, `expires`. In a status the time of an
event ends in `At` (`startedAt`, `appliedAt`), and the beginning of what still lasts is `since`, or ends in `Since` (`healthySince`). A length of time is
a duration such as `24h`, named by what lasts: `soak`, `announcement`. `pause`, `freezes`, `freeze` and `suspend` are the
[four brakes](operations.md#four-brakes).

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
