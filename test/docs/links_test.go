// Package docs_test holds the documentation to what is there: the files and sections that it leads to.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

var (
	// link is a link of Markdown, or the target of a link that is defined by itself.
	link    = regexp.MustCompile(`\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)|(?m)^\[[^\]]+\]:\s+(\S+)`)
	heading = regexp.MustCompile(`^#{1,6}\s+(.+?)\s*#*$`)
	anchor  = regexp.MustCompile(`<a (?:id|name)="([^"]+)"`)
	// code is what is shown as it is: no link in it leads anywhere.
	code = regexp.MustCompile("`[^`]*`")
	// dropped are the characters that a heading loses as it becomes an anchor, as GitHub makes them.
	dropped = regexp.MustCompile(`[^\p{L}\p{N}\p{M}_\- ]`)
)

// page is a file of Markdown.
type page struct {
	links   []string
	anchors []string
}

// read reads a page.
func read(t *testing.T, file string) page {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var p page
	times, inBlock := map[string]int{}, ""
	for line := range strings.Lines(string(content)) {
		line = strings.TrimRight(line, "\n")
		if fence := fenceOf(line); fence != "" && (inBlock == "" || strings.HasPrefix(fence, inBlock)) {
			if inBlock == "" {
				inBlock = fence
			} else {
				inBlock = ""
			}
			continue
		}
		if inBlock != "" {
			continue
		}
		for _, found := range anchor.FindAllStringSubmatch(line, -1) {
			p.anchors = append(p.anchors, found[1])
		}
		if found := heading.FindStringSubmatch(line); found != nil {
			slug := slugOf(found[1])
			if n := times[slug]; n > 0 {
				p.anchors = append(p.anchors, slug+"-"+strconv.Itoa(n))
			} else {
				p.anchors = append(p.anchors, slug)
			}
			times[slug]++
		}
		for _, found := range link.FindAllStringSubmatch(code.ReplaceAllString(line, ""), -1) {
			p.links = append(p.links, found[1]+found[2])
		}
	}
	return p
}

// fenceOf is what opens or closes a block of code on a line; empty where nothing does.
func fenceOf(line string) string {
	line = strings.TrimLeft(line, " ")
	for _, mark := range []string{"`", "~"} {
		if rest := strings.TrimLeft(line, mark); len(line)-len(rest) >= 3 {
			return line[:len(line)-len(rest)]
		}
	}
	return ""
}

// slugOf is the anchor of a heading.
func slugOf(title string) string {
	title = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(title, "$1")
	return strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(strings.ReplaceAll(title, "`", "")), ""), " ", "-")
}

// pages are all files of Markdown of the project, by their path from the root.
func pages(t *testing.T) map[string]page {
	t.Helper()
	all := map[string]page{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "dist", "testdata", "node_modules"}, d.Name()) {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(file, ".md") {
			name, err := filepath.Rel(root, file)
			if err != nil {
				return err
			}
			all[filepath.ToSlash(name)] = read(t, file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestLinks follows each link of the documentation within the project: to a file that is there, and to a section of it.
func TestLinks(t *testing.T) {
	all, followed := pages(t), 0
	for name, p := range all {
		for _, to := range p.links {
			if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
				continue
			}
			followed++
			file, section, _ := strings.Cut(to, "#")
			target := name
			if file != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(name), file))
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s: the link %s leads to no file", name, to)
				continue
			}
			if other, isPage := all[target]; section != "" && isPage && !slices.Contains(other.anchors, section) {
				t.Errorf("%s: the link %s leads to no section of %s", name, to, target)
			}
		}
	}
	if followed == 0 {
		t.Error("no link was found")
	}
	t.Logf("%d pages, %d links", len(all), followed)
}
