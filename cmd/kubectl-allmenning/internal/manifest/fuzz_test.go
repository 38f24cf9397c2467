package manifest_test

import (
	"strings"
	"testing"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
)

// FuzzEdit edits whatever parses. An edit is made or refused; where it is made, every line
// that it did not touch is still there, in its order.
func FuzzEdit(f *testing.F) {
	for _, seed := range []string{
		head + "spec:\n  members:\n    names:\n    - tokke # first\n  channels:\n  - {name: stable, version: '2.4.1'}\n",
		head + "spec: {members: {names: [a, \"b]\"]}, rollout: {approvals: []}, channels: [{name: stable, version: 1}]} # end",
		"# none\n---\n" + head + "spec:\n  rollout: # nothing\n  channels: &c\n    - name: stable\n      version: |\n        2.4.1\n...\n---\nx: *c\n",
		"{\"kind\": \"Network\", \"metadata\": {\"name\": \"digi\"}, \"spec\": null}",
		"\xef\xbb\xbf" + head + "spec:\r\n  members: !!map\r\n    names: ~\r\n",
		head + "? spec\n: members: {names: }\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := manifest.Parse("a.yaml", text)
		if err != nil {
			return
		}
		for _, edit := range []manifest.Edit{approval, member, promotion} {
			after, err := file.Edit("Network", "digi", edit)
			if err != nil {
				continue
			}
			left := strings.Split(string(after), "\n")
			changed := 0
			for line := range strings.SplitSeq(string(text), "\n") {
				at := indexOf(left, line)
				if at < 0 {
					changed++
					continue
				}
				left = left[at+1:]
			}
			if changed > 2 {
				t.Errorf("%s changed %d lines of\n%s\nto\n%s", edit, changed, text, after)
			}
		}
	})
}

func indexOf(lines []string, wanted string) int {
	for i, line := range lines {
		if line == wanted {
			return i
		}
	}
	return -1
}
