// Command release makes all files of a release into a folder, from the commit that is checked out and nothing else: no
// container engine, and no network where the Go modules are in the cache.
//
//	go run ./hack/release --version=1.2.3 --to=dist/release                # everything
//	go run ./hack/release --version=1.2.3 --key=cosign.key                 # and a signature
//	go run ./hack/release manifest --image=registry.example.no/manager:1.2.3 --to=dist/install.yaml
//
// Two releases of one commit by one version of Go have the same SHA256SUMS.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "release: %v\n", err)
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	var o options
	command := &cobra.Command{
		Use: "release", Short: "Make all files of a release", Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error { return o.run(command.Context()) },
	}
	set := command.Flags()
	set.StringVar(&o.source, "source", ".", "the checkout that is released; all of it must be committed")
	set.StringVar(&o.version, "version", "", "version, such as 1.2.3 or 1.2.3-rc.1; its tag is v1.2.3")
	set.StringVar(&o.to, "to", "dist/release", "folder to write; it is replaced when all is made")
	set.StringVar(&o.repository, "repository", "ghcr.io/allmenning/manager", "name of the image in its registry, without a tag")
	set.StringSliceVar(&o.platforms, "platforms", platforms(), "platforms of the plugin, and those of linux of the image; a release has all, fewer are for trying")
	set.StringVar(&o.key, "key", "", "PEM file of the private key that signs SHA256SUMS; that of cosign takes its password from COSIGN_PASSWORD")
	command.AddCommand(newManifestCommand())
	return command
}

func newManifestCommand() *cobra.Command {
	var image, to, source string
	command := &cobra.Command{
		Use: "manifest", Short: "Write config/default as one file, with an image", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil { //nolint:gosec // it is for everybody
				return err
			}
			return writeManifest(source, image, to)
		},
	}
	set := command.Flags()
	set.StringVar(&source, "source", ".", "the checkout whose config/default it is")
	set.StringVar(&image, "image", "ghcr.io/allmenning/manager:dev", "name of the image, with a tag, a digest, or both")
	set.StringVar(&to, "to", "dist/install.yaml", "file to write")
	return command
}

// platforms are those that a release is for.
func platforms() []string {
	return []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64"}
}
