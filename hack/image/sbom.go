package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// spdxType is the media type of SPDX as JSON (IANA).
const spdxType = "application/spdx+json"

// certificatesModule is where the certificates in the image come from.
const certificatesModule = "golang.org/x/crypto/x509roots/fallback"

// bom is an artifact that lists what is in an image, and refers to it (OCI image specification 1.1, manifest.md,
// "subject"): registries list it among the image's referrers.
func (x *index) bom(program string, image v1.Image, platform v1.Platform) (v1.Image, error) {
	subject, err := partial.Descriptor(image)
	if err != nil {
		return nil, err
	}
	content, err := x.list(program, subject.Digest, platform)
	if err != nil {
		return nil, fmt.Errorf("list what is in the program: %w", err)
	}
	// The config's type is the type of an artifact for registries that are older than artifactType.
	artifact := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), spdxType)
	artifact, err = mutate.AppendLayers(artifact, static.NewLayer(content, spdxType))
	if err != nil {
		return nil, err
	}
	referring, ok := mutate.Subject(artifact, *subject).(v1.Image)
	if !ok {
		return nil, errors.New("an image with a subject is no image")
	}
	return referring, nil
}

// list is the SBOM: the modules that the linker put into the program, with the hashes that go.sum holds them to, the
// Go tool chain, and the certificates.
func (x *index) list(program string, digest v1.Hash, platform v1.Platform) ([]byte, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, err
	}
	document := &v2_3.Document{
		SPDXVersion: v2_3.Version, DataLicense: v2_3.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName:      "allmenning-manager-" + x.Version + "-" + platform.Architecture,
		DocumentNamespace: "https://github.com/allmenning/allmenning/sbom/" + digest.Hex,
		CreationInfo: &v2_3.CreationInfo{
			Created:  x.Commit.Time.Format("2006-01-02T15:04:05Z"),
			Creators: []common.Creator{{CreatorType: "Tool", Creator: "allmenning-hack-image"}},
		},
	}
	main := v2_3.Package{
		PackageName: "manager", PackageSPDXIdentifier: "Package-manager", PackageVersion: x.Version,
		PackageDownloadLocation: "https://github.com/allmenning/allmenning", PackageLicenseDeclared: "Apache-2.0",
		PackageLicenseConcluded: "Apache-2.0", PackageCopyrightText: "NOASSERTION",
		PackageChecksums: []common.Checksum{{Algorithm: common.SHA256, Value: digest.Hex}},
		PackageComment:   "the checksum is the digest of the image",
	}
	document.Packages = append(document.Packages, &main)
	document.Relationships = append(document.Relationships, relation("DOCUMENT", "DESCRIBES", main.PackageSPDXIdentifier))

	for _, m := range append(modulesOf(info), toolchainOf(info), certificatesOf()) {
		p := packageOf(m)
		document.Packages = append(document.Packages, p)
		document.Relationships = append(document.Relationships, relation(main.PackageSPDXIdentifier, "DEPENDS_ON", p.PackageSPDXIdentifier))
	}
	var out bytes.Buffer
	if err := spdxjson.Write(document, &out, spdxjson.Indent("  ")); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func modulesOf(info *debug.BuildInfo) []debug.Module {
	modules := make([]debug.Module, 0, len(info.Deps))
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		modules = append(modules, *m)
	}
	return modules
}

// toolchainOf is the standard library, which is compiled into the program.
func toolchainOf(info *debug.BuildInfo) debug.Module {
	return debug.Module{Path: "stdlib", Version: strings.TrimPrefix(info.GoVersion, "go")}
}

// certificatesOf is the module of the certificates. They are data of the image, so the program's list has not got them.
func certificatesOf() debug.Module {
	here, _ := debug.ReadBuildInfo()
	for _, m := range here.Deps {
		if m.Path == certificatesModule {
			return *m
		}
	}
	return debug.Module{Path: certificatesModule}
}

var notInIdentifiers = regexp.MustCompile(`[^a-zA-Z0-9.-]`)

func packageOf(m debug.Module) *v2_3.Package {
	p := &v2_3.Package{
		PackageName: m.Path, PackageVersion: m.Version,
		PackageSPDXIdentifier:   common.ElementID("Package-" + notInIdentifiers.ReplaceAllString(m.Path+"-"+m.Version, "-")),
		PackageDownloadLocation: "NOASSERTION", PackageLicenseConcluded: "NOASSERTION", PackageLicenseDeclared: "NOASSERTION",
		PackageCopyrightText: "NOASSERTION",
		PackageExternalReferences: []*v2_3.PackageExternalReference{{
			// https://github.com/package-url/purl-spec, type golang.
			Category: "PACKAGE-MANAGER", RefType: "purl", Locator: "pkg:golang/" + m.Path + "@" + m.Version,
		}},
	}
	if sum, isSum := strings.CutPrefix(m.Sum, "h1:"); isSum {
		if raw, err := base64.StdEncoding.DecodeString(sum); err == nil {
			p.PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: hex.EncodeToString(raw)}}
			p.PackageComment = "the checksum is the h1 of go.sum: of the list of the module's files (golang.org/x/mod/sumdb/dirhash)"
		}
	}
	return p
}

func relation(from common.ElementID, kind string, to common.ElementID) *v2_3.Relationship {
	return &v2_3.Relationship{
		RefA: common.MakeDocElementID("", string(from)), RefB: common.MakeDocElementID("", string(to)), Relationship: kind,
	}
}
