package bpe_test

import (
	"flag"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/bpe"
)

var save = flag.String("save", "", "write the trained tokenizer to this folder, for _reference/encode.py")

// What transformers reads from the files of Save, in testdata by
// _reference/encode.py, equals what the tokenizer does itself.
func TestSavedFilesOpenInTransformers(t *testing.T) {
	added := append(bpe.Qwen25Added(),
		bpe.Added{Content: "<loc>", Normalized: true}, bpe.Added{Content: "<loc_1>", Normalized: true, Special: true})
	tok, err := bpe.Train(slices.Values(corpus), 400, added)
	require.NoError(t, err)
	if *save != "" {
		require.NoError(t, tok.Save(*save))
	}
	type reference struct {
		Text          string
		IDs, Plain    []int32
		Decoded, Skip string
	}
	for i, c := range lines[reference](t, "testdata/saved.jsonl") {
		assert.Equal(t, c.IDs, nonNil(tok.Encode(c.Text, true)), "line %d: %q", i+1, c.Text)
		assert.Equal(t, c.Plain, nonNil(tok.Encode(c.Text, false)), "line %d without special: %q", i+1, c.Text)
		assert.Equal(t, c.Decoded, tok.Decode(c.IDs, false), "line %d", i+1)
		assert.Equal(t, c.Skip, tok.Decode(c.IDs, true), "line %d", i+1)
	}
}
