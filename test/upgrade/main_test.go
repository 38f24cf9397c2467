package upgrade

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/allmenning/allmenning/test/operator"
)

// root of the repository.
const root = "../.."

var (
	before   = flag.String("before", "", "commit of the operator that comes before; empty means the last tag v*, and where there is none the commit before HEAD")
	members  = flag.Int("members", 12, "how many municipalities the country has")
	patience = flag.Duration("patience", 2*time.Minute, "how long the country may take to settle")
)

// release is an operator, with the definitions and policies that are shipped with it.
type release struct {
	name    string
	program string
	// config is its folder config/default.
	config string
}

// earlier and now are the two operators, built once for all tests. Why says why there is no earlier one.
var (
	earlier, now release
	why          string
)

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("upgrades need a control plane and minutes: skipped with -short")
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "allmenning-upgrade-")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }() // in the temporary folder
		err = build(context.Background(), dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// build builds both operators.
func build(ctx context.Context, dir string) error {
	program, err := operator.Build(ctx, root, dir, os.Stderr)
	if err != nil {
		return err
	}
	now = release{name: "this commit", program: program, config: filepath.Join(root, "config", "default")}
	commit, err := commitBefore(ctx)
	if err != nil {
		why = err.Error()
		return nil //nolint:nilerr // the tests are skipped, and say why
	}
	tree := filepath.Join(dir, "before")
	if err := extract(ctx, commit, tree); err != nil {
		return err
	}
	if program, err = operator.Build(ctx, tree, tree, os.Stderr); err != nil {
		return fmt.Errorf("of %s: %w", commit, err)
	}
	earlier = release{name: commit, program: program, config: filepath.Join(tree, "config", "default")}
	fmt.Printf("upgrade: from %s to this commit\n", commit)
	return nil
}

// commitBefore is the one that the flag names, the last release, or the parent of HEAD. An error says that there is none here.
func commitBefore(ctx context.Context) (string, error) {
	if *before != "" {
		return *before, nil
	}
	if tag, err := git(ctx, "describe", "--tags", "--abbrev=0", "--match=v[0-9]*"); err == nil {
		return tag, nil
	}
	commit, err := git(ctx, "rev-parse", "--short", "HEAD^")
	if err != nil {
		return "", fmt.Errorf("there is no commit before this one here, so nothing to upgrade from: fetch the history, or name a commit with -before: %w", err)
	}
	return commit, nil
}

// extract writes the files of a commit into a new folder.
func extract(ctx context.Context, commit, folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	archive := folder + ".tar"
	if _, err := git(ctx, "archive", "--output="+archive, commit); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "tar", "-xf", archive, "-C", folder).CombinedOutput(); err != nil {
		return fmt.Errorf("unpacking the files of %s: %w: %s", commit, err, out)
	}
	return nil
}

// git runs git in the repository, and returns what it says.
func git(ctx context.Context, arguments ...string) (string, error) {
	var out, fault bytes.Buffer
	command := exec.CommandContext(ctx, "git", append([]string{"-C", root}, arguments...)...)
	command.Stdout, command.Stderr = &out, &fault
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", arguments[0], err, strings.TrimSpace(fault.String()))
	}
	return strings.TrimSpace(out.String()), nil
}
