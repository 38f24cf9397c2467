package appinstallation

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/health"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/contract"
)

// memory spares work that was done before. All of it may be lost: it is found again
// from the API server.
type memory struct {
	kinds   memo[string, servedKinds]
	bundles memo[string, bundle.Bundle]
	rules   memo[string, *health.Rules]
	secrets memo[types.UID, secret]
	pending memo[types.UID, pending]
	// tried is what the API server would take, by the hashes of the objects.
	tried memo[types.UID, string]
	// drift is when it was said last of an object that it was put back.
	drift memo[string, time.Time]
	// lacked is how many passes in a row lacked a right.
	lacked memo[types.UID, int]
	// causes are why pods were not ready.
	causes  memo[types.UID, causes]
	glances glances
	// judged are the findings on what was built, by what it was built from and what is allowed.
	judged memo[string, []contract.Finding]
}

// lackedRights is how many passes in a row lacked a right before this one, which does so or not.
func (m *memory) lackedRights(of types.UID, lacks bool) int {
	before, _ := m.lacked.get(of)
	if !lacks {
		m.lacked.drop(of)
		return 0
	}
	m.lacked.put(of, before+1)
	return before
}

// servedKinds are the kinds of a role that the cluster serves, as it was at a time.
type servedKinds struct {
	all      []schema.GroupVersionKind
	complete bool
	at       time.Time
}

// secret is what a Secret held at a resource version.
type secret struct {
	resourceVersion string
	data            map[string][]byte
}

// pending is a status that was worked out and not written yet, as it may soon change.
type pending struct {
	status v1alpha1.AppInstallationStatus
	since  time.Time
}

// memoLimit bounds each memo. A full one is emptied: it fills again with what is in use.
const memoLimit = 20_000

// memo is a map that many goroutines may use. The zero value is ready.
type memo[K comparable, V any] struct {
	mu      sync.Mutex
	entries map[K]V
}

func (m *memo[K, V]) get(key K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.entries[key]
	return value, ok
}

func (m *memo[K, V]) put(key K, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries == nil || len(m.entries) >= memoLimit {
		m.entries = map[K]V{}
	}
	m.entries[key] = value
}

func (m *memo[K, V]) drop(key K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, key)
}
