package jinja

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/nikolalohinski/gonja/v2/exec"

	"ssrl/internal/pyjson"
)

// Value turns JSON into a value for Render; objects keep the order of their keys.
// Every string, keys too, is what text makes of it; nil: as it is.
func Value(raw json.RawMessage, text func(string) string) (any, error) {
	if !json.Valid(raw) { // bounds the depth too
		return nil, errors.New("invalid JSON")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if text == nil {
		text = func(s string) string { return s }
	}
	return value(d, text)
}

func value(d *json.Decoder, text func(string) string) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case string:
		return text(t), nil
	case json.Number:
		if i, err := strconv.Atoi(t.String()); err == nil {
			return i, nil
		}
		if !strings.ContainsAny(t.String(), ".eE") {
			return t, nil // an integer of any length
		}
		return t.Float64()
	case json.Delim:
		if t == '[' {
			list := []any{}
			for d.More() {
				item, err := value(d, text)
				if err != nil {
					return nil, err
				}
				list = append(list, item)
			}
			_, err := d.Token()
			return list, err
		}
		dict, at := exec.NewDict(), map[string]int{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			item, err := value(d, text)
			if err != nil {
				return nil, err
			}
			name := text(key.(string))
			if i, ok := at[name]; ok {
				dict.Pairs[i].Value = exec.AsValue(item)
				continue
			}
			at[name] = len(dict.Pairs)
			dict.Pairs = append(dict.Pairs, &exec.Pair{Key: exec.AsValue(name), Value: exec.AsValue(item)})
		}
		_, err := d.Token()
		return dict, err
	}
	return token, nil
}

// toJSON is the filter as transformers defines it: Python's json.dumps with
// ensure_ascii off.
func toJSON(_ *exec.Evaluator, in *exec.Value, args *exec.VarArgs) *exec.Value {
	if len(args.Args) > 0 || len(args.KwArgs) > 0 {
		return exec.AsValue(errors.New("tojson with arguments (want none)"))
	}
	var b bytes.Buffer
	if err := writeJSON(&b, in.Interface(), 0); err != nil {
		return exec.AsValue(err)
	}
	text, err := pyjson.Format(b.Bytes())
	if err != nil {
		return exec.AsValue(err)
	}
	return exec.AsSafeValue(text)
}

// maxNesting bounds the depth of what toJSON writes.
const maxNesting = 1000

func writeJSON(b *bytes.Buffer, v any, depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("tojson: more than %d levels", maxNesting)
	}
	switch v := v.(type) {
	case *exec.Value:
		return writeJSON(b, v.Interface(), depth)
	case exec.Dict:
		return writeJSON(b, &v, depth)
	case *exec.Dict:
		b.WriteByte('{')
		for i, p := range v.Pairs {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSON(b, p.Key.String(), depth+1); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := writeJSON(b, p.Value, depth+1); err != nil {
				return err
			}
		}
		b.WriteByte('}')
		return nil
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSON(b, item, depth+1); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	case float64:
		text := strconv.FormatFloat(v, 'g', -1, 64)
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return errors.New("tojson: a number that JSON has not")
		}
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		b.WriteString(text)
		return nil
	}
	data, err := json.Marshal(v)
	b.Write(data)
	return err
}

// dictMethods are those of Python's dict that templates use, in the order of
// the keys.
var dictMethods = map[string]exec.Method[map[string]any]{
	"get": func(_ map[string]any, self *exec.Value, args *exec.VarArgs) (any, error) {
		if len(args.Args) < 1 || len(args.Args) > 2 {
			return nil, exec.ErrInvalidCall(errors.New("want a key and a default"))
		}
		if v, ok := self.GetItem(args.Args[0].Interface()); ok {
			return v.Interface(), nil
		}
		if len(args.Args) == 2 {
			return args.Args[1].Interface(), nil
		}
		return nil, nil
	},
	"keys":   pairs(func(k, _ any) any { return k }),
	"values": pairs(func(_, v any) any { return v }),
	"items":  pairs(func(k, v any) any { return []any{k, v} }),
}

func pairs(pick func(k, v any) any) exec.Method[map[string]any] {
	return func(_ map[string]any, self *exec.Value, args *exec.VarArgs) (any, error) {
		if len(args.Args) > 0 {
			return nil, exec.ErrInvalidCall(errors.New("want no arguments"))
		}
		out := []any{}
		dict, ok := self.Interface().(*exec.Dict)
		if !ok {
			return nil, exec.ErrInvalidCall(errors.New("not a dictionary of the conversation"))
		}
		for _, p := range dict.Pairs {
			out = append(out, pick(p.Key.Interface(), p.Value.Interface()))
		}
		return out, nil
	}
}

// join and replace are bounded, since they can multiply lengths.

func join(_ *exec.Evaluator, in *exec.Value, args *exec.VarArgs) *exec.Value {
	between := ""
	if len(args.Args) > 0 {
		between = args.Args[0].String()
	}
	var b strings.Builder
	first, large := true, false
	in.Iterate(func(_, _ int, item, _ *exec.Value) bool {
		if !first {
			b.WriteString(between)
		}
		first = false
		b.WriteString(item.String())
		large = b.Len() > maxValue
		return !large
	}, func() {})
	if large {
		return exec.AsValue(fmt.Errorf("join: more than %d bytes", maxValue))
	}
	return exec.AsValue(b.String())
}

func replaceFilter(_ *exec.Evaluator, in *exec.Value, args *exec.VarArgs) *exec.Value {
	text, err := replaceIn(in.String(), args)
	if err != nil {
		return exec.AsValue(err)
	}
	return exec.AsValue(text)
}

func replaceMethod(self string, _ *exec.Value, args *exec.VarArgs) (any, error) {
	return replaceIn(self, args)
}

func replaceIn(text string, args *exec.VarArgs) (string, error) {
	if len(args.Args) < 2 {
		return "", exec.ErrInvalidCall(errors.New("replace: want what and by what"))
	}
	from, to, times := args.Args[0].String(), args.Args[1].String(), -1
	if len(args.Args) > 2 {
		times = args.Args[2].Integer()
	}
	n := strings.Count(text, from)
	if times >= 0 {
		n = min(n, times)
	}
	if len(to) > 0 && n > maxValue/len(to) {
		return "", fmt.Errorf("replace: more than %d bytes", maxValue)
	}
	return strings.Replace(text, from, to, times), nil
}
