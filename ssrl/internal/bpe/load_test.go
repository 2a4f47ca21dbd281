package bpe_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/bpe"
)

// edited returns the files of a small tokenizer with one text replaced by another.
func edited(t testing.TB, file, old, new string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, data := range small(t).Files() {
		if name == file {
			require.Contains(t, string(data), old)
			data = []byte(strings.Replace(string(data), old, new, 1))
		}
		fsys[name] = &fstest.MapFile{Data: data}
	}
	return fsys
}

// whole is a tokenizer.json without indentation, to edit.
func whole(t testing.TB, old, new string) fstest.MapFS {
	var compact json.RawMessage
	require.NoError(t, json.Unmarshal(small(t).Files()["tokenizer.json"], &compact))
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	require.NoError(t, e.Encode(compact))
	require.Contains(t, b.String(), old)
	return fstest.MapFS{"tokenizer.json": {Data: []byte(strings.Replace(b.String(), old, new, 1))}}
}

func TestLoadRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"cut", `"model":`, `"model`, "tokenizer.json: invalid character"},
		{"no model", `"model":`, `"other":`, "tokenizer.json: no model"},
		{"other model", `"type":"BPE"`, `"type":"Unigram"`, `tokenizer.json: model "Unigram" (want BPE)`},
		{"dropout", `"dropout":null`, `"dropout":0.1`, "tokenizer.json: model with dropout 0.1 (want none)"},
		{"unknown token", `"unk_token":null`, `"unk_token":"<unk>"`, `tokenizer.json: model with unk_token "<unk>" (want none)`},
		{"word endings", `"end_of_word_suffix":""`, `"end_of_word_suffix":"</w>"`, "end_of_word_suffix"},
		{"ignore_merges", `"ignore_merges":false`, `"ignore_merges":true`, "tokenizer.json: model with byte_fallback or ignore_merges (want neither)"},
		{"other normaliser", `"type":"NFC"`, `"type":"NFKC"`, `tokenizer.json: normalizer "NFKC" (want NFC)`},
		{"no normaliser", `"normalizer":{"type":"NFC"}`, `"normalizer":null`, "tokenizer.json: no normalizer (want NFC)"},
		{"other rule", `\\p{N}| ?`, `\\p{N}{1,3}| ?`, `tokenizer.json: pre_tokenizer: unknown regular expression "(?i:`},
		{"other split", `"Isolated"`, `"Removed"`, `tokenizer.json: pre_tokenizer: split "Removed", invert false (want Isolated, false)`},
		{"no split", `"type":"Split"`, `"type":"Digits"`, `tokenizer.json: pre_tokenizer "Sequence" (want a sequence of Split and ByteLevel)`},
		{"prefix space", `"add_prefix_space":false`, `"add_prefix_space":true`, "tokenizer.json: pre_tokenizer: add_prefix_space is true (want false)"},
		{"GPT-2's rule as well", `"use_regex":false`, `"use_regex":true`, "tokenizer.json: pre_tokenizer: use_regex is true (want false)"},
		{"template", `"post_processor":{"type":"ByteLevel"`, `"post_processor":{"type":"TemplateProcessing"`, `tokenizer.json: post_processor "TemplateProcessing" (want ByteLevel or none)`},
		{"other decoder", `"decoder":{"type":"ByteLevel"`, `"decoder":{"type":"WordPiece"`, "tokenizer.json: decoder is not ByteLevel"},
		{"id of another kind", `"!":0`, `"!":"0"`, "tokenizer.json: json: cannot unmarshal"},
		{"byte missing", `"!":0`, `"!!!":0`, "tokenizer.json: vocabulary: no token for byte 0x21 (want all 256)"},
		{"shared id", `"!":0`, `"!":1`, "tokenizer.json: vocabulary: \"!\" and \"\\\"\" share id 1"},
		{"huge id", `"!":0`, `"!":2097152`, `tokenizer.json: vocabulary: token "!" has id 2097152 (want 0..2097151)`},
		{"empty token", `"!":0`, `"":399,"!":0`, "tokenizer.json: vocabulary: empty token"},
		{"merges of another kind", `"merges":[`, `"merges":[3,`, `tokenizer.json: merges are not a list of "a b" or ["a", "b"]`},
		{"merge of three", `"merges":[[`, `"merges":[["a","b","c"],[`, "tokenizer.json: merge 0: 3 parts (want 2)"},
		{"unknown merge", `"merges":[[`, `"merges":[["!","zz"],[`, `tokenizer.json: merge 0: "!" and "zz": not in the vocabulary, or not their union`},
		{"stripping token", `"lstrip":false`, `"lstrip":true`, `tokenizer.json: added token "<|endoftext|>": single_word, lstrip or rstrip is set (want false)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := bpe.LoadFS(whole(t, c.old, c.new))
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestLoadPartsNamesTheFault(t *testing.T) {
	for _, c := range []struct{ name, file, old, new, want string }{
		{"vocabulary", "vocab.json", `{`, `[`, "vocab.json: "},
		{"byte missing", "vocab.json", `"!":0`, `"!!!":0`, "vocab.json and merges.txt: vocabulary: no token for byte 0x21 (want all 256)"},
		{"merge of one", "merges.txt", "#version: 0.2\n", "#version: 0.2\n\nab\n", `merges.txt: line 3: "ab" (want two tokens and one space)`},
		{"merge of three", "merges.txt", "#version: 0.2\n", "a b c\n", `merges.txt: line 1: "a b c" (want two tokens and one space)`},
		{"id", "tokenizer_config.json", `"400": {`, `"four": {`, `tokenizer_config.json: added_tokens_decoder has key "four" (want an id)`},
		{"class", "tokenizer_config.json", "Qwen2Tokenizer", "LlamaTokenizer", `tokenizer_config.json: tokenizer_class "LlamaTokenizer" (want Qwen2Tokenizer)`},
		{"clash", "tokenizer_config.json", `"400": {`, `"3": {`, `tokenizer_config.json: added token "<|endoftext|>": id 3 belongs to "$"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := edited(t, c.file, c.old, c.new)
			delete(fsys, "tokenizer.json")
			_, err := bpe.LoadFS(fsys)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
	_, err := bpe.Load(t.TempDir())
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

// Lines may end in CRLF, as git writes them on Windows.
func TestMergesMayEndInCRLF(t *testing.T) {
	want := small(t)
	fsys := edited(t, "", "", "")
	delete(fsys, "tokenizer.json")
	fsys["merges.txt"].Data = []byte(strings.ReplaceAll(string(fsys["merges.txt"].Data), "\n", "\r\n"))
	got, err := bpe.LoadFS(fsys)
	require.NoError(t, err)
	assert.Equal(t, want.Files(), got.Files())
}

// A tokenizer with any bytes put into one of its files loads or fails in one line;
// what loads encodes and decodes.
func FuzzLoad(f *testing.F) {
	files := small(f).Files()
	names := slices.Sorted(maps.Keys(files))
	f.Add(uint8(0), uint(0), uint(0), []byte(nil))
	f.Add(uint8(5), uint(2), uint(9), []byte(`"!":4294967296`))
	f.Add(uint8(3), uint(30), uint(700), []byte(`"added_tokens":[{"id":7,"content":"("}],`))
	f.Add(uint8(2), uint(14), uint(0), []byte("a b c\n"))
	f.Fuzz(func(t *testing.T, file uint8, at, cut uint, patch []byte) {
		name := names[int(file)%len(names)]
		data := files[name]
		at %= uint(len(data))
		cut = min(cut, uint(len(data))-at)
		fsys := fstest.MapFS{}
		for n, d := range files {
			if n != "tokenizer.json" || n == name {
				fsys[n] = &fstest.MapFile{Data: d}
			}
		}
		fsys[name] = &fstest.MapFile{Data: slices.Concat(data[:at], patch, data[at+cut:])}
		tok, err := bpe.LoadFS(fsys)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		const text = "It's 3 m left.\n"
		require.Equal(t, text, tok.Decode(tok.Encode(text, false), false))
	})
}
