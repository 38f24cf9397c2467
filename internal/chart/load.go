package chart

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
	helmarchive "helm.sh/helm/v4/pkg/chart/loader/archive"
	helm "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/ignore"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/internal/archive"
	"github.com/allmenning/allmenning/internal/contract"
)

const (
	// File at the root of a folder makes a chart of it.
	File = "Chart.yaml"
	// valuesFile and schemaFile are the names that Helm gives them.
	valuesFile = "values.yaml"
	schemaFile = "values.schema.json"

	// maxFiles and maxBytes bound the files of a chart with those of its packed subcharts.
	maxFiles = 1000
	maxBytes = 8 << 20
	// maxDepth bounds how deep subcharts lie in each other.
	maxDepth = 8
	// maxSubcharts bounds how many there are, each alias counted.
	maxSubcharts = 100
)

// load reads the files of a folder as a chart. All that is wrong with what it consists of is a finding.
func load(files map[string][]byte) (*helm.Chart, []contract.Finding) {
	kept, err := WithoutIgnored(files)
	if err != nil {
		return nil, []contract.Finding{fault(ignore.HelmIgnore, 1, err.Error(), "correct the pattern")}
	}
	u := unpacking{files: map[string][]byte{}}
	if err := u.folder("", kept, 0); err != nil {
		return nil, []contract.Finding{fault("charts", 0, err.Error(), "leave out what the chart does not use, or split the app")}
	}
	buffered := make([]*helmarchive.BufferedFile, 0, len(u.files))
	for _, name := range slices.Sorted(maps.Keys(u.files)) {
		buffered = append(buffered, &helmarchive.BufferedFile{Name: name, Data: u.files[name]})
	}
	c, err := loader.LoadFiles(buffered)
	if err != nil {
		return nil, []contract.Finding{fault(File, 1, "the chart can't be read: "+err.Error(), "helm lint says more")}
	}
	if c.Metadata.Type == "library" {
		return nil, []contract.Finding{fault(File, lineOf(files[File], "type:"), "a chart of type library installs nothing", "put it into the charts folder of the chart that uses it")}
	}
	return c, dependencyFaults(c, files[File])
}

// Metadata is the Chart.yaml of a chart as JSON, and the chart's name.
func Metadata(files map[string][]byte) (content []byte, name string, err error) {
	var metadata helm.Metadata
	if err := yaml.Unmarshal(files[File], &metadata); err != nil {
		return nil, "", fmt.Errorf("%s: %w", File, err)
	}
	if err := metadata.Validate(); err != nil {
		return nil, "", fmt.Errorf("%s: %w", File, err)
	}
	content, err = json.Marshal(metadata)
	return content, metadata.Name, err
}

// WithoutIgnored leaves out what .helmignore says, as helm package does.
func WithoutIgnored(files map[string][]byte) (map[string][]byte, error) {
	rules, err := ignore.Parse(bytes.NewReader(files[ignore.HelmIgnore]))
	if err != nil {
		return nil, err
	}
	rules.AddDefaults()
	kept := make(map[string][]byte, len(files))
	for name, content := range files {
		ignored := rules.Ignore(name, entry{name: path.Base(name)})
		for dir := path.Dir(name); dir != "." && !ignored; dir = path.Dir(dir) {
			ignored = rules.Ignore(dir, entry{name: path.Base(dir), dir: true})
		}
		if !ignored || name == File {
			kept[name] = content
		}
	}
	return kept, nil
}

// entry is a file or folder as the rules of .helmignore ask for it.
type entry struct {
	name string
	dir  bool
}

func (e entry) Name() string     { return e.name }
func (entry) Size() int64        { return 0 }
func (entry) ModTime() time.Time { return time.Time{} }
func (e entry) IsDir() bool      { return e.dir }
func (entry) Sys() any           { return nil }
func (e entry) Mode() fs.FileMode {
	if e.dir {
		return fs.ModeDir
	}
	return 0
}

// unpacking puts packed subcharts into folders, within bounds: Helm's own are a hundred times as wide.
type unpacking struct {
	files map[string][]byte
	bytes int
}

func (u *unpacking) add(name string, content []byte) error {
	u.bytes += len(content)
	if u.bytes > maxBytes || len(u.files) >= maxFiles {
		return fmt.Errorf("with its subcharts unpacked the chart has more than %d files or %d bytes", maxFiles, maxBytes)
	}
	u.files[name] = content
	return nil
}

