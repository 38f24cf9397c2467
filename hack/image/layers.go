package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// Where the image keeps what is in it.
const (
	programPath      = "manager"
	certificatesPath = "etc/ssl/certs/ca-certificates.crt" // where Go looks first: crypto/x509, root_linux.go
)

// user is nobody in particular, by number: the kubelet can't know that a name is not root (runAsNonRoot).
const user = 65532

// systemLayer holds what a program finds on any machine: certificates to know registries by, names for its user, and a
// folder for temporary files. Time zones are in the program.
func systemLayer() (v1.Layer, error) {
	certificates, err := certificates()
	if err != nil {
		return nil, err
	}
	names := fmt.Sprintf("root:x:0:0:root:/:/nonexistent\nallmenning:x:%d:%d:Allmenning:/:/nonexistent\n", user, user)
	return layer(func(to *tar.Writer) error {
		for _, entry := range []struct {
			name    string
			content []byte
			mode    int64
		}{
			{name: "etc/", mode: 0o755},
			{name: "etc/passwd", content: []byte(names), mode: 0o644},
			{name: "etc/group", content: fmt.Appendf(nil, "root:x:0:\nallmenning:x:%d:\n", user), mode: 0o644},
			{name: "etc/ssl/", mode: 0o755},
			{name: "etc/ssl/certs/", mode: 0o755},
			{name: certificatesPath, content: certificates, mode: 0o644},
			{name: "tmp/", mode: 0o1777},
		} {
			if err := put(to, entry.name, entry.mode, int64(len(entry.content)), bytes.NewReader(entry.content)); err != nil {
				return err
			}
		}
		return nil
	})
}

// programLayer holds the operator.
func programLayer(program string) (v1.Layer, error) {
	return layer(func(to *tar.Writer) error {
		file, err := os.Open(program)
		if err != nil {
			return err
		}
		defer file.Close() //nolint:errcheck // it was only read
		info, err := file.Stat()
		if err != nil {
			return err
		}
		return put(to, programPath, 0o755, info.Size(), file)
	})
}

// certificates are the roots that Mozilla trusts, as PEM. Those that Mozilla trusts only for certificates issued before
// some day are left out, as a file of PEM can't say so.
func certificates() ([]byte, error) {
	var all bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}
		parsed, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			return nil, fmt.Errorf("read a root certificate: %w", err)
		}
		fmt.Fprintf(&all, "# %s\n", parsed.Subject)
		if err := pem.Encode(&all, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, err
		}
	}
	return all.Bytes(), nil
}

// layer packs what write puts into an archive. It is compressed again each time that it is read, always to the same bytes.
func layer(write func(*tar.Writer) error) (v1.Layer, error) {
	open := func() (io.ReadCloser, error) {
		from, to := io.Pipe()
		go func() {
			archive := tar.NewWriter(to)
			err := write(archive)
			if err == nil {
				err = archive.Close()
			}
			to.CloseWithError(err)
		}()
		return from, nil
	}
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
}

// put writes a file, or a folder where the name ends with a slash. Its time is the beginning of 1970 and its owner root,
// so that the operator can't change its own files.
func put(to *tar.Writer, name string, mode, size int64, content io.Reader) error {
	header := &tar.Header{Name: name, Mode: mode, Size: size, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
	if name[len(name)-1] == '/' {
		header.Typeflag = tar.TypeDir
	}
	if err := to.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(to, content)
	return err
}
