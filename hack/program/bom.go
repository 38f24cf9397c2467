package program

import (
	"bytes"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"runtime/debug"
	"strings"

	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// Subject is what an SBOM is about.
type Subject struct {
	// SHA256 in hexadecimal, and what it is the checksum of.
	SHA256, Of string
	// Beside are modules that are in it beside the program.
	Beside []debug.Module
}

// BOM is the SBOM of the program in a file, as SPDX 2.3 in JSON: the modules that the linker put into it, with the hashes
// that go.sum holds them to, and the Go tool chain.
func (p Program) BOM(file string, about Subject) ([]byte, error) {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return nil, err
	}
	document := &v2_3.Document{
		SPDXVersion: v2_3.Version, DataLicense: v2_3.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName:      strings.Join([]string{p.Name, p.Version, p.OS, p.Arch}, "-"),
		DocumentNamespace: "https://github.com/allmenning/allmenning/sbom/" + about.SHA256,
		CreationInfo: &v2_3.CreationInfo{
			Created:  p.Commit.Date(),
			Creators: []common.Creator{{CreatorType: "Tool", Creator: "allmenning-hack-program"}},
		},
	}
	main := v2_3.Package{
		PackageName: p.Name, PackageSPDXIdentifier: common.ElementID("Package-" + p.Name), PackageVersion: p.Version,
		PackageDownloadLocation: "https://github.com/allmenning/allmenning", PackageLicenseDeclared: "Apache-2.0",
		PackageLicenseConcluded: "Apache-2.0", PackageCopyrightText: "NOASSERTION",
		PackageChecksums: []common.Checksum{{Algorithm: common.SHA256, Value: about.SHA256}},
		PackageComment:   "the checksum is that of " + about.Of,
	}
	document.Packages = append(document.Packages, &main)
	document.Relationships = append(document.Relationships, relation("DOCUMENT", "DESCRIBES", main.PackageSPDXIdentifier))

	for _, m := range append(append(modulesOf(info), toolchainOf(info)), about.Beside...) {
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
