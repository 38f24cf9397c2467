package definition

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/openapi"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Checker compares the schemas of the cluster with those that this operator was built with. One goroutine at a time may use it.
type Checker struct {
	// Served is where the API server publishes its schemas, to everybody who may speak with it.
	Served openapi.Client

	shipped schemas
	// address of the document that was compared; it changes with the schemas.
	address string
	found   Difference
}

// Check says in what the schemas of the cluster differ. It asks for the list of schemas, and for ours where they have changed.
func (c *Checker) Check() (Difference, error) {
	if c == nil {
		return Difference{}, nil
	}
	if c.shipped == nil {
		var err error
		if c.shipped, err = readShipped(); err != nil {
			return Difference{}, err
		}
	}
	all, err := c.Served.Paths()
	if err != nil {
		return Difference{}, fmt.Errorf("ask the API server for its schemas: %w", err)
	}
	ours, ok := all["apis/"+v1alpha1.GroupVersion.String()]
	if !ok {
		return c.shipped.compare(nil), nil
	}
	if ours.ServerRelativeURL() == c.address {
		return c.found, nil
	}
	document, err := ours.Schema(runtime.ContentTypeJSON)
	if err != nil {
		return Difference{}, fmt.Errorf("ask the API server for the schemas of %s: %w", v1alpha1.GroupVersion, err)
	}
	served, err := readServed(document)
	if err != nil {
		return Difference{}, err
	}
	// Only now: what failed is asked for again.
	c.address, c.found = ours.ServerRelativeURL(), c.shipped.compare(served)
	return c.found, nil
}
