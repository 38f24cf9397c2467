package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/test/controlplane"
	"github.com/allmenning/allmenning/test/operator"
)

const (
	// writeFolders and writeApps make up the writes of each kind: so many namespaces, and so many
	// objects in each.
	writeFolders = 10
	writeApps    = 40
)

// newWrites is the command that measures what single writes cost the API server.
func newWrites() *cobra.Command {
	watchers, profiles := 3, ""
	command := &cobra.Command{
		Use:   "writes",
		Short: "Measure what one write of each kind costs the API server, in CPU",
		Long: "Measure what one write of each kind costs the API server, in CPU.\n\n" +
			"An API server without controllers gets the CRDs and policies of config/default, and " + fmt.Sprint(writeFolders*writeApps) +
			" writes of each sort, under the operator's account where they are the operator's.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return measureWrites(command.Context(), watchers, profiles, os.Stdout, newProgress(os.Stderr))
		},
	}
	command.Flags().IntVar(&watchers, "watchers", watchers, "how many clients watch what is written, as the operator and the cluster's controllers do")
	command.Flags().StringVar(&profiles, "profiles", "", "folder for a CPU profile of the API server for each sort of write; empty takes none")
	return command
}

// sortOfWrite is one way to write one kind.
type sortOfWrite struct {
	name string
	do   func(context.Context, place) error
}

func measureWrites(ctx context.Context, watchers int, profiles string, out io.Writer, say *progress) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	home, err := startCluster(ctx, controlplane.Options{Profiling: profiles != ""}, say)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, home.plane.Stop()) }()
	config, err := home.plane.ConfigFor(operator.Identity)
	if err != nil {
		return err
	}
	config.QPS = -1
	config.WarningHandlerWithContext = rest.NoWarnings{}
	operators, err := client.New(config, client.Options{})
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	for range watchers {
		for _, resource := range []string{"appinstallations", "municipalities"} {
			if err := follow(ctx, home.reader, resourceOf(resource), ""); err != nil {
				return err
			}
		}
	}
	if err := home.apply(ctx, folders()); err != nil {
		return err
	}
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer func() { err = errors.Join(err, columns.Flush()) }()                  // what was measured, also where a later write fails
	_, _ = fmt.Fprintln(columns, "write\tAPI server, ms\tetcd, ms\teach, ms\t") // what it prints is for a person
	for _, w := range sortsOfWrites(home.writer, operators) {
		say.step("%s", w.name)
		before, began, profile := home.cpu(), time.Now(), home.profile(ctx, profiles, w.name, writeProfile)
		if err := everywhere(ctx, w.do); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		elapsed := time.Since(began)
		after, err := home.cpuAtRest(ctx, "kube-apiserver")
		if err := errors.Join(err, profile()); err != nil {
			return err
		}
		each := func(part string) float64 { return 1000 * (after[part] - before[part]) / (writeFolders * writeApps) }
		_, _ = fmt.Fprintf(columns, "%s\t%.1f\t%.1f\t%.1f\t\n", w.name, each("kube-apiserver"), each("etcd"),
			elapsed.Seconds()*1000/(writeFolders*writeApps))
	}
	return nil
}

// cpuAtRest is the CPU that was used when a process of the control plane has come to rest: the
// watches have got what was written.
func (c *cluster) cpuAtRest(ctx context.Context, process string) (map[string]float64, error) {
	const pause, share = 500 * time.Millisecond, 0.1 // of a core: an API server without work takes less
	last := c.cpu()
	err := wait.PollUntilContextTimeout(ctx, pause, time.Minute, false, func(context.Context) (bool, error) {
		now := c.cpu()
		used := now[process] - last[process]
		last = now
		return used <= share*pause.Seconds(), nil
	})
	if err != nil {
		return nil, fmt.Errorf("waiting for %s to come to rest: %w", process, err)
	}
	return last, nil
}

// folders are the namespaces that are written into.
func folders() []*unstructured.Unstructured {
	all := make([]*unstructured.Unstructured, 0, writeFolders)
	for i := range writeFolders {
		all = append(all, &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": fmt.Sprintf("writes%02d-prod", i)},
		}})
	}
	return all
}

// everywhere does something at each place, several at a time.
func everywhere(ctx context.Context, do func(context.Context, place) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	for _, folder := range folders() {
		for i := range writeApps {
			group.Go(func() error { return do(ctx, place{folder.GetName(), appName(i)}) })
		}
	}
	return group.Wait()
}

// sortsOfWrites are in their order: what changes something comes after what makes it.
func sortsOfWrites(administrator, operators client.Client) []sortOfWrite {
	applied := func(c client.Client, object func(place) *unstructured.Unstructured) func(context.Context, place) error {
		return func(ctx context.Context, p place) error {
			return c.Apply(ctx, client.ApplyConfigurationFromUnstructured(object(p)), fieldOwner, client.ForceOwnership)
		}
	}
	status := func(c client.Client, object func(place) *unstructured.Unstructured) func(context.Context, place) error {
		return func(ctx context.Context, p place) error {
			return c.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(object(p)), fieldOwner+"-status", client.ForceOwnership)
		}
	}
	merged := func(c client.Client, object func(place) *unstructured.Unstructured) func(context.Context, place) error {
		return func(ctx context.Context, p place) error {
			o := object(p)
			patch, err := o.MarshalJSON()
			if err != nil {
				return err
			}
			return c.Status().Patch(ctx, o, client.RawPatch(types.MergePatchType, patch), fieldOwner+"-status")
		}
	}
	sorts := make([]sortOfWrite, 0, 16)
	for _, kind := range []string{"ConfigMap", "ServiceAccount", "Service", "PodDisruptionBudget", "Deployment"} {
		sorts = append(sorts, sortOfWrite{"create " + kind + " by apply", applied(administrator, builtIn(kind))})
	}
	return append(sorts,
		sortOfWrite{"create AppInstallation by apply", applied(operators, writtenInstallation(firstVersion))},
		sortOfWrite{"change AppInstallation by apply", applied(operators, writtenInstallation(secondVersion))},
		sortOfWrite{"first status of AppInstallation by apply", status(operators, installationStatus("12:00:00"))},
		sortOfWrite{"next status of AppInstallation by apply", status(operators, installationStatus("12:00:01"))},
		sortOfWrite{"next status of AppInstallation by merge patch", merged(operators, installationStatus("12:00:02"))},
		sortOfWrite{"create Municipality by apply", applied(administrator, writtenMunicipality)},
		sortOfWrite{"first status of Municipality by apply", status(operators, municipalityStatus("12:00:00"))},
		sortOfWrite{"next status of Municipality by apply", status(operators, municipalityStatus("12:00:01"))},
		sortOfWrite{"next status of Municipality by merge patch", merged(operators, municipalityStatus("12:00:02"))},
	)
}
