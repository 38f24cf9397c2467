package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/change"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/schema"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

// fieldManager is the name under which the cluster notes what this program changed.
const fieldManager = "kubectl-allmenning"

// destination is where a writing command writes to: files, the cluster, or the terminal.
type destination struct {
	files string
	// creates is set where a folder may be empty, as an object is added to it.
	creates bool
	apply   bool
	dryRun  string
}

// written is what a writing command decided on. Either may be nil.
type written struct {
	create *v1alpha1.Municipality
	change *change.Change
}

// check makes sure that the API server would take what is new.
func (w *written) check() error {
	if w.create == nil {
		return nil
	}
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(w.create)
	if err != nil {
		return err
	}
	return schema.Refusal(object)
}

// remark says what somebody should know before the change is made. It is not part of what is
// printed for other programs.
func (w *written) remark(out io.Writer) {
	if w.change == nil {
		return
	}
	for _, remark := range w.change.Remarks {
		fmt.Fprintf(out, "Note: %s.\n", remark)
	}
}

// destinationHelp is the part of the help that writing commands share.
const destinationHelp = "\n\nThe changed object is printed as YAML, for Git or kubectl. With --filename the file that holds it is edited in\n" +
	"place, and nothing else in it is touched; with --apply the cluster is changed, that one field and no other."

func (d *destination) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&d.files, "filename", "f", "", "edit this file, or the files of this folder, in place")
	cmd.Flags().BoolVar(&d.apply, "apply", false, "change the cluster")
	cmd.Flags().StringVar(&d.dryRun, "dry-run", "none", "with --apply: none, server (ask the cluster, change nothing) or client (only say what would be done)")
	complete(cmd, "dry-run", oneOf("none", "server", "client"))
}

func (d *destination) check() error {
	switch {
	case d.files != "" && d.apply:
		return errors.New("--filename edits files and --apply changes the cluster: choose one")
	case d.dryRun != "none" && d.dryRun != "server" && d.dryRun != "client":
		return fmt.Errorf("--dry-run %q: use none, server or client", d.dryRun)
	case d.dryRun != "none" && !d.apply:
		return fmt.Errorf("--dry-run=%s goes with --apply: without it the cluster is not changed anyway", d.dryRun)
	}
	return nil
}

// run reads the world, decides, and writes.
func (d *destination) run(cmd *cobra.Command, c *connection, read func(context.Context, client.Client) (*world.World, error),
	decide func(*world.World) (written, error),
) error {
	if err := d.check(); err != nil {
		return err
	}
	if d.files != "" {
		return d.runOnFiles(cmd, c, read, decide)
	}

	cluster, err := c.open()
	if err != nil {
		return err
	}

	w, err := read(cmd.Context(), cluster)
	if err != nil {
		return err
	}

	decided, err := decide(w)
	if err != nil {
		return err
	}
	if err := decided.check(); err != nil {
		return err
	}

	decided.remark(cmd.ErrOrStderr())
	if d.apply {
		return d.send(cmd.Context(), cluster, cmd.OutOrStdout(), decided)
	}
	return printChanged(cmd.Context(), cluster, cmd.OutOrStdout(), decided)
}

// changed reads an object and returns it as it is and as it is to be.
func changed(ctx context.Context, c client.Client, x *change.Change) (before, after *unstructured.Unstructured, err error) {
	before = &unstructured.Unstructured{}
	before.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(x.Kind))
	if err := c.Get(ctx, client.ObjectKey{Name: x.Name}, before); err != nil {
		return nil, nil, fmt.Errorf("read %s %s: %w", x.Kind, x.Name, err)
	}
	object, err := x.Edit.Apply(before.Object)
	if err != nil {
		return nil, nil, fmt.Errorf("%s %s: %w", x.Kind, x.Name, err)
	}
	return before, &unstructured.Unstructured{Object: object}, nil
}

// printChanged writes what is new or changed as YAML.
func printChanged(ctx context.Context, c client.Client, out io.Writer, decided written) error {
	var documents []any
	if decided.create != nil {
		documents = append(documents, decided.create)
	}

	if decided.change != nil {
		_, after, err := changed(ctx, c, decided.change)
		if err != nil {
			return err
		}
		if err := schema.Refusal(after.Object); err != nil {
			return err
		}
		documents = append(documents, manifestOf(after).Object)
	}

	for i, document := range documents {
		data, err := yaml.Marshal(document)
		if err != nil {
			return err
		}
		if i > 0 {
			fmt.Fprintln(out, "---")
		}
		fmt.Fprintf(out, "%s", data)
	}
	return nil
}

// manifestOf leaves out what the cluster added.
func manifestOf(o *unstructured.Unstructured) *unstructured.Unstructured {
	o = o.DeepCopy()
	for _, field := range []string{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp"} {
		unstructured.RemoveNestedField(o.Object, "metadata", field)
	}
	unstructured.RemoveNestedField(o.Object, "metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration")
	if len(o.GetAnnotations()) == 0 {
		unstructured.RemoveNestedField(o.Object, "metadata", "annotations")
	}
	unstructured.RemoveNestedField(o.Object, "status")
	return o
}

// send makes the changes in the cluster and reports each.
func (d *destination) send(ctx context.Context, c client.Client, out io.Writer, decided written) error {
	done := map[string]string{"none": "", "server": " (server dry run)", "client": " (client dry run)"}[d.dryRun]
	if m := decided.create; m != nil {
		if err := d.create(ctx, c, m); err != nil {
			return fmt.Errorf("create Municipality %s: %w", m.Name, err)
		}
		fmt.Fprintf(out, "Municipality %s: created%s\n", m.Name, done)
	}
	if x := decided.change; x != nil {
		if err := retry.RetryOnConflict(retry.DefaultBackoff, func() error { return d.patch(ctx, c, x) }); err != nil {
			return fmt.Errorf("change %s %s: %w", x.Kind, x.Name, err)
		}
		fmt.Fprintf(out, "%s%s\n", x.Message, done)
	}
	return nil
}

func (d *destination) create(ctx context.Context, c client.Client, m *v1alpha1.Municipality) error {
	options := []client.CreateOption{client.FieldOwner(fieldManager)}
	switch d.dryRun {
	case "client":
		return nil
	case "server":
		options = append(options, client.DryRunAll)
	}
	return c.Create(ctx, m, options...)
}

// patch changes what is there now. The patch holds the version that was read, so nobody's
// change in between is lost.
func (d *destination) patch(ctx context.Context, c client.Client, x *change.Change) error {
	before, after, err := changed(ctx, c, x)
	if err != nil {
		return err
	}
	options := []client.PatchOption{client.FieldOwner(fieldManager)}
	switch d.dryRun {
	case "client":
		return nil
	case "server":
		options = append(options, client.DryRunAll)
	}
	return c.Patch(ctx, after, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}), options...)
}
