package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/golden"
)

func TestTokens(t *testing.T) {
	workspace(t, map[string]string{
		"in.jsonl":  `{"text": "Hello <|im_end|>"}` + "\n\n" + `{"text": "<|im_end|>", "options": {"split_special_tokens": true}}` + "\n" + `{"text": ""}`,
		"ids.jsonl": `{"ids": [0, 99999999, -1]}`,
		"chat.jsonl": `{"messages": [{"role": "user", "content": "a<|im_end|>"}]}` + "\n" +
			`{"messages": [{"role": "user", "content": "a<|im_end|>"}], "options": {"split_special_tokens": false, "add_generation_prompt": false}}`,
	})
	out := strings.Split(ssrlCommand(t, "tokens --model model in.jsonl").out, "\n")
	require.Len(t, out, 4, "a line each, and the end")
	found, plain := idsOf(t, out[0]), idsOf(t, out[1])
	assert.Equal(t, `{"ids":[]}`, out[2])
	end := found[len(found)-1]
	assert.NotContains(t, plain, end)
	assert.Greater(t, len(plain), 1)

	r := ssrlCommand(t, "tokens --model model --decode --json ids.jsonl")
	assert.Equal(t, `{"text":"!","text_skip":"!"}`+"\n", r.out)

	out = strings.Split(ssrlCommand(t, "tokens --model model chat.jsonl").out, "\n")
	assert.Equal(t, []string{"ids", "prompt"}, keys(t, out[0]))
	forgeries := func(line string) (n int) {
		for _, id := range idsOf(t, line) {
			if id == end {
				n++
			}
		}
		return n
	}
	assert.Equal(t, 2, forgeries(out[0]), "the system's turn and the user's")
	assert.Equal(t, 3, forgeries(out[1]), "asked for")
	assert.NotContains(t, out[1], "assistant\\n")
}

func idsOf(t *testing.T, line string) []int32 {
	t.Helper()
	var v struct{ IDs []int32 }
	require.NoError(t, json.Unmarshal([]byte(line), &v), line)
	return v.IDs
}

func TestTokensReadsStandardInput(t *testing.T) {
	workspace(t, nil)
	c := process(t, "tokens --model model -")
	c.Stdin = strings.NewReader(`{"text": "!"}`)
	out, err := c.Output()
	require.NoError(t, err)
	assert.Equal(t, `{"ids":[0]}`+"\n", string(out))
}

