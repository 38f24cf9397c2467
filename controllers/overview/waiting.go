package overview

import (
	"sync"
	"time"
)

// waiting remembers since when the status of a Municipality waits to be written. It
// may be lost with a restart: the wait then begins again.
type waiting struct {
	mutex sync.Mutex
	first map[string]time.Time
}

// since is how long the change has waited; it begins to wait where it did not yet.
func (w *waiting) since(name string, now time.Time) time.Duration {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.first == nil {
		w.first = map[string]time.Time{}
	}
	if _, found := w.first[name]; !found {
		w.first[name] = now
	}
	return now.Sub(w.first[name])
}

func (w *waiting) end(name string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.first, name)
}
