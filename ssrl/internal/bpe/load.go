package bpe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// maxFile bounds the size of a tokenizer file in bytes; Qwen's is 11 MB at most.
const maxFile = 256 << 20

// Load reads the tokenizer of a Hugging Face model directory: tokenizer.json if
// there is one, else vocab.json, merges.txt and the added tokens of
// tokenizer_config.json or added_tokens.json. Errors name the file and the fault;
// a directory without any tokenizer gives fs.ErrNotExist.
func Load(dir string) (*Tokenizer, error) { return LoadFS(os.DirFS(dir)) }

// LoadFS is Load from any file system.
func LoadFS(fsys fs.FS) (*Tokenizer, error) {
	raw, err := readFile(fsys, "tokenizer.json")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t, err := loadParts(fsys)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("no tokenizer.json, nor vocab.json with merges.txt: %w", fs.ErrNotExist)
		}
		return t, err
	case err != nil:
		return nil, err
	}
	t, err := parseWhole(raw)
	if err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	return t, nil
}

// readFile reads a file whole after a look at its size.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s: %d bytes (want at most %d)", name, info.Size(), maxFile)
	}
	return fs.ReadFile(fsys, name)
}

// wholeFile is tokenizer.json, as far as it decides about ids and text. The
// padding and truncation it may carry are the caller's business, as in
// transformers.
type wholeFile struct {
	Version string  `json:"version"`
	Added   []Added `json:"added_tokens"`
	Norm    *struct {
		Type string `json:"type"`
	} `json:"normalizer"`
	Pre  *preTokenizer `json:"pre_tokenizer"`
	Post *struct {
		Type string `json:"type"`
	} `json:"post_processor"`
	Decoder *struct {
		Type string `json:"type"`
	} `json:"decoder"`
	Model *struct {
		Type         string           `json:"type"`
		Dropout      *float64         `json:"dropout"`
		Unk          *string          `json:"unk_token"`
		Prefix       string           `json:"continuing_subword_prefix"`
		Suffix       string           `json:"end_of_word_suffix"`
		ByteFallback bool             `json:"byte_fallback"`
		IgnoreMerges bool             `json:"ignore_merges"`
		Vocab        map[string]int32 `json:"vocab"`
		Merges       mergeList        `json:"merges"`
	} `json:"model"`
}

// preTokenizer is one step of the split into words.
type preTokenizer struct {
	Type    string         `json:"type"`
	Steps   []preTokenizer `json:"pretokenizers"`
	Pattern struct {
		Regex *string `json:"Regex"`
	} `json:"pattern"`
	Behavior  string `json:"behavior"`
	Invert    bool   `json:"invert"`
	Prefix    bool   `json:"add_prefix_space"`
	ByteRegex *bool  `json:"use_regex"`
}

// mergeList reads merges written as "a b" or as ["a", "b"].
type mergeList [][2]string

func (m *mergeList) UnmarshalJSON(raw []byte) error {
	var lines []string
	first := bytes.TrimLeft(bytes.TrimPrefix(raw, []byte("[")), " \t\r\n") // pairs start with another bracket
	if !bytes.HasPrefix(first, []byte("[")) && json.Unmarshal(raw, &lines) == nil {
		*m = make([][2]string, len(lines))
		for i, line := range lines {
			pair, err := cutMerge(line)
			if err != nil {
				return fmt.Errorf("merge %d: %w", i, err)
			}
			(*m)[i] = pair
		}
		return nil
	}
	var pairs [][]string
	if json.Unmarshal(raw, &pairs) != nil {
		return errors.New(`merges are not a list of "a b" or ["a", "b"]`)
	}
	*m = make([][2]string, len(pairs))
	for i, p := range pairs {
		if len(p) != 2 {
			return fmt.Errorf("merge %d: %d parts (want 2)", i, len(p))
		}
		(*m)[i] = [2]string(p)
	}
	return nil
}

// splitRule is Qwen2's; span implements it. No other is known here.
const splitRule = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

func parseWhole(raw []byte) (*Tokenizer, error) {
	var f wholeFile
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return New(f.Model.Vocab, f.Model.Merges, f.Added)
}

// check refuses every tokenizer that Encode and Decode would not follow.
func (f *wholeFile) check() error {
	m := f.Model
	switch {
	case m == nil:
		return errors.New("no model")
	case m.Type != "" && m.Type != "BPE":
		return fmt.Errorf("model %q (want BPE)", m.Type)
	case m.Dropout != nil && *m.Dropout != 0:
		return fmt.Errorf("model with dropout %g (want none)", *m.Dropout)
	case m.Unk != nil:
		return fmt.Errorf("model with unk_token %q (want none)", *m.Unk)
	case m.Prefix != "" || m.Suffix != "":
		return fmt.Errorf("model with continuing_subword_prefix %q and end_of_word_suffix %q (want none)", m.Prefix, m.Suffix)
	case m.ByteFallback || m.IgnoreMerges:
		return errors.New("model with byte_fallback or ignore_merges (want neither)")
	case f.Norm == nil:
		return errors.New("no normalizer (want NFC)")
	case f.Norm.Type != "NFC":
		return fmt.Errorf("normalizer %q (want NFC)", f.Norm.Type)
	case f.Decoder == nil || f.Decoder.Type != "ByteLevel":
		return errors.New("decoder is not ByteLevel")
	case f.Post != nil && f.Post.Type != "ByteLevel":
		return fmt.Errorf("post_processor %q (want ByteLevel or none)", f.Post.Type)
	case f.Pre == nil:
		return errors.New("no pre_tokenizer (want Qwen2's)")
	}
	return f.Pre.check()
}

// check wants a split by splitRule, then the byte alphabet.
func (p *preTokenizer) check() error {
	if p.Type != "Sequence" || len(p.Steps) != 2 || p.Steps[0].Type != "Split" || p.Steps[1].Type != "ByteLevel" {
		return fmt.Errorf("pre_tokenizer %q (want a sequence of Split and ByteLevel)", p.Type)
	}
	split, bytes := p.Steps[0], p.Steps[1]
	switch {
	case split.Pattern.Regex == nil:
		return errors.New("pre_tokenizer: no regular expression (want Qwen2's)")
	case *split.Pattern.Regex != splitRule:
		return fmt.Errorf("pre_tokenizer: unknown regular expression %.200q (want Qwen2's)", *split.Pattern.Regex)
	case split.Behavior != "Isolated" || split.Invert:
		return fmt.Errorf("pre_tokenizer: split %q, invert %t (want Isolated, false)", split.Behavior, split.Invert)
	case bytes.Prefix:
		return errors.New("pre_tokenizer: add_prefix_space is true (want false)")
	case bytes.ByteRegex == nil || *bytes.ByteRegex:
		return errors.New("pre_tokenizer: use_regex is true (want false)")
	}
	return nil
}
