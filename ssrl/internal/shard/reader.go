package shard

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Reader reads a finished dataset. It is safe for concurrent use until Close.
type Reader struct {
	dir      string
	manifest Manifest
	root     *os.Root // dir, beyond which no path leads
	file     *os.File // samples.jsonl
	places   []place
	ids      map[string]int // sample by id
}

// place is where a sample lies in samples.jsonl.
type place struct {
	offset       int64
	length, line int32 // line counts from 1
}

// Open opens a dataset and checks every line of it, but no picture. Errors name
// the file and the line.
func Open(dir string) (*Reader, error) {
	m, err := readManifest(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noManifest(dir)
	}
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	r := &Reader{dir: dir, manifest: m, root: root, ids: map[string]int{}}
	if r.file, err = r.openRegular(samplesName); err != nil {
		root.Close()
		return nil, err
	}
	if err := r.index(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// noManifest says why there is none.
func noManifest(dir string) error {
	if _, statErr := os.Stat(dir); statErr != nil {
		return statErr
	}
	if _, statErr := os.Stat(filepath.Join(dir, runName)); statErr == nil {
		return fmt.Errorf("%s: an unfinished run, without manifest.json (want it run again with the same arguments)", dir)
	}
	return fmt.Errorf("%s: no manifest.json (want a finished dataset)", dir)
}

// index finds, reads and checks every line.
func (r *Reader) index() error {
	name := filepath.Join(r.dir, samplesName)
	in := bufio.NewReaderSize(r.file, 1<<20)
	at := place{line: 1}
	for ; ; at.line++ {
		line, err := readLine(in)
		if err != nil && err != io.EOF {
			return fmt.Errorf("%s line %d: %w", name, at.line, err)
		}
		at.length = int32(len(line))
		if len(bytes.TrimSpace(line)) > 0 {
			s, err := decode(line)
			if err != nil {
				return fmt.Errorf("%s line %d: %w", name, at.line, err)
			}
			if first, ok := r.ids[s.ID]; ok {
				return fmt.Errorf("%s line %d: id %q stands on line %d already", name, at.line, s.ID, r.places[first].line)
			}
			r.ids[s.ID] = len(r.places)
			r.places = append(r.places, at)
		}
		at.offset += int64(at.length)
		if err == io.EOF {
			break
		}
	}
	if len(r.places) != r.manifest.Samples {
		return fmt.Errorf("%s: %d samples (want the %d of %s)", name, len(r.places), r.manifest.Samples, manifestName)
	}
	return nil
}

// readLine reads up to and with the next '\n', or to the end with io.EOF. The
// line holds until the next call.
func readLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	long := bytes.Clone(line)
	for err == bufio.ErrBufferFull {
		if len(long) > maxLine {
			return nil, fmt.Errorf("more than %d bytes", maxLine)
		}
		line, err = in.ReadSlice('\n')
		long = append(long, line...)
	}
	return long, err
}

// Len returns the number of samples.
func (r *Reader) Len() int { return len(r.places) }

// Manifest returns what the dataset says of itself.
func (r *Reader) Manifest() Manifest { return r.manifest }

// Find returns the place of a sample by its id.
func (r *Reader) Find(id string) (i int, ok bool) {
	i, ok = r.ids[id]
	return i, ok
}

// At reads sample i, counted from 0.
func (r *Reader) At(i int) (Sample, error) {
	if i < 0 || i >= len(r.places) {
		return Sample{}, fmt.Errorf("%s: sample %d (want 0 to %d)", r.dir, i, len(r.places)-1)
	}
	p := r.places[i]
	line := make([]byte, p.length)
	_, err := r.file.ReadAt(line, p.offset)
	if err != nil {
		return Sample{}, fmt.Errorf("%s line %d: %w", filepath.Join(r.dir, samplesName), p.line, err)
	}
	s, err := decode(line)
	if err != nil {
		return Sample{}, fmt.Errorf("%s line %d: %w (changed since it was opened)", filepath.Join(r.dir, samplesName), p.line, err)
	}
	return s, nil
}

// Image reads the picture file at a path of Sample.Images.
func (r *Reader) Image(path string) ([]byte, error) {
	if err := local(path); err != nil {
		return nil, fmt.Errorf("%s: %w", r.dir, err)
	}
	f, err := r.openRegular(filepath.FromSlash(path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	name := filepath.Join(r.dir, filepath.FromSlash(path))
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxImage {
		return nil, fmt.Errorf("%s: %d bytes (want at most %d)", name, info.Size(), maxImage)
	}
	var b bytes.Buffer
	b.Grow(int(info.Size()) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(f, maxImage)); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return b.Bytes(), nil
}

// openRegular opens a file below the dataset. A pipe or device, which could
// block for ever, is refused.
func (r *Reader) openRegular(path string) (*os.File, error) {
	name := filepath.Join(r.dir, path)
	info, err := r.root.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	var f *os.File
	if err == nil {
		f, err = r.root.Open(path)
	}
	var where *fs.PathError
	if errors.As(err, &where) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: where.Err}
	}
	return f, err
}

// Close gives the files back.
func (r *Reader) Close() error { return errors.Join(r.file.Close(), r.root.Close()) }
