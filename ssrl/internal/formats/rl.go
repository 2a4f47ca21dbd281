package formats

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// columnsRL are the keys of plain questions in JSON.
type columnsRL struct{ problem, answer, images string }

// convert reads a question. Numbers are taken as they are written.
func (c columnsRL) convert(keys map[string]json.RawMessage) (row Row, cells []cell, err error) {
	for _, f := range []struct {
		key            string
		to             *string
		needed, number bool
	}{
		{c.problem, &row.Problem, true, false}, {c.answer, &row.Answer, true, true},
		{"id", &row.ID, false, true}, {"task", &row.Task, false, false}, {"source", &row.Source, false, false},
	} {
		raw, ok := keys[f.key]
		if !ok {
			if f.needed {
				return row, nil, fmt.Errorf("no %q", f.key)
			}
			continue
		}
		if *f.to, err = text(raw, f.number); err != nil && f.needed {
			return row, nil, fmt.Errorf("%q is %w", f.key, err)
		}
	}
	if meta := keys["meta"]; len(meta) > 0 && meta[0] == '{' {
		row.Meta = meta
	}
	if cells, err = pictures(keys[c.images]); err != nil {
		return row, nil, err
	}
	row.Problem, err = question(row.Problem, len(cells))
	return row, cells, err
}

// text reads a JSON string or, if allowed, a number.
func text(raw json.RawMessage, number bool) (string, error) {
	switch c := raw[0]; {
	case c == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case number && (c == '-' || c >= '0' && c <= '9'):
		return string(raw), nil
	case c == 'n':
		return "", errors.New("null (want a string)")
	}
	return "", fmt.Errorf("%.20s (want a string)", raw)
}

// pictures reads a list of pictures or one: paths, data URIs, or objects with
// bytes in base64 or a path. Without raw, and for null, there are none.
func pictures(raw json.RawMessage) ([]cell, error) {
	if len(raw) == 0 || raw[0] == 'n' {
		return nil, nil
	}
	items := []json.RawMessage{raw}
	if raw[0] == '[' {
		items = nil
		if err := json.Unmarshal(raw, &items); err != nil {
			return nil, fmt.Errorf("images: %w", err)
		}
	}
	cells := make([]cell, len(items))
	for n, item := range items {
		var err error
		if cells[n], err = picture(item); err != nil {
			return nil, imageError(n, err)
		}
	}
	return cells, nil
}

func picture(raw json.RawMessage) (c cell, err error) {
	if raw[0] == '{' {
		var o struct {
			Bytes *string `json:"bytes"`
			Path  string  `json:"path"`
		}
		if err := json.Unmarshal(raw, &o); err != nil {
			return c, err
		}
		c.Path = o.Path
		if o.Bytes == nil {
			return c, nil
		}
		c.data, err = base64.StdEncoding.DecodeString(*o.Bytes)
		if err == nil && c.data == nil {
			err = errors.New("no bytes")
		}
		return c, err
	}
	s, err := text(raw, false)
	if err != nil {
		return c, err
	}
	if isURI(s) {
		c.data, err = dataURI(s)
		return c, err
	}
	c.Path = s
	return c, nil
}

// isURI reports whether a picture's text holds the picture.
func isURI(s string) bool { return strings.HasPrefix(s, "data:") }
