package chat

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"ssrl/internal/pyjson"
)

// defaultSystem is what Qwen2.5-VL's template says where the conversation does
// not start with a system message.
const defaultSystem = "You are a helpful assistant."

// Render writes a conversation in a family's markup.
func Render(family Family, messages []Message, o Options) (Prompt, error) {
	if len(messages) == 0 {
		return nil, errors.New("messages: none (want at least one)")
	}
	r := renderer{o: o}
	switch family {
	case Qwen25:
		r.qwen25(messages)
	case Qwen3:
		if err := r.qwen3(messages); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("chat markup %v (want Qwen25 or Qwen3)", family)
	}
	if !o.NoGenerationPrompt {
		r.open("assistant")
	}
	return r.Prompt, nil
}

// renderer counts pictures over the whole conversation.
type renderer struct {
	Prompt
	o              Options
	images, videos int
}

// qwen25 follows Qwen2.5-VL's template: every message, whatever its role.
func (r *renderer) qwen25(messages []Message) {
	if messages[0].Role != "system" {
		r.open("system")
		r.text(defaultSystem)
		r.close()
	}
	for _, m := range messages {
		r.open(m.Role)
		r.parts(m.Parts)
		r.close()
	}
}

// qwen3 follows Qwen3-VL-Instruct's template: a system message counts only at the
// beginning, other roles than user, assistant and tool are dropped.
func (r *renderer) qwen3(messages []Message) error {
	if err := r.header(messages[0]); err != nil {
		return err
	}
	for i, m := range messages {
		switch m.Role {
		case "user":
			r.open("user")
			r.parts(m.Parts)
			r.close()
		case "assistant":
			r.open("assistant")
			r.texts(m.Parts)
			if err := r.calls(m); err != nil {
				return fmt.Errorf("message %d: %w", i, err)
			}
			r.close()
		case "tool": // a run of results is one user turn
			if i == 0 || messages[i-1].Role != "tool" {
				r.special(Start)
				r.text("user")
			}
			r.text("\n<tool_response>\n")
			r.parts(m.Parts)
			r.text("\n</tool_response>")
			if i == len(messages)-1 || messages[i+1].Role != "tool" {
				r.close()
			}
		}
	}
	return nil
}

// The tool instructions of Qwen3-VL-Instruct's template, around the descriptions.
const (
	toolsBefore = "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n" +
		"You are provided with function signatures within <tools></tools> XML tags:\n<tools>"
	toolsAfter = "\n</tools>\n\nFor each function call, return a json object with function name and arguments within " +
		"<tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call>"
)

// header writes the system block: the first message if it is one, and the tools.
func (r *renderer) header(first Message) error {
	system := first.Role == "system"
	if !system && len(r.o.Tools) == 0 {
		return nil
	}
	r.open("system")
	if system {
		r.texts(first.Parts)
	}
	if len(r.o.Tools) > 0 {
		if system {
			r.text("\n\n")
		}
		r.text(toolsBefore)
		for i, tool := range r.o.Tools {
			text, err := pyjson.Format(tool)
			if err != nil {
				return fmt.Errorf("tool %d: %w", i, err)
			}
			r.text("\n" + text)
		}
		r.text(toolsAfter)
	}
	r.close()
	return nil
}

// calls writes an assistant's tool calls after its text.
func (r *renderer) calls(m Message) error {
	for i, c := range m.Calls {
		if i > 0 || len(m.Parts) > 0 {
			r.text("\n")
		}
		var arguments string
		if isNull(c.Arguments) || json.Unmarshal(c.Arguments, &arguments) != nil {
			var err error
			if arguments, err = pyjson.Format(c.Arguments); err != nil {
				return fmt.Errorf("tool call %d: %w", i, err)
			}
		}
		r.text("<tool_call>\n{\"name\": \"" + c.Name + "\", \"arguments\": " + arguments + "}\n</tool_call>")
	}
	return nil
}

func (r *renderer) open(role string) {
	r.special(Start)
	r.text(role + "\n")
}

func (r *renderer) close() {
	r.special(End)
	r.text("\n")
}

// parts writes a message's content in order, nothing between.
func (r *renderer) parts(parts []Part) {
	for _, p := range parts {
		switch p.Kind {
		case Image:
			r.images++
			r.vision("Picture ", r.images, ImagePad)
		case Video:
			r.videos++
			r.vision("Video ", r.videos, VideoPad)
		case Text:
			r.text(p.Text)
		}
	}
}

func (r *renderer) vision(label string, number int, pad string) {
	if r.o.AddVisionID {
		r.text(label + strconv.Itoa(number) + ": ")
	}
	r.special(VisionStart, pad, VisionEnd)
}

// texts writes the text of a message whose pictures the template drops.
func (r *renderer) texts(parts []Part) {
	for _, p := range parts {
		r.text(p.Text)
	}
}
