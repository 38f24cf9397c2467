package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// commit is what the image is built from.
type commit struct {
	// Hash in full; empty where the folder is no checkout.
	Hash string
	// Time is when it was committed: the only time in the image.
	Time time.Time
}

// commitOf returns the commit that is checked out in a folder. A copy without history has none, and its image says the
// beginning of 1970.
func commitOf(ctx context.Context, source string) (commit, error) {
	none := commit{Time: time.Unix(0, 0).UTC()}
	if err := exec.CommandContext(ctx, "git", "-C", source, "rev-parse", "--git-dir").Run(); err != nil {
		return none, nil //nolint:nilerr // no git, or no checkout: that is what none says
	}
	out, err := exec.CommandContext(ctx, "git", "-C", source, "log", "-1", "--format=%H %ct").Output()
	if err != nil {
		return none, fmt.Errorf("ask git for the commit in %s: %w", source, err)
	}
	hash, seconds, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return none, fmt.Errorf("ask git for the commit in %s: it answers %q", source, out)
	}
	return commit{Hash: hash, Time: time.Unix(at, 0).UTC()}, nil
}

// buildProgram compiles the operator: static, without paths of this machine, symbol table or debug data. That it is
// the same wherever it is built, the test of the digest holds.
func buildProgram(ctx context.Context, source, target, version string, platform v1.Platform) error {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags=-s -w -buildid= -X main.version="+version, "-o", target, "./cmd/manager")
	build.Dir = source
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=",
		"GOOS="+platform.OS, "GOARCH="+platform.Architecture)
	var said bytes.Buffer
	build.Stderr = &said
	if err := build.Run(); err != nil {
		return fmt.Errorf("build ./cmd/manager for %s: %w\n%s", platform, err, said.String())
	}
	return nil
}
