package formats

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"ssrl/internal/shard"
)

// Format names a form that Create writes.
type Format string

// The forms. Each writes train files and, with a split, test files: words by
// which datasets and Spatial-SSRL's scripts find them.
const (
	// Parquet is train.parquet with the columns id, task, problem, answer and
	// images, pictures inside, declared to Hugging Face datasets.
	Parquet Format = "parquet"
	// ParquetPaths is the layout of Spatial-SSRL-81k: data/parquets/train.parquet
	// with paths from the top, pictures in data/images/TASK.
	ParquetPaths Format = "parquet-paths"
	// Alpaca and ShareGPT are train.json beside dataset_info.json and images/: a
	// dataset_dir and media_dir of LLaMA-Factory. The answer stands in \boxed{}.
	Alpaca   Format = "alpaca"
	ShareGPT Format = "sharegpt"
	// WebDataset is train-000000.tar and so on, with KEY.json and KEY.N.png or
	// .jpg. KEY is the id with ~ for the dot, at which WebDataset cuts names.
	WebDataset Format = "webdataset"
)

// Formats returns every form that Create writes.
func Formats() []Format { return []Format{Parquet, ParquetPaths, Alpaca, ShareGPT, WebDataset} }

// WriteOptions say what a writer writes.
type WriteOptions struct {
	// Run holds the arguments of the run: an unfinished one of the same may be
	// taken over.
	Run shard.Options
	// Test holds the frames, by Sample.Source, whose samples go to the test
	// files; see Split.
	Test map[string]bool
	// Shard and Shards number the files, train-00001-of-00004, so that parts of
	// one run can lie in one folder in the end. Shards 0 and 1 number nothing.
	Shard, Shards int
	// TarBytes is the size at which the next tar file begins; 0 means 1 GiB.
	TarBytes int64
}

// Writer writes one dataset. It is safe for concurrent use; samples stand in the
// order of the calls. The files have their names only once Close succeeds; until
// then the folder is an unfinished run. After an error of the disk it only
// returns that error.
type Writer struct {
	dir    string
	format Format
	opts   WriteOptions
	held   *os.File // the lock on dir

	mu      sync.Mutex
	ids     map[string]bool
	outputs map[string]output // by split
	folders map[string]bool   // of pictures
	err     error             // what ended the writer
}

// output is one split.
type output interface {
	// write appends a sample. paths are those of its pictures, where they are files.
	write(s shard.Sample, images [][]byte, ext string) error
	// finish ends the files and returns them, relative to the folder, as they
	// shall be called; each still has .tmp behind its name.
	finish() ([]string, error)
	abort()
}

var (
	errClosed = errors.New("dataset is closed")
	errEmpty  = errors.New("not one sample (want one at least)")
)

