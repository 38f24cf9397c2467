package parameters

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

func TestGenerated(t *testing.T) {
	s := compile(t, `{"type": "object", "required": ["a", "b", "given"], "properties": {
		"a": {"type": "string", "format": "generated"}, "b": {"type": "string", "format": "generated", "minLength": 40, "maxLength": 64},
		"c": {"type": "string", "format": "generated", "maxLength": 20}, "given": {"type": "string"}}}`)
	want := []Generated{{"a", 32}, {"b", 40}, {"c", 20}}
	if diff := cmp.Diff(want, s.Generated()); diff != "" {
		t.Errorf("generated (-want +got):\n%s", diff)
	}
	if got := want[1].Placeholder(); len(got) != 40 {
		t.Errorf("the placeholder %q has another length", got)
	}
	if got, err := s.Apply(map[string]any{"given": "x"}, nil); err != nil || len(got) != 1 {
		t.Errorf("one that is made is asked for: %v, %v", got, err)
	}
	if _, err := s.Apply(map[string]any{"given": "x", "a": "mine"}, nil); err != nil {
		t.Errorf("one that is given is refused: %v", err)
	}
	if _, err := s.Apply(nil, nil); err == nil {
		t.Error("what nobody makes is no longer asked for")
	}
}

func TestGeneratedRefuses(t *testing.T) {
	for _, tc := range []struct{ reason, property, want string }{
		{"a number", `{"type": "integer", "format": "generated"}`, "properties[a]: format generated is for type string"},
		{"a default", `{"type": "string", "format": "generated", "default": "x"}`, "has no default"},
		{"a pattern that it may not fit", `{"type": "string", "format": "generated", "pattern": "^[a-z]+$"}`, "keeps no pattern"},
		{"a rule that it may not keep", `{"type": "string", "format": "generated", "maxLength": 64, "x-kubernetes-validations": [{"rule": "self.startsWith('a')"}]}`, "keeps no pattern"},
		{"one that can be guessed", `{"type": "string", "format": "generated", "maxLength": 8}`, "between 16 and 128"},
		{"one that is too long", `{"type": "string", "format": "generated", "minLength": 200}`, "between 16 and 128"},
		{"one within another", `{"type": "object", "properties": {"b": {"type": "string", "format": "generated"}}}`, "properties[a].properties[b]: format generated is for parameters at the top level"},
		{"one in a list", `{"type": "array", "items": {"type": "string", "format": "generated"}}`, "properties[a].items"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			_, err := Compile(apiextensionsv1.JSON{Raw: []byte(`{"type": "object", "properties": {"a": ` + tc.property + `}}`)})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
