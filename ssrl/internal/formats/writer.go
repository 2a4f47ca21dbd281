package formats

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"ssrl/internal/outdir"
	"ssrl/internal/shard"
)

// Format names a form that Create writes.
type Format string

// The forms. Each writes train files and, where frames are held out, validation
// files: words by which Hugging Face datasets and LLaMA-Factory find them.
const (
	// Dir is our own directory: manifest.json, samples.jsonl and images/, or two
	// of them, train/ and validation/.
	Dir Format = "dir"
	// Parquet is train.parquet with the columns id, task, problem, answer and
	// images, pictures inside, declared to Hugging Face datasets.
	Parquet Format = "parquet"
	// ParquetPaths is the layout of Spatial-SSRL-81k: data/parquets/train.parquet
	// with paths from the top, pictures in data/images/TASK.
	ParquetPaths Format = "parquet-paths"
	// Alpaca and ShareGPT are train.json beside dataset_info.json and images/: a
	// dataset_dir and media_dir of LLaMA-Factory. The answer stands in \boxed{}.
	// A shard writes into a folder train/ instead, which it reads as one dataset.
	Alpaca   Format = "alpaca"
	ShareGPT Format = "sharegpt"
	// WebDataset is train-000000.tar and so on, with KEY.json and KEY.N.png or
	// .jpg. KEY is the id with ~ for the dot, at which WebDataset cuts names.
	WebDataset Format = "webdataset"
)

// Formats returns every form that Create writes.
func Formats() []Format { return []Format{Dir, Parquet, ParquetPaths, Alpaca, ShareGPT, WebDataset} }

// ParseFormat reads the name of a form.
func ParseFormat(name string) (Format, error) {
	if !slices.Contains(Formats(), Format(name)) {
		return "", fmt.Errorf("format %q (want %s)", name, oneOf(Formats()))
	}
	return Format(name), nil
}

// WriteOptions say what a writer writes.
type WriteOptions struct {
	// Run holds the arguments of the run: an unfinished one of the same may be
	// taken over.
	Run shard.Options
	// Validation holds the frames, by Sample.Source, whose samples are for
	// validation; see Split. Nil means that there is no such split.
	Validation map[string]bool
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
	own    *shard.Writer  // of our own directory, which it is all of; or
	folder *outdir.Folder // of every other form

	mu      sync.Mutex
	ids     shard.IDs
	outputs map[string]output // by split
	folders map[string]bool   // of pictures
	skips   shard.Skips
	err     error // what ended the writer
}

// splitNames are the splits that a writer writes.
var splitNames = []string{"train", "validation"}

// output is one split.
type output interface {
	// write appends a sample. paths are those of its pictures, where they are files.
	write(s shard.Sample, images [][]byte, ext string) error
	// finish ends the files and returns them, relative to the folder with '/', as
	// they shall be called; each still has .tmp behind its name.
	finish() ([]string, error)
	// abort gives the files back as they are.
	abort()
}

var errEmpty = errors.New("not one sample (want one at least)")

// Write appends a sample with its pictures, which are whole PNG or JPEG files;
// ext is .png, .jpg or .jpeg. s.Images is not read. A sample that is refused
// leaves nothing behind.
func (w *Writer) Write(s shard.Sample, images [][]byte, ext string) error {
	if w.own != nil {
		return w.own.Write(s, images, ext)
	}
	err := shard.Check(s, images, ext)
	if err == nil && w.format != Dir {
		err = vetTask(s.Task)
	}
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
	if err := w.put(s, images, ext); err != nil {
		return w.fail(err)
	}
	w.ids.Add(s.ID)
	return nil
}

