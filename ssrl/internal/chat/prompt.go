// Package chat writes conversations in Qwen2.5-VL's and Qwen3-VL's markup.
//
// It gives the prompts of the two models' own chat templates (transformers
// 4.57.1) without a template engine, knows which parts of a prompt are control
// tokens, and makes room for pictures and clips among the ids. A checkpoint with
// another template is rendered by that one: see Markup.
//
// Limits: see package jinja for what other templates may do.
package chat

import (
	"encoding/json"
	"fmt"
	"strings"

	"ssrl/internal/bpe"
)

// Family is a model's chat markup.
type Family int

const (
	Qwen25 Family = iota // Qwen2.5-VL
	Qwen3                // Qwen3-VL-Instruct
)

func (f Family) String() string {
	switch f {
	case Qwen25:
		return "Qwen2.5-VL"
	case Qwen3:
		return "Qwen3-VL"
	}
	return fmt.Sprintf("Family(%d)", int(f))
}

// FamilyOf returns the family that a config.json belongs to, by its model_type.
func FamilyOf(config []byte) (Family, error) {
	var file struct {
		Type string `json:"model_type"`
	}
	if err := json.Unmarshal(config, &file); err != nil {
		return 0, err
	}
	switch file.Type {
	case "qwen2_5_vl":
		return Qwen25, nil
	case "qwen3_vl":
		return Qwen3, nil
	}
	return 0, fmt.Errorf("model_type %q (want qwen2_5_vl or qwen3_vl)", file.Type)
}

// Control tokens of the markup.
const (
	Start       = "<|im_start|>"
	End         = "<|im_end|>"
	VisionStart = "<|vision_start|>"
	VisionEnd   = "<|vision_end|>"
	ImagePad    = "<|image_pad|>"
	VideoPad    = "<|video_pad|>"
)

// Segment is a piece of a prompt: one control token, or text.
type Segment struct {
	Text    string
	Special bool // Text is one control token
}

// Prompt is a rendered conversation.
type Prompt []Segment

// Text returns the prompt as the template prints it.
func (p Prompt) Text() string {
	var b strings.Builder
	for _, s := range p {
		b.WriteString(s.Text)
	}
	return b.String()
}

// IDs returns the prompt's ids before Expand. A control token written in a
// message stays text. Where no message holds one the ids are those of the whole
// text; for upstream's behaviour in every case encode Text with special tokens.
func (p Prompt) IDs(tok *bpe.Tokenizer) ([]int32, error) {
	var ids []int32
	var text strings.Builder // between control tokens, encoded in one go: words cross segments
	flush := func() {
		ids = tok.Append(ids, text.String(), false)
		text.Reset()
	}
	for _, s := range p {
		if !s.Special {
			text.WriteString(s.Text)
			continue
		}
		id, ok := tok.ID(s.Text)
		if !ok {
			return nil, fmt.Errorf("tokenizer: no token %s (want Qwen-VL's)", s.Text)
		}
		flush()
		ids = append(ids, id)
	}
	flush()
	return ids, nil
}

// special appends control tokens.
func (p *Prompt) special(tokens ...string) {
	for _, t := range tokens {
		*p = append(*p, Segment{t, true})
	}
}

// text appends text that holds no control tokens, whatever it looks like.
func (p *Prompt) text(text string) {
	if text != "" {
		*p = append(*p, Segment{text, false})
	}
}
