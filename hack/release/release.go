package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/allmenning/allmenning/hack/program"
)

// options are the command's flags.
type options struct {
	source, version, to, repository, key string
	platforms                            []string
}

// release is one that is being made, in a folder that nobody looks at before it is whole.
type release struct {
	options
	commit program.Commit
	notes  string
	folder string
}

// run makes everything beside the folder that it is for, and then puts it there.
func (o options) run(ctx context.Context) error {
	r, err := o.check(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(o.to), 0o755); err != nil { //nolint:gosec // it is for everybody
		return err
	}
	if r.folder, err = os.MkdirTemp(filepath.Dir(o.to), ".release-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.folder)                      //nolint:errcheck // it is gone where all went well
	if err := os.Chmod(r.folder, 0o755); err != nil { //nolint:gosec // it is for everybody
		return err
	}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"image and install.yaml", r.image}, {"chart", r.chart}, {"plugin", r.plugin}, {"notes", r.writeNotes}, {"checksums", r.sums}, {"signature", r.sign},
	} {
		began := time.Now()
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		say("%s: done in %s", step.what, time.Since(began).Round(time.Second))
	}
	if err := os.RemoveAll(o.to); err != nil {
		return err
	}
	if err := os.Rename(r.folder, o.to); err != nil {
		return err
	}
	say("release %s of commit %s is in %s", o.version, r.commit.Hash, o.to)
	return nil
}

// check finds all that prevents a release before anything is built.
func (o options) check(ctx context.Context) (*release, error) {
	var faults []error
	r := &release{options: o}
	version, err := semver.StrictNewVersion(o.version)
	if err != nil {
		faults = append(faults, fmt.Errorf("--version %q: give one like 1.2.3 or 1.2.3-rc.1, without a v", o.version))
	}
	for _, p := range o.platforms {
		if !slices.Contains(platforms(), p) {
			faults = append(faults, fmt.Errorf("--platforms: %q is none of %s", p, strings.Join(platforms(), ", ")))
		}
	}
	if len(o.imagePlatforms()) == 0 {
		faults = append(faults, errors.New("--platforms: the image needs one of linux"))
	}
	if o.key != "" {
		if _, err := os.Stat(o.key); err != nil {
			faults = append(faults, fmt.Errorf("--key: %w", err))
		}
	}
	if r.commit, err = o.committed(ctx); err != nil {
		faults = append(faults, err)
	}
	if version != nil {
		if r.notes, err = readNotes(filepath.Join(o.source, "CHANGELOG.md"), version); err != nil {
			faults = append(faults, err)
		}
	}
	return r, errors.Join(faults...)
}

// committed is the commit that is released. What is not in it would be in no other release of it.
func (o options) committed(ctx context.Context) (program.Commit, error) {
	commit, err := program.CommitOf(ctx, o.source)
	if err != nil {
		return commit, err
	}
	if commit.Hash == "" {
		return commit, fmt.Errorf("--source %s is no checkout of git: a release says which commit it is", o.source)
	}
	changed, err := o.git(ctx, "status", "--porcelain")
	if err != nil {
		return commit, err
	}
	if changed != "" {
		return commit, fmt.Errorf("these files are not committed; commit or stash them:\n%s", changed)
	}
	tag := "v" + o.version
	if tagged, err := o.git(ctx, "rev-parse", "-q", "--verify", "refs/tags/"+tag+"^{commit}"); err == nil && tagged != commit.Hash {
		return commit, fmt.Errorf("the tag %s is commit %s, and %s is checked out: check out the tag, or give another --version", tag, tagged, commit.Hash)
	}
	return commit, nil
}

func (o options) git(ctx context.Context, arguments ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", o.source}, arguments...)...).Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", strings.Join(arguments, " "), err)
	}
	return strings.TrimRight(string(out), "\n"), nil
}

// imagePlatforms are those of the operator: it runs on nodes of linux.
func (o options) imagePlatforms() []string {
	return slices.DeleteFunc(slices.Clone(o.platforms), func(p string) bool { return !strings.HasPrefix(p, "linux/") })
}

// image makes the operator's image with its SBOMs, and the manifest that names the image by its digest.
func (r *release) image(ctx context.Context) error {
	tagged := r.repository + ":" + r.version
	out, err := r.hack(ctx, "image", "--name="+tagged, "--version="+r.version, "--platforms="+strings.Join(r.imagePlatforms(), ","),
		"--archive="+r.file("manager-"+r.version+"-image.tar"), "--sboms="+r.file(""))
	if err != nil {
		return err
	}
	_, digest, isDigest := strings.Cut(out, "@")
	if !isDigest {
		return fmt.Errorf("hack/image prints no digest: %q", out)
	}
	return writeManifest(r.source, tagged+"@"+digest, r.file("install.yaml"))
}

func (r *release) chart(ctx context.Context) error {
	_, err := r.hack(ctx, "chart", "package", "--version="+r.version, "--to="+r.file(""), "--archive="+r.file("allmenning-"+r.version+"-chart.tar"))
	return err
}

func (r *release) writeNotes(context.Context) error {
	return os.WriteFile(r.file("RELEASE_NOTES.md"), []byte(r.notes), 0o644) //nolint:gosec // it is for everybody
}

// sign writes a signature beside the checksums. What signs is a module of its own.
func (r *release) sign(ctx context.Context) error {
	if r.key == "" {
		say("%s is not signed: no --key is given", sumsFile)
		return nil
	}
	key, err := filepath.Abs(r.key)
	if err != nil {
		return err
	}
	_, err = goRun(ctx, filepath.Join(r.source, "hack", "sign"), ".", "--key="+key, "--bundle="+r.file(sumsFile+".sigstore.json"), r.file(sumsFile))
	return err
}

// file is the whole path of a file of the release.
func (r *release) file(name string) string {
	path, err := filepath.Abs(filepath.Join(r.folder, name))
	if err != nil { // the folder of this process is gone
		return filepath.Join(r.folder, name)
	}
	return path
}

// hack runs a program of hack/ of the commit.
func (r *release) hack(ctx context.Context, name string, arguments ...string) (string, error) {
	return goRun(ctx, r.source, "./hack/"+name, arguments...)
}

// goRun runs a program, which says on stderr how far it is, and returns what it prints.
func goRun(ctx context.Context, folder, path string, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, "go", append([]string{"run", path}, arguments...)...)
	command.Dir = folder
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-trimpath")
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, os.Stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("go run %s: %w", path, err)
	}
	return strings.TrimSpace(out.String()), nil
}

// say reports progress.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "release: "+format+"\n", args...) }
