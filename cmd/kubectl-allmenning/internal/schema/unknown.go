package schema

import (
	"fmt"
	"slices"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apimachinery/pkg/runtime"
)

// unknownFields are fields that the kind does not have. The API server drops them with a
// warning, or refuses them where kubectl asks for strict validation, which is its default.
func (k *Kind) unknownFields(written map[string]any) []Fault {
	paths := pruning.PruneWithOptions(runtime.DeepCopyJSON(written), k.structural, true,
		structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	if _, isObject := written["metadata"].(map[string]any); isObject {
		_, _, more, _ := objectmeta.GetObjectMetaWithOptions(written, objectmeta.ObjectMetaOptions{
			DropMalformedFields: true, ReturnUnknownFieldPaths: true, // checkMetadata reports the malformed
		})
		paths = append(paths, more...)
	}
	slices.Sort(paths)

	faults := make([]Fault, 0, len(paths))
	for _, path := range slices.Compact(paths) {
		faults = append(faults, Fault{Field: path, Message: fmt.Sprintf("unknown field %q", path)})
	}
	return faults
}
