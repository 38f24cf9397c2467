package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const root = "../.."

// TestImageHasItsSources makes the folder that the Dockerfile's compiler sees: of the
// repository what .dockerignore admits and COPY names. The programs consist of the same
// packages and files there as here; one package that is missing breaks the image.
func TestImageHasItsSources(t *testing.T) {
	admits := readIgnore(t, filepath.Join(root, ".dockerignore"))
	copied := readCopies(t, filepath.Join(root, "Dockerfile"))
	stage := t.TempDir()
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inContext, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		inContext = filepath.ToSlash(inContext)
		switch {
		case entry.IsDir() && (inContext == ".git" || inContext == "dist"):
			return filepath.SkipDir
		case !entry.Type().IsRegular() || !admits.file(inContext) || !covered(copied, inContext):
			return nil
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		target := filepath.Join(stage, inContext)
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sources(t, root), sources(t, stage)); diff != "" {
		t.Errorf("the programs in the repository, and what the image is built from (-repository +image):\n%s", diff)
	}
}

// sources are the programs' packages of this module, each with the files that are compiled
// or embedded.
func sources(t *testing.T, dir string) []string {
	t.Helper()
	list := exec.Command("go", "list", "-e", "-deps", "-f",
		"{{with .Module}}{{if .Main}}{{$.ImportPath}}: {{$.GoFiles}} {{$.EmbedFiles}} {{with $.Error}}{{.Err}}{{end}}{{end}}{{end}}", "./cmd/...")
	list.Dir = dir
	list.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list in %s: %v", dir, err)
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// ignore are the patterns of a .dockerignore; the last that matches decides.
type ignore []string

func readIgnore(t *testing.T, name string) ignore {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var patterns ignore
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if rest := strings.TrimPrefix(strings.TrimPrefix(line, "!"), "**/"); strings.Contains(rest, "**") {
			t.Fatalf("%s: this test does not understand the pattern %q", name, line)
		}
		patterns = append(patterns, line)
	}
	return patterns
}

// file says whether a file is admitted to the build.
func (patterns ignore) file(name string) bool {
	admitted := true
	for _, pattern := range patterns {
		except := strings.HasPrefix(pattern, "!")
		if matches(strings.TrimPrefix(pattern, "!"), name) {
			admitted = except
		}
	}
	return admitted
}

// matches says whether a pattern is that of a file, or of a folder that it is in.
func matches(pattern, name string) bool {
	pattern, anywhere := strings.CutPrefix(pattern, "**/")
	segments := strings.Split(name, "/")
	for from := range segments {
		if from > 0 && !anywhere {
			break
		}
		for to := from + 1; to <= len(segments); to++ {
			if ok, err := path.Match(pattern, strings.Join(segments[from:to], "/")); ok && err == nil {
				return true
			}
		}
	}
	return false
}

// readCopies are the sources of the COPY lines that take from the build context.
func readCopies(t *testing.T, name string) []string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var copied []string
	for line := range strings.Lines(string(content)) {
		words := strings.Fields(line)
		if len(words) < 3 || words[0] != "COPY" || strings.HasPrefix(words[1], "--from=") {
			continue
		}
		copied = append(copied, words[1:len(words)-1]...)
	}
	return copied
}

// covered says whether a file is copied, itself or with a folder that it is in.
func covered(copied []string, name string) bool {
	for _, source := range copied {
		source = path.Clean(source)
		if source == "." || source == name || strings.HasPrefix(name, source+"/") {
			return true
		}
	}
	return false
}

func TestIgnore(t *testing.T) {
	patterns := ignore{"*", "!go.mod", "!api", "**/*_test.go", "**/testdata"}
	cases := []struct {
		reason, name string
		want         bool
	}{
		{"an exception names a file", "go.mod", true},
		{"an exception names a folder", "api/v1alpha1/doc.go", true},
		{"nothing excepts it", "internal/country/group.go", false},
		{"a later pattern takes back", "api/v1alpha1/doc_test.go", false},
		{"a folder at any depth, with all in it", "api/v1alpha1/testdata/a/b.yaml", false},
		{"a name that only begins alike", "apis/doc.go", false},
	}
	for _, c := range cases {
		if got := patterns.file(c.name); got != c.want {
			t.Errorf("%s: %s: got %v, want %v", c.reason, c.name, got, c.want)
		}
	}
}
