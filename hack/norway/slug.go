package main

import (
	"fmt"
	"slices"
	"strings"
)

// norwegianNames says which of its official names is the Norwegian one, for
// each municipality that has several. The list puts first the name that the
// municipality prefers, so the order says nothing.
var norwegianNames = map[string]string{
	"1826": "Hattfjelldal",
	"1841": "Fauske",
	"1853": "Evenes",
	"1870": "Sortland",
	"1875": "Hamarøy",
	"5001": "Trondheim",
	"5007": "Namsos",
	"5025": "Røros",
	"5041": "Snåsa",
	"5043": "Røyrvik",
	"5503": "Harstad",
	"5512": "Tjeldsund",
	"5518": "Lavangen",
	"5538": "Storfjord",
	"5540": "Kåfjord",
	"5544": "Nordreisa",
	"5603": "Hammerfest",
	"5610": "Karasjok",
	"5612": "Kautokeino",
	"5622": "Porsanger",
	"5628": "Tana",
	"5636": "Nesseby",
}

// norwegianName picks the Norwegian one of the official names, which the list
// joins by a dash between spaces.
func norwegianName(number, official string) (string, error) {
	names := strings.Split(official, " - ")
	if len(names) == 1 {
		return official, nil
	}
	name, known := norwegianNames[number]
	if !known {
		return "", fmt.Errorf("municipality %s has the names %q: say in norwegianNames which one is Norwegian", number, names)
	}
	if !slices.Contains(names, name) {
		return "", fmt.Errorf("municipality %s has the names %q, and %q of norwegianNames is none of them", number, names, name)
	}
	return name, nil
}

// plainLetters are what Norwegian and Sami letters become in names of objects.
var plainLetters = strings.NewReplacer(
	"å", "a", "ø", "o", "æ", "ae",
	"á", "a", "â", "a", "ä", "a", "č", "c", "đ", "d", "ï", "i", "ŋ", "n", "ö", "o", "š", "s", "ŧ", "t", "ž", "z",
	" ", "-",
)

// slug turns a name into one that Kubernetes takes: a-z and dashes. It fails on
// a letter that it does not know, as dropping one could make two names equal.
func slug(name string) (string, error) {
	plain := plainLetters.Replace(strings.ToLower(name))
	for _, letter := range plain {
		if letter != '-' && (letter < 'a' || letter > 'z') {
			return "", fmt.Errorf("name %q: no plain letter is known for %q", name, letter)
		}
	}
	return plain, nil
}
