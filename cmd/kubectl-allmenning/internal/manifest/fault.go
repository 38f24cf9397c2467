package manifest

import "fmt"

// Place is where something is written. It has no line where it is about a file as a whole, and no
// file where it is in none, as what comes from a cluster.
type Place struct {
	File string
	Line int
}

// String is the place as compilers write it.
func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// FaultError is something wrong in a file, or in an object that one holds.
type FaultError struct {
	Place Place
	// Object is its kind and name; empty where the fault is about the file.
	Object string
	Err    error
}

// Error is the fault in a line, with the place in front.
func (f *FaultError) Error() string {
	text := f.Err.Error()
	if f.Object != "" {
		text = f.Object + ": " + text
	}
	if place := f.Place.String(); place != "" {
		text = place + ": " + text
	}
	return text
}

// Unwrap is what is wrong.
func (f *FaultError) Unwrap() error { return f.Err }
