// Package config fills option structs from YAML files and key=value words.
//
// Names are the struct's JSON names; nested ones are joined by dots. A name
// that the struct does not have is an error that suggests the nearest one, and
// so is a value of another type.
//
// Limits: files of at most one megabyte; no anchors across files.
package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

const maxFile = 1 << 20

// Decode fills structs, each given by a pointer, from a YAML file (nil: none),
// then from key=value words, of which later ones win. An option goes to the
// first struct that has it.
func Decode(file []byte, name string, words []string, into ...any) error {
	if len(file) > maxFile {
		return fmt.Errorf("%s: %d bytes (want at most %d)", name, len(file), maxFile)
	}
	if len(bytes.TrimSpace(file)) > 0 {
		var tree map[string]any
		if err := yaml.Unmarshal(file, &tree); err != nil {
			return fmt.Errorf("%s: %s (want key: value lines)", name, firstLine(err))
		}
		if err := set(into, tree); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			return fmt.Errorf("%q (want key=value)", word)
		}
		var v any
		if err := yaml.Unmarshal([]byte(value), &v); err != nil {
			return fmt.Errorf("%s: %s", word, firstLine(err))
		}
		parts := strings.Split(key, ".")
		for i := len(parts) - 1; i >= 0; i-- {
			v = map[string]any{parts[i]: v}
		}
		if err := set(into, v.(map[string]any)); err != nil {
			return err
		}
	}
	return nil
}

// set puts a tree of values into the structs.
func set(into []any, tree map[string]any) error {
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		dst, err := owner(into, key)
		if err != nil {
			return err
		}
		one := map[string]any{key: tree[key]}
		if err := known(reflect.TypeOf(dst).Elem(), one, ""); err != nil {
			return err
		}
		b, err := json.Marshal(one)
		if err != nil {
			return err
		}
		err = json.Unmarshal(b, dst)
		if t, ok := err.(*json.UnmarshalTypeError); ok {
			return fmt.Errorf("option %s: a %s (want %s)", t.Field, t.Value, t.Type)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// owner is the struct that has an option.
func owner(into []any, key string) (any, error) {
	var all []string
	for _, dst := range into {
		fields := options(reflect.TypeOf(dst).Elem())
		if _, ok := fields[key]; ok {
			return dst, nil
		}
		all = append(all, slices.Sorted(maps.Keys(fields))...)
	}
	return nil, fmt.Errorf("unknown option %s (did you mean %s?)", key, Nearest(key, all))
}

// Names are those of all options, sorted: what a word may hold before its =.
// Structs are given by pointers, as to Decode.
func Names(of ...any) []string {
	var all []string
	for _, o := range of {
		all = append(all, names(reflect.TypeOf(o).Elem(), "")...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func names(t reflect.Type, prefix string) (all []string) {
	for name, ft := range options(t) {
		if ft.Kind() == reflect.Struct {
			all = append(all, names(ft, prefix+name+".")...)
		} else {
			all = append(all, prefix+name)
		}
	}
	return all
}

// options are the JSON names of a struct's fields and their types.
func options(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			fields[name] = t.Field(i).Type
		}
	}
	return fields
}

// known checks every name of tree against the struct, and turns words that
// are numbers into numbers where one is wanted.
func known(t reflect.Type, tree map[string]any, prefix string) error {
	fields := options(t)
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		ft, ok := fields[key]
		if !ok {
			return fmt.Errorf("unknown option %s%s (did you mean %s%s?)", prefix, key, prefix, Nearest(key, slices.Sorted(maps.Keys(fields))))
		}
		sub, nested := tree[key].(map[string]any)
		if nested != (ft.Kind() == reflect.Struct) {
			return fmt.Errorf("option %s%s: %v (want %s)", prefix, key, tree[key], describe(ft))
		}
		if text, ok := tree[key].(string); ok && ft.Kind() == reflect.Float64 {
			// YAML calls 1e-3 a word; everybody means the number.
			if v, err := strconv.ParseFloat(text, 64); err == nil {
				tree[key] = v
			}
		}
		if nested {
			if err := known(ft, sub, prefix+key+"."); err != nil {
				return err
			}
		}
	}
	return nil
}

func describe(t reflect.Type) string {
	if t.Kind() == reflect.Struct {
		return "a group of options"
	}
	return "a " + t.String()
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// Nearest returns the name with the fewest edits from word.
func Nearest(word string, names []string) string {
	best, least := "", 1<<30
	for _, n := range names {
		if d := distance(word, n); d < least {
			best, least = n, d
		}
	}
	return best
}

// Close reports whether less than every second letter differs, so that one may
// be a typo of the other.
func Close(a, b string) bool { return 2*distance(a, b) < max(len(a), len(b)) }

// distance counts the insertions, deletions and replacements between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
