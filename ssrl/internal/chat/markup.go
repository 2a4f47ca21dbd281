package chat

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"ssrl/internal/jinja"
)

// official are the hashes of the templates that Render follows; a template with
// one of them need not be run.
var official = map[string]Family{
	"a0bc6f6fc7a29a80017a433e8f03a1cc1236e838a944a2d034295a60c4f2fddb": Qwen25,
	"3636d0f0bd6bef02654cdffdc447b79cb2cef8ab02cc75267345946291a489e4": Qwen3,
}

// Markup writes conversations as one checkpoint wants them: as its family does,
// or by a template of its own. It is immutable and safe for concurrent use.
type Markup struct {
	family   Family
	template *jinja.Template // nil: Render
	controls []string        // control tokens, longest first
}

// NewMarkup returns the markup of a checkpoint with the given chat template, ""
// for none. The template is compared with the family's on some conversations;
// where they differ the checkpoint's is taken and notice says so. A template
// that cannot be read is not taken, and notice says that. controls are the
// tokenizer's control tokens.
func NewMarkup(family Family, template string, controls []string) (m Markup, notice string) {
	m.family = family
	sum := sha256.Sum256([]byte(template))
	if known, ok := official[hex.EncodeToString(sum[:])]; template == "" || ok && known == family {
		return m, ""
	}
	parsed, err := jinja.Parse(template)
	if err != nil {
		return m, fmt.Sprintf("the checkpoint's chat template cannot be read (%v): prompts are written as %v's", err, family)
	}
	m.template = parsed
	m.controls = slices.Clone(controls)
	slices.SortFunc(m.controls, func(a, b string) int { return len(b) - len(a) })
	if what := m.difference(); what != "" {
		return m, fmt.Sprintf("the checkpoint's chat template is not %v's (%s): prompts are written by it", family, what)
	}
	return Markup{family: family}, ""
}

// Family is that of the checkpoint.
func (m Markup) Family() Family { return m.family }

// Render writes a conversation.
func (m Markup) Render(messages []Message, o Options) (Prompt, error) {
	if m.template == nil {
		return Render(m.family, messages, o)
	}
	values, c, err := m.values(messages, o.Tools)
	if err != nil {
		return nil, err
	}
	vars := map[string]any{"messages": values[0], "add_generation_prompt": !o.NoGenerationPrompt, "add_vision_id": o.AddVisionID}
	if len(o.Tools) > 0 {
		vars["tools"] = values[1]
	}
	text, err := m.template.Render(vars)
	if err != nil {
		return nil, err
	}
	return m.segments(text, c), nil
}

// segments cuts a rendered text at control tokens. Those that messages held are
// covered still and stay text.
func (m Markup) segments(text string, c cover) (p Prompt) {
	for text != "" {
		at, token := len(text), ""
		for _, control := range m.controls { // longest first
			if i := strings.Index(text, control); i >= 0 && i < at {
				at, token = i, control
			}
		}
		p.text(c.show(text[:at]))
		if token != "" {
			p.special(token)
		}
		text = text[at+len(token):]
	}
	return p
}

// values are messages and tools for the template, control tokens in them covered.
func (m Markup) values(messages []Message, tools []json.RawMessage) (out [2]any, c cover, err error) {
	var raw [2]json.RawMessage
	if raw[0], err = json.Marshal(rawMessages(messages)); err != nil {
		return out, c, err
	}
	if raw[1], err = json.Marshal(tools); err != nil {
		return out, c, err
	}
	c.controls = m.controls
	look := &looker{controls: m.controls, used: map[rune]bool{}}
	for i := range raw {
		if out[i], err = jinja.Value(raw[i], look.see); err != nil {
			return out, c, err
		}
	}
	if !look.found {
		return out, c, nil
	}
	c.mark = look.free()
	for i := range raw {
		if out[i], err = jinja.Value(raw[i], c.hide); err != nil {
			return out, c, err
		}
	}
	return out, c, nil
}

// rawMessages are messages as templates see them.
func rawMessages(messages []Message) []any {
	out := make([]any, len(messages))
	for i, m := range messages {
		if m.raw != nil {
			out[i] = m.raw
			continue
		}
		fields := map[string]any{"role": m.Role, "content": m.content()}
		var calls []any
		for _, c := range m.Calls {
			calls = append(calls, map[string]any{"type": "function", "function": map[string]any{"name": c.Name, "arguments": c.Arguments}})
		}
		if calls != nil {
			fields["tool_calls"] = calls
		}
		out[i] = fields
	}
	return out
}

