package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/allmenning/allmenning/hack/archive"
	"github.com/allmenning/allmenning/hack/program"
)

// pluginName is the program's, as kubectl looks for it.
const pluginName = "kubectl-allmenning"

// plugin makes the command line for each platform: an archive, an SBOM, and one manifest for krew.
func (r *release) plugin(ctx context.Context) error {
	work, err := os.MkdirTemp("", "allmenning-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work) //nolint:errcheck // a temporary folder
	for _, platform := range r.platforms {
		began := time.Now()
		if err := r.pluginFor(ctx, platform, filepath.Join(work, strings.ReplaceAll(platform, "/", "-"))); err != nil {
			return fmt.Errorf("for %s: %w", platform, err)
		}
		say("plugin for %s: built in %s", platform, time.Since(began).Round(time.Second))
	}
	if len(r.platforms) < len(platforms()) {
		say("no manifest for krew: it names all platforms")
		return nil
	}
	text, err := os.ReadFile(filepath.Join(r.source, ".krew.yaml"))
	if err != nil {
		return err
	}
	manifest, err := krewManifest(string(text), "v"+r.version, func(name string) (string, error) { return sumOf(r.file(name)) })
	if err != nil {
		return fmt.Errorf(".krew.yaml: %w", err)
	}
	return os.WriteFile(r.file("allmenning.yaml"), manifest, 0o644) //nolint:gosec // it is for everybody
}

func (r *release) pluginFor(ctx context.Context, platform, folder string) error {
	system, arch, _ := strings.Cut(platform, "/")
	p := program.Program{Name: pluginName, Version: r.version, Commit: r.commit, OS: system, Arch: arch}
	named, kind := pluginName, ".tar.gz"
	if system == "windows" {
		named, kind = pluginName+".exe", ".zip"
	}
	built := filepath.Join(folder, named)
	if err := p.Build(ctx, r.source, built); err != nil {
		return err
	}
	name := strings.Join([]string{pluginName, "v" + r.version, system, arch}, "-")
	err := archive.Write(r.file(name+kind), []archive.File{
		{Name: named, Path: built, Mode: 0o755},
		{Name: "LICENSE", Path: filepath.Join(r.source, "LICENSE"), Mode: 0o644},
	})
	if err != nil {
		return err
	}
	sum, err := sumOf(built)
	if err != nil {
		return err
	}
	bom, err := p.BOM(built, program.Subject{SHA256: sum, Of: "the program " + named})
	if err != nil {
		return err
	}
	return os.WriteFile(r.file(name+".spdx.json"), bom, 0o644) //nolint:gosec // it is for everybody
}

// krewManifest fills .krew.yaml in, by the two words that krew's release bot has. Where the bot fetches each archive to know
// its checksum, sum says it of the archive of a name.
func krewManifest(text, tag string, sum func(name string) (string, error)) ([]byte, error) {
	values := struct{ TagName string }{tag}
	fill := func(text string, words template.FuncMap) (string, error) {
		parsed, err := template.New("").Option("missingkey=error").Funcs(words).Parse(text)
		if err != nil {
			return "", err
		}
		var out bytes.Buffer
		err = parsed.Execute(&out, values)
		return out.String(), err
	}
	filled, err := fill(text, template.FuncMap{
		"addURIAndSha": func(address, _ string) (string, error) {
			uri, err := fill(address, nil)
			if err != nil {
				return "", err
			}
			of, err := sum(path.Base(uri))
			return fmt.Sprintf("uri: %s\n    sha256: %s", uri, of), err
		},
	})
	return []byte(filled), err
}

// sumOf is the SHA-256 of a file, in hexadecimal.
func sumOf(file string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:]), nil
}
