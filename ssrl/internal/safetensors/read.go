package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// The names that transformers looks for in a model directory, in its order.
const (
	singleName = "model.safetensors"
	indexName  = "model.safetensors.index.json"
)

// maxIndex bounds the JSON index of a sharded model, in bytes.
const maxIndex = maxHeader

// File is an open model: one file, or the shards that an index lists. It is
// immutable and safe for concurrent use until Close.
type File struct {
	shards   []*shard
	where    map[string]*shard
	names    []string
	metadata map[string]string
}

// shard is one mapped file.
type shard struct {
	path  string
	file  []byte
	unmap func() error
	*header
}

// Open opens a .safetensors file, a model.safetensors.index.json, or a
// directory that holds one of them. A directory with both uses the single
// file, as transformers does.
func Open(path string) (*File, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.IsDir() {
		if filepath.Ext(path) == ".json" {
			return openIndex(path)
		}
		return openSingle(path)
	}
	single, index := filepath.Join(path, singleName), filepath.Join(path, indexName)
	if _, err := os.Stat(single); err == nil {
		return openSingle(single)
	}
	if _, err := os.Stat(index); err == nil {
		return openIndex(index)
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("no %s and no %s: %w", singleName, indexName, fs.ErrNotExist)}
}

func openSingle(path string) (*File, error) {
	s, err := openShard(path)
	if err != nil {
		return nil, err
	}
	f := &File{shards: []*shard{s}, where: map[string]*shard{}, metadata: s.metadata}
	for name := range s.tensors {
		f.where[name] = s
	}
	f.sortNames()
	return f, nil
}

// openIndex opens the shards of an index. The index decides which tensors the
// model has; what a shard holds beyond it is left out.
func openIndex(path string) (*File, error) {
	index, err := readIndex(path)
	if err != nil {
		return nil, err
	}
	f := &File{where: map[string]*shard{}}
	open := map[string]*shard{}
	for _, name := range sortedKeys(index) {
		file := index[name]
		s := open[file]
		if s == nil {
			if s, err = openShard(filepath.Join(filepath.Dir(path), file)); err != nil {
				return nil, errors.Join(err, f.Close())
			}
			open[file] = s
			f.shards = append(f.shards, s)
			if f.metadata == nil {
				f.metadata = s.metadata
			}
		}
		if _, ok := s.tensors[name]; !ok {
			return nil, errors.Join(fmt.Errorf("%s: tensor %q is not in %s", path, name, file), f.Close())
		}
		f.where[name] = s
	}
	f.sortNames()
	return f, nil
}

// readIndex returns the weight map of an index. Shards lie beside it: a name
// that leaves the directory is refused.
func readIndex(path string) (map[string]string, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.Size() > maxIndex {
		return nil, fmt.Errorf("%s: %d bytes (want at most %d)", path, st.Size(), maxIndex)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var index struct {
		Map map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(index.Map) == 0 {
		return nil, fmt.Errorf("%s: no weight_map", path)
	}
	for _, name := range sortedKeys(index.Map) {
		if file := index.Map[name]; file == "" || file != filepath.Base(file) || !filepath.IsLocal(file) {
			return nil, fmt.Errorf("%s: tensor %q is in %q (want a file name)", path, name, file)
		}
	}
	return index.Map, nil
}

func openShard(path string) (*shard, error) {
	file, unmap, err := mapFile(path)
	if err != nil {
		return nil, err
	}
	h, err := parseHeader(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), unmap())
	}
	return &shard{path, file, unmap, h}, nil
}

func (f *File) sortNames() {
	f.names = sortedKeys(f.where)
}

func sortedKeys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Close unmaps the files. What Raw handed out must not be used afterwards.
func (f *File) Close() error {
	var errs []error
	for _, s := range f.shards {
		errs = append(errs, s.unmap())
	}
	f.shards, f.where, f.names = nil, nil, nil
	return errors.Join(errs...)
}

// Names returns the names of all tensors, sorted. The slice belongs to f.
func (f *File) Names() []string { return f.names }

// Has reports whether there is a tensor of that name.
func (f *File) Has(name string) bool { return f.where[name] != nil }

// Metadata returns the __metadata__ of the file, of the first shard that has
// any when there are several, or nil. It belongs to f.
func (f *File) Metadata() map[string]string { return f.metadata }

// Info returns the type and shape of a tensor.
func (f *File) Info(name string) (Info, error) {
	_, e, err := f.find(name)
	return e.Info, err
}

// Raw returns the bytes of a tensor, little-endian and row-major, of whatever
// type. They are borrowed: read-only, and gone after Close.
func (f *File) Raw(name string) ([]byte, error) {
	s, e, err := f.find(name)
	if err != nil {
		return nil, err
	}
	return s.file[s.data+e.begin : s.data+e.end : s.data+e.end], nil
}

// Float32 returns the values of an F32, F16 or BF16 tensor, row-major. The
// slice belongs to the caller.
func (f *File) Float32(name string) ([]float32, error) {
	s, e, err := f.find(name)
	if err != nil {
		return nil, err
	}
	if err := e.convertible(); err != nil {
		return nil, fmt.Errorf("%s: tensor %q: %w", s.path, name, err)
	}
	dst := make([]float32, e.Len())
	return dst, f.ReadFloat32(dst, name)
}

// ReadFloat32 is Float32 into dst, whose length must be the tensor's.
func (f *File) ReadFloat32(dst []float32, name string) error {
	if _, e, err := f.find(name); err == nil && len(dst) != e.Len() {
		panic(fmt.Sprintf("safetensors: %q of shape %v into %d values", name, e.Shape, len(dst)))
	}
	return f.ReadFloat32At(dst, name, 0)
}

// ReadFloat32At reads len(dst) values of an F32, F16 or BF16 tensor, from the
// given one on, row-major.
func (f *File) ReadFloat32At(dst []float32, name string, from int) error {
	s, e, err := f.find(name)
	if err != nil {
		return err
	}
	if err := e.convertible(); err != nil {
		return fmt.Errorf("%s: tensor %q: %w", s.path, name, err)
	}
	if from < 0 || from > e.Len()-len(dst) {
		panic(fmt.Sprintf("safetensors: values %d to %d of %q of shape %v", from, from+len(dst), name, e.Shape))
	}
	raw, err := f.Raw(name)
	if err != nil {
		return err
	}
	widen(dst, raw[from*e.DType.size():], e.DType)
	return nil
}

// Forget says that the first n values of a tensor have been read and will not be
// soon: the memory that they take in this process is given back.
func (f *File) Forget(name string, n int) error {
	_, e, err := f.find(name)
	if err != nil {
		return err
	}
	raw, err := f.Raw(name)
	if err == nil {
		forget(raw[:min(len(raw), n*e.DType.size())])
	}
	return err
}

func (i Info) convertible() error {
	switch i.DType {
	case F32, F16, BF16:
		return nil
	}
	return fmt.Errorf("dtype %q (want F32, F16 or BF16)", i.DType)
}

func (f *File) find(name string) (*shard, entry, error) {
	s := f.where[name]
	if s == nil {
		return nil, entry{}, fmt.Errorf("%s: no tensor %q", f.path(), name)
	}
	return s, s.tensors[name], nil
}

// path names the model in errors.
func (f *File) path() string {
	switch len(f.shards) {
	case 0:
		return "closed file"
	case 1:
		return f.shards[0].path
	}
	return filepath.Dir(f.shards[0].path)
}