// folder takes the files of a chart, whose own folder has a path with a slash at its end.
func (u *unpacking) folder(at string, files map[string][]byte, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("subcharts lie more than %d deep in each other", maxDepth)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		dir, base := path.Split(name)
		if path.Ext(base) != ".tgz" || (dir != "charts/" && !strings.HasSuffix(dir, "/charts/")) || strings.ContainsAny(base[:1], "_.") {
			if err := u.add(at+name, files[name]); err != nil {
				return err
			}
			continue
		}
		packed, err := u.unpack(files[name])
		if err != nil {
			return fmt.Errorf("%s%s: %w", at, name, err)
		}
		if err := u.folder(at+strings.TrimSuffix(name, ".tgz")+"/", packed, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// unpack reads a packed chart: a folder that has the name of the chart.
func (u *unpacking) unpack(content []byte) (map[string][]byte, error) {
	files := map[string][]byte{}
	left := maxBytes - u.bytes
	err := archive.Unpack(content, maxBytes, func(header *tar.Header, content io.Reader) error {
		_, name, nested := strings.Cut(path.Clean(header.Name), "/")
		if header.Typeflag != tar.TypeReg || !nested || path.IsAbs(header.Name) || slices.Contains(strings.Split(header.Name, "/"), "..") {
			return nil
		}
		file, fits, err := archive.Read(content, left)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !fits || len(files) >= maxFiles {
			return fmt.Errorf("more than %d bytes or %d files when it is unpacked", maxBytes, maxFiles)
		}
		left -= len(file)
		files[name] = bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))
		return nil
	})
	if errors.Is(err, archive.ErrNoGzip) || errors.Is(err, archive.ErrNoTar) {
		return nil, fmt.Errorf("not a packed chart: %w", err)
	}
	return files, err
}

// dependencyFaults are the dependencies that are declared and not there: nothing is fetched.
func dependencyFaults(c *helm.Chart, declared []byte) []contract.Finding {
	var found []contract.Finding
	for _, needed := range c.Metadata.Dependencies {
		if needed == nil || slices.ContainsFunc(c.Dependencies(), func(there *helm.Chart) bool { return there.Name() == needed.Name }) {
			continue
		}
		at, line := File, lineOf(declared, needed.Name)
		if !c.IsRoot() {
			at = pathOf(c) + File
		}
		found = append(found, fault(at, line, fmt.Sprintf("dependency %q is not in the folder charts, and nothing is fetched when it is installed", needed.Name),
			"run helm dependency build before you push"))
	}
	for _, child := range c.Dependencies() {
		found = append(found, dependencyFaults(child, nil)...)
	}
	return found
}

// pathOf is the folder of a chart within the bundle, with a slash at its end; empty for the bundle itself.
func pathOf(c *helm.Chart) string {
	if c.IsRoot() {
		return ""
	}
	return pathOf(c.Parent()) + "charts/" + c.Name() + "/"
}

// each calls a function with a chart and all that lie in it.
func each(c *helm.Chart, do func(*helm.Chart)) {
	do(c)
	children := slices.Clone(c.Dependencies())
	slices.SortFunc(children, func(a, b *helm.Chart) int { return strings.Compare(a.Name(), b.Name()) })
	for _, child := range children {
		each(child, do)
	}
}

// definitionFaults are the crds folders of a chart and of the subcharts that are in use.
func definitionFaults(c *helm.Chart) []contract.Finding {
	var found []contract.Finding
	each(c, func(c *helm.Chart) {
		for _, crd := range c.Files {
			if !isDefinition(crd.Name) {
				continue
			}
			found = append(found, fault(pathOf(c)+crd.Name, 1, "a CustomResourceDefinition belongs to the whole cluster",
				"take it out, and ask the platform operators to install it and to allow its kind"))
		}
	})
	slices.SortFunc(found, byPlace)
	return found
}

// isDefinition says whether Helm would install a file of a chart as a definition.
func isDefinition(name string) bool {
	return strings.HasPrefix(name, "crds/") && slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name))
}

// withoutNotes leaves out what Helm shows after an installation, and nobody sees here.
func withoutNotes(c *helm.Chart) {
	each(c, func(c *helm.Chart) {
		c.Templates = slices.DeleteFunc(c.Templates, func(f *common.File) bool { return path.Base(f.Name) == "NOTES.txt" })
	})
}

// lineOf is the first line of a text with a word in it, from 1.
func lineOf(content []byte, word string) int {
	at := bytes.Index(content, []byte(word))
	if at < 0 {
		return 1
	}
	return 1 + bytes.Count(content[:at], []byte("\n"))
}
