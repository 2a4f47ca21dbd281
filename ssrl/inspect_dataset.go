package ssrl

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ssrl/internal/balance"
	"ssrl/internal/formats"
	"ssrl/internal/rgbd"
)

// DatasetFacts say what is in a dataset.
type DatasetFacts struct {
	Format   string          `json:"format"`
	Samples  int             `json:"samples"`
	Sources  int             `json:"sources"` // different frames
	Seed     *uint64         `json:"seed,omitempty"`
	Options  json.RawMessage `json:"options,omitempty"` // of the run that made it
	Splits   []SplitFacts    `json:"splits,omitempty"`  // where there are several; the other facts are of all
	Shared   int             `json:"shared,omitempty"`  // frames that are in more than one split
	Tasks    []TaskFacts     `json:"tasks"`
	Pictures PictureFacts    `json:"pictures"`
	// Duplicates counts samples that are an earlier one again: the same question,
	// answer and picture files. Repeated names the first of them with that one.
	Duplicates int         `json:"duplicates"`
	Repeated   [][2]string `json:"repeated,omitempty"`
	// LeftOut are rows that were skipped in reading; Unsuitable are the frames
	// that the run could not use, as it noted them in skipped.jsonl.
	LeftOut    int          `json:"left_out"`
	Unsuitable []ReasonFact `json:"unsuitable,omitempty"`
}

// SplitFacts are those of one split; PATH@NAME is all of it.
type SplitFacts struct {
	Name    string `json:"name"`
	Samples int    `json:"samples"`
	Sources int    `json:"sources"`
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

// inspectDataset counts every split of a folder, or what else path is.
func inspectDataset(ctx context.Context, path string, o DatasetOptions, progress func(done, total int)) (*DatasetFacts, error) {
	facts := &DatasetFacts{Tasks: []TaskFacts{}}
	c := counter{facts: facts, progress: progress, tasks: map[string]*taskCount{}, sources: map[string]int{}, seen: map[[16]byte]place{}, sizes: newSizes()}
	defer c.close()
	paths := []string{path}
	if o.Name == "" {
		for i, name := range formats.Splits(path) {
			paths = append(paths[:i], path+"@"+name)
			facts.Splits = append(facts.Splits, SplitFacts{Name: name})
		}
	}
	for _, p := range paths {
		r, err := openRecords(p, o)
		if err != nil {
			return nil, err
		}
		c.splits = append(c.splits, r)
		facts.Samples += r.Len()
		facts.LeftOut += len(r.Skipped())
		if facts.Format = r.format; facts.Seed == nil {
			facts.Seed, facts.Options = r.seed, r.run
		}
	}
	for n := range c.splits {
		if err := c.count(ctx, n); err != nil {
			return nil, err
		}
	}
	facts.Sources, facts.Pictures = len(c.sources), c.sizes.facts()
	for _, name := range slices.SortedFunc(maps.Keys(c.tasks), compareTasks) {
		facts.Tasks = append(facts.Tasks, c.tasks[name].facts(name))
	}
	var err error
	facts.Unsuitable, err = readSkipped(path)
	return facts, err
}

// counter goes over a dataset once.
type counter struct {
	facts    *DatasetFacts
	progress func(done, total int) // or nil
	splits   []*records
	done     int // samples
	tasks    map[string]*taskCount
	sources  map[string]int     // frames, with in how many splits they are
	seen     map[[16]byte]place // first sample of a content
	sizes    *sizes
}

// place is a sample of a split.
type place struct{ split, sample int }

func (c *counter) close() {
	for _, r := range c.splits {
		r.Close()
	}
}

// count counts split n.
func (c *counter) count(ctx context.Context, n int) error {
	own := map[string]struct{}{}
	err := c.splits[n].each(ctx, func(i int, s record) error {
		if err := c.add(place{n, i}, s); err != nil {
			return err
		}
		if s.source != "" {
			own[s.source] = struct{}{}
		}
		if c.done++; c.progress != nil {
			c.progress(c.done, c.facts.Samples)
		}
		return nil
	})
	for name := range own {
		if c.sources[name]++; c.sources[name] == 2 {
			c.facts.Shared++
		}
	}
	if len(c.facts.Splits) > 0 {
		c.facts.Splits[n].Samples, c.facts.Splits[n].Sources = c.splits[n].Len(), len(own)
	}
	return err
}

func (c *counter) add(at place, s record) error {
	r, i, facts := c.splits[at.split], at.sample, c.facts
	if c.tasks[s.task] == nil {
		c.tasks[s.task] = &taskCount{cells: map[string]int{}, counts: map[string]map[string]int{}}
	}
	c.tasks[s.task].add(s)
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
		c.seen[key] = at
		return nil
	}
	if facts.Duplicates++; len(facts.Repeated) < fewNames {
		f, err := c.splits[first.split].at(first.sample)
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
