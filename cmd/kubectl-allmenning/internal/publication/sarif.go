package publication

import "encoding/json"

// SARIF writes findings as code scanning tools read them (SARIF 2.1.0, OASIS).
func SARIF(report Report, version string) ([]byte, error) {
	type message struct {
		Text string `json:"text"`
	}
	type region struct {
		StartLine int `json:"startLine"`
	}
	type artifact struct {
		URI string `json:"uri"`
	}
	type physical struct {
		ArtifactLocation artifact `json:"artifactLocation"`
		Region           region   `json:"region"`
	}
	type location struct {
		PhysicalLocation physical `json:"physicalLocation"`
	}
	type result struct {
		RuleID    string     `json:"ruleId"`
		Level     string     `json:"level"`
		Message   message    `json:"message"`
		Locations []location `json:"locations,omitempty"`
	}
	results := make([]result, 0, len(report.Findings))
	for _, f := range report.Findings {
		level := "error"
		if f.Warning {
			level = "warning"
		}
		r := result{RuleID: f.Rule, Level: level, Message: message{f.String()}}
		if f.File != "" {
			r.Locations = []location{{physical{artifact{f.File}, region{max(f.Line, 1)}}}}
		}
		results = append(results, r)
	}
	return json.MarshalIndent(map[string]any{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
		"runs": []any{map[string]any{
			"tool":    map[string]any{"driver": map[string]any{"name": "kubectl-allmenning", "version": version, "informationUri": "https://github.com/allmenning/allmenning"}},
			"results": results,
		}},
	}, "", "  ")
}
