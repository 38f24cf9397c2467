package manifest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
)

var (
	approval = manifest.Edit{
		Path:   []manifest.Step{manifest.Key("spec"), manifest.Key("rollout"), manifest.Key("approvals")},
		Append: true,
		Value: []manifest.Field{
			{Key: "app", Value: "svarut"}, {Key: "digest", Value: "sha256:abc"}, {Key: "wave", Value: "everyone"}, {Key: "attempt", Value: int64(1)},
		},
	}
	member = manifest.Edit{
		Path:   []manifest.Step{manifest.Key("spec"), manifest.Key("members"), manifest.Key("names")},
		Append: true, Value: "vinje",
	}
	promotion = manifest.Edit{
		Path:  []manifest.Step{manifest.Key("spec"), manifest.Key("channels"), manifest.Item("name", "stable"), manifest.Key("version")},
		Value: "2.5.0",
	}
)

const head = "kind: Network\nmetadata: {name: digi}\n"

func TestEdit(t *testing.T) {
	for _, tc := range []struct {
		reason        string
		edit          manifest.Edit
		before, after string
	}{
		{
			"comments, blank lines and what is around stay",
			member,
			"# The network.\n---\n" + head + "spec:\n\n  members:   # who\n    names:\n    - tokke # first\n    # - nobody\n\n  # What they take.\n  apps: []\n---\n# next\nkind: X\n",
			"# The network.\n---\n" + head + "spec:\n\n  members:   # who\n    names:\n    - tokke # first\n    - vinje\n    # - nobody\n\n  # What they take.\n  apps: []\n---\n# next\nkind: X\n",
		},
		{
			"a list that is indented stays so, with the quotes of its items, and the file without a line break at its end",
			member,
			head + "spec:\n  members:\n    names:\n      -   'tokke'",
			head + "spec:\n  members:\n    names:\n      -   'tokke'\n      -   'vinje'",
		},
		{
			"a list in brackets stays in brackets, whatever is in its texts",
			member,
			head + "spec: {members: {names: [\"to]k,ke\", 'it''s'] }} # end\n",
			head + "spec: {members: {names: [\"to]k,ke\", 'it''s', 'vinje'] }} # end\n",
		},
		{
			"brackets over several lines keep their closing line, and a comma that trails",
			member,
			head + "spec:\n  members:\n    names: [\n      tokke, # a ]\n      siljan,\n    ]\n  priority: 1\n",
			head + "spec:\n  members:\n    names: [\n      tokke, # a ]\n      siljan, vinje,\n    ]\n  priority: 1\n",
		},
		{
			"an empty list becomes one of lines",
			member,
			head + "spec:\n  members:\n    names: []  # none yet\n    selector: {}\n",
			head + "spec:\n  members:\n    names:  # none yet\n    - vinje\n    selector: {}\n",
		},
		{
			"a key without a value gets lines",
			member,
			head + "spec:\n  members:\n    names: # none yet\n\n  priority: 1\n",
			head + "spec:\n  members:\n    names: # none yet\n    - vinje\n\n  priority: 1\n",
		},
		{
			"a key that says null gets lines",
			member,
			head + "spec:\n  members:\n    names: ~\n  apps:\n    - {name: a}\n",
			head + "spec:\n  members:\n    names:\n      - vinje\n  apps:\n    - {name: a}\n",
		},
		{
			"a null within brackets",
			member,
			head + "spec: {members: {names: }}\n",
			head + "spec: {members: {names:  [vinje]}}\n",
		},
		{
			"keys that are missing come behind the last of their object, before the comment of what follows",
			approval,
			head + "spec:\n  displayName: Digi\n  apps:\n  - name: svarut\n    stages:\n    - Test\n\n# The end.\n",
			head + "spec:\n  displayName: Digi\n  apps:\n  - name: svarut\n    stages:\n    - Test\n  rollout:\n    approvals:\n    - {app: svarut, digest: \"sha256:abc\", wave: everyone, attempt: 1}\n\n# The end.\n",
		},
		{
			"keys that are missing, behind a block of text with what looks like comments",
			approval,
			head + "spec:\n    displayName: |\n        Digi\n        # no comment\n\n        : at all\n",
			head + "spec:\n    displayName: |\n        Digi\n        # no comment\n\n        : at all\n    rollout:\n      approvals:\n      - {app: svarut, digest: \"sha256:abc\", wave: everyone, attempt: 1}\n",
		},
		{
			"keys that are missing, within brackets",
			approval,
			head + "spec: {apps: [{name: svarut}]}\n",
			head + "spec: {apps: [{name: svarut}], rollout: {approvals: [{app: svarut, digest: \"sha256:abc\", wave: everyone, attempt: 1}]}}\n",
		},
		{
			"an item follows its neighbour: a line for each field",
			approval,
			head + "spec:\n  rollout:\n    approvals:\n      - app: svarut\n        digest: 'sha256:old'\n        wave: pilot\n    windows: []\n",
			head + "spec:\n  rollout:\n    approvals:\n      - app: svarut\n        digest: 'sha256:old'\n        wave: pilot\n      - app: svarut\n        digest: \"sha256:abc\"\n        wave: everyone\n        attempt: 1\n    windows: []\n",
		},
		{
			"JSON is YAML, and stays JSON",
			approval,
			"{\"kind\": \"Network\", \"metadata\": {\"name\": \"digi\"},\n \"spec\": {\"rollout\": {\"waves\": []}}}\n",
			"{\"kind\": \"Network\", \"metadata\": {\"name\": \"digi\"},\n \"spec\": {\"rollout\": {\"waves\": [], \"approvals\": [{\"app\": \"svarut\", \"digest\": \"sha256:abc\", \"wave\": \"everyone\", \"attempt\": 1}]}}}\n",
		},
		{
			"line breaks of another system stay",
			member,
			strings.ReplaceAll(head+"spec:\n  members:\n    names:\n    - tokke\n", "\n", "\r\n"),
			strings.ReplaceAll(head+"spec:\n  members:\n    names:\n    - tokke\n    - vinje\n", "\n", "\r\n"),
		},
		{
			"an object within a List, behind letters of more than one byte and a byte order mark",
			member,
			"\xef\xbb\xbfkind: List\nitems:\n- kind: Network\n  metadata: {name: \"digi\"}\n  spec: {displayName: Sørøya, members: {names: [tokke]}}\n",
			"\xef\xbb\xbfkind: List\nitems:\n- kind: Network\n  metadata: {name: \"digi\"}\n  spec: {displayName: Sørøya, members: {names: [tokke, vinje]}}\n",
		},
		{
			"a text is replaced in its place, with its comment",
			promotion,
			head + "spec:\n  channels:\n  - version: 2.6.0 # 2.4.1\n    name: pilot\n  - version: 2.4.1 # 2.4.1\n    name: stable\n",
			head + "spec:\n  channels:\n  - version: 2.6.0 # 2.4.1\n    name: pilot\n  - version: 2.5.0 # 2.4.1\n    name: stable\n",
		},
		{
			"quotes, a tag and an anchor stay",
			promotion,
			head + "spec:\n  channels: [{name: pilot, version: 1.0.0}, {name: stable, version: !!str &now \"2.4.1\"}]\n",
			head + "spec:\n  channels: [{name: pilot, version: 1.0.0}, {name: stable, version: !!str &now \"2.5.0\"}]\n",
		},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			f, err := manifest.Parse("a.yaml", []byte(tc.before))
			if err != nil {
				t.Fatal(err)
			}
			after, err := f.Edit("Network", "digi", tc.edit)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.after, string(after)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEditRefuses(t *testing.T) {
	for _, tc := range []struct {
		reason, before string
		edit           manifest.Edit
		says           string
	}{
		{"an alias would change another place too", head + "x: &m [tokke]\nspec: {members: {names: *m}}\n", member, "alias"},
		{"an anchor that others follow", head + "spec:\n  members:\n    names: &m\n    - tokke\nx: *m\n", member, "more than that would change"},
		{"a text where a list belongs", head + "spec: {members: {names: tokke}}\n", member, "by hand"},
		{"a version over several lines", head + "spec:\n  channels:\n  - name: stable\n    version: |-\n      2.4.1\n", promotion, "by hand"},
		{"no such channel", head + "spec:\n  channels:\n  - name: pilot\n    version: 2.4.1\n", promotion, "no item whose name is stable"},
		{"no such object", "kind: Network\nmetadata: {name: other}\n", member, "a.yaml: Network digi: it is not in this file"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			f, err := manifest.Parse("a.yaml", []byte(tc.before))
			if err != nil {
				t.Fatal(err)
			}
			after, err := f.Edit("Network", "digi", tc.edit)
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want an error with %q; text:\n%s", err, tc.says, after)
			}
		})
	}
}

