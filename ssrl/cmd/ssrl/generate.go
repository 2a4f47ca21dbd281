package main

import (
	"context"
	"fmt"
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

func (c *scenesCmd) Run(ctx context.Context) error {
	width, height, err := parseSize(c.Size)
	if err != nil {
		return usageError{err}
	}
	m := newMeter("frame")
	err = ssrl.WriteScenes(ctx, c.Out, ssrl.SceneOptions{Count: c.Count, Seed: c.Seed, Width: width, Height: height,
		Progress: func(done, total int) { m.at(int64(done), int64(total), "") }})
	m.end()
	if err == nil && c.JSON {
		err = emit(map[string]any{"frames": c.Count, "out": c.Out})
	}
	return err
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

type generateCmd struct {
	Images    string `required:"" help:"Folder of images; every image below it is a frame."`
	DepthDir  string `help:"Folder of depth maps with the images' names; otherwise NAME.depth.EXT beside each image."`
	DepthUnit string `help:"mm, m, tum, sunrgbd, relative, or the metres of one count."`
	Tasks     string `help:"Names joined by commas: shuffle,flip,crop,depth,position. All by default."`
	Seed      uint64 `help:"The same seed gives the same questions."`
	PerImage  int    `default:"1" help:"Questions of each task and frame."`
	Shard     string `help:"I/N makes only part I of N of the frames, counted from 0."`
	Workers   int    `help:"Frames worked on at once. One for each processor by default."`
	Format    string `default:"dir" enum:"dir" help:"Layout of the dataset: dir."`
	Out       string `required:"" help:"New or empty directory, or an unfinished run of the same arguments."`
	JSON      bool   `name:"json" help:"One JSON object at the end."`
}

func (c *generateCmd) Run(ctx context.Context) error {
	opts := ssrl.GenerateOptions{Seed: c.Seed, PerImage: c.PerImage, Workers: c.Workers}
	if c.Tasks != "" {
		opts.Tasks = strings.Split(c.Tasks, ",")
	}
	if c.PerImage < 1 {
		return usageError{fmt.Errorf("--per-image %d (want at least 1)", c.PerImage)}
	}
	if c.Shard != "" {
		if n, err := fmt.Sscanf(c.Shard+" ", "%d/%d ", &opts.Shard, &opts.Shards); n != 2 || err != nil || opts.Shards < 1 || opts.Shard < 0 || opts.Shard >= opts.Shards {
			return usageError{fmt.Errorf("--shard %q (want I/N with I from 0 to below N)", c.Shard)}
		}
	}
	m := newMeter("frame")
	opts.Progress = func(done, total int) { m.at(int64(done), int64(total), "") }
	opts.Skipped = func(frame, task string, why error) {
		m.clear()
		if task == "" {
			note("left out: %v", why)
		} else {
			note("left out: %s: %v", frame, why)
		}
	}
	n, err := ssrl.GenerateDataset(ctx, ssrl.Source{Images: c.Images, Depth: c.DepthDir, Unit: c.DepthUnit}, c.Out, opts)
	m.end()
	if err != nil {
		return err
	}
	if c.JSON {
		return emit(map[string]any{"samples": n, "out": c.Out})
	}
	note("%d samples in %s", n, c.Out)
	return nil
}
