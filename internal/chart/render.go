package chart

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	helm "helm.sh/helm/v4/pkg/chart/v2"
	helmutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"

	"github.com/allmenning/allmenning/internal/contract"
)

// Facts are what a chart is rendered for.
type Facts struct {
	// Release and Namespace are what a chart reads as .Release.Name and .Release.Namespace.
	Release, Namespace string
	// Version of the app: what a hook is run once for.
	Version string
	// Context has the facts of the tenant, by their keys.
	Context map[string]string
	// Parameters of the app.
	Parameters map[string]any
	// Capabilities are what a chart may know of the cluster.
	Capabilities Capabilities
}

// Capabilities are what a chart may know of the cluster, as .Capabilities. All installations of a platform
// have the same.
type Capabilities struct {
	// KubeVersion of the cluster, such as v1.37.0.
	KubeVersion string `json:",omitempty"`
	// APIVersions that bundles may hold, such as apps/v1 and apps/v1/Deployment.
	APIVersions []string `json:",omitempty"`
}

// Rendered is what a chart comes to.
type Rendered struct {
	Objects []Object
	// Adjusted says what is done otherwise than by Helm.
	Adjusted []string
	// Restarts are what Adjusted says of annotations that are drawn to restart pods.
	Restarts []Restart
	// Warnings are findings that keep nobody from installing it.
	Warnings []contract.Finding
}

const (
	// maxOutput bounds what the templates come to together, as text.
	maxOutput = 4 << 20
	// maxFindings bounds what is said of a chart at once.
	maxFindings = 100
)

// Is says whether the files of a bundle are a chart.
func Is(files map[string][]byte) bool { return files[File] != nil }

// Scan returns what is wrong with a chart before it is rendered for anybody.
func Scan(files map[string][]byte) []contract.Finding {
	c, found := load(files)
	if c == nil || len(found) > 0 {
		return found
	}
	withoutNotes(c)
	return bounded(readTemplates(c).faults)
}

// Render renders a chart for one installation, and returns what it comes to, or all that is wrong.
func Render(files map[string][]byte, s Settings, f Facts) (out Rendered, found []contract.Finding) {
	defer func() {
		if cause := recover(); cause != nil {
			out, found = Rendered{}, []contract.Finding{fault(File, 0, fmt.Sprintf("Helm panicked: %v", cause), "look for what is unusual in the chart")}
		}
	}()
	first, found := renderWith(files, s, f, 0)
	if len(found) > 0 {
		return Rendered{}, bounded(found)
	}
	out, found = assemble(first.chart, first.texts, f)
	if len(first.refused) > 0 {
		if made, same := first.steady(out.Objects, files, s, f); same {
			first.refused, out.Restarts = nil, made
			for _, r := range made {
				out.Adjusted = append(out.Adjusted, r.String())
			}
		}
	}
	if wrong := slices.Concat(first.findings, first.refused); len(wrong) > 0 {
		return Rendered{}, bounded(wrong)
	}
	out.Warnings = bounded(slices.Concat(unknownValues(first.chart, s), first.untaken()))
	return out, bounded(found)
}

// renderWith renders a chart with one of the two values in the place of each that is refused.
func renderWith(files map[string][]byte, s Settings, f Facts, stand int) (*run, []contract.Finding) {
	c, found := load(files)
	if c == nil || len(found) > 0 {
		return nil, found
	}
	withoutNotes(c)
	values, found := prepare(c, s, f)
	if len(found) > 0 {
		return nil, found
	}
	read := readTemplates(c)
	if len(read.faults) > 0 {
		return nil, read.faults
	}
	r := &run{source: read, chart: c, stand: stand, called: map[int]bool{}}
	r.execute(values)
	return r, nil
}

// bounded are findings in their order, each once, and not too many.
func bounded(found []contract.Finding) []contract.Finding {
	slices.SortStableFunc(found, byPlace)
	found = slices.CompactFunc(found, func(a, b contract.Finding) bool {
		return a.String() == b.String() && a.File == b.File && a.Line == b.Line
	})
	if len(found) > maxFindings {
		more := contract.Finding{Rule: "chart", Problem: fmt.Sprintf("and %d more", len(found)-maxFindings), Warning: found[0].Warning}
		found = append(found[:maxFindings:maxFindings], more)
	}
	return found
}

