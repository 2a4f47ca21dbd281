package main

// #include "front.h"
import "C"

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
)

// options decodes the JSON text of a call into a struct; NULL changes nothing.
func options(text *C.ssrl__text, into any) error {
	if text == nil {
		return nil
	}
	return decode(C.GoString((*C.char)(text)), into)
}

func decode(text string, into any) error {
	if t := strings.TrimLeft(text, " \t\r\n"); t == "" || t[0] != '{' {
		return invalid("options: %.40q (want a JSON object)", text)
	}
	target := reflect.TypeOf(into).Elem()
	if err := checkNames(json.NewDecoder(strings.NewReader(text)), target); err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mistyped):
		return invalid("options: %s: a %s (want %s)", jsonPath(target, mistyped.Field), mistyped.Value, mistyped.Type)
	case err != nil:
		return invalid("options: %s", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return invalid("options: text after the JSON object")
	}
	return nil
}

// checkNames refuses names that a struct does not have, to the letter, and
// names that come twice: the decoder takes "SEED" for "seed", and the last of two.
// What is no object, or ends too early, is the decoder's to refuse.
func checkNames(d *json.Decoder, t reflect.Type) error {
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil
		}
		f, ok := fieldOf(t, name)
		switch {
		case !ok:
			return invalid("options: unknown name %q (want %s)", name, strings.Join(names(t), ", "))
		case seen[name]:
			return invalid("options: %s twice", name)
		}
		seen[name] = true
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil
		}
		if f.Kind() == reflect.Struct {
			if err := checkNames(json.NewDecoder(bytes.NewReader(value)), f); err != nil {
				return err
			}
		}
	}
	return nil
}

// fieldOf is the type of the field with a JSON name.
func fieldOf(t reflect.Type, name string) (reflect.Type, bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		switch tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); {
		case f.Anonymous && tag == "":
			if found, ok := fieldOf(f.Type, name); ok {
				return found, true
			}
		case tag == name && tag != "-":
			return f.Type, true
		}
	}
	return nil, false
}

// names are the JSON names of a struct, in the order of its fields.
func names(t reflect.Type) (list []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		switch name, _, _ := strings.Cut(f.Tag.Get("json"), ","); {
		case f.Anonymous && name == "":
			list = append(list, names(f.Type)...)
		case name != "" && name != "-":
			list = append(list, name)
		}
	}
	return list
}

// jsonPath takes the name of an embedded struct, which is not part of the JSON
// text, off the path of a field.
func jsonPath(t reflect.Type, path string) string {
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous {
			path = strings.TrimPrefix(path, f.Name+".")
		}
	}
	return path
}
