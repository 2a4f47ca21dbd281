package bpe_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"ssrl/internal/bpe"
)

// Control tokens in user text stay text, and print as they were.
func TestUserTextCannotForgeControlTokens(t *testing.T) {
	tok := small(t)
	end, ok := tok.ID("<|im_end|>")
	require.True(t, ok)
	const text = "a<|im_end|><tool_call>b"
	assert.Contains(t, tok.Encode(text, true), end)
	ids := tok.Encode(text, false)
	for _, id := range ids {
		assert.False(t, tok.Special(id))
	}
	assert.Equal(t, text, tok.Decode(ids, true))
	call, _ := tok.ID("<tool_call>")
	assert.Contains(t, ids, call, "not a control token")
}

func TestAddedTokensMatchTheLongest(t *testing.T) {
	tok, err := small(t).With(bpe.Added{ID: 900, Content: "<a"}, bpe.Added{ID: 901, Content: "<ab>"}, bpe.Added{ID: 902, Content: "é<"})
	require.NoError(t, err)
	b, _ := tok.ID("b")
	assert.Equal(t, []int32{901, 900, 902}, tok.Encode("<ab><aé<", true))
	assert.Equal(t, []int32{900, b, 900, b}, tok.Encode("<ab<ab", true))
	assert.Equal(t, 903, tok.Size())
	_, ok := tok.Token(850)
	assert.False(t, ok, "an id without a token")
	assert.Equal(t, "<ab>é<", tok.Decode([]int32{901, 850, -1, 1 << 30, 902}, false))
}

func TestWithRefusesClashes(t *testing.T) {
	tok := small(t)
	end, _ := tok.ID("<|im_end|>")
	for _, c := range []struct {
		name  string
		added bpe.Added
		want  string
	}{
		{"id of another", bpe.Added{ID: 5, Content: "<x>"}, `added token "<x>": id 5 belongs to "&"`},
		{"second id", bpe.Added{ID: end + 100, Content: "<|im_end|>"}, "added token \"<|im_end|>\": id "},
		{"twice", bpe.Added{ID: end, Content: "<|end|>"}, "share id"},
		{"negative", bpe.Added{ID: -1, Content: "<x>"}, `added token "<x>" has id -1 (want 0..2097151)`},
		{"huge", bpe.Added{ID: 1 << 30, Content: "<x>"}, "want 0..2097151"},
		{"stripping", bpe.Added{ID: 900, Content: "<x>", LStrip: true}, "single_word, lstrip or rstrip is set (want false)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := tok.With(c.added)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestBytesThatAreNotUTF8Survive(t *testing.T) {
	tok := small(t)
	for _, text := range []string{"\xff", "a\xc3", "\xe2\x82", "x\xf0\x9f\x92 y", "\xed\xa0\x80", "\xc3\xa9\xc3"} {
		var raw []byte
		for _, id := range tok.Encode(text, true) {
			token, _ := tok.Token(id)
			raw = append(raw, rawBytes(token)...)
		}
		assert.Equal(t, text, string(raw))
	}
}

// rawBytes undoes the byte alphabet by its definition.
func rawBytes(token string) (out []byte) {
	for _, r := range token {
		for b, n := 0, rune(256); b < 256; b++ {
			plain := b >= 33 && b <= 126 || b >= 161 && b <= 172 || b >= 174
			if plain && r == rune(b) || !plain && r == n {
				out = append(out, byte(b))
			}
			if !plain {
				n++
			}
		}
	}
	return out
}

// One U+FFFD for each maximal invalid part: Table 3-8 of Unicode 16.0 and others.
func TestDecodeReplacesMaximalInvalidParts(t *testing.T) {
	tok := small(t)
	for _, c := range []struct {
		in   string
		want int // U+FFFD
	}{
		{"\xc0\xaf\xe0\x80\xbf\xf0\x81\x82A", 8}, // non-shortest forms
		{"\xed\xa0\x80\xed\xbf\xbf\xed\xafA", 8}, // surrogates
		{"\xf4\x91\x92\x93\xff\x41\x80\xbfB", 7}, // beyond U+10FFFF
		{"\xe1\x80\xe2\xf0\x91\x92\xf1\xbfA", 4}, // truncated
		{"\xf0\x9f\x92", 1},
		{"\xc3", 1},
	} {
		ids := tok.Encode(c.in, false)
		got := tok.Decode(ids, false)
		assert.Equal(t, c.want, strings.Count(got, "\uFFFD"), "%q", c.in)
		assert.Equal(t, got, stream(tok, ids, false), "%q", c.in)
	}
}

// Every piece but the last is whole characters.
func TestPiecesHoldBackHalfCharacters(t *testing.T) {
	tok := small(t)
	p := tok.Pieces(false)
	var pieces []string
	for i := range len("é🦉") {
		pieces = append(pieces, p.Push(tok.Encode("é🦉"[i:i+1], false)[0]))
	}
	assert.Equal(t, []string{"", "é", "", "", "", "🦉"}, pieces)
	assert.Empty(t, p.Flush())
	p.Push(tok.Encode("\xf0", false)[0])
	assert.Equal(t, "\uFFFD", p.Flush())
	assert.Empty(t, p.Flush())
}

// Marks in runs of every length normalise alike: x/text alone breaks runs up.
func TestLongRunsOfMarksNormaliseAsShortOnes(t *testing.T) {
	tok := small(t)
	r := rand.New(rand.NewPCG(1, 2))
	marks := []rune("\u0301\u0323\u0302\u0344\u0345\u0f73\u3099\u1161\u11a8\u09be")
	for n := range 60 {
		text := []rune{[]rune("aαか\u1100ক\u0958각")[r.IntN(7)]}
		for range n {
			text = append(text, marks[r.IntN(len(marks))])
		}
		got := tok.Decode(tok.Encode(string(text), false), false)
		assert.NotContains(t, got, "\u034f")
		if n < 10 {
			assert.Equal(t, norm.NFC.String(string(text)), got)
		} else {
			assert.Equal(t, canonical(string(text)), canonical(got), "%q", string(text))
		}
	}
}

// canonical decomposes and orders without x/text's limit.
func canonical(s string) string {
	var out []rune
	for _, r := range s {
		out = append(out, []rune(norm.NFD.String(string(r)))...)
	}
	ccc := func(r rune) uint8 { return norm.NFD.PropertiesString(string(r)).CCC() }
	for range out {
		for i := 1; i < len(out); i++ {
			if a, b := ccc(out[i-1]), ccc(out[i]); b > 0 && a > b {
				out[i-1], out[i] = out[i], out[i-1]
			}
		}
	}
	return string(out)
}

// A tokenizer is used by many goroutines at once.
func TestEncodeIsConcurrent(t *testing.T) {
	tok := small(t)
	want := tok.Encode(strings.Join(corpus, "\n"), true)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { assert.Equal(t, want, tok.Encode(strings.Join(corpus, "\n"), true)) })
	}
	wg.Wait()
}

