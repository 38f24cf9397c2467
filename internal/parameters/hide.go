package parameters

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const (
	// minSecret is the shortest text that is looked for. Anything shorter would be found in ordinary
	// words, and is no secret anybody could rely on.
	minSecret = 4
	// minPiece is the shortest piece of a text that is looked for by itself.
	minPiece = 8
	// Hidden is what stands in place of a value.
	Hidden = "(hidden)"
)

// Hide takes the values of parameters out of a text: as they are, quoted and escaped as Go, JSON and URLs do,
// in base64, and each line and longer piece of them, as a replacement may use a part.
func Hide(text string, given any) string {
	for _, value := range spellings(given) {
		text = strings.ReplaceAll(text, value, Hidden)
	}
	return text
}

// spellings are the ways in which values could show in a text, the longest first.
func spellings(given any) []string {
	var all []string
	add := func(value string, least int) {
		if len(value) >= least && !slices.Contains(all, value) {
			all = append(all, value)
		}
	}
	for _, value := range Texts(given) {
		if len(value) < minSecret {
			continue
		}
		add(value, minSecret)
		add(inside(strconv.Quote(value)), minSecret)
		if written, err := json.Marshal(value); err == nil {
			add(inside(string(written)), minSecret)
		}
		add(url.QueryEscape(value), minSecret)
		add(url.PathEscape(value), minSecret)
		add(base64.StdEncoding.EncodeToString([]byte(value)), minSecret)
		for _, piece := range strings.Fields(value) {
			add(piece, minPiece)
			add(inside(strconv.Quote(piece)), minPiece)
		}
		for _, piece := range strings.FieldsFunc(value, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			add(piece, minPiece)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return all
}

// inside is a quoted text without its quotes.
func inside(quoted string) string { return quoted[1 : len(quoted)-1] }
