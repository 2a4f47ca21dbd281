package bpe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// loadParts reads the files of the slow tokenizer class Qwen2Tokenizer.
func loadParts(fsys fs.FS) (*Tokenizer, error) {
	var vocab map[string]int32
	if err := readJSON(fsys, "vocab.json", &vocab); err != nil {
		return nil, err
	}
	raw, err := readFile(fsys, "merges.txt")
	if err != nil {
		return nil, err
	}
	merges, err := parseMerges(raw)
	if err != nil {
		return nil, fmt.Errorf("merges.txt: %w", err)
	}
	added, source, err := addedParts(fsys)
	if err != nil {
		return nil, err
	}
	t, err := New(vocab, merges, nil)
	if err != nil {
		return nil, fmt.Errorf("vocab.json and merges.txt: %w", err)
	}
	if t, err = t.With(added...); err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	return t, nil
}

// addedParts returns the added tokens and the file they come from.
func addedParts(fsys fs.FS) ([]Added, string, error) {
	var config struct {
		Class string           `json:"tokenizer_class"`
		Added map[string]Added `json:"added_tokens_decoder"`
	}
	err := readJSON(fsys, "tokenizer_config.json", &config)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", err
	}
	switch config.Class {
	case "", "Qwen2Tokenizer", "Qwen2TokenizerFast":
	default:
		return nil, "", fmt.Errorf("tokenizer_config.json: tokenizer_class %q (want Qwen2Tokenizer)", config.Class)
	}
	if len(config.Added) > 0 {
		var added []Added
		for key, a := range config.Added {
			id, err := strconv.ParseInt(key, 10, 32)
			if err != nil {
				return nil, "", fmt.Errorf("tokenizer_config.json: added_tokens_decoder has key %q (want an id)", key)
			}
			a.ID = int32(id)
			added = append(added, a)
		}
		return added, "tokenizer_config.json", nil
	}
	var ids map[string]int32
	if err := readJSON(fsys, "added_tokens.json", &ids); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", err
	}
	special, err := specialNames(fsys)
	if err != nil {
		return nil, "", err
	}
	var added []Added
	for content, id := range ids {
		added = append(added, Added{ID: id, Content: content, Special: special[content]})
	}
	return added, "added_tokens.json", nil
}

// specialNames returns the contents that special_tokens_map.json mentions. Its
// values are strings, objects with a content, or lists of either.
func specialNames(fsys fs.FS) (map[string]bool, error) {
	var file any
	if err := readJSON(fsys, "special_tokens_map.json", &file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	names := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			names[v] = true
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if content, ok := v["content"].(string); ok {
				names[content] = true
				return
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(file)
	return names, nil
}

// parseMerges reads merges.txt: a version line, then one merge a line.
func parseMerges(raw []byte) ([][2]string, error) {
	merges := make([][2]string, 0, bytes.Count(raw, []byte("\n")))
	number := 0
	for line := range strings.Lines(string(raw)) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || number == 1 && strings.HasPrefix(line, "#version:") {
			continue
		}
		pair, err := cutMerge(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		merges = append(merges, pair)
	}
	return merges, nil
}

// cutMerge takes "a b" apart.
func cutMerge(line string) ([2]string, error) {
	a, b, ok := strings.Cut(line, " ")
	if !ok || a == "" || b == "" || strings.Contains(b, " ") {
		return [2]string{}, fmt.Errorf("%.80q (want two tokens and one space)", line)
	}
	return [2]string{a, b}, nil
}

// readJSON decodes a file into v and names it in errors.
func readJSON(fsys fs.FS, name string, v any) error {
	raw, err := readFile(fsys, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
