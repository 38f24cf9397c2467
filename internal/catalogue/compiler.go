package catalogue

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Compiler compiles apps, and keeps what it compiled: one that has not changed is not compiled
// again, and of one that has, the schemas that stayed the same are not. Several goroutines may use
// it. The zero Compiler is ready.
type Compiler struct {
	lock  sync.Mutex
	known map[string]compiled
}

// compiled is an app, and what of the object says that it is still the same.
type compiled struct {
	app             *App
	uid             types.UID
	resourceVersion string
}

// App compiles one SharedApp.
func (c *Compiler) App(o *v1alpha1.SharedApp) *App {
	c.lock.Lock()
	defer c.lock.Unlock()

	before := c.known[o.Name]
	if before.app != nil && before.uid == o.UID && before.resourceVersion == o.ResourceVersion && o.ResourceVersion != "" {
		return before.app
	}

	app := compile(o, before.app)
	if c.known == nil {
		c.known = map[string]compiled{}
	}
	c.known[o.Name] = compiled{app: app, uid: o.UID, resourceVersion: o.ResourceVersion}

	return app
}
