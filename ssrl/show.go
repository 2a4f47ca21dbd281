package ssrl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ssrl/internal/gallery"
)

// ShowOptions configures Show.
type ShowOptions struct {
	Limit int    `json:"limit"` // samples shown, spread over tasks and frames; 0 means 200
	Title string `json:"title"` // "" means the dataset's name
	// Dataset says how datasets of other programs are read.
	Dataset DatasetOptions `json:"dataset"`
	// Progress hears how many samples are written.
	Progress func(done, total int) `json:"-"`
}

const (
	// defaultShown is what a phone scrolls through: pages of some 20 MB.
	defaultShown = 200

	// maxShown bounds a page that a browser can still lay out.
	maxShown = 20_000

	// pagePixels is what the pictures of a page may have together. It decides
	// how far they are shrunk: JPEG takes about a quarter of a byte for each.
	pagePixels = 64e6

	leastSide, mostSide = 192, 960 // of a picture on a page
)

// Show writes a gallery of a dataset of any format that can be read: one HTML
// page that stands alone, with pictures, question, answer, and where the dataset
// is ours the geometry behind the answer. It returns how many samples are shown,
// and of how many.
//
// Samples stand in the dataset's order. Memory holds one at a time. out is
// replaced, whole or not at all, if it is a page already; another file is not.
func Show(ctx context.Context, dataset, out string, opts ShowOptions) (shown, total int, err error) {
	if opts.Limit < 0 || opts.Limit > maxShown {
		return 0, 0, fmt.Errorf("show: %d samples (want 1 to %d, or 0 for %d)", opts.Limit, maxShown, defaultShown)
	}
	if opts.Limit == 0 {
		opts.Limit = defaultShown
	}
	if err := checkPage(out); err != nil {
		return 0, 0, err
	}
	if err := present("dataset", dataset); err != nil {
		return 0, 0, err
	}
	r, err := openRecords(dataset, opts.Dataset)
	if err != nil {
		return 0, 0, err
	}
	defer r.Close()
	byTask := map[string][]int{}
	if err := r.each(ctx, func(i int, s record) error { byTask[s.task] = append(byTask[s.task], i); return nil }); err != nil {
		return 0, 0, err
	}
	chosen, head := choose(byTask, opts.Limit)
	head.Title, head.Side, head.Unit, head.Facts = opts.Title, sideFor(len(chosen)), r.unit(), r.facts()
	if head.Title == "" {
		head.Title = filepath.Base(filepath.Clean(dataset))
	}
	err = writeWhole(out, func(w io.Writer) error { return r.write(ctx, w, head, chosen, opts.Progress) })
	return len(chosen), r.Len(), err
}

// checkPage refuses an out that is there and no page.
func checkPage(out string) error {
	if out == "" {
		return errors.New("show: no output file")
	}
	info, err := os.Stat(out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		up, err := os.Stat(filepath.Dir(out))
		if err != nil || !up.IsDir() {
			return fmt.Errorf("page %s: no such directory", out)
		}
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("page %s: a directory (want a file name)", out)
	case !info.Mode().IsRegular():
		return fmt.Errorf("page %s: not a regular file", out)
	}
	f, err := os.Open(out)
	if err != nil {
		return err
	}
	defer f.Close()
	start := make([]byte, 512)
	n, err := io.ReadFull(f, start)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	if n > 0 && !bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(start[:n])), []byte("<!doctype html")) {
		return fmt.Errorf("page %s: holds something else (want a new file or a page to replace)", out)
	}
	return nil
}

// present refuses what is not there, named by what it is for. A split may follow
// the name, as in DIR@test.
func present(what, path string) error {
	_, err := os.Stat(path)
	if at := strings.LastIndexByte(path, '@'); err != nil && at > 0 {
		if _, err := os.Stat(path[:at]); err == nil {
			return nil
		}
	}
	var where *fs.PathError
	switch {
	case path == "":
		return fmt.Errorf("no %s", what)
	case errors.As(err, &where):
		return fmt.Errorf("%s %s: %w", what, path, where.Err)
	}
	return err
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// choose takes limit samples, as many of each task as of any other where there
// are so many, spread over the dataset, in its order.
func choose(byTask map[string][]int, limit int) ([]int, gallery.Head) {
	var names []string
	for name := range byTask {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { // the rarest first, which leave room to others
		if d := len(byTask[a]) - len(byTask[b]); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	var chosen []int
	var head gallery.Head
	for k, name := range names {
		all := byTask[name]
		n := min(len(all), (limit-len(chosen))/(len(names)-k))
		if left := limit - len(chosen); n == 0 && left > 0 {
			n = 1 // more tasks than samples
		}
		for i := range n {
			chosen = append(chosen, all[i*len(all)/n])
		}
		head.Tasks = append(head.Tasks, gallery.Count{Task: name, Shown: n, Total: len(all)})
	}
	slices.Sort(chosen)
	slices.SortFunc(head.Tasks, func(a, b gallery.Count) int { return strings.Compare(a.Task, b.Task) })
	return chosen, head
}

// sideFor is the longest side of the pictures of a page of n samples.
func sideFor(n int) int {
	return int(min(max(math.Sqrt(pagePixels/float64(max(n, 1))), leastSide), mostSide))
}

// unit is "m" where the dataset says that depth is in a metric unit.
func (r *records) unit() string {
	var o struct {
		Unit string `json:"unit"`
	}
	if json.Unmarshal(r.run, &o) != nil {
		return ""
	}
	if v, err := strconv.ParseFloat(o.Unit, 64); err == nil && v > 0 {
		return "m"
	}
	if slices.Contains([]string{"mm", "m", "tum", "sunrgbd"}, o.Unit) {
		return "m"
	}
	return ""
}

// facts are what the head of a page says of the dataset.
func (r *records) facts() []string {
	if r.seed == nil {
		return []string{r.format}
	}
	return []string{"seed " + strconv.FormatUint(*r.seed, 10)}
}

// write writes the page.
func (r *records) write(ctx context.Context, w io.Writer, head gallery.Head, chosen []int, progress func(done, total int)) error {
	page, err := gallery.New(w, head)
	if err != nil {
		return err
	}
	for done, i := range chosen {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s, err := r.at(i)
		if err != nil {
			return err
		}
		card := gallery.Sample{ID: s.id, Task: s.task, Source: s.source, Problem: s.problem, Answer: s.answer, Meta: s.meta,
			More: max(0, s.pictures-gallery.MaxPictures)}
		for n := range min(s.pictures, gallery.MaxPictures) {
			p, err := r.picture(i, n)
			if err != nil {
				return fmt.Errorf("%s: %w", s.at, err)
			}
			card.Pictures = append(card.Pictures, p)
		}
		if err := page.Add(card); err != nil {
			return formatError{fmt.Errorf("%s: %w", s.at, err)}
		}
		if progress != nil {
			progress(done+1, len(chosen))
		}
	}
	return page.Close()
}

// writeWhole writes a file under another name and renames it: it is whole, or as
// it was before.
func writeWhole(out string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(out), ".ssrl-*")
	var where *fs.PathError
	if errors.As(err, &where) {
		return fmt.Errorf("%s: cannot be written to: %w", filepath.Dir(out), where.Err)
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), out); err != nil {
		return err
	}
	return syncPath(filepath.Dir(out))
}
