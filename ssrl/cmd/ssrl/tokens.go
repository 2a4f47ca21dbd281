package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"ssrl"
)

type tokensCmd struct {
	Model  string `required:"" help:"Model directory; its tokenizer and configuration are enough."`
	Decode bool   `help:"From ids to text instead."`
	JSON   bool   `name:"json" help:"What is printed is always one JSON object a line."`
	File   string `arg:"" help:"JSON lines: {\"text\"} or {\"messages\", \"options\"}, with --decode {\"ids\"}; - is standard input."`
}

// Help is an example.
func (c *tokensCmd) Help() string {
	return `Example:
  echo '{"text": "Hello world"}' | ssrl tokens --model MODEL -
  {"ids":[9707,1879]}

{"text"} gives {"ids"}; control tokens in it are found, as in transformers, unless
"options" holds "split_special_tokens": true. {"messages"} gives {"prompt", "ids"},
a picture being one place; "options" may hold tools, add_vision_id,
add_generation_prompt and "split_special_tokens": false, without which control
tokens that messages hold stay text. {"ids"} gives {"text", "text_skip"}.
A line that has no answer gives {"error"}, and exit 1 at the end.`
}

// tokensLine bounds a line of the file.
const tokensLine = 64 << 20

func (c *tokensCmd) Run(ctx context.Context) error {
	t, err := ssrl.OpenTokenizer(c.Model)
	if err != nil {
		return err
	}
	if t.Notice() != "" {
		note("%s: %s", c.Model, t.Notice())
	}
	name, in := "standard input", io.Reader(os.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return named("file", c.File, err)
		}
		defer f.Close()
		name, in = c.File, f
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, tokensLine)
	var first error // of the lines that have no answer
	broken := 0
	for n := 1; lines.Scan(); n++ {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var line tokensIn
		var answer any
		err := plainJSON(json.Unmarshal(lines.Bytes(), &line))
		if err == nil {
			answer, err = line.answer(t, c.Decode)
		}
		if err != nil {
			answer = map[string]string{"error": err.Error()}
			if broken++; first == nil {
				first = fmt.Errorf("%s:%d: %w", name, n, err)
			}
		}
		if err := emit(answer); err != nil {
			return err
		}
	}
	switch {
	case errors.Is(lines.Err(), bufio.ErrTooLong):
		return fmt.Errorf("%s: a line of more than %d bytes", name, tokensLine)
	case broken > 1:
		return fmt.Errorf("%w, and %s more", first, count(broken-1, "line"))
	case broken == 1:
		return first
	}
	return lines.Err()
}

// plainJSON says what of another type a line holds, in its own names.
func plainJSON(err error) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &wrong):
		return err
	case wrong.Field == "":
		return fmt.Errorf("a JSON %s (want an object)", wrong.Value)
	}
	return fmt.Errorf("%s holds a JSON %s (want %s)", wrong.Field, wrong.Value, wrong.Type)
}

// tokensIn is a line of the file.
type tokensIn struct {
	Text     *string         `json:"text"`
	Messages json.RawMessage `json:"messages"`
	Options  json.RawMessage `json:"options"`
	IDs      []int32         `json:"ids"`
}

// answer is what the line is answered with.
func (l *tokensIn) answer(t *ssrl.Tokenizer, decode bool) (any, error) {
	switch {
	case decode && l.IDs != nil:
		return struct {
			Text string `json:"text"`
			Skip string `json:"text_skip"`
		}{t.Decode(l.IDs, false), t.Decode(l.IDs, true)}, nil
	case decode:
		return nil, errors.New(`no ids (want {"ids": [..]})`)
	case l.Messages != nil && l.Text != nil:
		return nil, errors.New("text and messages (want one of them)")
	case l.Messages != nil:
		prompt, ids, err := t.Chat(l.Messages, l.Options)
		return struct {
			Prompt string  `json:"prompt"`
			IDs    []int32 `json:"ids"`
		}{prompt, ids}, err
	case l.Text != nil:
		var options struct {
			Split bool `json:"split_special_tokens"`
		}
		if l.Options != nil && json.Unmarshal(l.Options, &options) != nil {
			return nil, errors.New("options: split_special_tokens is not true or false")
		}
		return struct {
			IDs []int32 `json:"ids"`
		}{t.Encode(*l.Text, !options.Split)}, nil
	}
	return nil, errors.New(`neither text nor messages (want {"text": ".."} or {"messages": [..]})`)
}
