package formats

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"ssrl/internal/answer"
)

// columns are the keys and tags of one dataset of LLaMA-Factory (0.9.4,
// data/parser.py). An empty name means that there is no such key.
type columns struct {
	shareGPT bool

	prompt, query, response, history string // alpaca
	messages                         string // ShareGPT
	system, images                   string

	roleTag, contentTag                string // of a message
	users, assistants, others, systems []string
}

// defaultAlpaca is what LLaMA-Factory takes without columns, with pictures and
// the optional keys of its documentation.
func defaultAlpaca() *columns {
	return &columns{prompt: "instruction", query: "input", response: "output", history: "history", system: "system", images: "images"}
}

// defaultShareGPT knows both spellings of the tags and takes the one that the
// first message is written in.
func defaultShareGPT(messages string, raw json.RawMessage) *columns {
	c := &columns{shareGPT: true, messages: messages, system: "system", images: "images", roleTag: "from", contentTag: "value",
		users: []string{"human", "user"}, assistants: []string{"gpt", "assistant"}, systems: []string{"system"}}
	var first []map[string]json.RawMessage
	if json.Unmarshal(raw, &first) == nil && len(first) > 0 {
		if _, ok := first[0]["role"]; ok {
			c.roleTag, c.contentTag = "role", "content"
		}
	}
	return c
}

// convert makes a row as LLaMA-Factory's converters do (data/converter.py). Rows
// that they drop with a warning are skipped.
func (c *columns) convert(keys map[string]json.RawMessage) (row Row, cells []cell, err error) {
	for _, f := range []struct {
		key string
		to  *string
	}{{"id", &row.ID}, {"task", &row.Task}, {"source", &row.Source}} {
		if raw, ok := keys[f.key]; ok {
			*f.to, _ = text(raw, true)
		}
	}
	if c.shareGPT {
		err = c.conversation(keys, &row)
	} else {
		err = c.instruction(keys, &row)
	}
	if err != nil {
		return row, nil, err
	}
	if c.images != "" {
		if cells, err = pictures(keys[c.images]); err != nil {
			return row, nil, err
		}
	}
	count := 0
	for _, m := range row.Messages {
		count += strings.Count(m.Text, placeholder)
	}
	if count != len(cells) {
		return row, nil, fmt.Errorf("%d %s for %d images", count, placeholder, len(cells))
	}
	if len(row.Messages) == 2 && strings.Count(row.Messages[0].Text, placeholder) == count {
		row.Problem, row.Response = row.Messages[0].Text, row.Messages[1].Text
		row.Answer = truth(row.Response)
	}
	return row, cells, nil
}

// question refuses a conversation that is more than a question and its answer.
func (r Row) question() error {
	const usual = "You are a helpful assistant." // what Qwen's template says by itself
	switch {
	case r.Messages == nil:
		return nil
	case len(r.Messages) != 2:
		return fmt.Errorf("%d messages (want one question and its answer)", len(r.Messages))
	case r.System != "" && r.System != usual:
		return fmt.Errorf("system prompt %.40q (want none, or %q)", r.System, usual)
	case r.Problem == "":
		return errors.New("images in the answer (want them in the question)")
	}
	return nil
}

// truth is the answer of a response: what its last box holds, or all of it.
func truth(response string) string {
	if !strings.Contains(response, `\boxed{`) {
		return response
	}
	return answer.Boxed(response)
}

// optionalText reads a string; a missing key and null are empty.
func optionalText(keys map[string]json.RawMessage, key string) (string, error) {
	raw, ok := keys[key]
	if key == "" || !ok || raw[0] == 'n' {
		return "", nil
	}
	s, err := text(raw, false)
	if err != nil {
		return "", fmt.Errorf("%q is %w", key, err)
	}
	return s, nil
}

// instruction reads an alpaca record.
func (c *columns) instruction(keys map[string]json.RawMessage, row *Row) error {
	if _, ok := keys[c.prompt]; !ok {
		return fmt.Errorf("no %q", c.prompt)
	}
	if err := c.past(keys, row); err != nil {
		return err
	}
	var asked []string
	for _, key := range []string{c.prompt, c.query} {
		s, err := optionalText(keys, key)
		if err != nil {
			return err
		}
		if s != "" {
			asked = append(asked, s)
		}
	}
	response, ok := keys[c.response]
	if !ok {
		return fmt.Errorf("no %q", c.response)
	}
	if response[0] != '"' {
		return skipped(fmt.Sprintf("%q is not a string", c.response))
	}
	said, err := text(response, false)
	if err != nil {
		return err
	}
	row.Messages = append(row.Messages, Message{"user", strings.Join(asked, "\n")}, Message{"assistant", said})
	row.System, err = optionalText(keys, c.system)
	return err
}

// past reads the turns before an alpaca record's question.
func (c *columns) past(keys map[string]json.RawMessage, row *Row) error {
	raw, ok := keys[c.history]
	if c.history == "" || !ok || raw[0] != '[' {
		return nil
	}
	var turns [][]string
	if err := json.Unmarshal(raw, &turns); err != nil {
		return fmt.Errorf("%q: %w (want pairs of strings)", c.history, err)
	}
	for i, t := range turns {
		if len(t) != 2 {
			return fmt.Errorf("%q: turn %d of %d texts (want 2)", c.history, i, len(t))
		}
		row.Messages = append(row.Messages, Message{"user", t[0]}, Message{"assistant", t[1]})
	}
	return nil
}

// conversation reads a ShareGPT record.
func (c *columns) conversation(keys map[string]json.RawMessage, row *Row) error {
	raw, ok := keys[c.messages]
	if !ok {
		return fmt.Errorf("no %q", c.messages)
	}
	var turns []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &turns); err != nil || raw[0] != '[' {
		return fmt.Errorf("%q is not a list of messages", c.messages)
	}
	said := make([]Message, len(turns))
	for i, t := range turns {
		role, err := needText(t, c.roleTag)
		if err == nil {
			said[i].Role = role
			said[i].Text, err = needText(t, c.contentTag)
		}
		if err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	var err error
	if row.System, err = optionalText(keys, c.system); err != nil {
		return err
	}
	if len(said) > 0 && contains(c.systems, said[0].Role) {
		row.System, said = said[0].Text, said[1:]
	}
	for i := range said {
		role, tags := "user", c.users
		if i%2 == 1 {
			role, tags = "assistant", c.assistants
		}
		switch {
		case contains(tags, said[i].Role):
			said[i].Role = role
		case contains(c.others, said[i].Role):
			return errors.New("tools are not supported")
		default:
			return skipped(fmt.Sprintf("message %d is %.40q's (want %s)", i, said[i].Role, strings.Join(tags, " or ")))
		}
	}
	if len(said) == 0 || len(said)%2 != 0 {
		return skipped(fmt.Sprintf("%d messages (want an answer to each question)", len(said)))
	}
	row.Messages = said
	return nil
}

func needText(keys map[string]json.RawMessage, key string) (string, error) {
	raw, ok := keys[key]
	if !ok {
		return "", fmt.Errorf("no %q", key)
	}
	s, err := text(raw, false)
	if err != nil {
		return "", fmt.Errorf("%q is %w", key, err)
	}
	return s, nil
}

// contains reports whether a tag is one of tags. An empty tag is none.
func contains(tags []string, tag string) bool {
	for _, t := range tags {
		if t == tag && t != "" {
			return true
		}
	}
	return false
}