// content is a text, or a list where there are pictures.
func (m Message) content() any {
	var text strings.Builder
	list := []map[string]string{}
	pictures := false
	for _, p := range m.Parts {
		switch p.Kind {
		case Text:
			text.WriteString(p.Text)
			list = append(list, map[string]string{"type": "text", "text": p.Text})
		case Image:
			pictures = true
			list = append(list, map[string]string{"type": "image", "image": ""})
		case Video:
			pictures = true
			list = append(list, map[string]string{"type": "video", "video": ""})
		}
	}
	if !pictures {
		return text.String()
	}
	return list
}

// cover hides control tokens that messages hold from a template's output, so
// that only those of the template itself are found there.
type cover struct {
	controls []string
	mark     string // a character that no message holds; "": nothing is hidden
}

// Private characters, of which no text has all.
const firstMark, lastMark = '\U000F0000', '\U000FFFFD'

// looker sees whether strings hold control tokens, and which private characters.
type looker struct {
	controls []string
	used     map[rune]bool
	found    bool
}

func (l *looker) see(text string) string {
	for _, control := range l.controls {
		l.found = l.found || strings.Contains(text, control)
	}
	for _, r := range text {
		if r >= firstMark {
			l.used[r] = true
		}
	}
	return text
}

// free is a private character that was not seen; a text with all 65,534 of them
// shares the last one.
func (l *looker) free() string {
	mark := firstMark
	for l.used[mark] && mark < lastMark {
		mark++
	}
	return string(mark)
}

func (c cover) hide(text string) string { return c.replace(text, false) }
func (c cover) show(text string) string { return c.replace(text, true) }

// replace turns control tokens into marks, or back.
func (c cover) replace(text string, back bool) string {
	if c.mark == "" {
		return text
	}
	var pairs []string
	for i, control := range c.controls {
		from, to := control, fmt.Sprintf("%s%d%s", c.mark, i, c.mark)
		if back {
			from, to = to, from
		}
		pairs = append(pairs, from, to)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// probes are conversations on which templates are compared.
var probes = []struct{ name, messages, options string }{
	{"a question", `[{"role":"user","content":"Q?"}]`, `{}`},
	{"a list of one text", `[{"role":"user","content":[{"type":"text","text":" Q? "}]}]`, `{}`},
	{"pictures", `[{"role":"user","content":[{"type":"image","image":"a.png"},{"type":"text","text":"Q?"},{"type":"image","image":"b.png"}]}]`, `{}`},
	{"a video", `[{"role":"user","content":[{"type":"video","video":"a.mp4"},{"type":"text","text":"Q?"}]}]`, `{}`},
	{"numbered pictures", `[{"role":"user","content":[{"type":"image","image":"a.png"},{"type":"video","video":"a.mp4"},{"type":"text","text":"Q?"}]}]`, `{"add_vision_id":true}`},
	{"a system message", `[{"role":"system","content":"S"},{"role":"user","content":"Q?"}]`, `{}`},
	{"a history", `[{"role":"user","content":"Q?"},{"role":"assistant","content":"A"},{"role":"user","content":"R?"}]`, `{}`},
	{"a sample for training", `[{"role":"user","content":"Q?"},{"role":"assistant","content":"A"}]`, `{"add_generation_prompt":false}`},
	{"tools", `[{"role":"user","content":"Q?"},{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"x":1}}}]},{"role":"tool","content":"R"}]`,
		`{"tools":[{"type":"function","function":{"name":"f","parameters":{}}}]}`},
}

// difference names the first probe that the checkpoint's template writes in
// another way than the family's; "": there is none.
func (m Markup) difference() string {
	for _, probe := range probes {
		messages, err := ParseMessages([]byte(probe.messages))
		if err != nil {
			panic("chat: probe " + probe.name + ": " + err.Error())
		}
		var o Options
		if err := json.Unmarshal([]byte(probe.options), &o); err != nil {
			panic("chat: probe " + probe.name + ": " + err.Error())
		}
		want, err := Render(m.family, messages, o)
		if err != nil {
			panic("chat: probe " + probe.name + ": " + err.Error())
		}
		got, err := m.Render(messages, o)
		if err != nil {
			return fmt.Sprintf("%s: %v", probe.name, err)
		}
		if a, b := want.Text(), got.Text(); a != b {
			return fmt.Sprintf("%s: %.60q instead of %.60q", probe.name, tail(b, a), tail(a, b))
		}
	}
	return ""
}

// tail is what of a follows the beginning that it has in common with b.
func tail(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return strings.ToValidUTF8(a[n:], "")
}