func TestAddDocument(t *testing.T) {
	const document = "kind: Municipality\nmetadata: {name: vinje}\n"
	for _, tc := range []struct{ reason, before, after string }{
		{"an empty file needs no separator", "", document},
		{"a file with a comment only", "# towns\n", "# towns\n" + document},
		{"a document before it", "a: 1\n", "a: 1\n---\n" + document},
		{"no line break at the end", "a: 1", "a: 1\n---\n" + document},
		{"other line breaks", "a: 1\r\n", "a: 1\r\n---\r\n" + strings.ReplaceAll(document, "\n", "\r\n")},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			f, err := manifest.Parse("a.yaml", []byte(tc.before))
			if err != nil {
				t.Fatal(err)
			}
			after, err := f.AddDocument([]byte(document))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.after, string(after)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestContent(t *testing.T) {
	for _, tc := range []struct{ reason, text, says string }{
		{"a key that is no text", head + "spec: {1: a}\n", "keys of an object must be text"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			f, err := manifest.Parse("a.yaml", []byte(tc.text))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Objects()[0].Content(); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want an error with %q", err, tc.says)
			}
		})
	}
	f, err := manifest.Parse("a.yaml", []byte("kind: X\nuntil: 2027-01-15T00:00:00Z\nn: 3\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Objects()[0].Content()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"kind": "X", "until": "2027-01-15T00:00:00Z", "n": int64(3)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("times stay text and numbers whole (-want +got):\n%s", diff)
	}
}
