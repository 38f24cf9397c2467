package snapshot

import (
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// CatchUp is when to look again where the country was behind.
const CatchUp = 50 * time.Millisecond

// Behind says whether the country does not have an object yet as it was read from the cache: the holder
// follows the cache in a moment. Known is the object as the country has it, nil where it has none.
func Behind[O interface {
	comparable
	client.Object
}](known, read O) bool {
	var none O
	return known == none || known.GetUID() != read.GetUID() || known.GetGeneration() != read.GetGeneration()
}
