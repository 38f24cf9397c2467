package truth

import (
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestJudgeDoesNotAskTheJudged keeps the code of the operator out of the judge: a rule that it took
// from there it could not check.
func TestJudgeDoesNotAskTheJudged(t *testing.T) {
	allowed := []string{
		"github.com/allmenning/allmenning/api/v1alpha1", "github.com/Masterminds/semver/v3", "github.com/robfig/cron/v3",
		"k8s.io/apimachinery/pkg/api/meta", "k8s.io/apimachinery/pkg/apis/meta/v1", "k8s.io/apimachinery/pkg/labels",
		"k8s.io/apimachinery/pkg/util/intstr", "k8s.io/utils/ptr",
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if library := !strings.Contains(strings.Split(path, "/")[0], "."); !library && !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s: the judge must not ask the code that it judges", f.Name(), path)
			}
		}
	}
}
