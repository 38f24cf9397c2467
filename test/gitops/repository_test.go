package gitops_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// repository is a Git repository on disk with a branch main.
type repository struct{ folder string }

// newRepository commits the repository that docs/gitops.md shows.
func newRepository(t *testing.T) repository {
	t.Helper()
	r := repository{folder: t.TempDir()}
	if err := os.CopyFS(r.folder, os.DirFS(root+"/docs/gitops/repository")); err != nil {
		t.Fatal(err)
	}
	network := filepath.Join(r.folder, "networks", "vest-telemark", "network.yaml")
	content, err := os.ReadFile(network)
	if err != nil {
		t.Fatal(err)
	}
	hasty := regexp.MustCompile(`soak: \d+h`).ReplaceAll(content, []byte("soak: 0s")) // a day is too long for a test
	if err := os.WriteFile(network, hasty, 0o600); err != nil {
		t.Fatal(err)
	}
	r.git(t, "init", "--quiet", "--initial-branch=main")
	r.commit(t, "The country as it begins")
	return r
}

func (r repository) git(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.Command("git", append([]string{"-C", r.folder, "-c", "user.name=Test", "-c", "user.email=test@example.org"}, args...)...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit all that was changed in the folder.
func (r repository) commit(t *testing.T, message string) {
	t.Helper()
	r.git(t, "add", "--all")
	r.git(t, "commit", "--quiet", "--message="+message)
}

// built are the objects of a folder, as they are in the last commit.
func (r repository) built(t *testing.T, path string) []*unstructured.Unstructured {
	t.Helper()
	checkout := filepath.Join(t.TempDir(), "checkout")
	r.git(t, "worktree", "add", "--quiet", "--detach", checkout, "main")
	defer r.git(t, "worktree", "remove", checkout)
	if _, err := os.Stat(filepath.Join(checkout, path)); os.IsNotExist(err) {
		return nil // the folder is gone, and with it all that it held
	}
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(checkout, path))
	if err != nil {
		t.Fatal(err)
	}
	all := make([]*unstructured.Unstructured, 0, resources.Size())
	for _, each := range resources.Resources() {
		raw, err := each.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		o := &unstructured.Unstructured{}
		if err := o.UnmarshalJSON(raw); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}
