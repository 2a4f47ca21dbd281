package jinja_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/golden"
	"ssrl/internal/jinja"
)

func value(t testing.TB, text string) any {
	v, err := jinja.Value(json.RawMessage(text), nil)
	require.NoError(t, err, text)
	return v
}

// render renders with m as a variable.
func render(t testing.TB, source, m string) (string, error) {
	tmpl, err := jinja.Parse(source)
	if err != nil {
		return "", err
	}
	return tmpl.Render(map[string]any{"m": value(t, m), "yes": true})
}

// What chat templates of released models do, with what jinja2 3.1.6 prints under
// transformers' settings.
func TestRender(t *testing.T) {
	const chat = `[{"role": "user", "content": "hi"}, {"role": "assistant", "content": "<think>\na\n</think>\n\nb", "n": 1.0}]`
	for _, tc := range []struct{ name, source, m, want string }{
		{"text", "a{{ 'b' }}c\n", "0", "abc"},
		{"blocks are trimmed", "{% if yes %}\n  x\n{% endif %}\n  {% if yes %}y{% endif %}", "0", "  x\ny"},
		{"attributes and items", "{{ m[0].role }} {{ m[1]['role'] }} {{ m[0].missing }}|{{ m[0].get('missing', 'd') }}", chat, "user assistant |d"},
		{"in", "{{ 'role' in m[0] }} {{ 'image' in m[0] }}", chat, "True False"},
		{"tests", "{{ m is string }} {{ m[0] is mapping }} {{ m is iterable }} {{ x is defined }} {{ m[0].role is string }} {{ none is none }}", chat, "False True True False True True"},
		{"slices", "{% for x in m[::-1] %}{{ loop.index0 }}{{ x.role }}{% endfor %} {{ m[-1].role }} {{ m[1:]|length }}", chat, "0assistant1user assistant 1"},
		{"methods", "{{ m[1].content.split('</think>')[-1].lstrip('\\n') }}|{{ m[1].content.startswith('<think>') }}|{{ '<think>' in m[1].content }}", chat, "b|True|True"},
		{"namespace", "{% set ns = namespace(n=0) %}{% for x in m %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}", chat, "2"},
		{"loop controls", "{% for x in range(9) %}{% if x == 1 %}{% continue %}{% endif %}{% if x > 3 %}{% break %}{% endif %}{{ x }}{% endfor %}", "0", "023"},
		{"macro", "{% macro f(a, b='!') %}<{{ a }}{{ b }}>{% endmacro %}{{ f('x') }}{{ f('y', '?') }}", "0", "<x!><y?>"},
		{"tojson keeps keys in order and is not escaped", "{{ m|tojson }}", `{"b": [1.0, 2, 1e20, true, null, 123456789012345678901], "a": "<é>'"}`, `{"b": [1.0, 2, 1e+20, true, null, 123456789012345678901], "a": "<é>'"}`},
		{"items in order", "{% for k, v in m.items() %}{{ k }}={{ v }};{% endfor %}{% for k in m %}{{ k }}{% endfor %}", `{"b": 1, "a": "x"}`, "b=1;a=x;ba"},
		{"trim, join, replace", "{{ ' a '|trim }}{{ ['x', 'y']|join('-') }}{{ 'aXa'|replace('a', 'b') }}{{ 'aXa'.replace('a', 'c') }}", "0", "ax-ybXbcXc"},
		{"inline if", "{{ 'a' if yes else 'b' }}{{ 'x' ~ 1 }}{{ 1 + 2 }}", "0", "ax13"},
		{"block set", "{% set x %}a{{ 1 }}{% endset %}{{ x }}{{ x|length }}", "0", "a12"},
		{"generation", "{% generation %}a{{ 1 }}{% endgeneration %}b", "0", "a1b"},
		{"selectattr", "{{ m|selectattr('role', 'equalto', 'user')|list|length }}", chat, "1"},
		{"comments", "a{# no #}b{#- no -#} c", "0", "abc"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := render(t, tc.source, tc.m)
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
		})
	}
}

