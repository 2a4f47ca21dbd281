package ssrl

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"ssrl/internal/balance"
	"ssrl/internal/rgbd"
)

// DatasetFacts say what is in a dataset.
type DatasetFacts struct {
	Format   string          `json:"format"`
	Samples  int             `json:"samples"`
	Sources  int             `json:"sources"` // different frames
	Seed     *uint64         `json:"seed,omitempty"`
	Options  json.RawMessage `json:"options,omitempty"` // of the run that made it
	Tasks    []TaskFacts     `json:"tasks"`
	Pictures PictureFacts    `json:"pictures"`
	// Duplicates counts samples that are an earlier one again: the same question,
	// answer and picture files. Repeated names the first of them with that one.
	Duplicates int         `json:"duplicates"`
	Repeated   [][2]string `json:"repeated,omitempty"`
	// LeftOut are rows that were skipped in reading; Unsuitable are the frames
	// that the run could not use, where it noted them in skipped.jsonl.
	LeftOut    int          `json:"left_out"`
	Unsuitable []ReasonFact `json:"unsuitable,omitempty"`
}

// TaskFacts are those of the samples of one task.
type TaskFacts struct {
	Task    string         `json:"task"`
	Samples int            `json:"samples"`
	Balance []BalanceFacts `json:"balance,omitempty"`
}

// BalanceFacts say how one part of the answers is spread.
type BalanceFacts struct {
	Of     string         `json:"of"` // letter, order, patch, direction, facing, kind or answer
	Counts map[string]int `json:"counts"`
	Cells  int            `json:"cells"` // answers there could be; 0: not known
	Chi    float64        `json:"chi_square,omitempty"`
	// P is how often equal shares would be spread as unevenly; nil: too few
	// samples to say, or the number of cells is not known.
	P *float64 `json:"p,omitempty"`
}

// PictureFacts are those of all pictures.
type PictureFacts struct {
	Count   int            `json:"count"`
	Bytes   int64          `json:"bytes"`
	Formats map[string]int `json:"formats"`
	Width   Spread         `json:"width"`
	Height  Spread         `json:"height"`
}

// Spread is the least, the middle and the greatest of some numbers.
type Spread struct {
	Min    int `json:"min"`
	Median int `json:"median"`
	Max    int `json:"max"`
}

// ReasonFact is why some frames cannot carry a task; an empty task is a broken
// frame.
type ReasonFact struct {
	Task   string   `json:"task"`
	Why    string   `json:"why"`
	Count  int      `json:"count"`
	Frames []string `json:"frames"` // the first few
}

const (
	fewNames = 5    // of frames and samples that are named
	maxCells = 1024 // answers that are counted one by one
)

