package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/change"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

// edits are new texts of files, and what to tell of them.
type edits struct {
	texts map[string][]byte
	told  []string
}

// runOnFiles decides on what files say, and edits them. What the operator writes, such as
// Rollouts, is seldom in files: read fetches it where it is missing.
func (d *destination) runOnFiles(cmd *cobra.Command, c *connection, read func(context.Context, client.Client) (*world.World, error),
	decide func(*world.World) (written, error),
) error {
	files, err := world.ReadFiles(d.files)
	if err != nil && (!d.creates || !errors.Is(err, world.ErrNoFiles)) {
		return err
	}
	w, err := world.FromFiles(d.files, files)
	if err != nil {
		return err
	}
	decided, err := decide(w)
	if errors.Is(err, errNeedsCluster) {
		decided, err = decideWith(cmd.Context(), c, w, read, decide)
	}
	if err != nil {
		return err
	}
	if err := decided.check(); err != nil {
		return err
	}
	e := edits{texts: map[string][]byte{}}
	if err := e.add(d.files, files, decided); err != nil {
		return err
	}
	return e.write(cmd)
}

// add puts what was decided into the texts of files.
func (e *edits) add(path string, files []*manifest.File, decided written) error {
	if decided.create != nil {
		if err := e.create(path, files, decided.create); err != nil {
			return err
		}
	}
	if decided.change != nil {
		return e.change(path, files, decided.change)
	}
	return nil
}

// errNeedsCluster says that files do not hold what a decision rests on.
var errNeedsCluster = errors.New("it is not in the files")

// decideWith decides with Rollouts from the cluster, and all else from files.
func decideWith(ctx context.Context, c *connection, w *world.World, read func(context.Context, client.Client) (*world.World, error),
	decide func(*world.World) (written, error),
) (written, error) {
	cluster, err := c.open()
	if err != nil {
		return written{}, fmt.Errorf("the Rollout is not in %s, so the cluster is asked: %w", w.Source, err)
	}
	remote, err := read(ctx, cluster)
	if err != nil {
		return written{}, err
	}
	w.Rollouts = remote.Rollouts
	if w.Platform == nil {
		w.Platform = remote.Platform
	}
	return decide(w)
}

func (e *edits) change(source string, files []*manifest.File, x *change.Change) error {
	for _, f := range files {
		for _, o := range f.Objects() {
			if o.Kind != x.Kind || o.Name != x.Name || o.APIVersion != v1alpha1.GroupVersion.String() {
				continue
			}
			return e.edit(f, x.Kind, x.Name, x.Message, x.Edit)
		}
	}
	return fmt.Errorf("%s %s is not in %s: name the file that holds it with --filename", x.Kind, x.Name, source)
}

// edit changes a file, which may have been changed by an edit before.
func (e *edits) edit(f *manifest.File, kind, name, message string, edit manifest.Edit) error {
	if text, ok := e.texts[f.Name]; ok {
		var err error
		if f, err = manifest.Parse(f.Name, text); err != nil {
			return err
		}
	}
	text, err := f.Edit(kind, name, edit)
	if err != nil {
		return err
	}
	e.texts[f.Name] = text
	e.told = append(e.told, f.Name+": "+message)
	return nil
}

// create adds a Municipality: to the file that was named, or that holds all the others;
// else as a file of its own beside the others, which a kustomization there then names.
func (e *edits) create(source string, files []*manifest.File, m *v1alpha1.Municipality) error {
	document, err := yaml.Marshal(m)
	if err != nil {
		return err
	}
	message := fmt.Sprintf("Municipality %s: added", m.Name)
	f, folder := homeOf(source, files)
	if f != nil {
		text, err := f.AddDocument(document)
		if err != nil {
			return err
		}
		e.texts[f.Name] = text
		e.told = append(e.told, f.Name+": "+message)
		return nil
	}
	name := filepath.Join(folder, m.Name+".yaml")
	if _, err := os.Stat(name); err == nil {
		return fmt.Errorf("%s is there already: move it, or add Municipality %s by hand", name, m.Name)
	}
	e.texts[name] = document
	e.told = append(e.told, name+": "+message)
	return e.addToKustomization(folder, files, m.Name+".yaml")
}

// homeOf finds where Municipalities live: in one file, or in a folder.
func homeOf(source string, files []*manifest.File) (one *manifest.File, folder string) {
	info, err := os.Stat(source)
	if err == nil && !info.IsDir() {
		return files[0], ""
	}
	count := map[*manifest.File]int{}
	folder = source
	for _, f := range files {
		for _, o := range f.Objects() {
			if o.Kind == "Municipality" && o.APIVersion == v1alpha1.GroupVersion.String() {
				count[f]++
				one, folder = f, filepath.Dir(f.Name)
			}
		}
	}
	if len(count) == 1 && count[one] > 1 {
		return one, ""
	}
	return nil, folder
}

func (e *edits) addToKustomization(folder string, files []*manifest.File, name string) error {
	for _, f := range files {
		if filepath.Dir(f.Name) != filepath.Clean(folder) {
			continue
		}
		for _, o := range f.Objects() {
			if o.Kind == "Kustomization" && filepath.Base(f.Name) == "kustomization.yaml" {
				return e.edit(f, o.Kind, o.Name, "resources: added "+name,
					manifest.Edit{Path: []manifest.Step{manifest.Key("resources")}, Append: true, Value: name})
			}
		}
	}
	return nil
}

// write writes all files, when all of them could be edited and the API server would take
// what they hold then.
func (e *edits) write(cmd *cobra.Command) error {
	for name, text := range e.texts {
		f, err := manifest.Parse(name, text)
		if err != nil {
			return err
		}
		if err := world.Check(f); err != nil {
			return err
		}
	}
	for name, text := range e.texts {
		if err := os.WriteFile(name, text, 0o644); err != nil { //nolint:gosec // manifests are read by others too
			return err
		}
	}
	for _, told := range e.told {
		fmt.Fprintln(cmd.OutOrStdout(), told)
	}
	return nil
}