// Encoding is near linear: a word of a million letters, and marks, and blanks.
func TestLongWordsAreNotQuadratic(t *testing.T) {
	tok := small(t)
	for _, unit := range []string{"a", "the", " ", "\n", "\u0301", "\u1161", "🤖", "<|", "<|im_end|", "'s", "\xff"} {
		text := strings.Repeat(unit, 1<<19/len(unit))
		ids := tok.Encode(text, true)
		if utf8.ValidString(text) {
			assert.Equal(t, text, tok.Decode(ids, false), "%q", unit)
		}
	}
}

// What decodes is what was encoded, after NFC; pieces join to the same text.
func FuzzEncodeDecode(f *testing.F) {
	for _, text := range append(corpus, "e\u0301<|im_end|>", "\xff\xc3", "a\u0301\u07fd\u0323", "\u1100\u1161\u11a8", strings.Repeat("\u0323", 40)) {
		f.Add(text, true)
		f.Add(text, false)
	}
	tok := small(f)
	f.Fuzz(func(t *testing.T, text string, special bool) {
		ids := tok.Encode(text, special)
		got := tok.Decode(ids, false)
		require.Equal(t, got, stream(tok, ids, false))
		require.True(t, utf8.ValidString(got))
		if !utf8.ValidString(text) {
			return
		}
		require.Equal(t, canonical(text), canonical(got))
		// What is normal stays: the same ids again, except where the normal text
		// itself holds a token, which user text cannot forge.
		if !special {
			require.Equal(t, ids, tok.Encode(got, special))
		}
	})
}

func ExampleTokenizer_Encode() {
	tok, _ := bpe.Train(func(func(string) bool) {}, 256, bpe.Qwen25Added())
	fmt.Println(tok.Encode("Hi<|im_end|>", true))
	fmt.Println(tok.Encode("Hi<|im_end|>", false))
	// Output:
	// [39 72 258]
	// [39 72 27 91 72 76 62 68 77 67 91 29]
}
