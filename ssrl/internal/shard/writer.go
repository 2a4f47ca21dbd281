package shard

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"unicode/utf8"

	"ssrl/internal/outdir"
)

// maxID bounds the length of an id, which is part of a file name.
const maxID = 200

// Writer writes one dataset. It is safe for concurrent use; lines stand in the
// order of the calls. After an error of the disk it only returns that error.
type Writer struct {
	folder *outdir.Folder
	dir    string // its path
	run    outdir.Run

	mu    sync.Mutex
	file  io.WriteCloser // samples.jsonl
	lines *bufio.Writer  // onto file
	ids   IDs
	tasks map[string]int
	skips Skips
	err   error // what ended the writer
}

func (w *Writer) open(samples io.WriteCloser) {
	w.file, w.lines = samples, bufio.NewWriterSize(samples, 1<<16)
}

// Write appends a sample and stores its pictures, which are whole PNG or JPEG
// files; ext is ".png", ".jpg" or ".jpeg". Picture n of sample ID becomes
// images/ID.n.ext, and s.Images is set so. A sample that is refused leaves
// nothing behind.
func (w *Writer) Write(s Sample, images [][]byte, ext string) error {
	s.Images = make([]string, len(images))
	for n := range images {
		s.Images[n] = fmt.Sprintf("%s/%s.%d%s", imagesName, s.ID, n, ext)
	}
	line, err := vet(s, images, ext)
	if err != nil {
		return fmt.Errorf("%s: sample %q: %w", w.dir, s.ID, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if w.ids.Has(s.ID) {
		return fmt.Errorf("%s: sample %q: written before (want an id of its own)", w.dir, s.ID)
	}
	for n, data := range images {
		if err := w.folder.Disk.Put(w.folder.At(s.Images[n]), data); err != nil {
			return w.fail(err)
		}
	}
	if _, err := w.lines.Write(line); err != nil {
		return w.fail(err)
	}
	w.ids.Add(s.ID)
	w.tasks[s.Task]++
	return nil
}

// Skip notes what is left out, in the order of the calls.
func (w *Writer) Skip(s Skip) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if err := w.skips.Add(s); err != nil {
		return w.fail(err)
	}
	return nil
}

// vet checks a sample before anything is written and returns its line.
func vet(s Sample, images [][]byte, ext string) ([]byte, error) {
	if err := Check(s, images, ext); err != nil {
		return nil, err
	}
	line, err := s.line()
	if err == nil && len(line) > maxLine {
		err = fmt.Errorf("%d bytes (want at most %d)", len(line), maxLine)
	}
	return line, err
}

// Check refuses samples that no dataset can hold: an id that is no plain file
// name, an empty text, pictures that are not what ext says or not as many as
// the problem has places for.
func Check(s Sample, images [][]byte, ext string) error {
	if err := vetID(s.ID); err != nil {
		return err
	}
	for _, f := range []struct{ name, text string }{{"task", s.Task}, {"problem", s.Problem}, {"answer", s.Answer}} {
		if f.text == "" {
			return fmt.Errorf("%q is empty", f.name)
		}
	}
	for _, f := range []struct{ name, text string }{{"task", s.Task}, {"source", s.Source}, {"problem", s.Problem}, {"answer", s.Answer}} {
		if !utf8.ValidString(f.text) {
			return fmt.Errorf("%q is not UTF-8: %q", f.name, f.text)
		}
	}
	if s.Meta != nil && (!json.Valid(s.Meta) || bytes.TrimLeft(s.Meta, " \t\r\n")[0] != '{') {
		return fmt.Errorf(`"meta" is not a JSON object`)
	}
	magic := map[string]string{".png": "\x89PNG\r\n\x1a\n", ".jpg": "\xff\xd8\xff", ".jpeg": "\xff\xd8\xff"}[ext]
	if magic == "" && len(images) > 0 {
		return fmt.Errorf("images as %q (want .png, .jpg or .jpeg)", ext)
	}
	for n, data := range images {
		if !bytes.HasPrefix(data, []byte(magic)) {
			return fmt.Errorf("image %d is not a %s file", n, ext)
		}
		if len(data) > maxImage {
			return fmt.Errorf("image %d: %d bytes (want at most %d)", n, len(data), maxImage)
		}
	}
	s.Images = make([]string, len(images)) // only their number matters
	for n := range s.Images {
		s.Images[n] = imagesName
	}
	return s.check()
}

// vetID admits what is one plain file name everywhere.
func vetID(id string) error {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	if id == "" || len(id) > maxID || strings.Trim(id, allowed) != "" {
		return fmt.Errorf("id of %d bytes (want 1 to %d of A-Z a-z 0-9 - _ .)", len(id), maxID)
	}
	return nil
}

// Len returns how many samples are written.
func (w *Writer) Len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.ids)
}

// Close brings every file to the disk and writes the manifest, which makes the
// directory a dataset. On an error it stays an unfinished run.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if err := w.finish(); err != nil {
		return w.fail(err)
	}
	w.fail(outdir.ErrClosed)
	return nil
}

func (w *Writer) finish() error {
	disk := w.folder.Disk
	if err := cmp.Or(w.lines.Flush(), w.file.Close()); err != nil {
		return err
	}
	if err := disk.Sync(w.folder.At(samplesName)); err != nil {
		return err
	}
	if err := w.skips.Finish(); err != nil {
		return err
	}
	if err := disk.SyncAll(w.folder.At(imagesName)); err != nil {
		return err
	}
	if err := disk.Sync(w.dir); err != nil {
		return err
	}
	data, err := outdir.Encode(Manifest{datasetFormat, version, len(w.ids), w.run.Seed, w.tasks, w.run.Options})
	if err != nil {
		return err
	}
	manifest := w.folder.At(manifestName)
	if err := disk.Replace(manifest, data); err != nil {
		_ = outdir.Remove(manifest)
		return err
	}
	// The dataset is whole. What follows only tidies and hardens: the entry of a
	// new directory is in its parent, which may not be ours to open.
	_ = w.folder.Finish()
	_ = disk.Sync(filepath.Dir(filepath.Clean(w.dir)))
	return nil
}

// Abort ends the writer without a manifest: the directory stays an unfinished
// run. After Close it does nothing.
func (w *Writer) Abort() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.fail(outdir.ErrClosed)
	}
}

// fail ends the writer with err, the first time it is called, and returns it.
func (w *Writer) fail(err error) error {
	w.err = err
	if !errors.Is(err, outdir.ErrClosed) {
		w.err = outdir.Unfinished{Why: err}
	}
	w.file.Close()
	w.skips.Abort()
	w.folder.Release()
	return w.err
}