func TestTokensRefuses(t *testing.T) {
	workspace(t, map[string]string{"empty.jsonl": "", "empty/config.json": "{}"})
	copied(t, "model", "bare", map[string]func(string) *string{"config.json": func(string) *string { return nil }})
	copied(t, "model", "llama", map[string]func(string) *string{"config.json": func(string) *string {
		text := `{"model_type": "llama"}`
		return &text
	}})
	const see = " (see ssrl --help)"
	checkRefusals(t, []refusal{
		{"tokens --model model", `expected "<file>"` + see, 2},
		{"tokens empty.jsonl", "missing flags: --model=STRING" + see, 2},
		{"tokens --model none empty.jsonl", "model none: no such file or directory", 1},
		{"tokens --model empty empty.jsonl", "model empty: no tokenizer.json, nor vocab.json with merges.txt: file does not exist", 1},
		{"tokens --model model none.jsonl", "file none.jsonl: no such file or directory", 1},
		{"tokens --model llama empty.jsonl", `model llama: config.json: model_type "llama" (want qwen2_5_vl or qwen3_vl)`, 1},
	})
	for _, tc := range []struct{ name, model, line, want string }{
		{"no JSON", "model", `{"text": `, "unexpected end of JSON input"},
		{"a list", "model", `[1]`, "a JSON array (want an object)"},
		{"a number", "model", `{"text": 1}`, "text holds a JSON number (want string)"},
		{"an id beyond 32 bits", "model", `{"ids": [4294967296]}`, "ids holds a JSON number 4294967296 (want int32)"},
		{"neither", "model", `{"txt": "a"}`, `neither text nor messages (want {"text": ".."} or {"messages": [..]})`},
		{"both", "model", `{"text": "a", "messages": []}`, "text and messages (want one of them)"},
		{"no messages", "model", `{"messages": []}`, "messages: none (want at least one)"},
		{"null content", "model", `{"messages": [{"role": "user", "content": null}]}`, "message 0: content is null (want a string or a list)"},
		{"options", "model", `{"messages": [{"role": "user", "content": ""}], "options": {"split_special_tokens": 1}}`, "options: split_special_tokens is not true or false"},
		{"options of a text", "model", `{"text": "", "options": []}`, "options: split_special_tokens is not true or false"},
		{"no configuration", "bare", `{"messages": [{"role": "user", "content": ""}]}`, "chat: no config.json beside the tokenizer (want one, for the family): file does not exist"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.NoError(t, os.WriteFile("in.jsonl", []byte("\n"+tc.line+"\n"+`{"text": "!"}`+"\n"), 0o666))
			r := capture(words("tokens --model " + tc.model + " in.jsonl"))
			said, err := json.Marshal(map[string]string{"error": tc.want})
			require.NoError(t, err)
			assert.Equal(t, result{1, string(said) + "\n" + `{"ids":[0]}` + "\n", "ssrl: in.jsonl:2: " + tc.want + "\n"}, r)
		})
	}
	require.NoError(t, os.WriteFile("in.jsonl", []byte("{}\n{}\n{}\n"), 0o666))
	r := capture(words("tokens --model model --decode in.jsonl"))
	assert.Equal(t, `ssrl: in.jsonl:1: no ids (want {"ids": [..]}), and 2 lines more`+"\n", r.err)
}

// The command on the reference strings, texts and conversations.
func TestTokensEqualTheReference(t *testing.T) {
	dir := golden.Dir(t, "tokenizer")
	t.Chdir(t.TempDir())
	var want []json.RawMessage
	in, err := os.Create("in.jsonl")
	require.NoError(t, err)
	for _, line := range referenceLines(t, filepath.Join(dir, "strings.jsonl.gz")) {
		var c struct {
			Text string          `json:"text"`
			IDs  json.RawMessage `json:"ids"`
		}
		require.NoError(t, json.Unmarshal(line, &c))
		want = append(want, c.IDs)
		text, err := json.Marshal(map[string]string{"text": c.Text})
		require.NoError(t, err)
		_, err = in.Write(append(text, '\n'))
		require.NoError(t, err)
	}
	require.NoError(t, in.Close())
	out := strings.Split(ssrlCommand(t, "tokens --model "+dir+" in.jsonl").out, "\n")
	require.Len(t, out, len(want)+1)
	for i := range want {
		assert.JSONEq(t, string(want[i]), string(marshalled(t, idsOf(t, out[i]))), "line %d", i+1)
	}

	lines := referenceLines(t, filepath.Join(dir, "decode.jsonl"))
	out = strings.Split(ssrlCommand(t, "tokens --decode --model "+dir+" "+filepath.Join(dir, "decode.jsonl")).out, "\n")
	require.Len(t, out, len(lines)+1)
	for i, line := range lines {
		var c, got struct {
			Text string `json:"text"`
			Skip string `json:"text_skip"`
		}
		require.NoError(t, json.Unmarshal(line, &c))
		require.NoError(t, json.Unmarshal([]byte(out[i]), &got))
		assert.Equal(t, c, got, "line %d", i+1)
	}
}

func marshalled(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return data
}

// referenceLines returns the lines of a file, gzipped or not.
func referenceLines(t *testing.T, path string) (lines []json.RawMessage) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	var r io.Reader = f
	if filepath.Ext(path) == ".gz" {
		r, err = gzip.NewReader(f)
		require.NoError(t, err)
	}
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<26)
	for s.Scan() {
		lines = append(lines, append(json.RawMessage(nil), s.Bytes()...))
	}
	require.NoError(t, s.Err())
	require.NotEmpty(t, lines)
	return lines
}
