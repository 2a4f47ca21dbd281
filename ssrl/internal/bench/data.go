// Package bench measures what BENCHMARKS.md states: how fast questions are made
// and how fast models run, through the API that users call.
//
// Limits: times are those of this process on this machine at this moment; the
// peak of memory is read where Linux tells it, and is 0 elsewhere.
package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"ssrl"
	"ssrl/internal/rgbd"
	"ssrl/internal/seed"
)

// DataOptions configures Data.
type DataOptions struct {
	Source  ssrl.Source   // its Images empty: synthetic scenes of 1024 x 768
	Tasks   []string      // names in DataReport.Tasks; nil means all
	Seconds time.Duration // of each task
	Memory  image.Point   // size of the frames in memory; 1920 x 1080 by default
	// Say hears what is measured next, and of how many measurements in all.
	Say func(what string, total int)
}

func (o DataOptions) memory() image.Point {
	if o.Memory == (image.Point{}) {
		return image.Pt(1920, 1080) // what most cameras give
	}
	return o.Memory
}

// DataReport is laid out as that of a run of upstream's scripts, so that the
// two can be read side by side.
type DataReport struct {
	Schema string             `json:"schema"`
	Impl   string             `json:"impl"`
	Tasks  map[string]Figures `json:"tasks"`
	// Together is shuffle, flip and crop from one reading of a frame; a
	// question counts as an image.
	Together *Figures `json:"together,omitempty"`
	// Memory is of frames of 1920 x 1080 in memory, by task.
	Memory map[string]MemoryFigures `json:"memory,omitempty"`
	// Workers is of a whole dataset, on all processors.
	Workers *Workers `json:"workers,omitempty"`
	// Unsuitable names the tasks that no frame can carry, with a reason.
	Unsuitable map[string]string `json:"unsuitable,omitempty"`
}

// timed are the pieces of work by name.
var timed = []struct {
	name  string
	tasks []ssrl.Task
}{
	{"shuffle", []ssrl.Task{ssrl.Shuffle{}}},
	{"flip", []ssrl.Task{ssrl.Flip{}}},
	{"crop", []ssrl.Task{ssrl.Crop{}}},
	{"depth", []ssrl.Task{ssrl.DepthOrder{}}},
	{"position_far", []ssrl.Task{ssrl.Position{Kinds: []string{"far-depth", "far-diagonal"}}}},
	{"position_near", []ssrl.Task{ssrl.Position{Kinds: []string{"near"}}}},
	{"together", []ssrl.Task{ssrl.Shuffle{}, ssrl.Flip{}, ssrl.Crop{}}},
}

// inMemoryName and workersName are what Data measures beside tasks.
const inMemoryName, workersName = "memory", "workers"

// jpegQuality is that of upstream's pictures.
const jpegQuality = 95

// Data measures how long it takes to read a frame from its files, to make a
// question of it and to write the question's pictures as JPEG files, one after
// another on one processor; then what questions cost about a frame in memory,
// and how much faster all processors make a dataset than one.
func Data(ctx context.Context, opts DataOptions) (DataReport, error) {
	report := DataReport{Schema: "ssrl-datagen-bench/1", Impl: "libssrl " + ssrl.Version, Tasks: map[string]Figures{}, Unsuitable: map[string]string{}}
	wanted, beside, err := pick(opts.Tasks)
	if err != nil {
		return report, err
	}
	dir, err := os.MkdirTemp("", "ssrl-bench-*")
	if err != nil {
		return report, err
	}
	defer os.RemoveAll(dir)
	say := func(what string) {
		if opts.Say != nil {
			opts.Say(what, len(wanted)+len(beside))
		}
	}
	if len(wanted) > 0 {
		if err := report.measure(ctx, opts, wanted, dir, say); err != nil {
			return report, err
		}
	}
	if slices.Contains(beside, inMemoryName) {
		say(inMemoryName)
		if report.Memory, err = inMemory(ctx, opts.memory(), opts.Seconds); err != nil {
			return report, err
		}
	}
	if slices.Contains(beside, workersName) {
		say(workersName)
		if report.Workers, err = workers(ctx, dir, workerFrames, opts.Seconds); err != nil {
			return report, err
		}
	}
	return report, nil
}

