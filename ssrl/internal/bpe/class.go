package bpe

import (
	"cmp"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"
)

// class is what the split rule distinguishes of a character.
type class uint8

const (
	other   class = iota // neither of the following: marks, symbols, control characters
	letter               // \p{L}
	number               // \p{N}
	space                // \s without the two below
	newline              // CR, LF
)

// classes holds the classes of U+0000..U+FFFF.
type classes [1 << 16]class

// basic is made once, when the first tokenizer is: looking characters up in
// unicode's range tables takes ten times as long.
var basic = sync.OnceValue(func() *classes {
	table := new(classes)
	for r := range table {
		table[r] = slowClass(rune(r))
	}
	return table
})

// at returns the class and the length in bytes of the first character of s,
// which is not empty. A byte that is not UTF-8 is of class other and length 1.
func (t *classes) at(s string) (class, int) {
	if c := s[0]; c < utf8.RuneSelf {
		return t[c], 1
	}
	r, n := utf8.DecodeRuneInString(s)
	if int(r) < len(t) {
		return t[r], n
	}
	return slowClass(r), n
}

func slowClass(r rune) class {
	switch {
	case r == '\r' || r == '\n':
		return newline
	case unicode.IsSpace(r): // White_Space; unchanged since Unicode 6.3
		return space
	case unicode.IsLetter(r) || inRanges(newLetters, r):
		return letter
	case unicode.IsNumber(r) || inRanges(newNumbers, r):
		return number
	}
	return other
}

// inRanges tells whether r lies in one of the sorted, inclusive ranges.
func inRanges(ranges [][2]rune, r rune) bool {
	if r < ranges[0][0] || r > ranges[len(ranges)-1][1] {
		return false
	}
	_, ok := slices.BinarySearchFunc(ranges, r, func(e [2]rune, r rune) int {
		if e[0] <= r && r <= e[1] {
			return 0
		}
		return cmp.Compare(e[0], r)
	})
	return ok
}

// newLetters and newNumbers are the members of \p{L} and \p{N} that Unicode 15.1
// and 16.0 added to the 15.0 of Go's tables (DerivedGeneralCategory.txt 16.0.0).
// The reference's regular expressions know 16.0.
var newLetters = [][2]rune{
	{0x1C89, 0x1C8A}, {0xA7CB, 0xA7CD}, {0xA7DA, 0xA7DC}, {0x105C0, 0x105F3}, {0x10D4A, 0x10D65}, {0x10D6F, 0x10D85},
	{0x10EC2, 0x10EC4}, {0x11380, 0x11389}, {0x1138B, 0x1138B}, {0x1138E, 0x1138E}, {0x11390, 0x113B5}, {0x113B7, 0x113B7},
	{0x113D1, 0x113D1}, {0x113D3, 0x113D3}, {0x11BC0, 0x11BE0}, {0x13460, 0x143FA}, {0x16100, 0x1611D}, {0x16D40, 0x16D6C},
	{0x18CFF, 0x18CFF}, {0x1E5D0, 0x1E5ED}, {0x1E5F0, 0x1E5F0}, {0x2EBF0, 0x2EE5D},
}

var newNumbers = [][2]rune{
	{0x10D40, 0x10D49}, {0x116D0, 0x116E3}, {0x11BF0, 0x11BF9}, {0x16130, 0x16139}, {0x16D70, 0x16D79}, {0x1CCF0, 0x1CCF9},
	{0x1E5F1, 0x1E5FA},
}
