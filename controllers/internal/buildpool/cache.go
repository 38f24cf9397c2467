package buildpool

import (
	"container/list"
	"crypto/sha256"
	"sync"
)

// cacheKey says what a result was built from.
type cacheKey struct {
	digest  string
	context [sha256.Size]byte
	// scanned says that the bundle was scanned before: what was only built may never be taken for that.
	scanned bool
}

// cache keeps answers as the workers gave them: objects as JSON take a fraction of the memory that they take as maps.
// It forgets what was used the longest time ago, when it holds too many answers or too much.
type cache struct {
	maxEntries, maxBytes int

	lock    sync.Mutex
	bytes   int
	order   *list.List // of *cacheEntry, the latest used in front
	entries map[cacheKey]*list.Element
}

type cacheEntry struct {
	key    cacheKey
	answer answer
	size   int
}

func newCache(maxEntries, maxBytes int) *cache {
	return &cache{maxEntries: maxEntries, maxBytes: maxBytes, order: list.New(), entries: map[cacheKey]*list.Element{}}
}

// get returns an answer, which nobody may change.
func (c *cache) get(key cacheKey) (answer, bool) {
	c.lock.Lock()
	defer c.lock.Unlock()
	element, found := c.entries[key]
	if !found {
		return answer{}, false
	}
	c.order.MoveToFront(element)
	return element.Value.(*cacheEntry).answer, true //nolint:errcheck // the list holds nothing else
}

// put remembers an answer, which nobody changes any more.
func (c *cache) put(key cacheKey, given answer) {
	size := given.size()
	c.lock.Lock()
	defer c.lock.Unlock()
	c.entries[key] = c.order.PushFront(&cacheEntry{key: key, answer: given, size: size})
	c.bytes += size
	for c.order.Len() > c.maxEntries || c.bytes > c.maxBytes {
		oldest := c.order.Remove(c.order.Back()).(*cacheEntry) //nolint:errcheck // the list holds nothing else
		delete(c.entries, oldest.key)
		c.bytes -= oldest.size
	}
}
