package parameters

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/sets"
)

const mailSchema = `{
  "type": "object",
  "required": ["sender"],
  "properties": {
    "sender": {"type": "string", "maxLength": 20},
    "token":  {"type": "string", "pattern": "^[a-z]+$",
      "x-kubernetes-validations": [{"rule": "self != 'leaked'", "messageExpression": "'must not be ' + self"}]},
    "level":  {"type": "string", "enum": ["low", "high"], "default": "low"},
    "tags":   {"type": "array", "maxItems": 4, "x-kubernetes-list-type": "set", "items": {"type": "string", "maxLength": 10}},
    "retry":  {"type": "object", "default": {}, "properties": {
      "count": {"type": "integer", "minimum": 0, "default": 3},
      "limit": {"type": "integer", "default": 10}},
      "x-kubernetes-validations": [{"rule": "!has(self.count) || self.count <= self.limit", "message": "count must not exceed limit"}]}
  }
}`

func compile(t testing.TB, schema string) *Schema {
	t.Helper()
	compiled, err := Compile(apiextensionsv1.JSON{Raw: []byte(schema)})
	if err != nil {
		t.Fatalf("Compile: %v", err)
	}
	return compiled
}

func TestCompileRefuses(t *testing.T) {
	for _, tc := range []struct{ reason, schema, want string }{
		{"text that is not JSON", `{`, "not a schema"},
		{"a field that schemas don't have", `{"type": "object", "propertys": {}}`, `unknown field "propertys"`},
		{"another type at the root", `{"type": "string"}`, "openAPIV3Schema.type"},
		{"no type at the root", `{"properties": {}}`, "it must be object"},
		{"a property without a type", `{"type": "object", "properties": {"a": {"maxLength": 3}}}`, "openAPIV3Schema.properties[a].type"},
		{"a type that doesn't exist", `{"type": "object", "properties": {"a": {"type": "text"}}}`, `openAPIV3Schema.properties[a].type: "text" is not one of`},
		{"a pattern that doesn't compile", `{"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string", "pattern": "("}}}}`, "openAPIV3Schema.properties[a].items.pattern"},
		{"a default that breaks its own schema", `{"type": "object", "properties": {"a": {"type": "integer", "default": "x"}}}`, "openAPIV3Schema.properties[a].default"},
		{"a default that holds an unknown field", `{"type": "object", "properties": {"a": {"type": "object", "default": {"b": 1}}}}`, "openAPIV3Schema.properties[a].default"},
		{"a rule that doesn't compile", `{"type": "object", "properties": {"a": {"type": "object", "additionalProperties": {"type": "string", "x-kubernetes-validations": [{"rule": "self >"}]}}}}`, "openAPIV3Schema.properties[a].additionalProperties.x-kubernetes-validations[0]"},
		{"a message expression that doesn't compile", `{"type": "object", "properties": {"a": {"type": "string", "x-kubernetes-validations": [{"rule": "true", "messageExpression": "1 +"}]}}}`, "x-kubernetes-validations[0]"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			_, err := Compile(apiextensionsv1.JSON{Raw: []byte(tc.schema)})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Compile: %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestApply(t *testing.T) {
	schema := compile(t, mailSchema)
	defaults := map[string]any{"count": int64(3), "limit": int64(10)}
	for _, tc := range []struct {
		reason string
		schema *Schema
		params map[string]any
		want   map[string]any
	}{
		{"defaults are filled in, also in objects that are missing", schema,
			map[string]any{"sender": "Vinje"},
			map[string]any{"sender": "Vinje", "level": "low", "retry": defaults}},
		{"numbers of any decoder fit", schema,
			map[string]any{"sender": "Vinje", "retry": map[string]any{"count": float64(5)}},
			map[string]any{"sender": "Vinje", "level": "low", "retry": map[string]any{"count": int64(5), "limit": int64(10)}}},
		{"null means the default", schema,
			map[string]any{"sender": "Vinje", "level": nil},
			map[string]any{"sender": "Vinje", "level": "low", "retry": defaults}},
		{"no schema takes no parameters", nil, nil, map[string]any{}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, err := tc.schema.Apply(tc.params, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestApplyLeavesItsInputAlone(t *testing.T) {
	params := map[string]any{"sender": "Vinje", "retry": map[string]any{}}
	if _, err := compile(t, mailSchema).Apply(params, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"sender": "Vinje", "retry": map[string]any{}}, params); diff != "" {
		t.Errorf("the input was changed:\n%s", diff)
	}
}

func TestApplyRefuses(t *testing.T) {
	schema := compile(t, mailSchema)
	for _, tc := range []struct {
		reason string
		schema *Schema
		params map[string]any
		want   string
	}{
		{"an unknown parameter", schema, map[string]any{"sender": "x", "colour": "red"},
			"parameters.colour: unknown; the app takes: level, retry, sender, tags, token"},
		{"an unknown field of a parameter", schema, map[string]any{"sender": "x", "retry": map[string]any{"pause": 1}},
			"parameters.retry.pause: unknown"},
		{"any parameter without a schema", nil, map[string]any{"colour": "red"},
			"parameters.colour: unknown; the app takes none"},
		{"a missing parameter", schema, nil, "parameters.sender: required"},
		{"a text that is too long", schema, map[string]any{"sender": strings.Repeat("x", 21)}, "parameters.sender: may not be more than 20"},
		{"a wrong type", schema, map[string]any{"sender": 5}, "parameters.sender: "},
		{"a value out of the list", schema, map[string]any{"sender": "x", "level": "top"}, `parameters.level: supported values: "low", "high"`},
		{"an element twice in a set", schema, map[string]any{"sender": "x", "tags": []any{"a", "a"}}, "parameters.tags[1]: duplicate"},
		{"a broken rule", schema, map[string]any{"sender": "x", "retry": map[string]any{"count": 11}}, "parameters.retry: count must not exceed limit"},
		{"what JSON can't hold", schema, map[string]any{"sender": func() {}}, "not representable"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			_, err := tc.schema.Apply(tc.params, nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Apply: %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestApplyNeverShowsASecret(t *testing.T) {
	schema := compile(t, mailSchema)
	for _, tc := range []struct {
		reason string
		params map[string]any
		secret string
		want   string
	}{
		{"the pattern is reported, the value is not", map[string]any{"sender": "x", "token": "HUSH-1"}, "HUSH-1", "should match"},
		{"a rule's message that quotes the value is dropped", map[string]any{"sender": "x", "token": "leaked"}, "leaked", "parameters.token: not valid"},
		{"the type is reported, the value is not", map[string]any{"sender": "x", "token": 40361234}, "40361234", "parameters.token"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			_, err := schema.Apply(tc.params, sets.New("token"))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("Apply: %v, want an error with %q", err, tc.want)
			}
			if strings.Contains(err.Error(), tc.secret) {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	base := map[string]any{"a": "base", "o": map[string]any{"x": 1, "y": 1}, "l": []any{1, 2}, "k": map[string]any{"z": 1}}
	override := map[string]any{"o": map[string]any{"y": 2, "z": 3}, "l": []any{3}, "k": "text"}
	want := map[string]any{"a": "base", "o": map[string]any{"x": 1, "y": 2, "z": 3}, "l": []any{3}, "k": "text"}
	if diff := cmp.Diff(want, Merge(base, override)); diff != "" {
		t.Errorf("objects are merged, lists replaced; -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"x": 1, "y": 1}, base["o"]); diff != "" {
		t.Errorf("base was changed:\n%s", diff)
	}
}

func FuzzApplyParameters(f *testing.F) {
	schema := compile(f, mailSchema)
	for _, seed := range []string{`{}`, `{"sender": "x"}`, `{"sender": null, "retry": []}`, `{"tags": [[1], {}]}`, `{"token": "leaked", "sender": "y"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, written []byte) {
		var params map[string]any
		if json.Unmarshal(written, &params) != nil {
			t.Skip()
		}
		applied, err := schema.Apply(params, sets.New("token"))
		if token, ok := params["token"].(string); ok && err != nil && len(token) > 8 && strings.Contains(err.Error(), token) && !strings.Contains(mailSchema, token) {
			t.Fatalf("the error shows the secret: %v", err)
		}
		if err != nil {
			return
		}
		again, err := schema.Apply(applied, nil)
		if err != nil {
			t.Fatalf("what was accepted once is refused: %v", err)
		}
		if diff := cmp.Diff(applied, again); diff != "" {
			t.Fatalf("applying twice differs:\n%s", diff)
		}
	})
}
