package contract_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/internal/contract"
)

// TestThePolicyHasTheSameAnnotations keeps what municipalities' own Services and Ingresses may carry equal to what those of bundles may.
func TestThePolicyHasTheSameAnnotations(t *testing.T) {
	content, err := os.ReadFile("../../config/policy/tenant-network.yaml")
	if err != nil {
		t.Fatal(err)
	}
	list := func(name string) []string {
		_, after, _ := strings.Cut(string(content), "  - name: "+name+"\n")
		within, _, _ := strings.Cut(after, "\n      ]\n")
		var all []string
		for _, found := range regexp.MustCompile(`'([^']+)'`).FindAllStringSubmatch(within, -1) {
			all = append(all, found[1])
		}
		return all
	}
	var want []string
	for _, key := range contract.PlainAnnotations() {
		if strings.Contains(key, "/") { // those without are free
			want = append(want, key)
		}
	}
	got := slices.DeleteFunc(append(list("plain"), list("plainPrefixes")...), func(key string) bool { return !strings.Contains(key, "/") })
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config/policy/tenant-network.yaml differs from PlainAnnotations (-want +got):\n%s", diff)
	}
}
