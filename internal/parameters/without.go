package parameters

import (
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
)

// Misses says whether a value, at any depth, is none of the schema's.
func (s *Schema) Misses(given map[string]any) bool {
	return misses(given, s.root())
}

// Without leaves out, at any depth, what this schema does not know and one of the others does.
// What nobody knows stays, so that it is refused by name. given is left as it is.
func (s *Schema) Without(given map[string]any, others []*Schema) map[string]any {
	roots := make([]*schema.Structural, 0, len(others))
	for _, other := range others {
		roots = append(roots, other.root())
	}

	return withoutIn(given, s.root(), roots)
}

// root of the schema; that of one which takes nothing has no properties.
func (s *Schema) root() *schema.Structural {
	if s == nil {
		return &schema.Structural{}
	}

	return s.structural
}

func misses(value any, node *schema.Structural) bool {
	switch value := value.(type) {
	case map[string]any:
		for key, child := range value {
			known, open := childOf(node, key)
			if !open && (known == nil || misses(child, known)) {
				return true
			}
		}
	case []any:
		for _, child := range value {
			if node.Items != nil && misses(child, node.Items) {
				return true
			}
		}
	}

	return false
}

func without(value any, node *schema.Structural, others []*schema.Structural) any {
	switch value := value.(type) {
	case map[string]any:
		return withoutIn(value, node, others)
	case []any:
		if node.Items == nil {
			return value
		}

		items := make([]*schema.Structural, 0, len(others))
		for _, other := range others {
			if other.Items != nil {
				items = append(items, other.Items)
			}
		}
		out := make([]any, 0, len(value))
		for _, child := range value {
			out = append(out, without(child, node.Items, items))
		}

		return out
	}

	return value
}

func withoutIn(given map[string]any, node *schema.Structural, others []*schema.Structural) map[string]any {
	out := make(map[string]any, len(given))
	for key, child := range given {
		known, open := childOf(node, key)
		elsewhere, anywhere := childrenOf(others, key)
		switch {
		case open:
			out[key] = child
		case known != nil:
			out[key] = without(child, known, elsewhere)
		case !anywhere:
			out[key] = child
		}
	}

	return out
}

// childOf is the schema of a key; open says that the node takes anything there.
func childOf(node *schema.Structural, key string) (child *schema.Structural, open bool) {
	if property, found := node.Properties[key]; found {
		return &property, false
	}
	if more := node.AdditionalProperties; more != nil && more.Structural != nil {
		return more.Structural, false
	} else if more != nil && more.Bool {
		return nil, true
	}

	return nil, node.XPreserveUnknownFields
}

// childrenOf are the schemas of a key in other schemas; anywhere says whether one of them takes it.
func childrenOf(nodes []*schema.Structural, key string) (children []*schema.Structural, anywhere bool) {
	for _, node := range nodes {
		child, open := childOf(node, key)
		if child != nil {
			children = append(children, child)
		}
		anywhere = anywhere || child != nil || open
	}

	return children, anywhere
}
