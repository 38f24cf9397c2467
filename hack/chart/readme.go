package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

const readmeHead = `# Allmenning

The operator for a Kubernetes platform that many municipalities share. What it does, and how to use it:
[the project's README](../../README.md).

    helm install allmenning charts/allmenning --namespace allmenning-system --create-namespace

One operator runs in a cluster. Uninstalling the release keeps the custom resource definitions, so every municipality, its
namespaces and its apps stay; ` + "`crds.keep=false`" + ` deletes the definitions, and with them every object of their kinds. Helm does not change the
labels of a namespace that exists: ` + "`kubectl label namespace allmenning-system pod-security.kubernetes.io/enforce=restricted`" + ` holds the operator's own pods to
the strictest level, which they meet.

This page is written by ` + "`make chart`" + ` from values.yaml.

| value | default | meaning |
|---|---|---|
`

// writeReadme writes the chart's README from the comments of its values.
func writeReadme() error {
	content, err := os.ReadFile(filepath.Join(folder, "values.yaml"))
	if err != nil {
		return err
	}
	rows, err := valuesOf(content)
	if err != nil {
		return fmt.Errorf("values.yaml: %w", err)
	}
	var out bytes.Buffer
	out.WriteString(readmeHead)
	for _, r := range rows {
		fmt.Fprintf(&out, "| `%s` | `%s` | %s |\n", r.path, r.value, r.meaning)
	}
	return os.WriteFile(filepath.Join(folder, "README.md"), out.Bytes(), 0o644) //nolint:gosec // sources are for everybody
}

// row is a value: its path, its default as JSON, and what it means.
type row struct{ path, value, meaning string }

// valuesOf returns the values that have a comment, in their order. A value without one, below none that has, is an error.
func valuesOf(content []byte) ([]row, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, err
	}
	return rowsOf(document.Content[0], "")
}

func rowsOf(mapping *yaml.Node, path string) ([]row, error) {
	var rows []row
	for i := 0; i < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		name := strings.TrimPrefix(path+"."+key.Value, ".")
		meaning := meaningOf(key.HeadComment)
		if meaning == "" && value.Kind == yaml.MappingNode && len(value.Content) > 0 {
			below, err := rowsOf(value, name)
			if err != nil {
				return nil, err
			}
			rows = append(rows, below...)
			continue
		}
		if meaning == "" {
			return nil, fmt.Errorf("line %d: %s has no comment that says what it means", key.Line, name)
		}
		var plain any
		if err := value.Decode(&plain); err != nil {
			return nil, err
		}
		text, err := json.Marshal(plain)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{name, string(text), meaning})
	}
	return rows, nil
}

// meaningOf is the last paragraph of a comment, in one line.
func meaningOf(comment string) string {
	paragraphs := strings.Split(comment, "\n\n")
	var words []string
	for line := range strings.Lines(paragraphs[len(paragraphs)-1]) {
		words = append(words, strings.Fields(strings.TrimLeft(line, "# "))...)
	}
	return strings.ReplaceAll(strings.Join(words, " "), "|", `\|`)
}
