package answer

import (
	"strings"
	"unicode/utf8"
)

// Normalise drops every run of white space that touches '<', '>' or '/', as
// upstream does before it scores, so that "< think >" is a tag. Invalid UTF-8
// becomes U+FFFD.
func Normalise(s string) string {
	s = repair(s)
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexAny(s, "<>/")
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(strings.TrimRightFunc(s[:i], isSpace))
		b.WriteByte(s[i])
		s = strings.TrimLeftFunc(s[i+1:], isSpace)
	}
}

// isSpace is Python's \s on str, which is also what its strip() removes. Go's
// unicode.IsSpace lacks U+001C to U+001F.
func isSpace(r rune) bool {
	switch {
	case r >= '\t' && r <= '\r', r >= 0x1c && r <= ' ',
		r == 0x85, r == 0xa0, r == 0x1680,
		r >= 0x2000 && r <= 0x200a,
		r == 0x2028, r == 0x2029, r == 0x202f, r == 0x205f, r == 0x3000:
		return true
	}
	return false
}

// repair replaces each maximal subpart of an ill-formed sequence by one U+FFFD
// (Unicode 3.9, practice U+FFFD substitution), as Python's decoder does. Go's own
// replacement is one U+FFFD a byte.
func repair(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			n = subpart(s)
			b.WriteRune(utf8.RuneError)
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// subpart returns how many bytes at the start of s, which does not begin with a
// character, could still begin one: at least 1.
func subpart(s string) int {
	var lo, hi byte = 0x80, 0xbf // bounds of the second byte: no overlong form, no surrogate
	size := 0
	switch c := s[0]; {
	case c >= 0xc2 && c <= 0xdf:
		size = 2
	case c >= 0xe0 && c <= 0xef:
		size = 3
	case c >= 0xf0 && c <= 0xf4:
		size = 4
	}
	switch s[0] {
	case 0xe0:
		lo = 0xa0
	case 0xed:
		hi = 0x9f
	case 0xf0:
		lo = 0x90
	case 0xf4:
		hi = 0x8f
	}
	n := 1
	for n < size && n < len(s) && lo <= s[n] && s[n] <= hi {
		lo, hi = 0x80, 0xbf
		n++
	}
	return n
}
