package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
)

// packed is an archive of files that each have so many bytes.
func packed(t *testing.T, files, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	entries := tar.NewWriter(zipped)
	for range files {
		if err := entries.WriteHeader(&tar.Header{Name: "a", Size: int64(size), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := entries.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(entries.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestUnpack(t *testing.T) {
	stop := errors.New("enough")
	for _, tc := range []struct {
		reason string
		packed []byte
		take   error
		seen   int
		want   error
	}{
		{"Each entry is given.", packed(t, 3, 100), nil, 3, nil},
		{"An error ends it, and is the function's own.", packed(t, 3, 100), stop, 1, stop},
		{"What is not packed is said.", []byte("x"), nil, 0, ErrNoGzip},
		{"Headers count: no more than twice the files is unpacked.", packed(t, 20, 0), nil, 16, nil},
		{"One that ends too early is said.", packed(t, 1, 100)[:30], nil, 0, ErrNoTar},
	} {
		seen := 0
		err := Unpack(tc.packed, 4096, func(*tar.Header, io.Reader) error {
			seen++
			return tc.take
		})
		if !errors.Is(err, tc.want) || seen != tc.seen {
			t.Errorf("%s %d entries, %v; want %d, %v", tc.reason, seen, err, tc.seen, tc.want)
		}
	}
}

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		left, want int
		fits       bool
	}{{5, 5, true}, {6, 5, true}, {4, 5, false}, {2, 3, false}, {0, 1, false}} {
		content, fits, err := Read(strings.NewReader("12345"), tc.left)
		if err != nil || len(content) != tc.want || fits != tc.fits {
			t.Errorf("of %d: %d bytes, %v, %v", tc.left, len(content), fits, err)
		}
	}
}
