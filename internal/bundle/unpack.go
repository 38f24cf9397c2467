package bundle

import (
	"archive/tar"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/allmenning/allmenning/internal/archive"
)

// folder collects unpacked files and keeps them within the limits, whichever layer they come from.
type folder struct {
	files map[string][]byte
	size  int
}

// add reads one file, and never more of it than may still be unpacked.
func (f *folder) add(name string, content io.Reader) error {
	clean, err := cleanPath(name)
	if err != nil {
		return err
	}
	if clean == "." {
		return fmt.Errorf("entry %q: a file needs a name", name)
	}
	if _, found := f.files[clean]; found {
		return fmt.Errorf("entry %q: the file is there twice", name)
	}
	if len(f.files) == MaxFiles {
		return fmt.Errorf("entry %q: more than %d files", name, MaxFiles)
	}

	left := MaxUnpackedBytes - f.size
	read, fits, err := archive.Read(content, left)
	if err != nil {
		return fmt.Errorf("entry %q: %w", name, err)
	}
	if !fits {
		return fmt.Errorf("entry %q: more than %d bytes when unpacked", name, MaxUnpackedBytes)
	}

	f.files[clean] = read
	f.size += len(read)
	return nil
}

// untarGzip adds the files of a compressed tar archive. Only files and folders may be in it: links
// and devices could point out of the bundle.
func (f *folder) untarGzip(content []byte) error {
	return archive.Unpack(content, MaxUnpackedBytes, func(header *tar.Header, file io.Reader) error {
		switch header.Typeflag {
		case tar.TypeDir:
			_, err := cleanPath(header.Name)
			return err
		case tar.TypeReg:
			return f.add(header.Name, file)
		case tar.TypeXGlobalHeader: // git archive writes one
			return nil
		}
		return fmt.Errorf("entry %q is a %s; only files and folders are allowed", header.Name, entryKind(header.Typeflag))
	})
}

func entryKind(flag byte) string {
	switch flag {
	case tar.TypeSymlink:
		return "symbolic link"
	case tar.TypeLink:
		return "hard link"
	case tar.TypeChar, tar.TypeBlock:
		return "device"
	case tar.TypeFifo:
		return "named pipe"
	default:
		return fmt.Sprintf("tar entry of type %q", flag)
	}
}

// finish checks what can be known only when all files are there, and unwraps folders that hold
// everything: packing ./svarut gives svarut/kustomization.yaml.
func (f *folder) finish() (map[string][]byte, error) {
	for name := range f.files {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if _, found := f.files[dir]; found {
				return nil, fmt.Errorf("entry %q: %q is a file and can't be a folder too", name, dir)
			}
		}
	}
	files := f.files
	for {
		inner, ok := unwrap(files)
		if !ok {
			return files, nil
		}
		files = inner
	}
}

func unwrap(files map[string][]byte) (map[string][]byte, bool) {
	top := ""
	inner := make(map[string][]byte, len(files))
	for name, content := range files {
		first, rest, nested := strings.Cut(name, "/")
		if !nested || (top != "" && first != top) {
			return nil, false
		}
		top = first
		inner[rest] = content
	}
	return inner, len(inner) > 0
}
