package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// chunk is how many values are converted at a time, so that writing a model
// never holds a second copy of a tensor.
const chunk = 1 << 16

// Tensor is what Write stores. Exactly one of Values, Raw, Load and Stream is
// set, unless the tensor is empty.
type Tensor struct {
	Name  string
	DType DType // F32, F16 or BF16 for Values and Load; any known type for Raw
	Shape []int

	Values []float32                 // rounded to DType when written
	Raw    []byte                    // little-endian elements of DType, copied as they are
	Load   func() ([]float32, error) // Values fetched when their turn comes, once
	Stream func(to io.Writer) error  // writes Raw when its turn comes, once
}

// bytes returns the size of t's data after checking that t is whole.
func (t *Tensor) bytes() (int, error) {
	if t.DType.size() == 0 {
		return 0, fmt.Errorf("unknown dtype %q", t.DType)
	}
	n, err := bytesOf(t.DType, t.Shape)
	if err != nil {
		return 0, err
	}
	if t.Raw != nil {
		if len(t.Raw) != n {
			return 0, fmt.Errorf("%d bytes (want %d for %s %v)", len(t.Raw), n, t.DType, t.Shape)
		}
		return n, nil
	}
	if t.Stream != nil {
		return n, nil
	}
	if err := (Info{DType: t.DType}).convertible(); err != nil {
		return 0, err
	}
	if t.Load == nil && len(t.Values)*t.DType.size() != n {
		return 0, fmt.Errorf("%d values (want %d for %v)", len(t.Values), n/t.DType.size(), t.Shape)
	}
	return n, nil
}

// Write stores tensors in a new file at path, replacing one that is there. It
// writes beside it, syncs and renames, so path is whole or as it was before.
//
// Tensors lie widest type first, then by name, whatever the order given: the
// order of the Python package, which keeps every one aligned. Metadata is
// stored as given; nil stands for {"format": "pt"}, which transformers wants.
func Write(path string, tensors []Tensor, metadata map[string]string) error {
	sorted := append([]Tensor(nil), tensors...)
	sort.SliceStable(sorted, func(i, j int) bool {
		a, b := &sorted[i], &sorted[j]
		if ra, rb := a.DType.rank(), b.DType.rank(); ra != rb {
			return ra > rb
		}
		return a.Name < b.Name
	})
	head, err := encodeHeader(sorted, metadata)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return replaceFile(path, func(w io.Writer) error {
		if _, err := w.Write(head); err != nil {
			return err
		}
		buffer := make([]byte, chunk*4)
		for i := range sorted {
			if err := sorted[i].write(w, buffer); err != nil {
				return fmt.Errorf("%s: tensor %q: %w", path, sorted[i].Name, err)
			}
		}
		return nil
	})
}

// encodeHeader returns the length, the JSON header and its padding.
func encodeHeader(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	if metadata == nil {
		metadata = map[string]string{"format": "pt"}
	}
	var b bytes.Buffer
	b.Write(make([]byte, 8))
	b.WriteString(`{"__metadata__":`)
	b.Write(jsonOf(metadata))
	seen := map[string]bool{"__metadata__": true}
	at := 0
	for i := range tensors {
		t := &tensors[i]
		if seen[t.Name] {
			return nil, fmt.Errorf("tensor %q: the name is taken", t.Name)
		}
		seen[t.Name] = true
		n, err := t.bytes()
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		shape := t.Shape
		if shape == nil {
			shape = []int{}
		}
		fmt.Fprintf(&b, `,%s:{"dtype":"%s","shape":%s,"data_offsets":[%d,%d]}`, jsonOf(t.Name), t.DType, jsonOf(shape), at, at+n)
		at += n
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	if b.Len()-8 > maxHeader {
		return nil, fmt.Errorf("header of %d bytes (want at most %d)", b.Len()-8, maxHeader)
	}
	binary.LittleEndian.PutUint64(b.Bytes(), uint64(b.Len()-8))
	return b.Bytes(), nil
}

// jsonOf encodes names, shapes and metadata, none of which can fail, without
// the escapes that encoding/json adds for HTML.
func jsonOf(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("safetensors: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// write streams the data of t through buffer.
func (t *Tensor) write(w io.Writer, buffer []byte) error {
	if t.Raw != nil {
		_, err := w.Write(t.Raw)
		return err
	}
	if t.Stream != nil {
		return t.stream(w)
	}
	values := t.Values
	if t.Load != nil {
		var err error
		if values, err = t.Load(); err != nil {
			return err
		}
		if want := (Info{t.DType, t.Shape}).Len(); len(values) != want {
			return fmt.Errorf("%d values (want %d for %v)", len(values), want, t.Shape)
		}
	}
	for len(values) > 0 {
		part := values[:min(chunk, len(values))]
		out := buffer[:len(part)*t.DType.size()]
		narrow(out, part, t.DType)
		if _, err := w.Write(out); err != nil {
			return err
		}
		values = values[len(part):]
	}
	return nil
}

// stream lets the tensor write its data, which must be as much as its shape says.
func (t *Tensor) stream(w io.Writer) error {
	want, err := t.bytes()
	if err != nil {
		return err
	}
	c := &counter{to: w}
	if err := t.Stream(c); err != nil {
		return err
	}
	if c.n != want {
		return fmt.Errorf("%d bytes (want %d for %s %v)", c.n, want, t.DType, t.Shape)
	}
	return nil
}

// counter counts what goes through it.
type counter struct {
	to io.Writer
	n  int
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += n
	return n, err
}

// replaceFile lets write fill a new file and gives it its name at the end.
func replaceFile(path string, write func(io.Writer) error) error {
	f, err := createBeside(path)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		os.Remove(f.Name())
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		os.Remove(f.Name())
		return err
	}
	return syncDir(filepath.Dir(path))
}

// createBeside creates a file of a free name in the directory of path. Unlike
// os.CreateTemp it leaves the mode to the umask, as for any other file.
func createBeside(path string) (*os.File, error) {
	dir, base := filepath.Split(path)
	for i := 0; ; i++ {
		name := filepath.Join(dir, fmt.Sprintf(".%s.%d.%d", base, os.Getpid(), i))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}
