package capabilities

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/allmenning/allmenning/internal/chart"
)

type cluster struct {
	kinds map[string][]schema.GroupVersionKind
	down  bool
	asked int
}

func (c *cluster) KindsFor(r schema.GroupVersionResource) ([]schema.GroupVersionKind, error) {
	c.asked++
	if found := c.kinds[r.Resource]; found != nil {
		return found, nil
	}
	return nil, &meta.NoResourceMatchError{PartialResource: r}
}

func (c *cluster) ServerVersion() (*version.Info, error) {
	if c.down {
		return nil, errors.New("no answer")
	}
	return &version.Info{Major: "1", Minor: "37+", GitVersion: "v1.37.4-eks"}, nil
}

func TestOf(t *testing.T) {
	now := clocktesting.NewFakePassiveClock(time.Unix(0, 0))
	c := &cluster{down: true, kinds: map[string][]schema.GroupVersionKind{
		"deployments": {{Group: "apps", Version: "v1", Kind: "Deployment"}}, "services": {{Version: "v1", Kind: "Service"}},
	}}
	rules := []rbacv1.PolicyRule{{APIGroups: []string{"apps", ""}, Resources: []string{"deployments", "services", "gone"}, Verbs: []string{"create", "patch"}}}
	r := &Reader{Mapper: c, Versioner: c, Clock: now}
	if _, err := r.Of(rules); err == nil {
		t.Error("a cluster that does not answer has no version")
	}
	c.down = false
	got, err := r.Of(rules)
	if err != nil {
		t.Fatal(err)
	}
	want := chart.Capabilities{KubeVersion: "v1.37.0", APIVersions: []string{"apps/v1", "apps/v1/Deployment", "v1", "v1/Service"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("capabilities (-want +got):\n%s", diff)
	}
	before := c.asked
	if _, err := r.Of(rules); err != nil || c.asked != before {
		t.Errorf("it asked again at once: %v", err)
	}
	now.SetTime(time.Unix(0, 0).Add(2 * keptFor))
	if _, err := r.Of(rules); err != nil || c.asked == before {
		t.Errorf("a kind that comes later is never seen: %v", err)
	}
}
