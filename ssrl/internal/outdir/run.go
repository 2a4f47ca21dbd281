package outdir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxSmall bounds the files of a run's arguments and of a manifest, in bytes.
const maxSmall = 16 << 20

// Run is the arguments of a run, which tell one run from another: what run.json
// holds while it is unfinished.
type Run struct {
	Format  string          `json:"format"`
	Version int             `json:"version"`
	Seed    uint64          `json:"seed"`
	Options json.RawMessage `json:"options"`
}

// NewRun puts options, one JSON value, into one form: keys sorted, no white
// space, so that equal arguments are equal bytes. Nil and null are {}.
func NewRun(format string, version int, seed uint64, options json.RawMessage) (Run, error) {
	r := Run{format, version, seed, json.RawMessage("{}")}
	if options != nil {
		c, err := canonical(options)
		if err != nil {
			return Run{}, fmt.Errorf("options of the run: %w", err)
		}
		if string(c) != "null" {
			r.Options = c
		}
	}
	return r, nil
}

func (r Run) String() string { return fmt.Sprintf("seed %d, options %s", r.Seed, r.Options) }

func (r Run) equal(o Run) bool {
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
	b, err := Encode(v)
	return bytes.TrimSuffix(b, []byte("\n")), err
}

// Encode is v as JSON and a new line. '<' and '>' stay readable.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// ReadSmall reads a file of a run's arguments or of a manifest.
func ReadSmall(path string) ([]byte, error) {
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
	data, err := io.ReadAll(io.LimitReader(f, maxSmall+1))
	if err == nil && len(data) > maxSmall {
		err = fmt.Errorf("%s: more than %d bytes", path, maxSmall)
	}
	return data, err
}
