package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/publication"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/sarif"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/chart"
	"github.com/allmenning/allmenning/internal/contract"
	"github.com/allmenning/allmenning/internal/provenance"
)

// errRefused says that a bundle would not be available; what is wrong was printed.
var errRefused = errors.New("the catalogue would refuse this bundle")

// newBundle holds what a publisher does with a bundle. None of it needs a cluster.
func newBundle() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bundle",
		Short: "Check, look at and push the bundle of an app, without a cluster",
		Long: "A bundle is a kustomize folder or a Helm chart; docs/bundles.md says what it may hold. These commands judge it by the rules of the\n" +
			"catalogue, on the publisher's own machine and in pipelines.",
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(newBundleCheck(), newBundleRender(), newBundlePush(), newBundleFromChart())
	return cmd
}

// trial is for whom a bundle is tried.
type trial struct {
	app, version, parameters string
	// settings is the file with the settings of a chart.
	settings string
	// given is what that file holds.
	given   *v1alpha1.ChartSettings
	options publication.Options
}

func (t *trial) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	tenant := &t.options.Tenant
	flags.StringVar(&t.app, "app", "", "name of the SharedApp (default: the name of the folder)")
	flags.StringVar(&t.version, "version", "0.0.0", "version of the app")
	flags.StringVar(&t.parameters, "parameters", "", "file with parameters, as YAML (default: none, so that values stay as they are in the context file)")
	flags.StringVar(&t.settings, "chart-settings", "", "file with what the version says in chart: values and parameters of a Helm chart, as YAML (default: none)")
	flags.StringVar(&t.options.KubeVersion, "kube-version", "", "version of Kubernetes that a Helm chart sees (default: "+chart.DefaultKubeVersion+")")
	flags.StringVar(&tenant.Domain, "domain", contract.SampleDomain, "domain of the municipality")
	flags.StringVar(&tenant.Municipality, "municipality", "eksempel", "name of the municipality")
	flags.StringVar(&tenant.Number, "number", "0000", "its number")
	flags.StringVar(&tenant.DisplayName, "display-name", "Eksempel", "the name that people know it by")
	flags.StringVar(&tenant.County, "county", "00", "number of its county")
	flags.StringVar(&tenant.Environment, "environment", "prod", "environment")
	flags.StringVar(&tenant.Stage, "stage", string(v1alpha1.StageProduction), "stage of the environment")
	flags.StringVar(&tenant.Zone, "zone", string(v1alpha1.ZoneClosed), "zone of the environment")
	flags.StringSliceVar(&t.options.Kinds, "kind", nil, "kind that the platform allows beside the built-in ones, as resource.group; may be repeated")
	flags.StringSliceVar(&t.options.Domains, "allow-domain", nil, "domain that the Platform lists in spec.bundles.domains; may be repeated")
	flags.StringSliceVar(&t.options.Annotations, "allow-annotation", nil, "annotation that the Platform lists in spec.bundles.annotations; may be repeated")
	flags.StringSliceVar(&t.options.PriorityClasses, "allow-priority-class", nil, "priority class that the Platform lists in spec.bundles.priorityClasses; may be repeated")
	flags.StringSliceVar(&t.options.TokenAudiences, "allow-token-audience", nil, "audience of tokens that the Platform lists in spec.workloads.tokenAudiences; may be repeated")
	flags.StringSliceVar(&t.options.Images.Registries, "allow-registry", nil, "registry of images that the Platform lists in spec.workloads.registries, as a prefix that ends with a slash; may be repeated (default: any)")
	flags.BoolVar(&t.options.Images.Pinned, "require-digests", false, "images are named by their digest, as the Platform asks for by spec.workloads.requireDigests")
	complete(cmd, "stage", oneOf(string(v1alpha1.StageDevelopment), string(v1alpha1.StageTest), string(v1alpha1.StageProduction)))
	complete(cmd, "zone", oneOf(string(v1alpha1.ZoneOpen), string(v1alpha1.ZoneClosed)))
	completeNothing(cmd, "app", "version", "kube-version", "domain", "municipality", "number", "display-name", "county", "environment", "kind", "allow-domain", "allow-annotation", "allow-priority-class", "allow-token-audience", "allow-registry")
}

// read reads the folder, and finishes the options.
func (t *trial) read(dir string) (bundle.Bundle, error) {
	b, err := publication.Read(dir)
	if err != nil {
		return b, err
	}
	if t.app == "" {
		absolute, err := filepath.Abs(dir)
		if err != nil {
			return b, err
		}
		t.app = strings.ToLower(filepath.Base(absolute))
	}
	tenant := &t.options.Tenant
	tenant.App, tenant.Version = t.app, t.version
	tenant.Namespace = v1alpha1.NamespaceFor(tenant.Municipality, tenant.Environment)
	if err := t.readSettings(); err != nil {
		return b, err
	}
	if t.parameters == "" {
		return b, nil
	}
	content, err := os.ReadFile(t.parameters)
	if err != nil {
		return b, fmt.Errorf("read parameters: %w", err)
	}
	if err := yaml.UnmarshalStrict(content, &tenant.Parameters); err != nil {
		return b, fmt.Errorf("read parameters: %s: %w", t.parameters, err)
	}
	return b, nil
}