// Write appends a sample with its pictures, which are whole PNG or JPEG files;
// ext is .png, .jpg or .jpeg. s.Images is not read. A sample that is refused
// leaves nothing behind.
func (w *Writer) Write(s shard.Sample, images [][]byte, ext string) error {
	if err := vet(s, images, ext); err != nil {
		return fmt.Errorf("%s: sample %q: %w", w.dir, s.ID, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if w.ids[s.ID] {
		return fmt.Errorf("%s: sample %q: written before (want an id of its own)", w.dir, s.ID)
	}
	if err := w.put(s, images, ext); err != nil {
		return w.fail(err)
	}
	w.ids[s.ID] = true
	return nil
}

// put stores a sample that is in order.
func (w *Writer) put(s shard.Sample, images [][]byte, ext string) error {
	folder := map[Format]string{Alpaca: "images", ShareGPT: "images", ParquetPaths: "data/images/" + s.Task}[w.format]
	s.Images = nil
	for n, data := range images {
		name := fmt.Sprintf("%s.%d%s", s.ID, n, ext)
		if folder == "" {
			s.Images = append(s.Images, name)
			continue
		}
		if err := w.picture(folder, name, data); err != nil {
			return err
		}
		s.Images = append(s.Images, folder+"/"+name)
	}
	split := "train"
	if w.opts.Test[s.Source] {
		split = "test"
	}
	out := w.outputs[split]
	if out == nil {
		var err error
		if out, err = w.newOutput(split); err != nil {
			return err
		}
		w.outputs[split] = out
	}
	return out.write(s, images, ext)
}

// picture writes a picture file.
func (w *Writer) picture(folder, name string, data []byte) error {
	dir := filepath.Join(w.dir, filepath.FromSlash(folder))
	if !w.folders[dir] {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		w.folders[dir] = true
	}
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// newOutput starts the files of a split.
func (w *Writer) newOutput(split string) (output, error) {
	name := split
	if w.opts.Shards > 1 {
		name = fmt.Sprintf("%s-%05d-of-%05d", split, w.opts.Shard, w.opts.Shards)
	}
	switch w.format {
	case Parquet:
		return newParquetOutput(w.dir, name+".parquet", true)
	case ParquetPaths:
		return newParquetOutput(w.dir, filepath.Join(paths81k, name+".parquet"), false)
	case Alpaca, ShareGPT:
		return newJSONOutput(w.dir, name+".json", w.format)
	}
	return &tarOutput{dir: w.dir, name: name, most: w.opts.TarBytes}, nil
}

// vet checks a sample before anything is written.
func vet(s shard.Sample, images [][]byte, ext string) error {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	const maxName = 200 // bytes: names of files are made of ids
	for _, f := range []struct{ name, text string }{{"id", s.ID}, {"task", s.Task}} {
		if f.text == "" || len(f.text) > maxName || strings.Trim(f.text, allowed) != "" || f.text[0] == '.' {
			return fmt.Errorf("%s %.40q (want 1 to %d of A-Z a-z 0-9 - _ . and no dot first)", f.name, f.text, maxName)
		}
	}
	for _, f := range []struct {
		name, text string
		empty      bool
	}{{"source", s.Source, true}, {"problem", s.Problem, false}, {"answer", s.Answer, false}} {
		if f.text == "" && !f.empty {
			return fmt.Errorf("%q is empty", f.name)
		}
		if !utf8.ValidString(f.text) {
			return fmt.Errorf("%q is not UTF-8: %.40q", f.name, f.text)
		}
	}
	if s.Meta != nil && (!json.Valid(s.Meta) || bytes.TrimLeft(s.Meta, " \t\r\n")[0] != '{') {
		return errors.New(`"meta" is not a JSON object`)
	}
	if n := strings.Count(s.Problem, placeholder); n != len(images) {
		return fmt.Errorf("%d %s in the problem but %d images", n, placeholder, len(images))
	}
	return vetImages(images, ext)
}

func vetImages(images [][]byte, ext string) error {
	magic := map[string]string{".png": "\x89PNG\r\n\x1a\n", ".jpg": "\xff\xd8\xff", ".jpeg": "\xff\xd8\xff"}[ext]
	if magic == "" && len(images) > 0 {
		return fmt.Errorf("images as %q (want .png, .jpg or .jpeg)", ext)
	}
	for n, data := range images {
		if !bytes.HasPrefix(data, []byte(magic)) {
			return imageError(n, fmt.Errorf("not a %s file", ext))
		}
		if len(data) > maxImage {
			return imageError(n, fmt.Errorf("%d bytes (want at most %d)", len(data), maxImage))
		}
	}
	return nil
}

// Len returns how many samples are written.
func (w *Writer) Len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.ids)
}

// Close brings everything to the disk and gives the files their names. Without a
// single sample it is an error. On an error the folder stays an unfinished run.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if err := w.finish(); err != nil {
		return w.fail(err)
	}
	w.fail(errClosed)
	return nil
}

func (w *Writer) finish() error {
	if len(w.ids) == 0 {
		return fmt.Errorf("%s: %w", w.dir, errEmpty)
	}
	var files []string
	for _, split := range []string{"train", "test"} {
		out := w.outputs[split]
		if out == nil {
			continue
		}
		names, err := out.finish()
		if err != nil {
			return err
		}
		delete(w.outputs, split)
		files = append(files, names...)
	}
	if w.format == Alpaca || w.format == ShareGPT {
		if err := w.info(files); err != nil {
			return err
		}
		files = append(files, infoName)
	}
	folders := []string{w.dir}
	for dir := range w.folders {
		if err := syncAll(dir); err != nil {
			return err
		}
	}
	for _, name := range files {
		path := filepath.Join(w.dir, name)
		if err := syncPath(path + tmp); err != nil {
			return err
		}
		folders = append(folders, filepath.Dir(path))
	}
	for _, name := range files {
		path := filepath.Join(w.dir, name)
		if err := os.Rename(path+tmp, path); err != nil {
			return err
		}
	}
	slices.Sort(folders)
	for _, dir := range slices.Compact(folders) {
		if err := syncPath(dir); err != nil {
			return err
		}
	}
	// All files are there: without its mark the run is finished.
	return os.Remove(filepath.Join(w.dir, runName))
}

// info writes dataset_info.json, so that LLaMA-Factory finds the files by split.
func (w *Writer) info(files []string) error {
	entries := map[string]infoEntry{}
	text := func(s string) *string { return &s }
	for _, file := range files {
		e := infoEntry{FileName: text(file)}
		if w.format == Alpaca {
			e.Columns = map[string]*string{"prompt": text("instruction"), "query": text("input"), "response": text("output"), "images": text("images")}
		} else {
			e.Formatting = "sharegpt"
			e.Columns = map[string]*string{"messages": text("conversations"), "images": text("images")}
		}
		entries[strings.TrimSuffix(file, ".json")] = e
	}
	data, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.dir, infoName+tmp), append(data, '\n'), 0o666)
}

// Abort ends the writer: the folder stays an unfinished run. After Close it does
// nothing.
func (w *Writer) Abort() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.fail(errClosed)
	}
}

// fail ends the writer with err, the first time it is called, and returns it.
func (w *Writer) fail(err error) error {
	w.err = err
	if !errors.Is(err, errClosed) && !errors.Is(err, errEmpty) {
		w.err = fmt.Errorf("%w (the dataset stays unfinished)", err)
	}
	for _, out := range w.outputs {
		out.abort()
	}
	w.held.Close()
	return w.err
}
