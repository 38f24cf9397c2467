package archive

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestWrite writes the same files, made at other times and named in another order, into each kind of archive.
func TestWrite(t *testing.T) {
	for _, kind := range []string{".tar", ".tar.gz", ".tgz", ".zip"} {
		t.Run(kind, func(t *testing.T) {
			var archives [][]byte
			for i := range 2 {
				folder := t.TempDir()
				files := []File{
					{Name: "LICENSE", Path: filepath.Join(folder, "x"), Mode: 0o644},
					{Name: "bin/program", Path: filepath.Join(folder, "y"), Mode: 0o755},
				}
				for _, f := range files {
					if err := os.WriteFile(f.Path, []byte(f.Name), 0o600); err != nil {
						t.Fatal(err)
					}
					at := time.Unix(int64(1e9*i), 0)
					if err := os.Chtimes(f.Path, at, at); err != nil {
						t.Fatal(err)
					}
				}
				if i == 1 {
					slices.Reverse(files)
				}
				target := filepath.Join(folder, "a"+kind)
				if err := Write(target, files); err != nil {
					t.Fatal(err)
				}
				content, err := os.ReadFile(target)
				if err != nil {
					t.Fatal(err)
				}
				archives = append(archives, content)
			}
			if !bytes.Equal(archives[0], archives[1]) {
				t.Error("two archives of the same files differ")
			}
		})
	}
}

func TestWriteOfAnotherKind(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.rar")
	if err := Write(file, nil); err == nil || !strings.Contains(err.Error(), ".tar.gz") {
		t.Errorf("an ending that there is not: %v", err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("it wrote a file all the same")
	}
}
