// Package capabilities finds out what a Helm chart may know of the cluster: its version, and the API versions of
// the kinds that bundles may hold. All installations of a platform are rendered with the same, so that a chart comes
// to the same wherever it is installed.
package capabilities

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/utils/clock"

	"github.com/allmenning/allmenning/internal/chart"
	"github.com/allmenning/allmenning/internal/installable"
)

// Mapper knows the kinds of the cluster.
type Mapper interface {
	// KindsFor are the kinds of a resource, in whichever versions; a NoMatch error says that there are none.
	KindsFor(resource schema.GroupVersionResource) ([]schema.GroupVersionKind, error)
}

// Versioner knows the version of the cluster.
type Versioner interface {
	// ServerVersion asks the API server.
	ServerVersion() (*version.Info, error)
}

// keptFor is how long an answer counts: a kind may come, or go.
const keptFor = time.Minute

// Reader answers what a chart may know. It may be used by several goroutines.
type Reader struct {
	// Mapper knows the kinds of the cluster.
	Mapper Mapper
	// Versioner is asked once: a cluster that is upgraded changes no app before the operator starts again.
	Versioner Versioner
	// Clock is the time.
	Clock clock.PassiveClock

	lock    sync.Mutex
	version string
	rules   [sha256.Size]byte
	kinds   []string
	at      time.Time
}

// Of is what a chart may know, where an installer has these rules.
func (r *Reader) Of(rules []rbacv1.PolicyRule) (chart.Capabilities, error) {
	written, err := json.Marshal(rules)
	if err != nil {
		return chart.Capabilities{}, fmt.Errorf("encode the rules of the installer: %w", err)
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.version == "" {
		found, err := r.Versioner.ServerVersion()
		if err != nil {
			return chart.Capabilities{}, fmt.Errorf("ask the cluster for its version, which charts may read: %w", err)
		}
		r.version = fmt.Sprintf("v%s.%s.0", digits(found.Major), digits(found.Minor))
	}
	key := sha256.Sum256(written)
	if now := r.Clock.Now(); key != r.rules || now.Sub(r.at) > keptFor {
		if r.kinds, err = r.read(rules); err != nil {
			return chart.Capabilities{}, err
		}
		r.rules, r.at = key, now
	}
	return chart.Capabilities{KubeVersion: r.version, APIVersions: slices.Clone(r.kinds)}, nil
}

// read lists the API versions as Helm does: the group with its version, alone and with the kind.
func (r *Reader) read(rules []rbacv1.PolicyRule) ([]string, error) {
	var all []string
	for _, resource := range installable.Kinds(rules) {
		kinds, err := r.Mapper.KindsFor(resource.WithVersion(""))
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("ask the cluster about %s: %w", resource, err)
		}
		for _, kind := range kinds {
			all = append(all, kind.GroupVersion().String(), kind.GroupVersion().String()+"/"+kind.Kind)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// digits are those that a version begins with: some clusters write 37+.
func digits(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		return text
	}
	return text[:end]
}
