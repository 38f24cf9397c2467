// Command image builds the operator's image from the Go tool chain alone: no container engine, no base image, nothing
// downloaded but the Go modules of this repository.
//
//	go run ./hack/image --layout=dist/image                    # a folder in the OCI image layout
//	go run ./hack/image --archive=dist/image.tar               # for ctr, docker load, podman load and skopeo
//	go run ./hack/image --push --name=registry.example.no/allmenning/manager:1.0.0
//
// Two builds of one commit by one version of Go give the same digest. Credentials for --push are those of
// `docker login`, `podman login` or `oras login`.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/allmenning/allmenning/hack/program"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "image: %v\n", err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	source    string
	name      string
	version   string
	platforms []string
	program   string
	layout    string
	archive   string
	boms      string
	push      bool
	insecure  bool
}

func newCommand() *cobra.Command {
	var o options
	command := &cobra.Command{
		Use: "image", Short: "Build the operator's image without a container engine",
		Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error { return o.run(command.Context()) },
	}
	set := command.Flags()
	set.StringVar(&o.source, "source", ".", "the checkout that is built")
	set.StringVar(&o.name, "name", "ghcr.io/allmenning/manager:dev", "name of the image, with its tag")
	set.StringVar(&o.version, "version", "dev", "what the operator says of itself, and the image in its labels")
	set.StringSliceVar(&o.platforms, "platforms", []string{"linux/amd64", "linux/arm64"}, "platforms to build for")
	set.StringVar(&o.program, "program", "", "take this program instead of building one; for one platform only")
	set.StringVar(&o.layout, "layout", "", "write a folder in the OCI image layout; it is replaced")
	set.StringVar(&o.archive, "archive", "", "write a tar archive that ctr, docker, podman and skopeo load")
	set.StringVar(&o.boms, "sboms", "", "write the SBOM of each platform into a folder, too, as manager-VERSION-OS-ARCH.spdx.json")
	set.BoolVar(&o.push, "push", false, "push image and SBOMs to the registry of --name")
	set.BoolVar(&o.insecure, "insecure-registry", false, "push without TLS")
	return command
}

// run builds the image of each platform and writes it where the flags say.
func (o options) run(ctx context.Context) error {
	reference, platforms, err := o.check()
	if err != nil {
		return err
	}
	commit, err := program.CommitOf(ctx, o.source)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "allmenning-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work) //nolint:errcheck // a temporary folder

	described := description{Version: o.version, Commit: commit}
	index := newIndex(described)
	for _, platform := range platforms {
		file := o.program
		if file == "" {
			file = filepath.Join(work, strings.ReplaceAll(platform.String(), "/", "-"), "manager")
			say("building the program for %s", platform)
			began := time.Now()
			if err := index.program(platform).Build(ctx, o.source, file); err != nil {
				return err
			}
			say("built in %s", time.Since(began).Round(time.Second))
		}
		if err := index.add(file, platform); err != nil {
			return fmt.Errorf("image for %s: %w", platform, err)
		}
	}

	return o.write(ctx, index, reference)
}

// check reads the flags, and reports all that is wrong with them.
func (o options) check() (name.Tag, []v1.Platform, error) {
	var faults []error
	var settings []name.Option
	if o.insecure {
		settings = append(settings, name.Insecure)
	}
	reference, err := name.NewTag(o.name, settings...)
	if err != nil {
		faults = append(faults, fmt.Errorf("--name: %w", err))
	}
	var platforms []v1.Platform
	for _, text := range o.platforms {
		platform, err := v1.ParsePlatform(text)
		if err != nil || platform.OS != "linux" || platform.Architecture == "" {
			faults = append(faults, fmt.Errorf("--platforms: %q is no platform of linux; give linux/amd64 or linux/arm64", text))
			continue
		}
		platforms = append(platforms, *platform)
	}
	if o.program != "" && len(platforms) != 1 {
		faults = append(faults, fmt.Errorf("--program: a program is for one platform, and --platforms names %d", len(platforms)))
	}
	if o.layout == "" && o.archive == "" && !o.push {
		faults = append(faults, errors.New("nothing to write: give --layout, --archive or --push"))
	}
	return reference, platforms, errors.Join(faults...)
}

func (o options) write(ctx context.Context, index *index, reference name.Tag) error {
	digest, err := index.digest()
	if err != nil {
		return err
	}
	if o.layout != "" {
		if err := writeLayout(o.layout, index, reference); err != nil {
			return fmt.Errorf("write --layout: %w", err)
		}
		say("wrote the layout %s", o.layout)
	}
	if o.archive != "" {
		if err := writeArchive(o.archive, index, reference); err != nil {
			return fmt.Errorf("write --archive: %w", err)
		}
		say("wrote the archive %s", o.archive)
	}
	if o.boms != "" {
		if err := index.writeBOMs(o.boms); err != nil {
			return fmt.Errorf("write --sboms: %w", err)
		}
		say("wrote the SBOMs into %s", o.boms)
	}
	if o.push {
		if err := push(ctx, index, reference); err != nil {
			return fmt.Errorf("push %s: %w", reference, err)
		}
		say("pushed %s", reference)
	}
	for _, line := range index.sizes() {
		say("%s", line)
	}
	_, err = fmt.Printf("%s@%s\n", reference.Context(), digest)
	return err
}

// say reports progress; standard output has only the image's name and digest.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "image: "+format+"\n", args...) }
