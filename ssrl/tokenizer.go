package ssrl

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"ssrl/internal/bpe"
	"ssrl/internal/chat"
)

// Tokenizer is the text side of a model: text and conversations to ids, ids to
// text. It may be shared.
type Tokenizer struct {
	words  *bpe.Tokenizer
	markup *chat.Markup // nil: the directory does not say which
	notice string
}

// OpenTokenizer reads the tokenizer of a Hugging Face directory: tokenizer.json,
// or vocab.json and merges.txt, and, for Chat alone, config.json and the chat
// template.
func OpenTokenizer(dir string) (*Tokenizer, error) {
	t := new(Tokenizer)
	err := isModelDir(dir)
	if err == nil {
		t.words, err = bpe.Load(dir)
	}
	if err == nil {
		err = t.readFamily(dir)
	}
	if err != nil {
		return nil, formatError{fmt.Errorf("model %s: %w", dir, err)}
	}
	return t, nil
}

// isModelDir says what is wrong with the name of a model directory.
func isModelDir(dir string) error {
	info, err := os.Stat(dir)
	var where *fs.PathError
	switch {
	case errors.As(err, &where):
		return where.Err
	case err == nil && !info.IsDir():
		return errors.New("not a directory")
	}
	return err
}

// readFamily learns from config.json which chat markup a directory has.
func (t *Tokenizer) readFamily(dir string) error {
	config, err := smallFile(filepath.Join(dir, "config.json"))
	if err != nil || config == nil {
		return err
	}
	family, err := chat.FamilyOf(config)
	if err != nil {
		return fmt.Errorf("config.json: %w", err)
	}
	t.markup, t.notice, err = readMarkup(dir, family, t.words)
	return err
}

// readMarkup compares a directory's chat template with the family's.
func readMarkup(dir string, family chat.Family, words *bpe.Tokenizer) (*chat.Markup, string, error) {
	_, template, err := chatTemplate(dir)
	if err != nil {
		return nil, "", err
	}
	var controls []string
	for _, a := range words.Added() {
		if a.Special {
			controls = append(controls, a.Content)
		}
	}
	markup, notice := chat.NewMarkup(family, template, controls)
	return &markup, notice, nil
}

// chatTemplate finds the chat template of a directory where transformers does,
// and after that in tokenizer_config.json: its file and text, both empty if there
// is none.
func chatTemplate(dir string) (name, text string, err error) {
	for _, name := range []string{"chat_template.json", "chat_template.jinja", "tokenizer_config.json"} {
		data, err := smallFile(filepath.Join(dir, name))
		if err != nil {
			return "", "", err
		}
		if data == nil {
			continue
		}
		if filepath.Ext(name) == ".jinja" {
			return name, string(data), nil
		}
		var file struct {
			Template json.RawMessage `json:"chat_template"`
		}
		if err := json.Unmarshal(data, &file); err != nil {
			return "", "", fmt.Errorf("%s: %w", name, err)
		}
		if text := templateIn(file.Template); text != "" {
			return name, text, nil
		}
	}
	return "", "", nil
}

// templateIn is the template of a JSON value: a string, or a list of named ones
// with one called default.
func templateIn(raw json.RawMessage) string {
	var text string
	var named []struct{ Name, Template string }
	switch {
	case raw == nil || json.Unmarshal(raw, &text) == nil:
		return text
	case json.Unmarshal(raw, &named) == nil:
		for _, n := range named {
			if n.Name == "default" {
				return n.Template
			}
		}
	}
	return ""
}

// Tokenizer is the model's; it may be used while the model works, and after Close.
func (m *Model) Tokenizer() *Tokenizer {
	return &Tokenizer{m.words, &m.markup, m.notice}
}

// Notice says, in a line, what is unusual about how the checkpoint wants
// conversations to be written; empty: nothing. Its own chat template is followed
// where it is not the family's.
func (t *Tokenizer) Notice() string { return t.notice }

// Notice is that of the model's Tokenizer.
func (m *Model) Notice() string { return m.notice }

// Size is one more than the largest id that stands for something.
func (t *Tokenizer) Size() int { return t.words.Size() }

// Encode returns the ids of a text. With markup, control tokens written in it,
// such as <|im_end|>, become control tokens, as in Hugging Face by default;
// without, they stay text, which is right for what a user wrote.
func (t *Tokenizer) Encode(text string, markup bool) []int32 { return t.words.Encode(text, markup) }

// Decode returns the text of ids, without the control tokens if skip is true.
// What is not UTF-8 becomes U+FFFD; ids that stand for nothing print nothing.
func (t *Tokenizer) Decode(ids []int32, skip bool) string { return t.words.Decode(ids, skip) }

// Chat renders a conversation, a JSON list of Hugging Face chat messages, and
// returns the prompt with its ids, each picture and clip being one place still.
// Nothing is read from files that messages name. options is a JSON object or
// empty, its keys are transformers': tools, add_vision_id, add_generation_prompt
// (true unless given) and split_special_tokens, which is true here: control
// tokens that messages hold stay text unless it is false.
func (t *Tokenizer) Chat(messages, options []byte) (prompt string, ids []int32, err error) {
	if t.markup == nil {
		return "", nil, fmt.Errorf("chat: no config.json beside the tokenizer (want one, for the family): %w", fs.ErrNotExist)
	}
	var o chat.Options
	plain := true
	if len(options) > 0 {
		var more struct {
			Split *bool `json:"split_special_tokens"`
		}
		if err := json.Unmarshal(options, &o); err != nil {
			return "", nil, formatError{err}
		}
		if json.Unmarshal(options, &more) != nil {
			return "", nil, formatError{errors.New("options: split_special_tokens is not true or false")}
		}
		plain = more.Split == nil || *more.Split
	}
	parsed, err := chat.ParseMessages(messages)
	if err != nil {
		return "", nil, formatError{err}
	}
	rendered, err := t.markup.Render(parsed, o)
	if err != nil {
		return "", nil, formatError{err}
	}
	prompt = rendered.Text()
	if !plain {
		return prompt, t.words.Encode(prompt, true), nil
	}
	ids, err = rendered.IDs(t.words)
	return prompt, ids, err
}