func byPlace(a, b contract.Finding) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
}

// prepare makes the values that templates see, and finds what is wrong with them and with the subcharts that are
// in use.
func prepare(c *helm.Chart, s Settings, f Facts) (common.Values, []contract.Finding) {
	capabilities, err := f.Capabilities.forHelm()
	if err != nil {
		return nil, []contract.Finding{fault(File, 1, err.Error(), "")}
	}
	if want := c.Metadata.KubeVersion; want != "" && !helmutil.IsCompatibleRange(want, capabilities.KubeVersion.String()) {
		return nil, []contract.Finding{fault(File, 1, fmt.Sprintf("kubeVersion is %q, and the cluster has %s", want, capabilities.KubeVersion.Version), "use a chart that is made for it")}
	}
	given, found := compose(s, f)
	if len(found) > 0 {
		return nil, found
	}
	if err := helmutil.ProcessDependencies(c, given); err != nil {
		return nil, []contract.Finding{fault(File, 1, "dependencies: "+err.Error(), "correct condition, tags or import-values")}
	}
	charts := 0
	each(c, func(*helm.Chart) { charts++ })
	if charts > maxSubcharts {
		return nil, []contract.Finding{fault(File, 1, fmt.Sprintf("%d charts lie in each other, at most %d may", charts, maxSubcharts), "split the app")}
	}
	if found := definitionFaults(c); len(found) > 0 {
		return nil, found
	}
	// IsInstall stays true: what a chart comes to may not depend on what was there before.
	release := common.ReleaseOptions{Name: f.Release, Namespace: f.Namespace, Revision: 1, IsInstall: true}
	values, err := util.ToRenderValuesWithSchemaValidation(c, given, release, capabilities, true)
	if err != nil {
		return nil, []contract.Finding{fault(valuesFile, 1, err.Error(), "correct the values")}
	}
	all, err := values.Table("Values")
	if err != nil {
		return nil, []contract.Finding{fault(valuesFile, 1, err.Error(), "correct the values")}
	}
	return values, checkSchemas(c, all)
}

// forHelm are the capabilities as Helm has them. Of Helm itself a chart sees nothing that another build of the
// operator would change.
func (c Capabilities) forHelm() (*common.Capabilities, error) {
	version, err := common.ParseKubeVersion(cmp.Or(c.KubeVersion, DefaultKubeVersion))
	if err != nil {
		return nil, fmt.Errorf("version %q of the cluster can't be read: %w", c.KubeVersion, err)
	}
	out := common.DefaultCapabilities.Copy()
	out.KubeVersion = *version
	out.APIVersions = slices.Clone(c.APIVersions)
	out.HelmVersion.Version, out.HelmVersion.GitCommit, out.HelmVersion.GitTreeState, out.HelmVersion.GoVersion = helmVersion, "", "", ""
	return out, nil
}

const (
	// DefaultKubeVersion is the version of a cluster that nobody has asked.
	DefaultKubeVersion = "v1.37.0"
	// helmVersion is what .Capabilities.HelmVersion says. It stays when the operator takes a newer Helm.
	helmVersion = "v4.3.0"
)

// readTemplates reads the templates of a chart and its subcharts.
func readTemplates(c *helm.Chart) *source {
	read := &source{bodies: map[string][]body{}}
	each(c, func(c *helm.Chart) {
		for _, f := range c.Templates {
			read.read(path.Join(c.ChartFullPath(), f.Name), pathOf(c)+f.Name, string(f.Data))
		}
	})
	return read
}

// run is the execution of the templates of a chart.
type run struct {
	*source

	chart *helm.Chart
	// stand says which of two values is in the place of each that is refused.
	stand int
	// texts are what the templates come to.
	texts map[string]string
	// findings are what was come to that is wrong; refused are the functions among it that may not be used.
	findings, refused []contract.Finding
	// broken says that the run came to no end, so that nothing can be compared.
	broken bool
	// called are the uses that were come to.
	called map[int]bool
}

