package chat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Message is one turn, decoded from a Hugging Face chat message.
type Message struct {
	Role  string
	Parts []Part // content; a non-empty string is one part
	Calls []Call // tool_calls of an assistant; Qwen2.5-VL's template ignores them

	raw json.RawMessage // what it was decoded from; nil: it was not
}

// Kind says what a part of a message prints.
type Kind int

const (
	Nothing Kind = iota // a part that the templates skip
	Text
	Image
	Video
)

// Part is one item of a message's content.
type Part struct {
	Kind Kind
	Text string // of a Text; printed for a picture or clip only where Qwen3-VL drops these
	// Paths holds an image's file or URL, a video's file, or its frames in order;
	// empty where the message names none.
	Paths []string
	// FPS is the frames a second at which Paths were taken (sample_fps, else fps);
	// 0 if not said.
	FPS float64
	// Frames, MinFrames and MaxFrames choose frames of a video's file; 0 if not said.
	Frames, MinFrames, MaxFrames int
	// MinPixels and MaxPixels are the item's own limits of the resized area, 0 if none.
	MinPixels, MaxPixels int
}

// Call is a request of the model to run a tool.
type Call struct {
	Name string
	// Arguments is printed: a JSON string's content as it is, any other value as
	// JSON in Python's form.
	Arguments json.RawMessage
}

// Turn returns a message of one text.
func Turn(role, text string) Message {
	m := Message{Role: role}
	if text != "" {
		m.Parts = []Part{{Kind: Text, Text: text}}
	}
	return m
}

// ParseMessages decodes a list of messages. Errors name the message, from 0.
func ParseMessages(raw []byte) ([]Message, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, fmt.Errorf("messages: %w (want a list)", err)
	}
	messages := make([]Message, len(items))
	for i, item := range items {
		if err := json.Unmarshal(item, &messages[i]); err != nil {
			return nil, fmt.Errorf("message %d: %w", i, err)
		}
	}
	return messages, nil
}

// UnmarshalJSON decodes an object with role, content and tool_calls.
func (m *Message) UnmarshalJSON(raw []byte) error {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil || fields == nil {
		return errors.New("not an object")
	}
	*m = Message{}
	if json.Unmarshal(fields["role"], &m.Role) != nil || isNull(fields["role"]) {
		return errors.New("no role (want a string)")
	}
	var err error
	if m.Parts, err = parseContent(fields["content"]); err != nil {
		return err
	}
	m.Calls, err = parseCalls(fields["tool_calls"])
	m.raw = bytes.Clone(raw)
	return err
}

// parseContent decodes a string or a list of parts. A message without content is
// empty, as in the templates; null fails there, and here.
func parseContent(raw json.RawMessage) ([]Part, error) {
	if raw == nil {
		return nil, nil
	}
	var text string
	var items []json.RawMessage
	switch {
	case isNull(raw):
		return nil, errors.New("content is null (want a string or a list)")
	case json.Unmarshal(raw, &text) == nil:
		return Turn("", text).Parts, nil
	case json.Unmarshal(raw, &items) != nil:
		return nil, errors.New("content is neither a string nor a list")
	}
	parts := make([]Part, len(items))
	for i, item := range items {
		var err error
		if parts[i], err = parsePart(item); err != nil {
			return nil, fmt.Errorf("content %d: %w", i, err)
		}
	}
	return parts, nil
}

// parsePart decides like the templates do: by type, or by the key alone.
func parsePart(raw json.RawMessage) (Part, error) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil || fields == nil {
		return Part{}, errors.New("not an object")
	}
	var kind string
	if v, ok := fields["type"]; ok && json.Unmarshal(v, &kind) != nil {
		return Part{}, errors.New("type is not a string")
	}
	_, image := fields["image"]
	_, imageURL := fields["image_url"]
	_, video := fields["video"]
	_, text := fields["text"]
	var p Part
	switch {
	case kind == "image" || image || imageURL:
		p.Kind = Image
		if image {
			p.Paths = paths(fields["image"])
		} else {
			p.Paths = paths(fields["image_url"])
		}
	case kind == "video" || video:
		p.Kind = Video
		p.Paths = paths(fields["video"])
	case text:
		p.Kind = Text
		if isNull(fields["text"]) || json.Unmarshal(fields["text"], &p.Text) != nil {
			return Part{}, errors.New("text is not a string")
		}
		return p, nil
	default:
		return p, nil
	}
	if text && json.Unmarshal(fields["text"], &p.Text) != nil {
		return Part{}, errors.New("text is not a string")
	}
	return p, p.limits(fields)
}

// limits reads the keys of qwen_vl_utils.
func (p *Part) limits(fields map[string]json.RawMessage) error {
	for _, e := range []struct {
		key string
		to  any
	}{{"fps", &p.FPS}, {"sample_fps", &p.FPS}, {"min_pixels", &p.MinPixels}, {"max_pixels", &p.MaxPixels},
		{"nframes", &p.Frames}, {"min_frames", &p.MinFrames}, {"max_frames", &p.MaxFrames}} {
		if v, ok := fields[e.key]; ok && json.Unmarshal(v, e.to) != nil {
			return fmt.Errorf("%s is not a number, or not a whole number of pixels or frames", e.key)
		}
	}
	if p.FPS < 0 || p.MinPixels < 0 || p.MaxPixels < 0 || p.Frames < 0 || p.MinFrames < 0 || p.MaxFrames < 0 {
		return errors.New("fps or a number of pixels or frames is negative")
	}
	return nil
}

// paths reads a string, a list of strings, or OpenAI's {"url": ..}. Anything else
// names no file, which matters only when the picture is read.
func paths(raw json.RawMessage) []string {
	var one string
	var many []string
	var object struct {
		URL string `json:"url"`
	}
	switch {
	case raw == nil || isNull(raw):
		return nil
	case json.Unmarshal(raw, &one) == nil:
		return []string{one}
	case json.Unmarshal(raw, &many) == nil:
		return many
	case json.Unmarshal(raw, &object) == nil && object.URL != "":
		return []string{object.URL}
	}
	return nil
}

// parseCalls decodes tool calls, with or without OpenAI's "function" around them.
func parseCalls(raw json.RawMessage) ([]Call, error) {
	var items []map[string]json.RawMessage
	if raw == nil {
		return nil, nil
	}
	if json.Unmarshal(raw, &items) != nil {
		return nil, errors.New("tool_calls is not a list of objects")
	}
	calls := make([]Call, len(items))
	for i, fields := range items {
		var function map[string]json.RawMessage
		if v, ok := fields["function"]; ok && json.Unmarshal(v, &function) != nil {
			return nil, fmt.Errorf("tool call %d: function is not an object", i)
		}
		if len(function) > 0 {
			fields = function
		}
		if v := fields["name"]; isNull(v) || json.Unmarshal(v, &calls[i].Name) != nil {
			return nil, fmt.Errorf("tool call %d: no name", i)
		}
		calls[i].Arguments = fields["arguments"]
		if calls[i].Arguments == nil {
			return nil, fmt.Errorf("tool call %d: no arguments", i)
		}
	}
	return calls, nil
}

func isNull(raw json.RawMessage) bool {
	return raw == nil || bytes.Equal(bytes.TrimSpace(raw), []byte("null"))
}
