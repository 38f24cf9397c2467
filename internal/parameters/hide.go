package parameters

import (
	"cmp"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"html"
	"maps"
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
	// minPiece is the shortest piece of a text that is looked for by itself, as it is or encoded.
	minPiece = 8
	// Hidden is what stands in place of a value.
	Hidden = "(hidden)"
	// cutOff ends a text that was longer.
	cutOff = "..."
)

// Hide takes the values of parameters out of a text: as they are, in upper or lower case, quoted and escaped as Go, JSON,
// HTML and URLs do, in base64 and base32, also as a part of a longer text that is encoded, and each line and longer
// piece of them, as a replacement may use a part. Of one that ends where the text was cut off, what is shown is taken
// out too.
func Hide(text string, given any) string {
	if text == "" {
		return ""
	}
	m := masked{text: text, folded: fold(text)}
	all := spellings(given)
	for _, value := range all {
		m.hide(value)
	}
	m.hideCut(all)
	return m.text
}

// masked is a text of which values are taken out.
type masked struct {
	// folded is the text without the difference between upper and lower case, byte by byte.
	text, folded string
}

// hide takes out a folded value wherever it is.
func (m *masked) hide(value string) {
	for from := 0; ; from += len(Hidden) {
		at := strings.Index(m.folded[from:], value)
		if at < 0 {
			return
		}
		from += at
		m.replace(from, from+len(value))
	}
}

// hideCut takes out the beginnings of folded values that are all that is left of them.
func (m *masked) hideCut(values []string) {
	for end := len(m.folded); ; {
		if end = strings.LastIndex(m.folded[:end], cutOff); end < 0 {
			return
		}
		longest := 0
		for _, value := range values {
			for n := min(len(value), end); n >= max(minPiece, longest+1); n-- {
				if m.folded[end-n:end] == value[:n] {
					longest = n
				}
			}
		}
		if longest > 0 {
			m.replace(end-longest, end)
			end -= longest
		}
	}
}

func (m *masked) replace(from, to int) {
	m.text = m.text[:from] + Hidden + m.text[to:]
	m.folded = m.folded[:from] + Hidden + m.folded[to:]
}

// fold makes ASCII letters lower case and leaves the rest, so that each byte stays where it is.
func fold(text string) string {
	folded := []byte(text)
	for i, c := range folded {
		if 'A' <= c && c <= 'Z' {
			folded[i] = c + 'a' - 'A'
		}
	}
	return string(folded)
}

// spellings are the ways in which values could show in a folded text, the longest first.
func spellings(given any) []string {
	all := map[string]bool{}
	add := func(text string, least int) {
		if len(text) >= least {
			all[fold(text)] = true
		}
	}
	addAll := func(texts []string, least int) {
		for _, text := range texts {
			add(text, least)
		}
	}

	for _, value := range Texts(given) {
		if len(value) < minSecret {
			continue
		}
		for _, spelt := range []string{value, strings.ToLower(value), strings.ToUpper(value)} {
			addAll(escaped(spelt), minSecret)
			addAll(encoded(spelt), minPiece)
			add(base64.StdEncoding.EncodeToString([]byte(spelt)), minSecret)
			for _, piece := range pieces(spelt) {
				addAll(escaped(piece), minPiece)
				addAll(encoded(piece), minPiece)
			}
		}
	}

	return slices.SortedFunc(maps.Keys(all), func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
}

// pieces are the parts of a value that are long enough to be looked for by themselves.
func pieces(value string) []string {
	found := append(strings.Fields(value), strings.FieldsFunc(value, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })...)
	return slices.DeleteFunc(found, func(piece string) bool { return len(piece) < minPiece || piece == value })
}

// escaped are the ways to write a text within others.
func escaped(value string) []string {
	all := []string{value, inside(strconv.Quote(value)), inside(strconv.QuoteToASCII(value)), url.QueryEscape(value), url.PathEscape(value), html.EscapeString(value)}
	if written, err := json.Marshal(value); err == nil {
		all = append(all, inside(string(written)))
	}
	return all
}

// encoded are the characters that a value alone decides in the encodings of texts that it is a part of: they depend on how
// many bytes go before it.
func encoded(value string) []string {
	var all []string
	for _, e := range []struct {
		encode      func([]byte) string
		group, bits int // bytes that are encoded together, and bits in a character
	}{
		{base64.RawStdEncoding.EncodeToString, 3, 6},
		{base64.RawURLEncoding.EncodeToString, 3, 6},
		{base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString, 5, 5},
	} {
		for before := range e.group {
			text := e.encode(append(make([]byte, before), value...))
			all = append(all, text[(before*8+e.bits-1)/e.bits:(before+len(value))*8/e.bits])
		}
	}
	return all
}

// inside is a quoted text without its quotes.
func inside(quoted string) string { return quoted[1 : len(quoted)-1] }
