package bpe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The tokens that end a turn and fill a batch in Qwen's models.
const (
	turnEnd = "<|im_end|>"
	padding = "<|endoftext|>"
)

// maxLength is Qwen2.5-VL's model_max_length, in tokens. Programs only warn at it.
const maxLength = 131072

// Save writes the files of Files into a directory that exists. Each is written
// under another name and renamed when it is whole; a file of its name is replaced.
func (t *Tokenizer) Save(dir string) error {
	files := t.Files()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := replaceFile(filepath.Join(dir, name), files[name]); err != nil {
			return fmt.Errorf("tokenizer %s: %w", dir, err)
		}
	}
	return nil
}

// replaceFile writes a file whole or not at all.
func replaceFile(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// Files returns the tokenizer as the files of a Hugging Face model directory:
// tokenizer.json, vocab.json, merges.txt, tokenizer_config.json,
// added_tokens.json and special_tokens_map.json. The same tokenizer gives the
// same bytes. transformers' AutoTokenizer reads them.
func (t *Tokenizer) Files() map[string][]byte {
	vocab := t.vocabByID()
	merges := "#version: 0.2\n"
	var lines strings.Builder
	for _, m := range t.merges {
		lines.WriteString(m[0] + " " + m[1] + "\n")
	}
	ids := object{}
	for _, a := range t.added {
		ids = append(ids, field{a.Content, a.ID})
	}
	return map[string][]byte{
		"tokenizer.json":          encode(t.whole(vocab), "  "),
		"vocab.json":              encode(vocab, ""),
		"merges.txt":              []byte(merges + lines.String()),
		"tokenizer_config.json":   encode(t.config(), "  "),
		"added_tokens.json":       encode(ids, "  "),
		"special_tokens_map.json": encode(t.specialMap(), "  "),
	}
}

// whole is tokenizer.json as tokenizers 0.22 writes it.
func (t *Tokenizer) whole(vocab object) object {
	byteLevel := object{{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", false}, {"use_regex", false}}
	added := t.added
	if added == nil {
		added = []Added{}
	}
	merges := t.merges
	if merges == nil {
		merges = [][2]string{}
	}
	return object{
		{"version", "1.0"}, {"truncation", nil}, {"padding", nil},
		{"added_tokens", added},
		{"normalizer", object{{"type", "NFC"}}},
		{"pre_tokenizer", object{{"type", "Sequence"}, {"pretokenizers", []object{
			{{"type", "Split"}, {"pattern", object{{"Regex", splitRule}}}, {"behavior", "Isolated"}, {"invert", false}},
			byteLevel,
		}}}},
		{"post_processor", byteLevel},
		{"decoder", byteLevel},
		{"model", object{
			{"type", "BPE"}, {"dropout", nil}, {"unk_token", nil}, {"continuing_subword_prefix", ""}, {"end_of_word_suffix", ""},
			{"fuse_unk", false}, {"byte_fallback", false}, {"ignore_merges", false},
			{"vocab", vocab}, {"merges", merges},
		}},
	}
}

// config is tokenizer_config.json of class Qwen2Tokenizer.
func (t *Tokenizer) config() object {
	decoder := object{}
	for _, a := range t.added {
		decoder = append(decoder, field{strconv.Itoa(int(a.ID)), flags(a, field{"special", a.Special})})
	}
	return object{
		{"add_bos_token", false}, {"add_prefix_space", false},
		{"added_tokens_decoder", decoder},
		{"additional_special_tokens", t.control()},
		{"bos_token", nil}, {"clean_up_tokenization_spaces", false},
		{"eos_token", t.named(turnEnd)}, {"errors", "replace"}, {"model_max_length", maxLength}, {"pad_token", t.named(padding)},
		{"split_special_tokens", false}, {"tokenizer_class", "Qwen2Tokenizer"}, {"unk_token", nil},
	}
}

func (t *Tokenizer) specialMap() object {
	out := object{{"additional_special_tokens", t.control()}}
	for _, e := range []struct{ key, content string }{{"eos_token", turnEnd}, {"pad_token", padding}} {
		for _, a := range t.added {
			if a.Content == e.content {
				out = append(out, field{e.key, flags(a)})
			}
		}
	}
	return out
}

// flags are a token's matching rules under Hugging Face's names.
func flags(a Added, more ...field) object {
	return append(object{
		{"content", a.Content}, {"lstrip", a.LStrip}, {"normalized", a.Normalized}, {"rstrip", a.RStrip}, {"single_word", a.SingleWord},
	}, more...)
}

// control lists the special tokens but the padding.
func (t *Tokenizer) control() []string {
	names := []string{}
	for _, a := range t.added {
		if a.Special && a.Content != padding {
			names = append(names, a.Content)
		}
	}
	return names
}

// named returns a token's name if there is such a token, else nil.
func (t *Tokenizer) named(content string) any {
	if _, ok := t.ids[content]; ok {
		return content
	}
	return nil
}

// vocabByID is the base vocabulary in order of ids.
func (t *Tokenizer) vocabByID() object {
	vocab := make(object, 0, len(t.vocab))
	for text, id := range t.vocab {
		vocab = append(vocab, field{text, id})
	}
	slices.SortFunc(vocab, func(a, b field) int { return int(a.value.(int32)) - int(b.value.(int32)) })
	return vocab
}

// object is a JSON object with its keys in order.
type object []field

type field struct {
	key   string
	value any
}

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(bytes.TrimSuffix(encode(f.key, ""), []byte("\n")))
		b.WriteByte(':')
		b.Write(bytes.TrimSuffix(encode(f.value, ""), []byte("\n")))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode writes JSON without escaping <, > and &, which tokens are full of.
func encode(v any, indent string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		panic("bpe: " + err.Error()) // strings, numbers and booleans only
	}
	return b.Bytes()
}