// Templates are files that somebody made: none reads another file, ends the
// process or runs on and on.
func TestRefusals(t *testing.T) {
	const many = "{% for a in range(10000) %}"
	for _, tc := range []struct{ name, source, want string }{
		{"too long", strings.Repeat("a", 1<<16+1), "65537 bytes (want at most 65536)"},
		{"include", "{% include '/etc/passwd' %}", "include"},
		{"import", "{% import '/etc/passwd' as x %}", "import"},
		{"extends", "{% extends '/etc/passwd' %}", "extends"},
		{"unknown block", "{% call x() %}{% endcall %}", "call"},
		{"unfinished", "{% if yes %}", ""},
		{"unfinished expression", "{{ 1 +", ""},
		{"text times a number", "{{ 'a' * 1000000000 }}", `line 1: "*" (want no multiplication)`},
		{"power", "{{ 10 ** 1000000000 }}", `line 1: "**" (want no multiplication)`},
		{"macro of itself", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", `line 1: macro "f" called from a macro (want none)`},
		{"macros in a circle", "{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}{% endmacro %}{{ f() }}", `line 1: macro "g" called from a macro (want none)`},
		{"macro as a value", "{% macro f(g) %}{{ g(g) }}{% endmacro %}{{ f(f) }}", `line 1: macro "f" as a value (want calls only)`},
		{"recursive loop", "{% for a in m recursive %}{{ loop(m) }}{% endfor %}", `line 1: "recursive" (want no recursion)`},
		{"self", "{{ self.x() }}", `line 1: "self" (want no recursion)`},
		{"nested loops", many + many + "{% endfor %}{% endfor %}", "more than 131072 turns of loops"},
		{"long range", "{% for a in range(100000000) %}{% endfor %}", "more than 10000 numbers"},
		{"doubled text", "{% set ns = namespace(x='aaaaaaaa') %}{% for a in range(100) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}", `variable "ns" holds more than 16777216 bytes`},
		{"doubled list", "{% set ns = namespace(x=[1, 2]) %}{% for a in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", `variable "ns" holds more than 16777216 bytes`},
		{"replace", "{% set a = '" + strings.Repeat("x", 10000) + "' %}{% set b = a.replace('x', a) %}{{ b.replace('x', a) }}", "replace: more than 16777216 bytes"},
		{"padding", "{{ 'a'.center(1000000000) }}", "center"},
		{"formatting", "{{ '%1000000000d'|format(1) }}", "format"},
		{"much text", many + "{{ '" + strings.Repeat("x", 10000) + "' }}{% endfor %}", "more than 67108864 bytes of text"},
		{"raised", "{{ raise_exception('No image in a system message.') }}", "template: No image in a system message."},
		{"deep expression", "{{ " + strings.Repeat("(", 30000) + "1" + strings.Repeat(")", 30000) + " }}", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := render(t, tc.source, "[1, 2, 3]")
			if tc.name == "deep expression" {
				return // whatever it prints, it ends
			}
			require.Error(t, err)
			assert.Contains(t, err.Error(), tc.want)
			assert.NotContains(t, err.Error(), "\n")
			assert.Less(t, len(err.Error()), 500)
		})
	}
	_, err := jinja.Value(json.RawMessage(`{"a":`), nil)
	assert.Error(t, err)
	v, err := jinja.Value(json.RawMessage(`{"\u0061": ["<\u007c"], "n": 1}`), strings.ToUpper)
	require.NoError(t, err)
	tmpl, err := jinja.Parse("{{ m|tojson }}{{ '<|' in m['A'] }}")
	require.NoError(t, err)
	got, err := tmpl.Render(map[string]any{"m": v})
	require.NoError(t, err)
	assert.Equal(t, `{"A": ["<|"], "N": 1}True`, got)
}

// The two official templates on every reference conversation.
func TestOfficialTemplates(t *testing.T) {
	dir := golden.Dir(t, "chat")
	for _, family := range []string{"qwen2_5_vl", "qwen3_vl"} {
		source, err := os.ReadFile(filepath.Join(dir, "chat_template_"+family+".jinja"))
		require.NoError(t, err)
		tmpl, err := jinja.Parse(string(source))
		require.NoError(t, err)
		cases, err := os.ReadFile(filepath.Join(dir, "cases.jsonl"))
		require.NoError(t, err)
		for line := range strings.Lines(string(cases)) {
			var c map[string]json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(line), &c))
			var want struct{ Prompt, Error string }
			require.NoError(t, json.Unmarshal(c[family], &want))
			if want.Error != "" { // null content, which the parser of messages refuses
				continue
			}
			vars := map[string]any{"messages": value(t, string(c["messages"])), "add_generation_prompt": true}
			var options map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(c["options"], &options))
			for name, raw := range options {
				vars[name] = value(t, string(raw))
			}
			got, err := tmpl.Render(vars)
			require.NoError(t, err, string(c["name"]))
			assert.Equal(t, want.Prompt, got, "%s %s", family, c["name"])
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"{% for a in m %}{{ a.b['c']|tojson }}{% endfor %}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(m) }}", "{% set x = 1 if m else 2 %}{{ x is defined }}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		tmpl, err := jinja.Parse(source)
		if err == nil {
			_, _ = tmpl.Render(map[string]any{"m": value(t, `[{"b": {"c": 1}}]`)})
		}
	})
}
