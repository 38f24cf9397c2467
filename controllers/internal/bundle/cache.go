package bundle

import (
	"container/list"
	"crypto/sha256"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// cacheKey says what a result was built from.
type cacheKey struct {
	digest  string
	context [sha256.Size]byte
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
	key     cacheKey
	objects []*unstructured.Unstructured
	size    int
}

func newCache(maxEntries, maxBytes int) *cache {
	return &cache{maxEntries: maxEntries, maxBytes: maxBytes, order: list.New(), entries: map[cacheKey]*list.Element{}}
}

func (c *cache) get(key cacheKey) ([]*unstructured.Unstructured, bool) {
	c.lock.Lock()
	element, found := c.entries[key]
	if !found {
		c.lock.Unlock()
		return nil, false
	}
	c.order.MoveToFront(element)
	objects := element.Value.(*cacheEntry).objects //nolint:errcheck // the list holds nothing else
	c.lock.Unlock()
	return deepCopy(objects), true
}

func (c *cache) put(key cacheKey, objects []*unstructured.Unstructured, size int) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.entries[key] = c.order.PushFront(&cacheEntry{key: key, objects: objects, size: size})
	c.bytes += size
	for c.order.Len() > c.maxEntries || c.bytes > c.maxBytes {
		oldest := c.order.Remove(c.order.Back()).(*cacheEntry) //nolint:errcheck // the list holds nothing else
		delete(c.entries, oldest.key)
		c.bytes -= oldest.size
	}
}

func deepCopy(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	copies := make([]*unstructured.Unstructured, len(objects))
	for i, object := range objects {
		copies[i] = object.DeepCopy()
	}
	return copies
}
