package chart_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	helm "helm.sh/helm/v4/pkg/chart/v2"
)

// needsCluster are branches that only a cluster's answer leads into; TestRelease plays them.
var needsCluster = []string{
	"templates/guard.yaml: if $role",
	"templates/guard.yaml: if and $release (or (ne $release .Release.Name) (ne $namespace .Release.Namespace))",
	"templates/guard.yaml: without if and $release (or (ne $release .Release.Name) (ne $namespace .Release.Namespace))",
	"templates/_names.tpl: if $object.Error", // only where config/ has a manifest that is no YAML, which `make verify` finds
}

// TestEveryBranchIsPlayed renders the chart with the values of all cases, and asks which branches of its templates were
// taken. Each template gets a marker at the beginning of each branch, and an else where there is none.
func TestEveryBranchIsPlayed(t *testing.T) {
	chart := load(t)
	marked := markers{}
	for _, file := range chart.Templates {
		file.Data = []byte(marked.mark(t, file.Name, string(file.Data)))
	}

	seen := map[int]bool{}
	for _, c := range cases {
		for _, text := range outputOf(chart, c) {
			for _, found := range markerPattern.FindAllStringSubmatch(text, -1) {
				var number int
				if _, err := fmt.Sscan(found[1], &number); err != nil {
					t.Fatal(err)
				}
				seen[number] = true
			}
		}
	}

	for number, branch := range marked.branches {
		if !seen[number] && !slices.Contains(needsCluster, branch) {
			t.Errorf("no case takes this branch: %s", branch)
		}
	}
}

// outputOf is what a case comes to: its files, or the error.
func outputOf(chart *helm.Chart, c renderCase) []string {
	files, err := render(chart, "allmenning-system", c.values, c.apis...)
	if err != nil {
		return []string{err.Error()}
	}
	var all []string
	for _, text := range files {
		all = append(all, text)
	}
	return all
}

// markers are the branches of all templates, by the number in their marker.
type markers struct{ branches []string }

var (
	markerPattern  = regexp.MustCompile(`#branch-(\d+)#`)
	controlPattern = regexp.MustCompile(`{{-? *(if|with|range|else|end|define)\b *([^}]*?) *-?}}`)
	failPattern    = regexp.MustCompile(`{{- fail (.*) }}`)
)

// block is an if, a with or a range that has begun.
type block struct {
	condition string
	hasElse   bool
}

// mark returns a template with its markers. A control that has a line for itself is followed by a comment; one within a
// line, by bare text.
func (m *markers) mark(t *testing.T, file, text string) string {
	t.Helper()
	var open []block
	var out strings.Builder
	for line := range strings.Lines(text) {
		controls := controlPattern.FindAllStringSubmatchIndex(line, -1)
		alone := len(controls) == 1 && strings.TrimSpace(line) == line[controls[0][0]:controls[0][1]]
		if fail := failPattern.FindStringSubmatchIndex(line); fail != nil {
			// What fails leaves no output: the branch that just began is in the error.
			line = line[:fail[2]] + fmt.Sprintf(`(print "#branch-%d#" `, len(m.branches)-1) + line[fail[2]:fail[3]] + `)` + line[fail[3]:]
		}
		at := 0
		for _, c := range controls {
			word, condition := line[c[2]:c[3]], strings.TrimSpace(line[c[4]:c[5]])
			before, control := line[at:c[0]], line[c[0]:c[1]]
			at = c[1]
			out.WriteString(before)
			switch word {
			case "define":
				open = append(open, block{hasElse: true, condition: "define"})
				out.WriteString(control)
			case "if", "with", "range":
				open = append(open, block{condition: word + " " + condition, hasElse: word == "range"}) // over nothing there is nothing to see
				out.WriteString(control + m.next(file, word+" "+condition, alone))
			case "else":
				open[len(open)-1].hasElse = condition == ""
				out.WriteString(control + m.next(file, "else of "+open[len(open)-1].condition, alone))
			case "end":
				last := open[len(open)-1]
				open = open[:len(open)-1]
				if !last.hasElse {
					out.WriteString("{{- else }}" + m.next(file, "without "+last.condition, alone))
				}
				if !last.hasElse && alone {
					out.WriteString("\n")
				}
				out.WriteString(control)
			}
		}
		out.WriteString(line[at:])
	}
	if len(open) > 0 {
		t.Fatalf("%s: %d blocks do not end", file, len(open))
	}
	return out.String()
}

func (m *markers) next(file, branch string, alone bool) string {
	m.branches = append(m.branches, file+": "+branch)
	marker := fmt.Sprintf("#branch-%d#", len(m.branches)-1)
	if alone {
		return "\n" + marker
	}
	return marker
}
