package ssrl

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"ssrl/internal/formats"
	"ssrl/internal/shard"
)

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

// readSkipped reads the notes of a dataset's run, of all its shards, if it left
// any.
func readSkipped(dataset string) ([]ReasonFact, error) {
	if info, err := os.Stat(dataset); err != nil || !info.IsDir() {
		return nil, nil // a file, or one split
	}
	files, err := formats.SkippedFiles(dataset)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	found := reasons{}
	for _, path := range files {
		if err := found.read(path); err != nil {
			return nil, err
		}
	}
	return found.list(), nil
}

// read adds the notes of a file, an object of JSON on each line.
func (r reasons) read(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		var s shard.Skip
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return formatError{fmt.Errorf("%s line %d: %w", path, n, err)}
		}
		r.add(s.Task, s.Why, s.Frame)
	}
	if err := lines.Err(); err != nil {
		return formatError{fmt.Errorf("%s: %w", path, err)}
	}
	return nil
}
