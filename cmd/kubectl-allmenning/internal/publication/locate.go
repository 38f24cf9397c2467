package publication

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/contract"
)

// places are the objects that are written in the files of a bundle.
type places struct {
	files   map[string][]byte
	objects []place
}

type place struct {
	file   string
	object manifest.Object
}

func locate(b bundle.Bundle) places {
	found := places{files: b.Files}
	names := make([]string, 0, len(b.Files))
	for name := range b.Files {
		if isYAML(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		parsed, err := manifest.Parse(name, b.Files[name])
		if err != nil {
			continue // the scan says what is wrong with it, if it is used
		}
		for _, o := range parsed.Objects() {
			found.objects = append(found.objects, place{file: name, object: o})
		}
	}
	return found
}

// any is where a finding is, of which it is not known whether it is about an object or a file.
func (p places) any(f contract.Finding) Located {
	if located := p.object(f); located.File != "" {
		return located
	}
	return p.file(f)
}

// object is where a built object is written: under its name, or under one that a prefix, a suffix or a hash was
// added to.
func (p places) object(f contract.Finding) Located {
	if f.File != "" { // the template of a chart
		return Located{Finding: f}
	}
	best := p.best(f.Object)
	if best < 0 {
		return Located{Finding: f}
	}
	at := p.objects[best]
	line := at.object.Line
	if f.Field != "" {
		line = at.object.LineOf(f.Field)
	}
	f.File, f.Line = at.file, max(line, 1)
	return Located{Finding: f, Source: at.object.Name, Written: at.object.Has(f.Field)}
}

// best is the place of an object that is written under a name, or under the longest part of it; -1 where there is none.
func (p places) best(object string) int {
	kind, name, _ := strings.Cut(object, "/")
	best := -1
	for i, candidate := range p.objects {
		written := candidate.object.Name
		switch {
		case candidate.object.Kind != kind || written == "":
		case written == name:
			return i
		case strings.Contains(name, written) && (best < 0 || len(written) > len(p.objects[best].object.Name)):
			best = i
		}
	}
	return best
}

var quoted = regexp.MustCompile(`"([^"]+)"`)

// file is where a finding about a file is: on the line with what it quotes.
func (p places) file(f contract.Finding) Located {
	if f.File != "" {
		return Located{Finding: f}
	}
	name := f.Object
	if name == "" {
		name, _, _ = strings.Cut(f.Problem, ":")
	}
	content, there := p.files[name]
	if !there {
		return Located{Finding: f}
	}
	line := 1
	if found := quoted.FindStringSubmatch(f.Problem); found != nil {
		if at := bytes.Index(content, []byte(found[1])); at >= 0 {
			line = 1 + bytes.Count(content[:at], []byte("\n"))
		}
	}
	f.File, f.Line = name, line
	return Located{Finding: f}
}
