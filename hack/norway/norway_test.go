package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the files instead of comparing them")

const folder = "../../config/samples/norway"

func TestFilesAreCurrent(t *testing.T) {
	files, err := generate(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		path := filepath.Join(folder, name)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is stale, run `go run ./hack/norway` (-want +got):\n%s", path, diff)
		}
	}
}

func TestSlugs(t *testing.T) {
	municipalities, err := readMunicipalities(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	slugs := map[string]string{}
	for _, m := range municipalities {
		slugs[m.number] = m.slug
	}
	cases := []struct{ reason, number, want string }{
		{"a plain name", "4036", "vinje"},
		{"one letter and a ring", "1119", "ha"},
		{"the shortest", "3218", "as"},
		{"å at the start", "1508", "alesund"},
		{"ø", "1804", "bodo"},
		{"æ", "3201", "baerum"},
		{"æ and ø", "1857", "vaeroy"},
		{"a dash that belongs to the name", "4020", "midt-telemark"},
		{"spaces", "4219", "evje-og-hornnes"},
		{"one of two Herøy", "1515", "heroy-more-og-romsdal"},
		{"the other Herøy", "1818", "heroy-nordland"},
		{"one of two Våler", "3114", "valer-ostfold"},
		{"the other Våler", "3419", "valer-innlandet"},
		{"South Sami first: Aarborte - Hattfjelldal", "1826", "hattfjelldal"},
		{"Norwegian first: Fauske - Fuossko", "1841", "fauske"},
		{"Norwegian first: Evenes - Evenášši", "1853", "evenes"},
		{"Norwegian first: Sortland - Suortá", "1870", "sortland"},
		{"Lule Sami first: Hábmer - Hamarøy", "1875", "hamaroy"},
		{"Norwegian first: Trondheim - Tråante", "5001", "trondheim"},
		{"Norwegian first: Namsos - Nåavmesjenjaelmie", "5007", "namsos"},
		{"South Sami first: Rosse - Røros", "5025", "roros"},
		{"South Sami first: Snåase - Snåsa", "5041", "snasa"},
		{"South Sami first: Raarvihke - Røyrvik", "5043", "royrvik"},
		{"Norwegian first: Harstad - Hárstták", "5503", "harstad"},
		{"North Sami first: Dielddanuorri - Tjeldsund", "5512", "tjeldsund"},
		{"North Sami first: Loabák - Lavangen", "5518", "lavangen"},
		{"three names: Storfjord - Omasvuotna - Omasvuono", "5538", "storfjord"},
		{"three names: Gáivuotna - Kåfjord - Kaivuono", "5540", "kafjord"},
		{"three names: Nordreisa - Ráisa - Raisi", "5544", "nordreisa"},
		{"Norwegian first: Hammerfest - Hámmerfeasta", "5603", "hammerfest"},
		{"North Sami first: Kárášjohka - Karasjok", "5610", "karasjok"},
		{"North Sami first: Guovdageaidnu - Kautokeino", "5612", "kautokeino"},
		{"three names: Porsanger - Porsáŋgu - Porsanki", "5622", "porsanger"},
		{"North Sami first: Deatnu - Tana", "5628", "tana"},
		{"North Sami first: Unjárga - Nesseby", "5636", "nesseby"},
	}
	for _, c := range cases {
		if got := slugs[c.number]; got != c.want {
			t.Errorf("%s: municipality %s: got %q, want %q", c.reason, c.number, got, c.want)
		}
	}
}

func TestEveryMunicipalityOnceAndInOneNetwork(t *testing.T) {
	municipalities, err := readMunicipalities(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	if len(municipalities) != 357 {
		t.Errorf("got %d municipalities, want 357", len(municipalities))
	}
	networks, err := readNetworks(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	if len(networks) != 10 {
		t.Errorf("got %d networks, want 10", len(networks))
	}
	covering := map[string]int{}
	for _, n := range networks {
		for _, county := range n.counties {
			covering[county]++
		}
	}
	valid := regexp.MustCompile(`^[a-z]([a-z-]{0,38}[a-z])?$`)
	seen := map[string]bool{}
	for _, m := range municipalities {
		if seen[m.slug] || seen[m.number] || !valid.MatchString(m.slug) {
			t.Errorf("municipality %s: slug %q or number is taken, or is no name for an object", m.number, m.slug)
		}
		seen[m.slug], seen[m.number] = true, true
		want := 1
		if m.number == oslo {
			want = 0
		}
		if got := covering[m.countyNumber]; got != want {
			t.Errorf("municipality %s (%s) is in %d networks, want %d", m.number, m.slug, got, want)
		}
	}
}

func TestFaultyStrategiesAreRefused(t *testing.T) {
	const head = "network,pilots,approval\n"
	networks := []network{{name: "digi-tv", counties: []string{"40"}}}
	municipalities := []municipality{{slug: "vinje", countyNumber: "40"}, {slug: "bodo", countyNumber: "18"}}
	cases := []struct{ reason, content, want string }{
		{"neither yes nor no", head + "digi-tv,vinje,maybe\n", "write yes or no"},
		{"nobody goes first", head + "digi-tv,,no\n", "nobody goes first"},
		{"a pilot of another county", head + "digi-tv,vinje bodo,no\n", "bodo"},
		{"a pilot that does not exist", head + "digi-tv,vinja,no\n", "vinja"},
		{"one that fits", head + "digi-tv,vinje,yes\n", ""},
	}
	for _, c := range cases {
		strategies, err := readStrategies(fstest.MapFS{"strategies.csv": {Data: []byte(c.content)}})
		if err == nil {
			networks[0].strategy = strategies["digi-tv"]
			err = checkPilots(networks, municipalities)
		}
		if (c.want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got error %v, want one with %q", c.reason, err, c.want)
		}
	}
}

func TestFaultyListsAreRefused(t *testing.T) {
	const head = "number,name,county_number,county\n"
	cases := []struct{ reason, content, want string }{
		{"columns in another order", "name,number,county_number,county\nVinje,4036,40,Telemark\n", "must begin with the line"},
		{"an empty list", head, "and hold more than that"},
		{"a bilingual name that nobody looked at", head + "9901,Aaa - Bbb,99,Ccc\n", "which one is Norwegian"},
		{"a known one that was renamed", head + "5628,Deatnu - Tenojoki,56,Finnmark\n", "none of them"},
		{"a letter without a plain one", head + "9901,Łódź,99,Ccc\n", "no plain letter"},
		{"names that differ, slugs that do not", head + "9901,Bø,99,Ccc\n9902,Bo,99,Ccc\n", "9901 and 9902"},
		{"one name twice in one county", head + "9901,Os,99,Ccc\n9902,Os,99,Ccc\n", "9901 and 9902"},
	}
	for _, c := range cases {
		_, err := readMunicipalities(fstest.MapFS{"municipalities.csv": {Data: []byte(c.content)}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want one with %q", c.reason, err, c.want)
		}
	}
}
