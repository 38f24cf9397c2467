package buildpool

import (
	"container/list"
	"crypto/sha256"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/internal/bundle"
)

// cacheKey says what a result was built from.
type cacheKey struct {
	digest  string
	context [sha256.Size]byte
	// scanned says that the bundle was scanned before: what was only built may never be taken for that.
	scanned bool
}

// cache forgets what was used the longest time ago, when it holds too many results or too much.
type cache struct {
	maxEntries, maxBytes int

	lock    sync.Mutex
	bytes   int
	order   *list.List // of *cacheEntry, the latest used in front
	entries map[cacheKey]*list.Element
}

type cacheEntry struct {
	key   cacheKey
	built bundle.Built
	size  int
}

func newCache(maxEntries, maxBytes int) *cache {
	return &cache{maxEntries: maxEntries, maxBytes: maxBytes, order: list.New(), entries: map[cacheKey]*list.Element{}}
}

// get returns a copy of a result.
func (c *cache) get(key cacheKey) (bundle.Built, bool) {
	c.lock.Lock()
	element, found := c.entries[key]
	if !found {
		c.lock.Unlock()
		return bundle.Built{}, false
	}
	c.order.MoveToFront(element)
	built := element.Value.(*cacheEntry).built //nolint:errcheck // the list holds nothing else
	c.lock.Unlock()
	return copyOf(built), true
}

// put remembers a result, which the caller no longer changes.
func (c *cache) put(key cacheKey, built bundle.Built, size int) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.entries[key] = c.order.PushFront(&cacheEntry{key: key, built: built, size: size})
	c.bytes += size
	for c.order.Len() > c.maxEntries || c.bytes > c.maxBytes {
		oldest := c.order.Remove(c.order.Back()).(*cacheEntry) //nolint:errcheck // the list holds nothing else
		delete(c.entries, oldest.key)
		c.bytes -= oldest.size
	}
}

func copyOf(built bundle.Built) bundle.Built {
	copies := make([]*unstructured.Unstructured, len(built.Objects))
	for i, object := range built.Objects {
		copies[i] = object.DeepCopy()
	}
	built.Objects, built.Adjusted, built.Warnings = copies, slices.Clone(built.Adjusted), slices.Clone(built.Warnings)
	return built // nobody changes its files
}
