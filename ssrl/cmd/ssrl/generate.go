package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ssrl"
)

type scenesCmd struct {
	Count int    `required:"" help:"Number of frames."`
	Seed  uint64 `help:"The same seed gives the same frames."`
	Size  string `default:"640x480" help:"Width and height in pixels."`
	Out   string `required:"" help:"New or empty directory."`
	JSON  bool   `name:"json" help:"One JSON object at the end."`
}

// Help is an example.
func (c *scenesCmd) Help() string {
	return `Example:
  ssrl scenes --count 100 --seed 1 --out frames`
}

func (c *scenesCmd) Run(ctx context.Context) error {
	width, height, err := parseSize(c.Size)
	if err != nil {
		return usageError{err}
	}
	if c.Count < 1 {
		return usageError{fmt.Errorf("--count %d (want at least 1)", c.Count)}
	}
	m := newMeter("frame")
	err = ssrl.WriteScenes(ctx, c.Out, ssrl.SceneOptions{Count: c.Count, Seed: c.Seed, Width: width, Height: height,
		Progress: func(done, total int) { m.at(int64(done), int64(total), "") }})
	m.end()
	if err != nil {
		return err
	}
	if c.JSON {
		return emit(map[string]any{"frames": c.Count, "out": c.Out})
	}
	note("%s in %s", count(c.Count, "frame"), c.Out)
	return nil
}

