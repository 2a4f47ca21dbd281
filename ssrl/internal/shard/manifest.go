package shard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	datasetFormat = "ssrl-dataset"
	runFormat     = "ssrl-dataset-run"
	version       = 1 // the newest that is read, and the one written
)

// Options are the arguments of a run.
type Options struct {
	Seed uint64
	// Run is what else changes the samples, as one JSON value; nil and null are
	// {}. It tells one run from another and is the manifest's "options".
	Run json.RawMessage
}

// Manifest says what a finished dataset holds.
type Manifest struct {
	Format  string          `json:"format"`
	Version int             `json:"version"`
	Samples int             `json:"samples"`
	Seed    uint64          `json:"seed"`
	Tasks   map[string]int  `json:"tasks"` // samples of each task
	Options json.RawMessage `json:"options"`
}

// run is what run.json holds while a run is unfinished.
type run struct {
	Format  string          `json:"format"`
	Version int             `json:"version"`
	Seed    uint64          `json:"seed"`
	Options json.RawMessage `json:"options"`
}

// newRun puts options into one form: keys sorted, no white space, so that equal
// arguments are equal bytes.
func newRun(o Options) (run, error) {
	options := json.RawMessage("{}")
	if o.Run != nil {
		c, err := canonical(o.Run)
		if err != nil {
			return run{}, fmt.Errorf("options of the run: %w", err)
		}
		if string(c) != "null" {
			options = c
		}
	}
	return run{runFormat, version, o.Seed, options}, nil
}

func (r run) String() string { return fmt.Sprintf("seed %d, options %s", r.Seed, r.Options) }

func (r run) equal(o run) bool {
	options, err := canonical(o.Options)
	return err == nil && o.Format == r.Format && o.Version == r.Version && o.Seed == r.Seed && bytes.Equal(options, r.Options)
}

// canonical writes a JSON value again with sorted keys. Numbers keep their text.
func canonical(raw json.RawMessage) (json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more than one JSON value")
	}
	b, err := encode(v)
	return bytes.TrimSuffix(b, []byte("\n")), err
}

// encode is v as JSON and a new line. '<' and '>' stay readable.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// readManifest reads and checks a manifest. Errors name the file.
func readManifest(path string) (Manifest, error) {
	var m Manifest
	data, err := readSmall(path)
	if err != nil {
		return m, err
	}
	// The version decides how the rest is read, so it is read first.
	if err = json.Unmarshal(data, &struct {
		Format  *string `json:"format"`
		Version *int    `json:"version"`
	}{&m.Format, &m.Version}); err == nil {
		err = m.check()
	}
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err == nil && m.Samples < 0 {
		err = fmt.Errorf("%d samples", m.Samples)
	}
	if err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// check refuses what this program does not read.
func (m Manifest) check() error {
	switch {
	case m.Format != datasetFormat:
		return fmt.Errorf("format %q (want %q)", m.Format, datasetFormat)
	case m.Version > version:
		return fmt.Errorf("version %d is newer than this program (want at most %d)", m.Version, version)
	case m.Version < 1:
		return fmt.Errorf("version %d (want 1 to %d)", m.Version, version)
	}
	return nil
}

// readSmall reads a file of at most maxManifest bytes.
func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err == nil && len(data) > maxManifest {
		err = fmt.Errorf("%s: more than %d bytes", path, maxManifest)
	}
	return data, err
}
