// Package program builds the programs of cmd/ as they are released, and lists what is in them.
package program

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// timeForm is RFC 3339 in UTC, as the OCI image specification and SPDX have it.
const timeForm = "2006-01-02T15:04:05Z"

// Commit is what programs are built from.
type Commit struct {
	// Hash in full; empty where the folder is no checkout.
	Hash string
	// Time is when it was committed: the only time in what is built.
	Time time.Time
}

// Date is when it was committed, in text.
func (c Commit) Date() string { return c.Time.Format(timeForm) }

// CommitOf returns the commit that is checked out in a folder. A copy without history has none, and what is built of it
// says the beginning of 1970.
func CommitOf(ctx context.Context, source string) (Commit, error) {
	none := Commit{Time: time.Unix(0, 0).UTC()}
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
	return Commit{Hash: hash, Time: time.Unix(at, 0).UTC()}, nil
}

// Program is a program of cmd/, for a platform.
type Program struct {
	// Name is that of its folder below cmd/.
	Name    string
	Version string
	Commit  Commit
	// OS and Arch are Go's words.
	OS, Arch string
}

// provenance is the package that programs ask what they were built from.
const provenance = "github.com/allmenning/allmenning/internal/provenance"

// Build compiles it from a checkout: static, without paths of this machine, symbol table or debug data. That it is
// the same wherever it is built, the tests of image and release hold.
func (p Program) Build(ctx context.Context, source, target string) error {
	linked := fmt.Sprintf("-s -w -buildid= -X %[1]s.version=%[2]s -X %[1]s.commit=%[3]s -X %[1]s.date=%[4]s",
		provenance, p.Version, p.Commit.Hash, p.Commit.Date())
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags="+linked, "-o", target, "./cmd/"+p.Name)
	build.Dir = source
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=", "GOOS="+p.OS, "GOARCH="+p.Arch)
	var said bytes.Buffer
	build.Stderr = &said
	if err := build.Run(); err != nil {
		return fmt.Errorf("build ./cmd/%s for %s/%s: %w\n%s", p.Name, p.OS, p.Arch, err, said.String())
	}
	return nil
}