func parseSize(s string) (width, height int, err error) {
	w, h, ok := strings.Cut(strings.ToLower(s), "x")
	width, err1 := strconv.Atoi(w)
	height, err2 := strconv.Atoi(h)
	if !ok || err1 != nil || err2 != nil || width < 1 || height < 1 {
		return 0, 0, fmt.Errorf("--size %q (want WIDTHxHEIGHT, such as 640x480)", s)
	}
	return width, height, nil
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

type generateCmd struct {
	Images    string `required:"" help:"Folder of images; every image below it is a frame."`
	DepthDir  string `help:"Folder of depth maps with the images' names; otherwise NAME.depth.EXT beside each image."`
	DepthUnit string `help:"mm, m, tum, sunrgbd, relative, or the metres of one count."`

	Associations      string  `help:"File of lines 'time image time depth', or TUM's rgb.txt with depth.txt beside it, instead of pairing by name."`
	MaxDifference     float64 `default:"0.02" help:"Most seconds between an image and its depth, with --associations."`
	Mismatch          string  `default:"rescale" enum:"rescale,refuse" help:"Depth of another size than its image: ${enum}."`
	IgnoreOrientation bool    `help:"Leave images as the sensor had them, whatever their EXIF orientation."`

	Tasks      string  `default:"shuffle,flip,crop,depth,position" help:"Names joined by commas: ${default}. Options follow a colon: shuffle:rows=1,cols=3,flip."`
	Seed       uint64  `help:"The same seed gives the same questions."`
	PerImage   int     `default:"1" help:"Questions of each task and frame."`
	Shard      string  `default:"0/1" help:"I/N makes only part I of N of the frames, counted from 0."`
	Workers    int     `help:"Frames worked on at once. One for each processor by default."`
	Format     string  `default:"dir" help:"Layout of the dataset: dir, parquet (pictures inside), parquet-paths (as Spatial-SSRL-81k), alpaca or sharegpt (LLaMA-Factory), or webdataset."`
	Validation float64 `help:"Part of the frames, such as 0.1, whose questions make a validation split; the others are train."`
	Shuffled   bool    `help:"Take the frames in an order drawn from the seed instead of by name."`
	Out        string  `required:"" help:"New or empty directory, or an unfinished run of the same arguments."`
	JSON       bool    `name:"json" help:"One JSON object at the end."`
}

// Help is an example.
func (c *generateCmd) Help() string {
	return `Example:
  ssrl generate --images frames --tasks shuffle,depth --seed 1 --out questions
  ssrl generate --images rgb --depth-dir depth --depth-unit tum --format parquet --out questions`
}

// values are what --tasks and --format may be.
func (c *generateCmd) values(of string) (words []string) {
	switch of {
	case "format":
		words = ssrl.DatasetFormats()
	case "tasks":
		for _, t := range ssrl.AllTasks() {
			words = append(words, t.Name())
		}
	case "depth-unit":
		words = []string{"mm", "m", "tum", "sunrgbd", "relative"}
	}
	return words
}

func (c *generateCmd) Run(ctx context.Context) error {
	opts, err := c.options()
	if err != nil {
		return usageError{err}
	}
	m := newMeter("frame")
	left := leftOut{meter: m}
	opts.Skipped = left.add
	opts.Progress = func(done, total int) { m.at(int64(done), int64(total), "") }
	opts.Notice = func(frame, text string) {
		m.clear()
		note("%s", strings.TrimPrefix(frame+": "+text, ": "))
	}
	src := ssrl.Source{Images: c.Images, Depth: c.DepthDir, Unit: c.DepthUnit, Associations: c.Associations, MaxDifference: c.MaxDifference,
		Mismatch: c.Mismatch, IgnoreOrientation: c.IgnoreOrientation}
	n, err := ssrl.GenerateDataset(ctx, src, c.Out, opts)
	m.end()
	if !errors.Is(err, left.only) {
		left.flush()
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return emit(map[string]any{"samples": n, "out": c.Out})
	}
	note("%s in %s", count(n, "sample"), c.Out)
	return nil
}

// options checks what was asked for, without looking at any file.
func (c *generateCmd) options() (opts ssrl.GenerateOptions, err error) {
	opts = ssrl.GenerateOptions{Tasks: ssrl.SplitTasks(c.Tasks), Seed: c.Seed, PerImage: c.PerImage, Workers: c.Workers,
		Format: c.Format, Validation: c.Validation, Shuffled: c.Shuffled}
	for _, name := range opts.Tasks {
		if _, err := ssrl.TaskByName(name); err != nil {
			return opts, fmt.Errorf("--tasks %s: %w", c.Tasks, err)
		}
	}
	if c.PerImage < 1 {
		return opts, fmt.Errorf("--per-image %d (want at least 1)", c.PerImage)
	}
	if c.Workers < 0 {
		return opts, fmt.Errorf("--workers %d (want 0, for one a processor, or more)", c.Workers)
	}
	i, n, ok := strings.Cut(c.Shard, "/")
	var errI, errN error
	opts.Shard, errI = strconv.Atoi(i)
	opts.Shards, errN = strconv.Atoi(n)
	if !ok || errI != nil || errN != nil || opts.Shard < 0 || opts.Shard >= opts.Shards {
		return opts, fmt.Errorf("--shard %q (want I/N with I from 0 to below N)", c.Shard)
	}
	if all := ssrl.DatasetFormats(); !slices.Contains(all, c.Format) {
		return opts, fmt.Errorf("--format %q (want %s)", c.Format, strings.Join(all, ", "))
	}
	if !(c.Validation >= 0 && c.Validation < 1) {
		return opts, fmt.Errorf("--validation %v (want a part from 0 to below 1)", c.Validation)
	}
	return opts, nil
}

// leftOut names on standard error what cannot be asked about, each thing once.
// The first is held back: when it is the only one and ends the run, the error
// says it.
type leftOut struct {
	meter *meter
	only  error // held back
	held  string
	last  string
}

func (l *leftOut) add(frame, task string, why error) {
	line := fmt.Sprintf("left out: %v", why)
	if task != "" {
		line = fmt.Sprintf("left out: %s: %v", frame, why)
	}
	if line == l.last { // the next question of the same task
		return
	}
	if l.last == "" {
		l.only, l.held = why, line
	} else {
		l.flush()
		l.meter.clear()
		note("%s", line)
	}
	l.last = line
}

// flush says what was held back.
func (l *leftOut) flush() {
	if l.held != "" {
		l.meter.clear()
		note("%s", l.held)
	}
	l.only, l.held = nil, ""
}
