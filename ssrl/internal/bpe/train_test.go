package bpe_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/bpe"
)

// corpus is a text with words that repeat, several scripts and an added token.
var corpus = strings.Split(strings.Repeat(`The image has been divided into 4 shuffled patches labeled 0, 1, 2, and 3.
Sort the depths of the three regions from smallest to largest, it's 2-3-1; they're not 1-2-3.<|im_end|>
照片里的椅子在桌子的左边。 Ça dépend, naïve Straße, ещё раз. 🤖🤖 	tab  spaces   end
`, 3)+"thethethe hehehe abcabc xyzxyz", "\n")

// small is a tokenizer trained on corpus.
func small(t testing.TB) *bpe.Tokenizer {
	tok, err := bpe.Train(slices.Values(corpus), 400, bpe.Qwen25Added())
	require.NoError(t, err)
	return tok
}

func TestTrainIsReproducible(t *testing.T) {
	want := small(t).Files()
	backwards := slices.Clone(corpus)
	slices.Reverse(backwards)
	for range 3 {
		tok, err := bpe.Train(slices.Values(backwards), 400, bpe.Qwen25Added())
		require.NoError(t, err)
		for name, data := range tok.Files() {
			assert.Equal(t, string(want[name]), string(data), name)
		}
	}
}

// By hand: the words, twice each, are "aaab", " aab", " b". a+a stands 6 times,
// a+b 4, the rest 2. Then all that is left stands twice, a+b included, and goes
// by the bytes of the first token, then of the second: " "+"aa" before " "+"b"
// before " aa"+"b" before "a"+"b", which makes "aa"+"ab".
func TestTrainMergesByCountThenBytes(t *testing.T) {
	tok, err := bpe.Train(slices.Values([]string{"aaab aab b", "aaab aab b"}), 262, nil)
	require.NoError(t, err)
	assert.Equal(t, 262, tok.Size())
	var got []string
	for id := range int32(6) {
		token, ok := tok.Token(256 + id)
		require.True(t, ok)
		got = append(got, token)
	}
	assert.Equal(t, []string{"aa", "Ġaa", "Ġb", "Ġaab", "ab", "aaab"}, got)
}

func TestTrainStopsWhenNothingRepeats(t *testing.T) {
	tok, err := bpe.Train(slices.Values([]string{"abcdefg"}), 1000, bpe.Qwen3Added())
	require.NoError(t, err)
	assert.Equal(t, 256+26, tok.Size())
	for i, a := range tok.Added() {
		assert.Equal(t, int32(256+i), a.ID)
		assert.Equal(t, i < 14, a.Special, a.Content)
	}
}

func TestTrainRefusesImpossibleSizes(t *testing.T) {
	for _, size := range []int{-1, 255, 1 << 30} {
		_, err := bpe.Train(slices.Values(corpus), size, nil)
		assert.ErrorContains(t, err, "want 256 or more")
	}
	_, err := bpe.Train(slices.Values(corpus), 300, []bpe.Added{{Content: ""}})
	assert.EqualError(t, err, "added token with id 300 is empty")
	_, err = bpe.Train(slices.Values(corpus), 300, []bpe.Added{{Content: "a"}})
	assert.ErrorContains(t, err, `added token "a": id 300 and id 64`)
}

// Runs without a word boundary are left out of training instead of slowing it down.
func TestTrainLeavesLongRunsOut(t *testing.T) {
	tok, err := bpe.Train(slices.Values([]string{strings.Repeat("ab", 1<<20)}), 300, nil)
	require.NoError(t, err)
	assert.Equal(t, 256, tok.Size())
}

func TestSaveGivesTheSameTokenizerBack(t *testing.T) {
	tok := small(t)
	dir := t.TempDir()
	require.NoError(t, tok.Save(dir))
	require.NoError(t, tok.Save(dir), "over the first")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	assert.Equal(t, slices.Sorted(maps.Keys(tok.Files())), names, "nothing else is left behind")
	for _, without := range []string{"", "tokenizer.json", "tokenizer_config.json"} {
		files := fstest.MapFS{}
		for name, data := range tok.Files() {
			if name != without && (without == "" || name != "tokenizer.json") {
				files[name] = &fstest.MapFile{Data: data}
			}
		}
		back, err := bpe.LoadFS(files)
		require.NoError(t, err)
		assert.Equal(t, tok.Files(), back.Files(), "without %q", without)
	}
	assert.Error(t, tok.Save(filepath.Join(dir, "none")))
}
