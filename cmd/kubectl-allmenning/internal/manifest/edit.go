package manifest

import (
	"fmt"
	"maps"
	"slices"
)

// Step leads one level down: to the value of a key, or to the item of a list whose
// field By is Is.
type Step struct {
	Key    string
	By, Is string
}

// Key is a step to the value of a key.
func Key(name string) Step { return Step{Key: name} }

// Item is a step to the item of a list whose field is a value.
func Item(field, value string) Step { return Step{By: field, Is: value} }

// String is the step as people write it.
func (s Step) String() string {
	if s.By != "" {
		return fmt.Sprintf("[%s=%s]", s.By, s.Is)
	}
	return "." + s.Key
}

// Field is a key with its value. Fields are a list, as their order is for the reader.
type Field struct {
	Key   string
	Value any
}

// Edit changes one place of an object.
type Edit struct {
	Path []Step
	// Append adds Value to the list at Path, which is made where there is none. Without
	// it Value takes the place of the text at Path.
	Append bool
	// Value is a string, an int64 or a []Field.
	Value any
}

// String names the place.
func (e Edit) String() string {
	var path string
	for _, s := range e.Path {
		path += s.String()
	}
	return path[min(1, len(path)):]
}

// Field is the place as LineOf and Has take it.
func (e Edit) Field() string {
	var field string
	for _, s := range e.Path {
		if s.By != "" {
			field += "[" + s.Is + "]"
			continue
		}
		field = fieldOf(field, s.Key)
	}
	return field
}

// Apply returns the object with the edit. It does not change its argument. Objects are
// as JSON decodes them.
func (e Edit) Apply(object map[string]any) (map[string]any, error) {
	changed, err := e.apply(object, e.Path)
	if err != nil {
		return nil, err
	}
	fresh, ok := changed.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s: it takes the place of the whole object", e)
	}
	return fresh, nil
}

func (e Edit) apply(at any, path []Step) (any, error) {
	if len(path) == 0 {
		return e.put(at)
	}
	if path[0].By != "" {
		return e.applyToItem(at, path)
	}
	object, ok := at.(map[string]any)
	if at != nil && !ok {
		return nil, fmt.Errorf("%s: there is no place for key %s", e, path[0].Key)
	}
	inner, err := e.apply(object[path[0].Key], path[1:])
	if err != nil {
		return nil, err
	}
	changed := map[string]any{}
	maps.Copy(changed, object)
	changed[path[0].Key] = inner
	return changed, nil
}

func (e Edit) applyToItem(at any, path []Step) (any, error) {
	list, _ := at.([]any)
	for i := range list {
		item, ok := list[i].(map[string]any)
		if !ok || item[path[0].By] != path[0].Is {
			continue
		}
		inner, err := e.apply(item, path[1:])
		if err != nil {
			return nil, err
		}
		changed := slices.Clone(list)
		changed[i] = inner
		return changed, nil
	}
	return nil, fmt.Errorf("%s: there is no item whose %s is %s", e, path[0].By, path[0].Is)
}

func (e Edit) put(at any) (any, error) {
	if !e.Append {
		return plain(e.Value), nil
	}
	list, ok := at.([]any)
	if at != nil && !ok {
		return nil, fmt.Errorf("%s: it is no list", e)
	}
	return append(slices.Clone(list), plain(e.Value)), nil
}

// plain is a value as JSON decodes it.
func plain(value any) any {
	fields, ok := value.([]Field)
	if !ok {
		return value
	}
	object := make(map[string]any, len(fields))
	for _, f := range fields {
		object[f.Key] = plain(f.Value)
	}
	return object
}
