package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/change"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/folder"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

// edits are new texts of files, and what to say of them.
type edits struct {
	folder *folder.Folder
	texts  map[string][]byte
	done   []string
}

// runOnFiles decides on what files say, and edits them. What the operator writes, such as
// Rollouts, is seldom in files: read fetches it where it is missing.
func (d *destination) runOnFiles(cmd *cobra.Command, c *connection, read func(context.Context, client.Client) (*world.World, error),
	decide func(*world.World) (written, error),
) error {
	f, err := world.ReadFolder(d.files, nil)
	if err != nil && (!d.creates || !errors.Is(err, folder.ErrNoFiles)) {
		return err
	}
	w, err := world.FromFolder(f)
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
	decided.remark(cmd.ErrOrStderr())

	e := edits{folder: f, texts: map[string][]byte{}}
	if err := e.add(decided); err != nil {
		return err
	}
	if err := e.check(decided); err != nil {
		return err
	}
	return e.write(cmd)
}

// add puts what was decided into the texts of files.
func (e *edits) add(decided written) error {
	if decided.create != nil {
		if err := e.create(decided.create); err != nil {
			return err
		}
	}
	if decided.change != nil {
		return e.change(decided.change)
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

// change edits the file that an object is written in. Of one that a kustomization builds, it is
// the patch or the object that the field comes from, if the change comes through.
func (e *edits) change(x *change.Change) error {
	d, found := documentOf(e.folder, x)
	if !found {
		return fmt.Errorf("%s %s is not in %s: name the file that holds it with --filename", x.Kind, x.Name, e.folder.Path)
	}
	sources := d.Sources()
	if d.Kustomization() == "" {
		return e.edit(sources[0].File, x.Kind, x.Name, x.Message, x.Edit)
	}

	before, err := d.Content()
	if err != nil {
		return err
	}
	want, err := x.Edit.Apply(before)
	if err != nil {
		return fmt.Errorf("%s %s: %w", x.Kind, x.Name, err)
	}
	for i, source := range sources {
		if i < len(sources)-1 && !source.Object.Has(x.Edit.Field()) {
			continue
		}
		tried := edits{folder: e.folder, texts: maps.Clone(e.texts), done: slices.Clone(e.done)}
		if err := tried.edit(source.File, x.Kind, x.Name, x.Message, x.Edit); err != nil {
			continue
		}
		if tried.gives(x, want) {
			*e = tried
			return nil
		}
	}
	return fmt.Errorf("%s %s: %s can't be changed in a file so that %s builds it: change it by hand", x.Kind, x.Name, x.Edit, d.Kustomization())
}

// gives says whether an object is as wanted, once the texts are written.
func (e *edits) gives(x *change.Change, want map[string]any) bool {
	after, err := world.ReadFolder(e.folder.Path, e.texts)
	if err != nil {
		return false
	}
	d, found := documentOf(after, x)
	if !found {
		return false
	}
	content, err := d.Content()
	return err == nil && reflect.DeepEqual(content, want)
}

// documentOf is the object that a change is about.
func documentOf(f *folder.Folder, x *change.Change) (folder.Document, bool) {
	for _, d := range f.Documents {
		if d.Kind == x.Kind && d.Name == x.Name && d.APIVersion == v1alpha1.GroupVersion.String() {
			return d, true
		}
	}
	return folder.Document{}, false
}

// file is a file of the folder, as the edits so far left it.
func (e *edits) file(name string) (*manifest.File, error) {
	if text, changed := e.texts[name]; changed {
		return manifest.Parse(name, text)
	}
	for _, f := range e.folder.Files {
		if f.Name == name {
			return f, nil
		}
	}
	return nil, fmt.Errorf("%s is not in %s", name, e.folder.Path)
}

// edit changes an object in a file.
func (e *edits) edit(name, kind, object, message string, edit manifest.Edit) error {
	f, err := e.file(name)
	if err != nil {
		return err
	}
	text, err := f.Edit(kind, object, edit)
	if err != nil {
		return err
	}
	e.texts[name] = text
	e.done = append(e.done, name+": "+message)
	return nil
}

// create adds a Municipality: to the file that was named, or that holds all the others;
// else as a file of its own beside the others, which a kustomization there then names.
func (e *edits) create(m *v1alpha1.Municipality) error {
	document, err := yaml.Marshal(m)
	if err != nil {
		return err
	}

	message := fmt.Sprintf("Municipality %s: added", m.Name)
	one, beside := homeOf(e.folder)
	if one != "" {
		f, err := e.file(one)
		if err != nil {
			return err
		}
		text, err := f.AddDocument(document)
		if err != nil {
			return err
		}
		e.texts[one] = text
		e.done = append(e.done, one+": "+message)
		return nil
	}

	name := filepath.Join(beside, m.Name+".yaml")
	if _, err := os.Stat(name); err == nil {
		return fmt.Errorf("%s is there already: move it, or add Municipality %s by hand", name, m.Name)
	}

	e.texts[name] = document
	e.done = append(e.done, name+": "+message)
	return e.addToKustomization(beside, m.Name+".yaml")
}

// homeOf finds where Municipalities are kept: in one file, or in a folder.
func homeOf(f *folder.Folder) (one, beside string) {
	info, err := os.Stat(f.Path)
	if err == nil && !info.IsDir() && f.Files[0].Name == f.Path {
		return f.Path, ""
	}
	count := map[string]int{}
	beside = f.Path
	for _, d := range f.Documents {
		if d.Kind != "Municipality" || d.APIVersion != v1alpha1.GroupVersion.String() {
			continue
		}
		if sources := d.Sources(); len(sources) > 0 {
			one = sources[len(sources)-1].File
			beside = filepath.Dir(one)
			count[one]++
		}
	}
	if len(count) == 1 && count[one] > 1 {
		return one, ""
	}
	return "", beside
}

// addToKustomization names a new file in the kustomization of its folder, if there is one.
func (e *edits) addToKustomization(beside, name string) error {
	for _, f := range e.folder.Files {
		if filepath.Dir(f.Name) != filepath.Clean(beside) || !folder.IsKustomization(f.Name) {
			continue
		}
		for _, o := range f.Objects() {
			return e.edit(f.Name, o.Kind, o.Name, "resources: added "+name,
				manifest.Edit{Path: []manifest.Step{manifest.Key("resources")}, Append: true, Value: name})
		}
	}
	return nil
}

// check makes sure that the API server would take what the files hold then, and that what is
// new is among it.
func (e *edits) check(decided written) error {
	f, err := world.ReadFolder(e.folder.Path, e.texts)
	if err != nil {
		return err
	}
	w, err := world.FromFolder(f)
	if err != nil {
		return err
	}
	if decided.create == nil {
		return nil
	}
	if _, err := w.Municipality(decided.create.Name); err != nil {
		return fmt.Errorf("the kustomization would not use the new file: add Municipality %s by hand: %w", decided.create.Name, err)
	}
	return nil
}

// write writes all files, when all of them could be edited.
func (e *edits) write(cmd *cobra.Command) error {
	for name, text := range e.texts {
		if err := os.WriteFile(name, text, 0o644); err != nil { //nolint:gosec // manifests are read by others too
			return err
		}
	}
	for _, message := range e.done {
		fmt.Fprintln(cmd.OutOrStdout(), message)
	}
	return nil
}