// measure fills in Tasks, Together and Unsuitable.
func (report *DataReport) measure(ctx context.Context, opts DataOptions, wanted []int, dir string, say func(string)) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if opts.Source.Images == "" {
		opts.Source = ssrl.Source{Images: filepath.Join(dir, "scenes")}
		if err := ssrl.WriteScenes(ctx, opts.Source.Images, ssrl.SceneOptions{Count: 4, Seed: 1, Width: 1024, Height: 768}); err != nil {
			return err
		}
	}
	names, err := opts.Source.Names()
	if err != nil {
		return err
	}
	for _, name := range wanted {
		tasks := timed[name].tasks
		p := piece{opts.Source, tasks, dir}
		say(timed[name].name)
		able, why, err := p.suitable(ctx, names)
		if err != nil {
			return err
		}
		if len(able) == 0 {
			report.Unsuitable[timed[name].name] = why.Error()
			continue
		}
		f, err := repeat(ctx, opts.Seconds, func(i int) error { return p.do(able[i%len(able)], i/len(able)) })
		if err != nil {
			return err
		}
		if len(tasks) == 1 {
			report.Tasks[timed[name].name] = f
			continue
		}
		f.ImagesPerS, f.ImagesPerCPU = f.ImagesPerS*float64(len(tasks)), f.ImagesPerCPU*float64(len(tasks))
		report.Together = &f
	}
	if len(report.Tasks) == 0 && report.Together == nil {
		return fmt.Errorf("images %s: no frame of %d carries a task that was asked for", opts.Source.Images, len(names))
	}
	return nil
}

// pick returns the places in timed that the names stand for, and what else is
// measured. A task's name stands for its kinds as well.
func pick(names []string) (places []int, beside []string, err error) {
	if names == nil {
		for i := range timed {
			places = append(places, i)
		}
		return places, []string{inMemoryName, workersName}, nil
	}
	for _, name := range names {
		if name == inMemoryName || name == workersName {
			beside = append(beside, name)
			continue
		}
		before := len(places)
		for i, w := range timed {
			if w.name == name || len(w.tasks) == 1 && w.tasks[0].Name() == name {
				places = append(places, i)
			}
		}
		if len(places) == before {
			return nil, nil, fmt.Errorf("task %q (want shuffle, flip, crop, depth, position, position_far, position_near, together, memory or workers)", name)
		}
	}
	return places, beside, nil
}

// CheckTasks refuses names that Data does not know.
func CheckTasks(names []string) error {
	_, _, err := pick(names)
	return err
}

// String is a table for people.
func (r DataReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-14s %8s %10s %10s %10s %10s\n", "task", "n", "median ms", "best ms", "images/s", "peak MB")
	row := func(name string, f Figures) {
		fmt.Fprintf(&b, "%-14s %8d %10.2f %10.2f %10.1f %10.0f\n", name, f.Iters, 1e3*f.Wall.Median, 1e3*f.Wall.Min, f.ImagesPerS, f.PeakRSS)
	}
	for _, w := range timed {
		if f, ok := r.Tasks[w.name]; ok {
			row(w.name, f)
		}
	}
	if r.Together != nil {
		row("together", *r.Together)
	}
	if len(r.Memory) > 0 {
		fmt.Fprintf(&b, "\n%-14s %8s %10s %10s %10s\n", "1920x1080", "n", "median ms", "p99 ms", "heap bytes")
	}
	for _, w := range timed {
		if f, ok := r.Memory[w.name]; ok {
			fmt.Fprintf(&b, "%-14s %8d %10.2f %10.2f %10.0f\n", w.name, f.Iters, 1e3*f.Wall.Median, 1e3*f.Wall.P99, f.HeapBytes)
		}
	}
	if w := r.Workers; w != nil {
		fmt.Fprintf(&b, "\n%d workers %.2f times as fast as one\n", w.Count, w.TimesFaster)
	}
	return b.String()
}

// piece is some questions about each of some frames.
type piece struct {
	src   ssrl.Source
	tasks []ssrl.Task
	dir   string // for what is written
}

// suitable returns the frames that carry all tasks, and why another does not.
func (p piece) suitable(ctx context.Context, names []string) (able []string, why, err error) {
	for _, name := range names {
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		switch err := p.do(name, 0); {
		case errors.Is(err, ssrl.ErrUnsuitable):
			why = cmp.Or(why, err)
		case err != nil:
			return nil, nil, err
		default:
			able = append(able, name)
		}
	}
	return able, why, nil
}

// do makes question k of each task about a frame, from file to files.
func (p piece) do(name string, k int) error {
	f, err := p.src.Open(name)
	if err != nil {
		return err
	}
	for _, task := range p.tasks {
		s, err := makeOne(task, f, k)
		if err != nil {
			return err
		}
		for i, img := range s.Images {
			if err := p.write(fmt.Sprintf("%s.%d.jpg", task.Name(), i), rgbd.FromImage(img)); err != nil {
				return err
			}
		}
	}
	return nil
}

// tries is how often a question is drawn anew when a random choice did not
// suit the frame.
const tries = 8

func makeOne(task ssrl.Task, f *ssrl.Frame, k int) (s *ssrl.Sample, err error) {
	for try := range tries {
		s, err = task.Make(seed.Rand(1, "bench", f.Name, task.Name(), strconv.Itoa(k), strconv.Itoa(try)), f)
		if !errors.Is(err, ssrl.ErrUnsuitable) {
			break
		}
	}
	return s, err
}

func (p piece) write(name string, m *rgbd.RGB) error {
	file, err := os.Create(filepath.Join(p.dir, name))
	if err != nil {
		return err
	}
	return errors.Join(rgbd.EncodeJPEG(file, m, jpegQuality), file.Close())
}