// execute runs the templates, with what is refused replaced by what takes note of it. Once something is refused, an
// error that ends the run is most likely its consequence, and is not reported.
func (r *run) execute(values common.Values) {
	functions := steady()
	table := refusals()
	for i, u := range r.uses {
		functions[standIn(i)] = r.note(i, u, table)
	}
	each(r.chart, func(c *helm.Chart) {
		for _, f := range c.Templates {
			f.Data = []byte(r.rewrite(path.Join(c.ChartFullPath(), f.Name), string(f.Data)))
		}
	})
	texts, err := engine.Engine{CustomTemplateFuncs: functions}.RenderWithContext(context.Background(), r.chart, values)
	if err != nil && len(r.findings)+len(r.refused) == 0 {
		r.findings = append(r.findings, r.fault(err))
	}
	r.texts = texts
	size := 0
	for _, text := range texts {
		size += len(text)
	}
	if size > maxOutput {
		r.findings = append(r.findings, fault(File, 0, fmt.Sprintf("the templates come to %d bytes, at most %d are allowed", size, maxOutput), "split the app"))
	}
	r.broken = err != nil
}

// note makes the stand-in of one use.
func (r *run) note(n int, u use, table map[string]refusal) any {
	found := func(list *[]contract.Finding, problem, fix string) {
		if !r.called[n] {
			*list = append(*list, fault(u.file, u.line, problem, fix))
		}
		r.called[n] = true
	}
	switch u.function {
	case "fail":
		return func(message string) string { found(&r.findings, "the chart refuses it: "+message, ""); return "" }
	case "required":
		return func(message string, value any) any {
			if value == nil || value == "" {
				found(&r.findings, "the chart needs a value: "+message, "set it in chart.values, or map a parameter to it")
				return ""
			}
			return value
		}
	}
	refused := table[u.function]
	return func(...any) any {
		found(&r.refused, fmt.Sprintf("%s may not be used: %s", u.function, refused.why), refused.fix)
		return refused.results[r.stand]
	}
}

// untaken warns of uses that the chart comes to in another branch than those that were taken.
func (r *run) untaken() []contract.Finding {
	var rendered []string
	each(r.chart, func(c *helm.Chart) {
		for _, f := range c.Templates {
			if isRendered(f.Name) && c.Metadata.Type != "library" {
				rendered = append(rendered, path.Join(c.ChartFullPath(), f.Name))
			}
		}
	})
	var found []contract.Finding
	for _, i := range slices.Sorted(maps.Keys(r.reached(rendered))) {
		u := r.uses[i]
		refused, is := refusals()[u.function]
		if !is || r.called[i] {
			continue
		}
		f := fault(u.file, u.line, fmt.Sprintf("%s is in a branch that is not taken here: where parameters lead there, the app is not installed, as %s", u.function, refused.why), refused.fix)
		f.Warning = true
		found = append(found, f)
	}
	return found
}

var executionPlace = regexp.MustCompile(`([^\s():]+):(\d+)`)

// fault is an error of the engine, with the template and line that it names first.
func (r *run) fault(err error) contract.Finding {
	files := map[string]string{}
	each(r.chart, func(c *helm.Chart) {
		for _, f := range c.Templates {
			files[path.Join(c.ChartFullPath(), f.Name)] = pathOf(c) + f.Name
		}
	})
	text := err.Error()
	for i := len(r.uses) - 1; i >= 0; i-- { // the longer names first
		text = strings.ReplaceAll(text, standIn(i), r.uses[i].function)
	}
	for _, found := range executionPlace.FindAllStringSubmatch(text, -1) {
		file, is := files[found[1]]
		if !is {
			continue
		}
		line, _ := strconv.Atoi(found[2]) // it is digits
		return fault(file, line, "it can't be rendered: "+oneLine(text), "correct the template or the values")
	}
	return fault(File, 0, "it can't be rendered: "+oneLine(text), "correct the templates or the values")
}

// oneLine writes a text of several lines as one, and not too long.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	const most = 800
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}
