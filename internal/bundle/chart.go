package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/internal/chart"
	"github.com/allmenning/allmenning/internal/contract"
)

// IsChart says whether the bundle is a Helm chart, and not a kustomize folder.
func (b Bundle) IsChart() bool { return chart.Is(b.Files) }

// scanChart returns why a chart must not be rendered.
func scanChart(b Bundle) []contract.Finding {
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		if _, both := b.Files[name]; both {
			return []contract.Finding{{Rule: "files", File: name, Line: 1, Problem: "there is a " + chart.File + " beside it, and a bundle is one of the two", Fix: "keep one of them"}}
		}
	}
	return chart.Scan(b.Files)
}

// chartFor renders a chart for one tenant. Of what depends on a secret no message shows anything: the chart is
// rendered once more with other values in the place of secrets, and a message that differs then is not shown.
func chartFor(b Bundle, c Context) (Built, error) {
	built, found := buildChart(b, c)
	if len(found) == 0 {
		return built, nil
	}
	if len(c.Secrets) > 0 {
		masked := c
		masked.Parameters = withoutSecrets(c.Parameters, c.Secrets)
		_, said := buildChart(b, masked)
		found = unlessSecret(found, said)
	}
	hideIn(found, c.Parameters)
	return built, &RefusedError{found}
}

// unlessSecret are findings, without the words of those that are not the same without the secrets.
func unlessSecret(found, said []contract.Finding) []contract.Finding {
	for i, f := range found {
		if !slices.ContainsFunc(said, func(other contract.Finding) bool { return other.String() == f.String() }) {
			found[i] = contract.Finding{Rule: f.Rule, File: f.File, Line: f.Line,
				Problem: "it can't be rendered, and why depends on a secret parameter and is not shown", Fix: "try the parameters with kubectl allmenning bundle render"}
		}
	}
	return found
}

// withoutSecrets are parameters with texts of the same length in the place of secrets.
func withoutSecrets(given map[string]any, secrets []string) map[string]any {
	out := maps.Clone(given)
	for _, name := range secrets {
		if text, ok := out[name].(string); ok {
			out[name] = strings.Repeat("x", len(text))
		} else {
			delete(out, name)
		}
	}
	return out
}

func buildChart(b Bundle, c Context) (Built, []contract.Finding) {
	var settings chart.Settings
	if c.Chart != nil {
		settings = *c.Chart
	}
	rendered, found := chart.Render(b.Files, settings, chart.Facts{
		Release: c.App, Namespace: c.Namespace, Version: c.Version, Context: c.facts(), Parameters: c.Parameters, Capabilities: c.Capabilities,
	})
	if len(found) > 0 {
		return Built{}, found
	}
	objects := make([]*unstructured.Unstructured, 0, len(rendered.Objects))
	size := 0
	for _, o := range rendered.Objects {
		written, err := json.Marshal(o.Object)
		if size += len(written); err != nil || size > MaxRenderedBytes {
			return Built{}, []contract.Finding{{Rule: "chart", File: o.File, Problem: fmt.Sprintf("the chart comes to more than %d bytes of JSON", MaxRenderedBytes), Fix: "split the app"}}
		}
		objects = append(objects, o.Unstructured)
	}
	warnings := slices.Concat(rendered.Warnings, contract.Mentions(objects, c.Namespace))
	out := Built{
		Objects: objects, Warnings: warnings, Files: map[string]string{}, Restarts: rendered.Restarts,
		Adjusted: slices.Concat(rendered.Adjusted, contract.Fit(objects)),
	}
	leaveReplicas(objects)
	for i, o := range objects {
		for _, f := range place(o, c) {
			f.Rule, f.File = "chart", rendered.Objects[i].File
			found = append(found, f)
		}
		out.Files[contract.Name(o)] = rendered.Objects[i].File
	}
	sortForInstall(out.Objects)
	return out, found
}

// steady renders a chart again, and refuses what comes out otherwise: an update would find a difference in each
// look at it.
func steady(before Built, b Bundle, c Context) error {
	after, found := buildChart(b, c)
	if len(found) > 0 {
		return &RefusedError{found}
	}
	for i, o := range before.Objects {
		first, err := json.Marshal(o.Object)
		if err != nil {
			return fmt.Errorf("%s can't be written as JSON", contract.Name(o)) // the cause could hold a value
		}
		second := []byte(nil)
		if i < len(after.Objects) {
			second, err = json.Marshal(after.Objects[i].Object)
		}
		if err != nil || !bytes.Equal(first, second) {
			found = append(found, contract.Finding{Rule: "chart", File: before.Files[contract.Name(o)], Object: contract.Name(o),
				Problem: "it comes out otherwise when it is rendered again", Fix: "take out what is another each time, such as the address of a value or a random one"})
		}
	}
	if len(found) > 0 {
		return &RefusedError{found}
	}
	return nil
}

// WithFiles are findings on the objects of a chart with the templates that they come from.
func (b Built) WithFiles(found []contract.Finding) []contract.Finding {
	for i := range found {
		if found[i].File == "" {
			found[i].File = b.Files[found[i].Object]
		}
	}
	return found
}
