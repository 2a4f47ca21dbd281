package bpe

import (
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/golden"
)

// Every character is in the class that the reference's regular expressions give it.
func TestClassesAreTheReferences(t *testing.T) {
	var want struct{ Letter, Number, Space [][2]rune }
	golden.JSON(t, golden.Dir(t, "tokenizer", "char_classes.json"), &want)
	classes := make([]class, utf8.MaxRune+1)
	for c, ranges := range map[class][][2]rune{letter: want.Letter, number: want.Number, space: want.Space} {
		for _, r := range ranges {
			for i := r[0]; i <= r[1]; i++ {
				classes[i] = c
			}
		}
	}
	classes['\r'], classes['\n'] = newline, newline
	for r := range classes {
		if r >= 0xD800 && r < 0xE000 {
			continue
		}
		c, n := basic().at(string(rune(r)))
		require.Equal(t, classes[r], c, "U+%04X", r)
		assert.Equal(t, utf8.RuneLen(rune(r)), n)
	}
}

// Both ways of merging give the same ids.
func TestLongAndShortWordsMergeAlike(t *testing.T) {
	texts := []string{"the depths of the three regions", "theretheretherethere", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "mississippi sip sips"}
	tok, err := Train(slices.Values(append(texts, texts...)), 330, nil)
	require.NoError(t, err)
	for _, text := range texts {
		for end := 1; end <= min(len(text), shortWord); end++ {
			assert.Equal(t, tok.mergeShort(nil, text[:end]), tok.mergeLong(nil, text[:end]), "%q", text[:end])
		}
	}
}
