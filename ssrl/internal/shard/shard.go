// Package shard writes and reads the dataset directory: samples.jsonl with one
// sample a line, images/ with the pictures as files, and manifest.json.
//
// The manifest is written last. A directory without one is an unfinished run:
// it cannot be read, and only a run of the same arguments may take it over. A
// dataset holds no times or names of machines, so that the same samples give
// the same bytes.
//
// Limits: a line is at most 16 MiB and a picture 256 MiB. Paths that lead out
// of the directory are refused, through links too. Of a sample the reader keeps
// its id and place in memory; the rest is read when asked for.
package shard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"ssrl/internal/outdir"
)

// Names inside a dataset directory.
const (
	manifestName = "manifest.json"
	samplesName  = "samples.jsonl"
	imagesName   = "images"
	runName      = outdir.RunName // only while a run is unfinished
)

const (
	maxLine  = 16 << 20  // bytes of one line of samples.jsonl
	maxImage = 256 << 20 // bytes of one picture file
)

// placeholder stands in a problem where a picture belongs.
const placeholder = "<image>"

// Sample is one question as a line of samples.jsonl.
type Sample struct {
	ID      string          `json:"id"`
	Task    string          `json:"task"`
	Source  string          `json:"source"`  // the frame's file name
	Problem string          `json:"problem"` // one <image> for each of Images
	Answer  string          `json:"answer"`
	Images  []string        `json:"images"` // paths with '/', relative to the dataset
	Meta    json.RawMessage `json:"meta"`   // an object whose keys depend on Task
}

// line returns s as a line of samples.jsonl.
func (s Sample) line() ([]byte, error) {
	if s.Images == nil {
		s.Images = []string{}
	}
	if s.Meta == nil {
		s.Meta = json.RawMessage("{}")
	}
	return outdir.Encode(s)
}

// decode reads a line. Keys are matched exactly, unknown ones ignored. Of ours
// only id, problem and answer must be there; id and answer may be numbers, which
// are kept as they are written.
func decode(line []byte) (Sample, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(line, &keys); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return Sample{}, fmt.Errorf("%s (want an object)", kind.Value)
		}
		return Sample{}, err
	}
	if keys == nil {
		return Sample{}, errors.New("null (want an object)")
	}
	s := Sample{Meta: keys["meta"]}
	for _, f := range []struct {
		key              string
		to               *string
		needed, orNumber bool
	}{
		{"id", &s.ID, true, true},
		{"task", &s.Task, false, false},
		{"source", &s.Source, false, false},
		{"problem", &s.Problem, true, false},
		{"answer", &s.Answer, true, true},
	} {
		raw, ok := keys[f.key]
		if !ok && f.needed {
			return Sample{}, fmt.Errorf("no %q", f.key)
		}
		if ok {
			v, err := text(raw, f.orNumber)
			if err != nil {
				return Sample{}, fmt.Errorf("%q is %w", f.key, err)
			}
			*f.to = v
		}
	}
	if raw, ok := keys["images"]; ok {
		if err := json.Unmarshal(raw, &s.Images); err != nil || bytes.Equal(raw, []byte("null")) {
			return Sample{}, errors.New(`"images" is not a list of paths`)
		}
	}
	return s, s.check()
}

// text reads a JSON string or, if allowed, a number.
func text(raw json.RawMessage, orNumber bool) (string, error) {
	switch c := raw[0]; {
	case c == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case orNumber && (c == '-' || c >= '0' && c <= '9'):
		return string(raw), nil
	case c == 'n':
		return "", errors.New("null (want a string)")
	}
	return "", errors.New("not a string")
}

// check finds what makes a sample useless to every reader.
func (s Sample) check() error {
	if s.ID == "" {
		return errors.New(`"id" is empty`)
	}
	if n := strings.Count(s.Problem, placeholder); n != len(s.Images) {
		return fmt.Errorf("%d %s in the problem but %d images", n, placeholder, len(s.Images))
	}
	for _, p := range s.Images {
		if err := local(p); err != nil {
			return err
		}
	}
	return nil
}

// local refuses a path that leads out of the directory it is relative to.
func local(path string) error {
	if !filepath.IsLocal(filepath.FromSlash(path)) {
		return fmt.Errorf("image %q leads out of the dataset (want a relative path inside)", path)
	}
	return nil
}