func inspectDataset(ctx context.Context, path string, progress func(done, total int)) (*DatasetFacts, error) {
	r, err := openRecords(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	facts := &DatasetFacts{Format: r.format, Samples: r.Len(), Seed: r.seed, Options: r.run, LeftOut: len(r.Skipped()), Tasks: []TaskFacts{}}
	count := counter{tasks: map[string]*taskCount{}, sources: map[string]struct{}{}, seen: map[[16]byte]int{}, sizes: newSizes()}
	err = r.each(ctx, func(i int, s record) error {
		if err := count.add(r, i, s, facts); err != nil {
			return err
		}
		if progress != nil {
			progress(i+1, r.Len())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	facts.Sources, facts.Pictures = len(count.sources), count.sizes.facts()
	for _, name := range slices.SortedFunc(maps.Keys(count.tasks), compareTasks) {
		facts.Tasks = append(facts.Tasks, count.tasks[name].facts(name))
	}
	facts.Unsuitable, err = readSkipped(filepath.Join(path, "skipped.jsonl"))
	return facts, err
}

// counter goes over a dataset once.
type counter struct {
	tasks   map[string]*taskCount
	sources map[string]struct{}
	seen    map[[16]byte]int // first sample of a content
	sizes   *sizes
}

func (c *counter) add(r *records, i int, s record, facts *DatasetFacts) error {
	if c.tasks[s.task] == nil {
		c.tasks[s.task] = &taskCount{cells: map[string]int{}, counts: map[string]map[string]int{}}
	}
	c.tasks[s.task].add(s)
	if s.source != "" {
		c.sources[s.source] = struct{}{}
	}
	content := sha256.New()
	fmt.Fprintf(content, "%q %q", s.problem, s.answer)
	for n := range s.pictures {
		p, err := r.picture(i, n)
		if err != nil {
			return fmt.Errorf("%s: %w", s.at, err)
		}
		if err := c.sizes.add(p.Data); err != nil {
			return formatError{fmt.Errorf("%s: image %d: %s", s.at, n, strings.TrimPrefix(err.Error(), "image picture: "))}
		}
		sum := sha256.Sum256(p.Data)
		content.Write(sum[:])
	}
	key := [16]byte(content.Sum(nil))
	first, again := c.seen[key]
	if !again {
		c.seen[key] = i
		return nil
	}
	if facts.Duplicates++; len(facts.Repeated) < fewNames {
		f, err := r.at(first)
		if err != nil {
			return err
		}
		facts.Repeated = append(facts.Repeated, [2]string{cmp.Or(s.id, s.at), cmp.Or(f.id, f.at)})
	}
	return nil
}

// sizes collects the sizes of pictures: counts by size, as most are alike.
type sizes struct {
	sum           PictureFacts
	width, height map[int]int
}

func newSizes() *sizes {
	return &sizes{PictureFacts{Formats: map[string]int{}}, map[int]int{}, map[int]int{}}
}

func (s *sizes) add(data []byte) error {
	w, h, err := rgbd.ImageSize(data, "picture")
	if err != nil {
		return err
	}
	s.note(w, h, len(data), fileFormat(data[:min(len(data), 16)]))
	return nil
}

func (s *sizes) note(w, h, bytes int, format string) {
	s.width[w]++
	s.height[h]++
	s.sum.Count++
	s.sum.Bytes += int64(bytes)
	s.sum.Formats[format]++
}

func (s *sizes) facts() PictureFacts {
	s.sum.Width, s.sum.Height = spreadOf(s.width), spreadOf(s.height)
	return s.sum
}

// spreadOf is the spread of numbers with how often each is there.
func spreadOf(counts map[int]int) Spread {
	keys := slices.Sorted(maps.Keys(counts))
	if len(keys) == 0 {
		return Spread{}
	}
	total, below := 0, 0
	for _, n := range counts {
		total += n
	}
	out := Spread{Min: keys[0], Max: keys[len(keys)-1]}
	for _, k := range keys {
		if below += counts[k]; below > (total-1)/2 {
			out.Median = k
			break
		}
	}
	return out
}

// taskCount counts parts of the answers of a task.
type taskCount struct {
	samples int
	parts   []string // in the order in which they came up
	cells   map[string]int
	counts  map[string]map[string]int
}

// note counts a value of a part that has so many possible ones; 0: not known.
func (t *taskCount) note(part, value string, cells int) {
	if t.counts[part] == nil {
		t.counts[part] = map[string]int{}
		t.parts = append(t.parts, part)
	}
	c := t.counts[part]
	if _, known := c[value]; !known && len(c) >= maxCells {
		value, cells = "others", 0
	}
	c[value]++
	if had, ok := t.cells[part]; ok && had != cells {
		cells = 0 // questions with different numbers of answers
	}
	t.cells[part] = cells
}

// add counts what the answer and the geometry of a sample say.
func (t *taskCount) add(s record) {
	t.samples++
	answer := strings.TrimSpace(s.answer)
	var meta struct {
		Kind   string `json:"kind"`
		Facing string `json:"facing"`
		Grid   [2]int `json:"grid"`
	}
	if json.Unmarshal(s.meta, &meta) != nil {
		meta.Facing, meta.Kind, meta.Grid = "", "", [2]int{}
	}
	switch label, direction, _ := strings.Cut(answer, "-"); {
	case s.task == "shuffle" || s.task == "depth":
		t.note("order", answer, factorial(strings.Count(answer, "-")+1))
	case s.task == "flip":
		t.note("patch", label, max(0, meta.Grid[0])*max(0, min(meta.Grid[1], 64)))
		t.note("direction", direction, 2)
	case len(answer) == 1 && answer >= "A" && answer <= "H":
		cells := 0
		if s.task == "crop" || s.task == "position" {
			cells = 4
		}
		t.note("letter", answer, cells)
	default:
		t.note("answer", limited(answer, 60), 0)
	}
	if s.task == "position" && meta.Facing != "" {
		t.note("facing", meta.Facing, 4)
		t.note("kind", meta.Kind, 0) // a run may ask for some kinds only
	}
}

// limited cuts a text at n bytes.
func limited(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// factorial is n!, 0 where that is more than is counted.
func factorial(n int) int {
	out := 1
	for k := 2; k <= n; k++ {
		if out *= k; out > maxCells {
			return 0
		}
	}
	return out
}

func (t *taskCount) facts(name string) TaskFacts {
	out := TaskFacts{Task: name, Samples: t.samples}
	for _, part := range t.parts {
		b := BalanceFacts{Of: part, Counts: t.counts[part], Cells: t.cells[part]}
		if part == "letter" && b.Cells == 0 || part == "kind" { // as many as are seen
			b.Cells = len(b.Counts)
		}
		if b.Cells >= len(b.Counts) {
			counts := make([]int, 0, b.Cells)
			for _, n := range b.Counts {
				counts = append(counts, n)
			}
			slices.Sort(counts) // sums in one order
			counts = append(counts, make([]int, b.Cells-len(counts))...)
			chi, p, ok := balance.Uniform(counts)
			if b.Chi = chi; ok {
				b.P = &p
			}
		}
		out.Balance = append(out.Balance, b)
	}
	return out
}

// reasons gathers why frames cannot carry tasks.
type reasons map[[2]string]*ReasonFact

// figures are numbers, and arrangements that are written in numbers.
var figures = regexp.MustCompile(`\d+([-.]\d+)*`)

// add notes a frame. Reasons that differ in numbers, or in what follows " (", are one.
func (r reasons) add(task, why, frame string) {
	why = strings.TrimPrefix(strings.TrimPrefix(why, task+": "), "unsuitable: ")
	if task != "" {
		why, _, _ = strings.Cut(why, " (")
		why = figures.ReplaceAllString(why, "..")
	}
	key := [2]string{task, why}
	if r[key] == nil {
		r[key] = &ReasonFact{Task: task, Why: why}
	}
	f := r[key]
	f.Count++
	if len(f.Frames) < fewNames && !slices.Contains(f.Frames, frame) {
		f.Frames = append(f.Frames, frame)
	}
}

// list has the tasks in order, and the most frequent reasons of each first.
func (r reasons) list() []ReasonFact {
	out := []ReasonFact{}
	for _, f := range r {
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b ReasonFact) int {
		return cmp.Or(compareTasks(a.Task, b.Task), b.Count-a.Count, strings.Compare(a.Why, b.Why))
	})
	return out
}

// compareTasks orders the names of tasks: ours first, as AllTasks has them.
func compareTasks(a, b string) int {
	all := AllTasks()
	rank := func(name string) int {
		i := slices.IndexFunc(all, func(t Task) bool { return t.Name() == name })
		if i < 0 {
			return len(all)
		}
		return i
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b))
}

// readSkipped reads a run's notes, a JSON object {"frame","task","why"} on each
// line, if it left any.
func readSkipped(path string) ([]ReasonFact, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() {
		return nil, nil
	}
	if err != nil {
		return nil, nil // the dataset is a file
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	found := reasons{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		var s struct{ Frame, Task, Why string }
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return nil, formatError{fmt.Errorf("%s line %d: %w", path, n, err)}
		}
		found.add(s.Task, s.Why, s.Frame)
	}
	if err := lines.Err(); err != nil {
		return nil, formatError{fmt.Errorf("%s: %w", path, err)}
	}
	return found.list(), nil
}
