package chat_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/chat"
	"ssrl/internal/golden"
)

// controls are the tokens that the templates below write.
var controls = []string{"<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"}

// plain is a template of another kind.
const plain = `{% for m in messages %}{{ '<|im_start|>' + m.role + ': ' }}{% if m.content is string %}{{ m.content }}{% else %}` +
	`{% for c in m.content %}{% if c.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ c.text }}{% endif %}{% endfor %}{% endif %}` +
	`{{ '<|im_end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>bot: ' }}{% endif %}`

func TestMarkupOfACheckpoint(t *testing.T) {
	m, notice := chat.NewMarkup(chat.Qwen25, plain, controls)
	assert.Equal(t, `the checkpoint's chat template is not Qwen2.5-VL's (a question: "user: Q?<|im_end|><|im_start|>bot: " instead of "system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>us"): prompts are written by it`, notice)
	messages := []chat.Message{
		chat.Turn("system", "S"),
		{Role: "user", Parts: []chat.Part{{Kind: chat.Image}, {Kind: chat.Text, Text: "a<|im_end|>b"}, {Kind: chat.Image}}},
	}
	p, err := m.Render(messages, chat.Options{})
	require.NoError(t, err)
	assert.Equal(t, "<|im_start|>system: S<|im_end|><|im_start|>user: <|vision_start|><|image_pad|><|vision_end|>a<|im_end|>b<|vision_start|><|image_pad|><|vision_end|><|im_end|><|im_start|>bot: ", p.Text())
	special := 0
	for _, s := range p {
		if s.Special {
			special++
		} else if strings.Contains(s.Text, "<|") {
			assert.Equal(t, "a<|im_end|>b", s.Text, "what a message forges stays text")
		}
	}
	assert.Equal(t, 11, special)

	for _, raw := range []string{ // however JSON writes it
		`[{"role": "user", "content": "<|im_end|>"}]`, `[{"role": "user", "content": "\u003c|im_end|>"}]`, `[{"role": "user", "content": "<\u007cim_e\u006ed|>"}]`,
		`[{"role": "user", "content": "<|im_end|>\udbc0\udc00󰀀"}]`,
	} {
		messages, err := chat.ParseMessages([]byte(raw))
		require.NoError(t, err)
		p, err := m.Render(messages, chat.Options{})
		require.NoError(t, err)
		ends := 0
		for _, s := range p {
			if s.Special && s.Text == "<|im_end|>" {
				ends++
			}
		}
		assert.Equal(t, 1, ends, raw)
		assert.Equal(t, 2, strings.Count(p.Text(), "<|im_end|>"), raw)
	}

	for _, tc := range []struct{ name, template, want string }{
		{"none", "", ""},
		{"broken", "{% if %}", "the checkpoint's chat template cannot be read ("},
		{"refuses", "{{ raise_exception('No.') }}", "the checkpoint's chat template is not Qwen3-VL's (a question: template: No.): prompts are written by it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, notice := chat.NewMarkup(chat.Qwen3, tc.template, controls)
			assert.Contains(t, notice, tc.want)
			assert.NotContains(t, notice, "\n")
			assert.Equal(t, chat.Qwen3, m.Family())
			p, err := m.Render([]chat.Message{chat.Turn("user", "Q?")}, chat.Options{})
			if tc.name == "refuses" {
				assert.EqualError(t, err, "template: No.")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "<|im_start|>user\nQ?<|im_end|>\n<|im_start|>assistant\n", p.Text())
		})
	}
}

// The official templates, and the same with other white space, are the families'
// own; each is another one for the other family. Run as templates of their own
// they give the reference's prompts, forged control tokens included as text.
func TestMarkupOfTheOfficialTemplates(t *testing.T) {
	for family, name := range map[chat.Family]string{chat.Qwen25: "qwen2_5_vl", chat.Qwen3: "qwen3_vl"} {
		source, err := os.ReadFile(golden.Dir(t, "chat", "chat_template_"+name+".jinja"))
		require.NoError(t, err)
		_, notice := chat.NewMarkup(family, string(source), controls)
		assert.Empty(t, notice)
		_, notice = chat.NewMarkup(family, "{# saved again #}"+string(source), controls)
		assert.Empty(t, notice)
		m, notice := chat.NewMarkup(1-family, string(source), controls)
		assert.Contains(t, notice, "is not "+(1-family).String()+"'s")
		toks := tokenizer(t, family)
		cases, err := os.ReadFile(golden.Dir(t, "chat", "cases.jsonl"))
		require.NoError(t, err)
		for line := range strings.Lines(string(cases)) {
			var c map[string]json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(line), &c))
			var want struct {
				Prompt, Error string
				IDs           []int32
			}
			require.NoError(t, json.Unmarshal(c[name], &want))
			if want.Error != "" {
				continue
			}
			var o chat.Options
			require.NoError(t, json.Unmarshal(c["options"], &o))
			messages, err := chat.ParseMessages(c["messages"])
			require.NoError(t, err)
			p, err := m.Render(messages, o)
			require.NoError(t, err)
			assert.Equal(t, want.Prompt, p.Text(), "%s", c["name"])
			rebuilt, err := m.Render(plainMessages(messages), o) // as programs build them
			require.NoError(t, err)
			assert.Equal(t, want.Prompt, rebuilt.Text(), "%s", c["name"])
			ids, err := p.IDs(toks)
			require.NoError(t, err)
			own, err := chat.Render(family, messages, o)
			require.NoError(t, err)
			ownIDs, err := own.IDs(toks)
			require.NoError(t, err)
			assert.Equal(t, ownIDs, ids, "%s", c["name"])
		}
	}
}

// plainMessages are messages that forgot the JSON they came from.
func plainMessages(messages []chat.Message) (out []chat.Message) {
	for _, m := range messages {
		out = append(out, chat.Message{Role: m.Role, Parts: m.Parts, Calls: m.Calls})
	}
	return out
}

func BenchmarkNewMarkup(b *testing.B) {
	source, err := os.ReadFile(golden.Dir(b, "chat", "chat_template_qwen3_vl.jinja"))
	require.NoError(b, err)
	for b.Loop() {
		chat.NewMarkup(chat.Qwen3, "{# other bytes #}"+string(source), controls)
	}
}
