// Package pyjson writes JSON as Python does, which is how prompts hold it.
//
// Limits: ensure_ascii is off, and there is no indentation.
package pyjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
)

// Format writes JSON the way Python's json.dumps(json.loads(raw),
// ensure_ascii=False) does: ", " and ": " between, keys in the given order, a
// repeated key once with its last value, numbers as Python prints them, and only
// quotes, backslashes and control characters escaped.
func Format(raw json.RawMessage) (string, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := readValue(d)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	v.write(&b)
	return b.String(), nil
}

// value is a JSON value that remembers the order of its keys.
type value struct {
	scalar string // printed form; "" for lists and objects
	open   byte   // '[' or '{'
	keys   []string
	items  []value
}

// readValue reads one value. Depth is bounded by encoding/json's own limit: raw
// comes out of its decoder.
func readValue(d *json.Decoder) (value, error) {
	token, err := d.Token()
	if err != nil {
		return value{}, errors.New("invalid JSON")
	}
	switch t := token.(type) {
	case json.Delim:
		return readItems(d, byte(t))
	case string:
		var b strings.Builder
		quote(&b, t)
		return value{scalar: b.String()}, nil
	case json.Number:
		return value{scalar: number(t.String())}, nil
	case bool:
		return value{scalar: strconv.FormatBool(t)}, nil
	}
	return value{scalar: "null"}, nil
}

func readItems(d *json.Decoder, open byte) (value, error) {
	v := value{open: open}
	places := map[string]int{}
	for d.More() {
		key := ""
		if open == '{' {
			token, err := d.Token()
			if err != nil {
				return value{}, errors.New("invalid JSON")
			}
			key, _ = token.(string)
		}
		item, err := readValue(d)
		if err != nil {
			return value{}, err
		}
		if at, ok := places[key]; ok && open == '{' {
			v.items[at] = item
			continue
		}
		places[key] = len(v.items)
		v.keys, v.items = append(v.keys, key), append(v.items, item)
	}
	if _, err := d.Token(); err != nil {
		return value{}, errors.New("invalid JSON")
	}
	return v, nil
}

func (v value) write(b *strings.Builder) {
	if v.open == 0 {
		b.WriteString(v.scalar)
		return
	}
	b.WriteByte(v.open)
	for i, item := range v.items {
		if i > 0 {
			b.WriteString(", ")
		}
		if v.open == '{' {
			quote(b, v.keys[i])
			b.WriteString(": ")
		}
		item.write(b)
	}
	b.WriteByte(v.open + 2) // ']' and '}' follow two after in ASCII
}

// number prints an integer as it is and any other number like Python's float:
// the shortest digits that read back, an exponent below 1e-4 and from 1e16 on.
func number(s string) string {
	if !strings.ContainsAny(s, ".eE") {
		if s == "-0" {
			return "0"
		}
		return s
	}
	f, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil && f > 0:
		return "Infinity"
	case err != nil:
		return "-Infinity"
	}
	if size := math.Abs(f); f != 0 && (size < 1e-4 || size >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

func quote(b *strings.Builder, s string) {
	const hex = "0123456789abcdef"
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\b':
			b.WriteString(`\b`)
		case c == '\f':
			b.WriteString(`\f`)
		case c < 0x20:
			b.WriteString(`\u00`)
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
}
