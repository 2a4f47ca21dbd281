package main

// #include "front.h"
import "C"

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"

	"ssrl"
)

// generatorOptions are those of ssrl_generate_samples. Every other call has the
// options of the struct that it hands to package ssrl.
type generatorOptions struct {
	Tasks    []string `json:"tasks"`
	Seed     uint64   `json:"seed"`
	PerFrame int      `json:"per_frame"`
	Workers  int      `json:"workers"`
	Relative bool     `json:"relative"`
}

// generator is what generatorOptions ask for.
func (o generatorOptions) generator() (ssrl.Generator, error) {
	g := ssrl.Generator{Seed: o.Seed, PerFrame: o.PerFrame, Workers: o.Workers}
	for _, name := range o.Tasks {
		t, err := ssrl.TaskByName(name)
		if err != nil {
			return g, argument{err}
		}
		g.Tasks = append(g.Tasks, t)
	}
	return g, nil
}

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
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mistyped):
		return invalid("options: %s: a %s (want %s)", jsonPath(reflect.TypeOf(into).Elem(), mistyped.Field), mistyped.Value, mistyped.Type)
	case err != nil:
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return invalid("options: unknown name %s (want %s)", name, strings.Join(names(reflect.TypeOf(into).Elem()), ", "))
		}
		return invalid("options: %s", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return invalid("options: text after the JSON object")
	}
	return nil
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
