package bpe

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// nfc normalises s as the reference does. It differs from norm.NFC in two ways:
//
//  1. the reference's tables are Unicode 9.0 (crate unicode-normalization-alignments
//     0.1.12), so a mark encoded later is neither reordered nor composed;
//  2. norm.NFC puts U+034F into runs of more than 30 marks (UAX #15, stream-safe
//     text), the reference never does.
//
// Bytes that are not UTF-8 stay as they are.
func nfc(s string) string {
	if isASCII(s) {
		return s
	}
	n := norm.NFC.QuickSpanString(s)
	if n == len(s) {
		return s
	}
	var out strings.Builder
	out.Grow(len(s))
	for s != "" {
		out.WriteString(s[:n])
		s = s[n:]
		if s == "" {
			break
		}
		// Nothing interacts with ASCII that follows it. Where one character is not
		// normal others near it are not.
		end := min(neighbourhood, len(s))
		for end < len(s) && s[end] >= utf8.RuneSelf {
			end++
		}
		normalise(&out, s[:end])
		s = s[end:]
		n = norm.NFC.QuickSpanString(s)
	}
	return out.String()
}

// neighbourhood is how many bytes are normalised at least after one that needs it.
const neighbourhood = 256

// normalise appends the NFC of s.
func normalise(out *strings.Builder, s string) {
	start := 0
	for i, r := range s {
		// To the reference the newcomer is inert: nothing moves or composes across it.
		if inRanges(newMarks, r) {
			segment(out, s[start:i])
			out.WriteRune(r)
			start = i + utf8.RuneLen(r)
		}
	}
	segment(out, s[start:])
}

// shortRun is the number of characters in a row that norm.NFC never breaks up:
// each decomposes into three marks at most, and it breaks after 30.
const shortRun = 9

// segment appends the NFC of s, which holds no newcomers.
func segment(out *strings.Builder, s string) {
	done, start, count := 0, 0, 0 // s[:done] is written, the current run starts at start
	flush := func(end int) {
		if count > shortRun {
			out.WriteString(norm.NFC.String(s[done:start]))
			composeRun(out, s[start:end])
			done = end
		}
	}
	for i := range s {
		if s[i] < utf8.RuneSelf || norm.NFC.PropertiesString(s[i:]).BoundaryBefore() {
			flush(i)
			start, count = i, 0
		}
		count++
	}
	flush(len(s))
	out.WriteString(norm.NFC.String(s[done:]))
}

// composeRun appends the NFC of a run of characters that interact with nothing
// outside of it: canonical decomposition, ordering and composition of UAX #15.
func composeRun(out *strings.Builder, s string) {
	if r, n := utf8.DecodeRuneInString(s); r == utf8.RuneError && n == 1 {
		out.WriteByte(s[0])
		s = s[1:]
	}
	type char struct {
		r   rune
		ccc uint8
	}
	var chars []char
	for _, r := range s {
		for _, d := range norm.NFD.String(string(r)) {
			chars = append(chars, char{d, norm.NFD.PropertiesString(string(d)).CCC()})
		}
	}
	for i := 0; i < len(chars); i++ {
		j := i
		for j < len(chars) && chars[j].ccc > 0 {
			j++
		}
		slices.SortStableFunc(chars[i:j], func(a, b char) int { return int(a.ccc) - int(b.ccc) })
		i = j
	}
	starter, last := -1, uint8(0) // last: class of the character kept before this one
	kept := chars[:0]
	for _, c := range chars {
		blocked := starter < 0 || starter != len(kept)-1 && last >= c.ccc
		if !blocked {
			if r, ok := composite(kept[starter].r, c.r); ok {
				kept[starter].r = r
				continue
			}
		}
		if c.ccc == 0 {
			starter = len(kept)
		}
		last = c.ccc
		kept = append(kept, c)
	}
	for _, c := range kept {
		out.WriteRune(c.r)
	}
}

// composite returns the primary composite of two characters.
func composite(a, b rune) (rune, bool) {
	s := norm.NFC.String(string([]rune{a, b}))
	r, n := utf8.DecodeRuneInString(s)
	return r, n == len(s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// newMarks are the characters that Unicode added after 9.0 and that take part in
// canonical ordering, decomposition or composition (DerivedAge.txt and
// UnicodeData.txt up to 17.0, whichever tables norm is built with).
var newMarks = [][2]rune{
	{0x07FD, 0x07FD}, {0x0897, 0x089F}, {0x08CA, 0x08D3}, {0x09FE, 0x09FE}, {0x0C3C, 0x0C3C}, {0x0D3B, 0x0D3C},
	{0x0EBA, 0x0EBA}, {0x1715, 0x1715}, {0x1ABF, 0x1ADD}, {0x1AE0, 0x1AEB}, {0x1DF6, 0x1DFA}, {0xA82C, 0xA82C},
	{0x105C9, 0x105C9}, {0x105D2, 0x105D2}, {0x105DA, 0x105DA}, {0x105E4, 0x105E4}, {0x10D24, 0x10D27}, {0x10D69, 0x10D6D},
	{0x10EAB, 0x10EAC}, {0x10EFA, 0x10EFB}, {0x10EFD, 0x10EFF}, {0x10F46, 0x10F50}, {0x10F82, 0x10F85}, {0x11070, 0x11070},
	{0x1133B, 0x1133B}, {0x11382, 0x11385}, {0x1138B, 0x1138B}, {0x1138E, 0x1138E}, {0x11390, 0x11391}, {0x113B8, 0x113B8},
	{0x113BB, 0x113BB}, {0x113C2, 0x113C2}, {0x113C5, 0x113C5}, {0x113C7, 0x113C9}, {0x113CE, 0x113D0}, {0x1145E, 0x1145E},
	{0x11839, 0x1183A}, {0x11930, 0x11930}, {0x11935, 0x11935}, {0x11938, 0x11938}, {0x1193D, 0x1193E}, {0x11943, 0x11943},
	{0x119E0, 0x119E0}, {0x11A34, 0x11A34}, {0x11A47, 0x11A47}, {0x11A99, 0x11A99}, {0x11D42, 0x11D42}, {0x11D44, 0x11D45},
	{0x11D97, 0x11D97}, {0x11F41, 0x11F42}, {0x1611E, 0x16129}, {0x1612F, 0x1612F}, {0x16D63, 0x16D63}, {0x16D67, 0x16D6A},
	{0x16FF0, 0x16FF1}, {0x1E08F, 0x1E08F}, {0x1E130, 0x1E136}, {0x1E2AE, 0x1E2AE}, {0x1E2EC, 0x1E2EF}, {0x1E4EC, 0x1E4EF},
	{0x1E5EE, 0x1E5EF}, {0x1E6E3, 0x1E6E3}, {0x1E6E6, 0x1E6E6}, {0x1E6EE, 0x1E6EF}, {0x1E6F5, 0x1E6F5},
}