// Skip notes what is left out, in the order of the calls, in skipped.jsonl or
// that of the shard.
func (w *Writer) Skip(s shard.Skip) error {
	if w.own != nil {
		return w.own.Skip(s)
	}
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

// vetTask admits what is a plain name of a folder.
func vetTask(task string) error {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	const longest = 200 // bytes
	if task[0] == '.' || len(task) > longest || strings.Trim(task, allowed) != "" {
		return fmt.Errorf("task %.40q (want 1 to %d of A-Z a-z 0-9 - _ . and no dot first)", task, longest)
	}
	return nil
}

// put stores a sample that is in order.
func (w *Writer) put(s shard.Sample, images [][]byte, ext string) error {
	pictures := map[Format]string{Alpaca: "images", ShareGPT: "images", ParquetPaths: "data/images/" + s.Task}[w.format]
	s.Images = nil
	for n, data := range images {
		name := fmt.Sprintf("%s.%d%s", s.ID, n, ext)
		if pictures == "" {
			s.Images = append(s.Images, name)
			continue
		}
		if err := w.picture(pictures, name, data); err != nil {
			return err
		}
		s.Images = append(s.Images, pictures+"/"+name)
	}
	split := splitNames[0]
	if w.opts.Validation[s.Source] {
		split = splitNames[1]
	}
	out, err := w.output(split)
	if err != nil {
		return err
	}
	return out.write(s, images, ext)
}

// picture writes a picture file.
func (w *Writer) picture(below, name string, data []byte) error {
	dir := w.folder.At(below)
	if !w.folders[dir] {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		w.folders[dir] = true
	}
	return w.folder.Disk.Put(filepath.Join(dir, name), data)
}

// output returns the files of a split.
func (w *Writer) output(split string) (output, error) {
	if out := w.outputs[split]; out != nil {
		return out, nil
	}
	out, err := w.newOutput(split)
	if err == nil {
		w.outputs[split] = out
	}
	return out, err
}

func (w *Writer) newOutput(split string) (output, error) {
	name, below := split, split
	if w.opts.Shards > 1 {
		part := fmt.Sprintf("%05d-of-%05d", w.opts.Shard, w.opts.Shards)
		name, below = split+"-"+part, split+"/"+part
	}
	switch w.format {
	case Dir:
		own, err := shard.CreateOn(w.folder.Disk, w.folder.At(split), w.opts.Run)
		return dirOutput{own}, err
	case Parquet:
		return newParquetOutput(w.folder, name+".parquet", true)
	case ParquetPaths:
		return newParquetOutput(w.folder, paths81k+"/"+name+".parquet", false)
	case Alpaca, ShareGPT:
		return newJSONOutput(w.folder, below+".json", w.format)
	}
	return &tarOutput{folder: w.folder, name: name, most: w.opts.TarBytes}, nil
}

// dirOutput is a directory of our own.
type dirOutput struct{ w *shard.Writer }

func (d dirOutput) write(s shard.Sample, images [][]byte, ext string) error {
	return d.w.Write(s, images, ext)
}

func (d dirOutput) finish() ([]string, error) { return nil, d.w.Close() }
func (d dirOutput) abort()                    { d.w.Abort() }

// Len returns how many samples are written.
func (w *Writer) Len() int {
	if w.own != nil {
		return w.own.Len()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.ids)
}

// Close brings everything to the disk and gives the files their names. Without a
// single sample it is an error, but for our own directory. On an error the folder
// stays an unfinished run.
func (w *Writer) Close() error {
	if w.own != nil {
		return w.own.Close()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if err := w.finish(); err != nil {
		return w.fail(err)
	}
	_ = w.fail(outdir.ErrClosed)
	return nil
}

func (w *Writer) finish() error {
	if len(w.ids) == 0 && w.format != Dir {
		return fmt.Errorf("%s: %w", w.dir, errEmpty)
	}
	var files []string
	for _, split := range splitNames {
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
	if err := w.skips.Finish(); err != nil {
		return err
	}
	if err := w.settle(files); err != nil {
		return err
	}
	// All files are there: without its mark the run is finished. That the mark is
	// gone need not be on the medium: with it the run is only made again.
	return w.folder.Finish()
}

// settle brings pictures and files to the medium and gives the files their names.
func (w *Writer) settle(files []string) error {
	disk := w.folder.Disk
	dirs := []string{w.dir}
	for dir := range w.folders {
		if err := disk.SyncAll(dir); err != nil {
			return err
		}
		dirs = append(dirs, filepath.Dir(dir))
	}
	for _, name := range files {
		path := w.folder.At(name)
		if err := disk.Sync(path + outdir.Tmp); err != nil {
			return err
		}
		dirs = append(dirs, filepath.Dir(path))
	}
	for _, name := range files {
		path := w.folder.At(name)
		if err := disk.Rename(path+outdir.Tmp, path); err != nil {
			return err
		}
	}
	slices.Sort(dirs)
	for _, dir := range slices.Compact(dirs) {
		if err := disk.Sync(dir); err != nil {
			return err
		}
	}
	return nil
}

// info writes dataset_info.json, so that LLaMA-Factory finds the splits. All
// shards write the same one.
func (w *Writer) info(files []string) error {
	entries := map[string]infoEntry{}
	text := func(s string) *string { return &s }
	for _, split := range splitNames {
		file := split + ".json"
		if w.opts.Shards > 1 {
			file = split // a folder
		}
		missing := !slices.Contains(files, file)
		if w.opts.Shards > 1 {
			missing = split == splitNames[1] && w.opts.Validation == nil
		}
		if missing {
			continue
		}
		e := infoEntry{FileName: text(file)}
		if w.format == Alpaca {
			e.Columns = map[string]*string{"prompt": text("instruction"), "query": text("input"), "response": text("output"), "images": text("images")}
		} else {
			e.Formatting = "sharegpt"
			e.Columns = map[string]*string{"messages": text("conversations"), "images": text("images")}
		}
		entries[split] = e
	}
	data, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return err
	}
	return w.folder.Disk.Put(w.folder.At(infoName+outdir.Tmp), append(data, '\n'))
}

// Abort ends the writer: the folder stays an unfinished run. After Close it does
// nothing.
func (w *Writer) Abort() {
	if w.own != nil {
		w.own.Abort()
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		_ = w.fail(outdir.ErrClosed)
	}
}

// fail ends the writer with err, the first time it is called, and returns it.
func (w *Writer) fail(err error) error {
	w.err = err
	if !errors.Is(err, outdir.ErrClosed) && !errors.Is(err, errEmpty) && !errors.As(err, &outdir.Unfinished{}) {
		w.err = outdir.Unfinished{Why: err}
	}
	for _, out := range w.outputs {
		out.abort()
	}
	w.skips.Abort()
	w.folder.Release()
	return w.err
}
