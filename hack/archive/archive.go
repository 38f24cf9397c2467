// Package archive writes files into archives that are the same wherever and whenever they are written: in the order of
// their names, without times, and owned by root.
package archive

import (
	"archive/tar"
	"archive/zip"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// File is a file that goes into an archive.
type File struct {
	// Name in the archive, with slashes.
	Name string
	// Path is where its content is.
	Path string
	Mode fs.FileMode
}

// Folder lists all files of a folder, as nobody may run them.
func Folder(folder string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		files = append(files, File{Name: filepath.ToSlash(name), Path: path, Mode: 0o644})
		return err
	})
	return files, err
}

// Write writes an archive. Its name says of which kind: .tar, .tar.gz, .tgz or .zip.
func Write(path string, files []File) error {
	write := writeTar
	switch {
	case strings.HasSuffix(path, ".zip"):
		write = writeZip
	case strings.HasSuffix(path, ".tar.gz"), strings.HasSuffix(path, ".tgz"):
		write = writeTarGz
	case !strings.HasSuffix(path, ".tar"):
		return fmt.Errorf("%s: use the ending .tar, .tar.gz, .tgz or .zip", path)
	}
	to, err := os.Create(path)
	if err != nil {
		return err
	}
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	err = write(to, files)
	if closed := to.Close(); err == nil {
		err = closed
	}
	return err
}

func writeTarGz(to io.Writer, files []File) error {
	packed, err := gzip.NewWriterLevel(to, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := writeTar(packed, files); err != nil {
		return err
	}
	return packed.Close()
}

func writeTar(to io.Writer, files []File) error {
	archive := tar.NewWriter(to)
	for _, f := range files {
		err := read(f, func(content io.Reader, size int64) error {
			header := &tar.Header{Name: f.Name, Mode: int64(f.Mode), Size: size, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
			if err := archive.WriteHeader(header); err != nil {
				return err
			}
			_, err := io.Copy(archive, content)
			return err
		})
		if err != nil {
			return err
		}
	}
	return archive.Close()
}

// zipTime is the first that a zip archive can say.
func zipTime() time.Time { return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) }

func writeZip(to io.Writer, files []File) error {
	archive := zip.NewWriter(to)
	for _, f := range files {
		err := read(f, func(content io.Reader, _ int64) error {
			header := &zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: zipTime()}
			header.SetMode(f.Mode)
			entry, err := archive.CreateHeader(header)
			if err != nil {
				return err
			}
			_, err = io.Copy(entry, content)
			return err
		})
		if err != nil {
			return err
		}
	}
	return archive.Close()
}

// read opens a file for use.
func read(f File, use func(content io.Reader, size int64) error) error {
	content, err := os.Open(f.Path)
	if err != nil {
		return err
	}
	defer content.Close() //nolint:errcheck // it was only read
	info, err := content.Stat()
	if err != nil {
		return err
	}
	return use(content, info.Size())
}
