package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
	"github.com/google/go-cmp/cmp"
)

// TestRelease makes a release twice, in folders of different names, for one platform: the others differ by what they tell the
// compiler.
func TestRelease(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the operator: some minutes the first time")
	}
	first := committedCopy(t)
	second := filepath.Join(t.TempDir(), "elsewhere")
	git(t, first, "clone", "-q", first, second)
	var sums []string
	for _, source := range []string{first, second} {
		o := options{source: source, version: "1.2.3-rc.1", to: filepath.Join(t.TempDir(), "release"), repository: configured, platforms: []string{"linux/amd64"}}
		if err := o.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		sums = append(sums, read(t, filepath.Join(o.to, sumsFile)))
		if len(sums) == 1 {
			t.Run("what is in it", func(t *testing.T) { whole(t, o, git(t, source, "rev-parse", "HEAD")) })
		}
	}
	if diff := cmp.Diff(sums[0], sums[1]); diff != "" {
		t.Errorf("two releases of one commit:\n%s", diff)
	}
}

// whole looks into a release.
func whole(t *testing.T, o options, commit string) {
	listed := []string{sumsFile}
	for line := range strings.Lines(read(t, filepath.Join(o.to, sumsFile))) {
		want, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if got, err := sumOf(filepath.Join(o.to, name)); err != nil || got != want {
			t.Errorf("%s has the sum %s (%v), and is listed with %s", name, got, err, want)
		}
		listed = append(listed, name)
	}
	slices.Sort(listed)
	want := []string{
		"RELEASE_NOTES.md", "SHA256SUMS", "allmenning-1.2.3-rc.1-chart.tar", "allmenning-1.2.3-rc.1.tgz", "install.yaml",
		"kubectl-allmenning-v1.2.3-rc.1-linux-amd64.spdx.json", "kubectl-allmenning-v1.2.3-rc.1-linux-amd64.tar.gz",
		"manager-1.2.3-rc.1-image.tar", "manager-1.2.3-rc.1-linux-amd64.spdx.json",
	}
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("files that are listed (-want +got):\n%s", diff)
	}
	entries, err := os.ReadDir(o.to)
	if err != nil || len(entries) != len(listed) {
		t.Errorf("%d files are there, and %d are listed (%v)", len(entries), len(listed), err)
	}
	if manifest := read(t, filepath.Join(o.to, "install.yaml")); !strings.Contains(manifest, "image: "+configured+":1.2.3-rc.1@sha256:") {
		t.Error("install.yaml does not name the image by its digest")
	}

	plugin := unpacked(t, filepath.Join(o.to, "kubectl-allmenning-v1.2.3-rc.1-linux-amd64.tar.gz"))
	out, err := exec.CommandContext(t.Context(), filepath.Join(plugin, pluginName), "--version").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "1.2.3-rc.1 (commit "+commit+" of ") {
		t.Errorf("the plugin says %q (%v)", out, err)
	}
	if _, err := os.Stat(filepath.Join(plugin, "LICENSE")); err != nil {
		t.Error(err)
	}
}

