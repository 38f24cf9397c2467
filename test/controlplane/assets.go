package controlplane

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

const (
	assetsVariable = "KUBEBUILDER_ASSETS"
	modulePath     = "github.com/allmenning/allmenning"
	buildScript    = "hack/controlplane/build.sh"
)

// Assets returns the folder that holds the control plane's binaries, in the
// form that envtest takes as KUBEBUILDER_ASSETS. A folder named by that variable
// is used as it is; otherwise hack/controlplane/build.sh builds them, which takes
// minutes the first time and a fraction of a second after that. What the build
// has to say goes to progress, or nowhere when progress is nil.
func Assets(ctx context.Context, progress io.Writer) (string, error) {
	if dir := os.Getenv(assetsVariable); dir != "" {
		return dir, nil
	}
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	var folder, complaints bytes.Buffer
	build := exec.CommandContext(ctx, filepath.Join(root, buildScript))
	build.Stdout, build.Stderr = &folder, &complaints
	if progress != nil {
		build.Stderr = io.MultiWriter(progress, &complaints)
	}
	build.Cancel = func() error { return build.Process.Signal(syscall.SIGTERM) } // it has a lock to let go of
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("building the control plane with %s: %w\n%s", buildScript, err, lastLines(complaints.String(), 20))
	}
	return strings.TrimSpace(folder.String()), nil
}

// requireParts refuses a folder in which a part is missing: envtest's own
// downloads, for one, hold no controller-manager.
func requireParts(assets string, parts []string) error {
	for _, part := range parts {
		path := filepath.Join(assets, part)
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("the control plane's folder %s has no %s: unset %s to have all parts built here: %w",
				assets, part, assetsVariable, err)
		}
	}
	return nil
}

// moduleRoot finds the folder of this module, from the working folder upwards
// and else from where this file was compiled.
func moduleRoot() (string, error) {
	var starts []string
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if _, file, _, ok := runtime.Caller(0); ok {
		starts = append(starts, filepath.Dir(file))
	}
	for _, start := range starts {
		for dir := start; ; dir = filepath.Dir(dir) {
			if isModuleRoot(dir) {
				return dir, nil
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return "", errors.New("the sources of " + modulePath + " are not found: run inside them, or set " +
		assetsVariable + " to a folder with a built control plane")
}

func isModuleRoot(dir string) bool {
	content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return false
	}
	first, _, _ := strings.Cut(string(content), "\n")
	return strings.TrimSpace(first) == "module "+modulePath
}

// lastLines returns the last count lines of text.
func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}
