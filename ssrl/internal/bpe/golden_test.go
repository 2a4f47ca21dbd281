package bpe_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/bpe"
	"ssrl/internal/golden"
)

// qwen returns Qwen2.5-VL's tokenizer and Qwen3-VL's, four added tokens richer.
func qwen(t testing.TB) (two, three *bpe.Tokenizer) {
	dir := golden.Dir(t, "tokenizer")
	two, err := bpe.Load(dir)
	require.NoError(t, err)
	raw, err := os.ReadFile(filepath.Join(dir, "added_tokens_qwen3_vl.json"))
	require.NoError(t, err)
	var added []bpe.Added
	require.NoError(t, json.Unmarshal(raw, &added))
	three, err = two.With(added...)
	require.NoError(t, err)
	return two, three
}

// lines decodes every line of a JSON lines file, gzipped or not.
func lines[T any](t testing.TB, name string) []T {
	file, err := os.Open(name)
	require.NoError(t, err)
	defer file.Close()
	var r io.Reader = file
	if filepath.Ext(name) == ".gz" {
		r, err = gzip.NewReader(file)
		require.NoError(t, err)
	}
	var out []T
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, 64<<20)
	for scan.Scan() {
		var v T
		require.NoError(t, json.Unmarshal(scan.Bytes(), &v))
		out = append(out, v)
	}
	require.NoError(t, scan.Err())
	require.NotEmpty(t, out, name)
	return out
}

// stringCase is a line of strings.jsonl.gz; IDs3 is there where Qwen3-VL differs.
type stringCase struct {
	Text string
	IDs  []int32
	IDs3 []int32
}

func TestEncodeGivesTheReferencesIDs(t *testing.T) {
	two, three := qwen(t)
	files, err := filepath.Glob(golden.Dir(t, "tokenizer", "strings*.jsonl*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		for i, c := range lines[stringCase](t, file) {
			require.Equal(t, c.IDs, nonNil(two.Encode(c.Text, true)), "%s line %d: %.80q", file, i+1, c.Text)
			if c.IDs3 == nil {
				c.IDs3 = c.IDs
			}
			require.Equal(t, c.IDs3, nonNil(three.Encode(c.Text, true)), "%s line %d: %.80q", file, i+1, c.Text)
		}
	}
}

// Letters, digits and marks that Unicode added after Go's and x/text's tables,
// and marks that it added after the reference's.
func TestEncodeKnowsNewUnicode(t *testing.T) {
	two, _ := qwen(t)
	for i, c := range lines[stringCase](t, golden.Dir(t, "tokenizer", "new_unicode.jsonl")) {
		assert.Equal(t, c.IDs, nonNil(two.Encode(c.Text, true)), "line %d: %q", i+1, c.Text)
	}
}

func TestDecodeGivesTheReferencesText(t *testing.T) {
	two, _ := qwen(t)
	type decodeCase struct {
		IDs      []int32
		Text     string
		TextSkip string `json:"text_skip"`
	}
	for i, c := range lines[decodeCase](t, golden.Dir(t, "tokenizer", "decode.jsonl")) {
		assert.Equal(t, c.Text, two.Decode(c.IDs, false), "line %d", i+1)
		assert.Equal(t, c.TextSkip, two.Decode(c.IDs, true), "line %d", i+1)
		assert.Equal(t, c.Text, stream(two, c.IDs, false), "line %d in pieces", i+1)
		assert.Equal(t, c.TextSkip, stream(two, c.IDs, true), "line %d in pieces", i+1)
	}
}

// A model directory gives the same tokenizer from either set of files, and with
// merges written either way.
func TestModelDirectoriesLoadFromEitherFiles(t *testing.T) {
	texts := lines[stringCase](t, golden.Dir(t, "tokenizer", "strings.jsonl.gz"))
	dirs, err := filepath.Glob(golden.Dir(t, "models", "*", "tokenizer.json"))
	require.NoError(t, err)
	require.NotEmpty(t, dirs)
	for _, dir := range dirs {
		dir = filepath.Dir(dir)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			whole, err := bpe.Load(dir)
			require.NoError(t, err)
			parts := map[string]*bpe.Tokenizer{
				"without tokenizer.json": loadWithout(t, dir, "tokenizer.json"),
				"without both configs":   loadWithout(t, dir, "tokenizer.json", "tokenizer_config.json"),
				"other form of merges":   loadOtherMerges(t, dir),
			}
			for name, part := range parts {
				assert.Equal(t, whole.Size(), part.Size(), name)
				assert.Equal(t, whole.Added(), part.Added(), name)
				for id := range int32(whole.Size()) {
					a, okA := whole.Token(id)
					b, okB := part.Token(id)
					require.Equal(t, okA, okB)
					require.Equal(t, a, b, name)
				}
				for _, c := range texts {
					require.Equal(t, whole.Encode(c.Text, true), part.Encode(c.Text, true), "%s: %.80q", name, c.Text)
				}
			}
		})
	}
}

// loadWithout loads a directory as if it lacked some files.
func loadWithout(t *testing.T, dir string, names ...string) *bpe.Tokenizer {
	fsys := copyFS(t, dir)
	for _, name := range names {
		delete(fsys, name)
	}
	tok, err := bpe.LoadFS(fsys)
	require.NoError(t, err)
	return tok
}

// loadOtherMerges loads tokenizer.json with pairs as strings or strings as pairs.
func loadOtherMerges(t *testing.T, dir string) *bpe.Tokenizer {
	fsys := copyFS(t, dir)
	var file, model map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(fsys["tokenizer.json"].Data, &file))
	require.NoError(t, json.Unmarshal(file["model"], &model))
	var other any
	var list [][]string
	if json.Unmarshal(model["merges"], &list) == nil {
		var joined []string
		for _, p := range list {
			joined = append(joined, p[0]+" "+p[1])
		}
		other = joined
	} else {
		var joined []string
		require.NoError(t, json.Unmarshal(model["merges"], &joined))
		for _, p := range joined {
			i := bytes.IndexByte([]byte(p), ' ')
			list = append(list, []string{p[:i], p[i+1:]})
		}
		other = list
	}
	model["merges"] = marshal(t, other)
	file["model"] = marshal(t, model)
	tok, err := bpe.LoadFS(fstest.MapFS{"tokenizer.json": {Data: marshal(t, file)}})
	require.NoError(t, err)
	return tok
}

func marshal(t testing.TB, v any) []byte {
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return raw
}

// copyFS reads the tokenizer files of a directory.
func copyFS(t *testing.T, dir string) fstest.MapFS {
	out := fstest.MapFS{}
	for _, pattern := range []string{"*token*.json", "vocab.json", "merges.txt"} {
		names, err := fs.Glob(os.DirFS(dir), pattern)
		require.NoError(t, err)
		for _, name := range names {
			raw, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			out[name] = &fstest.MapFile{Data: raw}
		}
	}
	return out
}

// stream decodes ids one by one.
func stream(tok *bpe.Tokenizer, ids []int32, skip bool) string {
	p := tok.Pieces(skip)
	var out []byte
	for _, id := range ids {
		out = append(out, p.Push(id)...)
	}
	return string(append(out, p.Flush()...))
}

func nonNil(ids []int32) []int32 {
	if ids == nil {
		return []int32{}
	}
	return ids
}