// readSettings reads the settings of a chart, as a version has them.
func (t *trial) readSettings() error {
	if t.settings == "" {
		return nil
	}
	content, err := os.ReadFile(t.settings)
	if err != nil {
		return fmt.Errorf("read chart settings: %w", err)
	}
	v := v1alpha1.Version{Version: t.version, Chart: &v1alpha1.ChartSettings{}}
	if err := yaml.UnmarshalStrict(content, v.Chart); err != nil {
		return fmt.Errorf("read chart settings: %s: %w", t.settings, err)
	}
	t.given = v.Chart
	if t.options.Tenant.Chart, err = bundle.ReadSettings(v); err != nil {
		return fmt.Errorf("read chart settings: %s: %w", t.settings, err)
	}
	// Which parameters a version takes is in the SharedApp, which is not here.
	if wrong := t.options.Tenant.Chart.Check(func([]string) bool { return true }); len(wrong) > 0 {
		return fmt.Errorf("chart settings: %s: %s", t.settings, strings.Join(wrong, "; "))
	}
	return nil
}

// printSettings prints the settings of the chart below the version that was printed.
func (t *trial) printSettings(out io.Writer) error {
	if t.given == nil {
		return nil
	}
	content, err := yaml.Marshal(map[string]any{"chart": t.given})
	if err != nil {
		return fmt.Errorf("write chart settings: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		fmt.Fprint(out, "  ", line)
	}
	return nil
}

func newBundleCheck() *cobra.Command {
	var t trial
	var output string
	var fix bool
	cmd := &cobra.Command{
		Use:   "check DIR",
		Short: "Say all that is wrong with a bundle, with file and line",
		Long: "Scan, build and judge a bundle as the catalogue does, for a municipality that does not exist. Only what a cluster\n" +
			"knows is left out: its own kinds, and what its API server says. The exit code is 0 where nothing is wrong, 1 where\n" +
			"the catalogue would refuse the bundle, and 2 where it can't be read. --fix writes a kustomize component that corrects\n" +
			"what can be corrected without a decision of yours, in the folder allmenning of the bundle.",
		Example: examples(
			"kubectl allmenning bundle check config/samples/apps/svarut/2.4.1",
			"kubectl allmenning bundle check . --fix",
			"kubectl allmenning bundle check . -o sarif > findings.sarif",
		),
		Args:              between(1, 1),
		ValidArgsFunction: completeFolders,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch output {
			case "", "json", "sarif":
			default:
				return fmt.Errorf("--output %q: use json or sarif, or leave it out for text", output)
			}
			b, err := t.read(args[0])
			if err != nil {
				return unreadable{err}
			}
			report := publication.Check(b, t.options)
			if fix && b.IsChart() {
				return seeHelp(cmd, errors.New("--fix writes a kustomize component, and this is a chart: correct its templates, or render it with bundle from-chart and fix that"))
			}
			if fix {
				if report, err = t.fix(cmd.ErrOrStderr(), args[0], b, report); err != nil {
					return unreadable{err}
				}
			}
			if err := writeReport(cmd.OutOrStdout(), output, report); err != nil {
				return err
			}
			if report.Refused() {
				return errRefused
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "json or sarif, for programs; else text for people")
	cmd.Flags().BoolVar(&fix, "fix", false, "write what corrects the bundle, and check again")
	complete(cmd, "output", oneOf("json", "sarif"))
	t.addFlags(cmd)
	return cmd
}

// unreadable is an error that says nothing about the bundle.
type unreadable struct{ error }

// passes is how often a bundle is corrected and checked again: one correction may bring another fault to light.
const passes = 4

// fix writes what corrects a bundle, and checks it again, until there is nothing more to correct.
func (t *trial) fix(out io.Writer, dir string, b bundle.Bundle, report publication.Report) (publication.Report, error) {
	written := map[string]bool{}
	for range passes {
		fixed, err := publication.Fix(b, report)
		if err != nil || len(fixed.Corrected) == 0 {
			return report, err
		}
		for _, name := range fixed.Names() {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a folder of the user's
				return report, err
			}
			if err := os.WriteFile(path, fixed.Files[name], 0o644); err != nil { //nolint:gosec // a file of the user's
				return report, err
			}
			if !written[path] {
				fmt.Fprintln(out, "wrote", path)
			}
			written[path] = true
		}
		for _, f := range fixed.Corrected {
			fmt.Fprintln(out, "corrected:", f.String())
		}
		if b, err = t.read(dir); err != nil {
			return report, err
		}
		report = publication.Check(b, t.options)
	}
	return report, nil
}

// scanned are the findings for code scanning tools.
func scanned(report publication.Report) []sarif.Result {
	results := make([]sarif.Result, 0, len(report.Findings))
	for _, f := range report.Findings {
		level := sarif.Error
		if f.Warning {
			level = sarif.Warning
		}
		results = append(results, sarif.Result{Rule: f.Rule, Level: level, Text: f.String(), File: f.File, Line: f.Line})
	}
	return results
}

func writeReport(out io.Writer, output string, report publication.Report) error {
	switch output {
	case "sarif":
		content, err := sarif.Write(scanned(report), provenance.OfThisProgram().Version)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, string(content))
		return err
	case "json":
		type finding struct {
			Rule    string `json:"rule"`
			File    string `json:"file,omitempty"`
			Line    int    `json:"line,omitempty"`
			Object  string `json:"object,omitempty"`
			Field   string `json:"field,omitempty"`
			Problem string `json:"problem"`
			Fix     string `json:"fix,omitempty"`
			Warning bool   `json:"warning,omitempty"`
		}
		findings := []finding{}
		for _, f := range report.Findings {
			findings = append(findings, finding{f.Rule, f.File, f.Line, f.Object, f.Field, f.Problem, f.Fix, f.Warning})
		}
		return write(out, "json", map[string]any{"available": !report.Refused(), "findings": findings, "adjusted": report.Adjusted, "assumed": report.Assumed})
	}
	for _, f := range report.Findings {
		where := f.File
		if f.Line > 0 {
			where = fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		level := "error"
		if f.Warning {
			level = "warning"
		}
		fmt.Fprintln(out, strings.TrimPrefix(fmt.Sprintf("%s: %s [%s]: %s", where, level, f.Rule, f.String()), ": "))
	}
	for _, note := range report.Adjusted {
		fmt.Fprintln(out, "made to fit:", note)
	}
	for _, note := range report.Assumed {
		fmt.Fprintln(out, "taken for granted:", note)
	}
	if !report.Refused() {
		fmt.Fprintf(out, "%d objects: no faults found; the cluster itself was not asked\n", len(report.Built.Objects))
	}
	return nil
}

func newBundleRender() *cobra.Command {
	var t trial
	cmd := &cobra.Command{
		Use:   "render DIR",
		Short: "Print the objects that a municipality would get",
		Long:  "Build a bundle as the operator does, with the facts of a municipality and the parameters that are given, and print its objects.",
		Example: examples(
			"kubectl allmenning bundle render config/samples/apps/svarut/2.4.1 --municipality vinje --number 4036 --domain vinje.kommune.no",
		),
		Args:              between(1, 1),
		ValidArgsFunction: completeFolders,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := t.read(args[0])
			if err != nil {
				return err
			}
			report := publication.Check(b, t.options)
			if len(report.Built.Objects) == 0 {
				if err := writeReport(cmd.ErrOrStderr(), "", report); err != nil {
					return err
				}
				return errRefused
			}
			for _, o := range report.Built.Objects {
				content, err := yaml.Marshal(o.Object)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "---\n%s", content)
			}
			return nil
		},
	}
	t.addFlags(cmd)
	return cmd
}

