// Package archive reads packed folders within bounds: what comes from outside may be small and unpack to much. Bundles
// and the subcharts of Helm charts are read by it.
package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

var (
	// ErrNoGzip says that what is to be unpacked was not packed with gzip.
	ErrNoGzip = errors.New("not a gzip file")
	// ErrNoTar says that what was packed is no tar archive, or ends in the midst of it.
	ErrNoTar = errors.New("not a readable tar archive")
)

// Unpack gives each entry of a compressed tar archive to a function, and stops at its first error. Of an archive whose
// files may have so many bytes no more than twice as much is unpacked: headers and padding count too, and a tar may not
// hold more of them than of files.
func Unpack(packed []byte, bytesOfFiles int, take func(*tar.Header, io.Reader) error) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoGzip, err)
	}
	entries := tar.NewReader(io.LimitReader(unzipped, 2*int64(bytesOfFiles)))
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNoTar, err)
		}
		if err := take(header, entries); err != nil {
			return err
		}
	}
}

// Read reads a file that may have so many bytes, and says whether it has no more.
func Read(file io.Reader, left int) (content []byte, fits bool, err error) {
	content, err = io.ReadAll(io.LimitReader(file, int64(left)+1))
	return content, len(content) <= left, err
}