func TestWhatStandsInTheWay(t *testing.T) {
	clean := func(t *testing.T) string {
		folder := t.TempDir()
		git(t, folder, "init", "-q")
		if err := os.WriteFile(filepath.Join(folder, "CHANGELOG.md"), []byte("## [Unreleased]\n\n- new\n\n## [1.0.0] - 2026-12-01\n\n- first\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		commitAll(t, folder)
		return folder
	}
	good := options{version: "1.0.0", platforms: platforms()}
	cases := []struct {
		reason string
		change func(t *testing.T, o *options)
		wrong  []string
	}{
		{"nothing", func(*testing.T, *options) {}, nil},
		{"all that is wrong is reported at once", func(_ *testing.T, o *options) {
			o.version, o.platforms, o.key = "v1", []string{"windows/arm64"}, "no/such.key"
		},
			[]string{`--version "v1": give one like 1.2.3`, `"windows/arm64" is none of linux/amd64`, "the image needs one of linux", "--key: stat no/such.key"}},
		{"a version of which the changelog says nothing", func(_ *testing.T, o *options) { o.version = "1.1.0" }, []string{`no section "## [1.1.0]"`}},
		{"a pre-release is what is not released yet", func(_ *testing.T, o *options) { o.version = "1.1.0-rc.1" }, nil},
		{"what is not committed would be in no other release", func(t *testing.T, o *options) {
			if err := os.WriteFile(filepath.Join(o.source, "new.go"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"not committed", "new.go"}},
		{"a tag that is another commit", func(t *testing.T, o *options) {
			git(t, o.source, "tag", "v1.0.0")
			if err := os.WriteFile(filepath.Join(o.source, "new.go"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			commitAll(t, o.source)
		}, []string{"the tag v1.0.0 is commit"}},
		{"a tag of this commit", func(t *testing.T, o *options) { git(t, o.source, "tag", "v1.0.0") }, nil},
		{"no checkout", func(t *testing.T, o *options) {
			if err := os.RemoveAll(filepath.Join(o.source, ".git")); err != nil {
				t.Fatal(err)
			}
		}, []string{"is no checkout of git"}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			o := good
			o.source = clean(t)
			c.change(t, &o)
			_, err := o.check(t.Context())
			if (err != nil) != (c.wrong != nil) {
				t.Fatalf("error %v, want %q", err, c.wrong)
			}
			for _, want := range c.wrong {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
		})
	}
}

func TestNotes(t *testing.T) {
	text := "# Changelog\n\n## [Unreleased]\n\n- new\n\n## [1.1.0] - 2026-12-01\n\n## [1.0.0] - 2026-11-01\n\n### Added\n\n- first\n\n## [1.0.0-rc.1]\n\n- try\n"
	file := filepath.Join(t.TempDir(), "CHANGELOG.md")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct{ reason, version, want, wrong string }{
		{"the section of the version, with its headings", "1.0.0", "### Added\n\n- first\n", ""},
		{"a pre-release that has one", "1.0.0-rc.1", "- try\n", ""},
		{"a pre-release that has none", "1.2.0-rc.1", "- new\n", ""},
		{"a version that has none", "1.2.0", "", `no section "## [1.2.0]": give what is in [Unreleased] that heading`},
		{"an empty one", "1.1.0", "", `says nothing below "## [1.1.0]"`},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			got, err := readNotes(file, semver.MustParse(c.version))
			if got != c.want || (err != nil) != (c.wrong != "") || (err != nil && !strings.Contains(err.Error(), c.wrong)) {
				t.Errorf("got %q, %v; want %q, %q", got, err, c.want, c.wrong)
			}
		})
	}
}

// committedCopy is a checkout of the files that git knows here, or would add, as one commit. It stays as it is while files here
// change.
func committedCopy(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "checkout")
	git(t, root, "init", "-q", folder)
	line := `git ls-files -z -co --exclude-standard | while IFS= read -r -d '' f; do [ ! -e "$f" ] || printf '%s\0' "$f"; done | tar --null --files-from=- -cf - | tar -xf - -C "$0"`
	command := exec.CommandContext(t.Context(), "bash", "-c", line, folder)
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("copy the files that git knows: %v\n%s", err, out)
	}
	commitAll(t, folder)
	return folder
}

func commitAll(t *testing.T, folder string) {
	t.Helper()
	git(t, folder, "add", "-A")
	git(t, folder, "-c", "user.name=test", "-c", "user.email=test@example.no", "commit", "-q", "-m", "test")
}

func git(t *testing.T, folder string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "git", arguments...)
	command.Dir = folder
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// unpacked is a folder with the files of an archive.
func unpacked(t *testing.T, file string) string {
	t.Helper()
	from, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close() //nolint:errcheck // it was only read
	plain, err := gzip.NewReader(from)
	if err != nil {
		t.Fatal(err)
	}
	folder, archive := t.TempDir(), tar.NewReader(plain)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return folder
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(header.Name)), content, header.FileInfo().Mode()); err != nil {
			t.Fatal(err)
		}
	}
}