func newBundlePush() *cobra.Command {
	var t trial
	var plainHTTP, anyway bool
	cmd := &cobra.Command{
		Use:   "push DIR REPOSITORY:TAG",
		Short: "Push a bundle to a registry, and print what to write into the SharedApp",
		Long: "Check a bundle, pack it, and push it as an OCI artifact. One folder gives one digest, whenever and wherever it is\n" +
			"pushed. Passwords are those of docker login.",
		Example: examples(
			"kubectl allmenning bundle push ./svarut ghcr.io/ks/svarut-bundle:2.4.1",
		),
		Args:              between(2, 2),
		ValidArgsFunction: completeFolders,
		RunE: func(cmd *cobra.Command, args []string) error {
			at := strings.LastIndex(args[1], ":")
			if at < 0 || strings.Contains(args[1][at:], "/") {
				return seeHelp(cmd, fmt.Errorf("%q names no tag: write it as ghcr.io/ks/svarut-bundle:2.4.1", args[1]))
			}
			repository, tag := args[1][:at], args[1][at+1:]
			b, err := t.read(args[0])
			if err != nil {
				return err
			}
			if report := publication.Check(b, t.options); report.Refused() && !anyway {
				if err := writeReport(cmd.ErrOrStderr(), "", report); err != nil {
					return err
				}
				return fmt.Errorf("%w, so that it was not pushed; --anyway pushes it", errRefused)
			}
			packed, err := publication.Pack(b)
			if err != nil {
				return err
			}
			if err := publication.Push(cmd.Context(), packed, repository, tag, plainHTTP); err != nil {
				return err
			}
			source := "oci"
			if packed.Chart {
				source = "chart"
			}
			fmt.Fprintf(cmd.OutOrStdout(), "- version: %s\n  source: {%s: {repository: %s, digest: %q}}\n", strings.TrimPrefix(tag, "v"), source, repository, packed.Digest())
			return t.printSettings(cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&plainHTTP, "plain-http", false, "speak to the registry without TLS")
	cmd.Flags().BoolVar(&anyway, "anyway", false, "push also what the catalogue would refuse, such as for a platform that allows more")
	t.addFlags(cmd)
	return cmd
}

func completeFolders(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}
