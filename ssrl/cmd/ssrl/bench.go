package main

import (
	"context"
	"fmt"
	"image"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"ssrl"
	"ssrl/internal/bench"
)

// benchCmd holds the measurements; every one prints JSON.
type benchCmd struct {
	Data   benchDataCmd   `cmd:"" help:"Questions: a frame's files in, JPEG files out, on one processor; frames in memory; workers."`
	Train  benchTrainCmd  `cmd:"" help:"Steps of SFT."`
	Answer benchAnswerCmd `cmd:"" aliases:"decode,prefill,vision" help:"Prompts, tokens and pictures of a model: loading, prefill, decode, vision."`
	GRPO   benchGRPOCmd   `cmd:"" name:"grpo" help:"Steps of GRPO: drawing answers, and learning from them."`
}

// Help is an example.
func (c *benchCmd) Help() string {
	return `Example:
  ssrl bench data --seconds 2 --json`
}

type benchDataCmd struct {
	Images    string   `help:"Folder of frames; synthetic scenes of 1024 x 768 by default."`
	DepthDir  string   `help:"Folder of depth maps, as in generate."`
	DepthUnit string   `help:"mm, m, tum, sunrgbd, relative, or the metres of one count."`
	Tasks     []string `help:"shuffle, flip, crop, depth, position_far, position_near, together, memory (frames of 1920 x 1080 in memory) and workers; all by default."`
	Seconds   float64  `default:"5" help:"Time for each task."`
	JSON      bool     `name:"json" help:"One JSON object instead of a table."`
}

// Help is an example.
func (c *benchDataCmd) Help() string {
	return `Example:
  ssrl bench data --images frames --tasks flip,depth --seconds 2`
}

// longestBench bounds the time of one task.
const longestBench = 24 * time.Hour

func (c *benchDataCmd) Run(ctx context.Context) error {
	if !(c.Seconds > 0 && c.Seconds <= longestBench.Seconds()) {
		return usageError{fmt.Errorf("--seconds %g (want above 0, at most %g)", c.Seconds, longestBench.Seconds())}
	}
	if err := bench.CheckTasks(c.Tasks); err != nil {
		return usageError{fmt.Errorf("--tasks %s: %w", strings.Join(c.Tasks, ","), err)}
	}
	m := newMeter("task")
	said := int64(0)
	report, err := bench.Data(ctx, bench.DataOptions{
		Source: ssrl.Source{Images: c.Images, Depth: c.DepthDir, Unit: c.DepthUnit}, Tasks: c.Tasks,
		Seconds: time.Duration(c.Seconds * float64(time.Second)),
		Say:     func(what string, total int) { said++; m.at(said-1, int64(total), " "+what) },
	})
	m.clear()
	if err != nil {
		return err
	}
	for _, task := range slices.Sorted(maps.Keys(report.Unsuitable)) {
		note("left out: %s: %s", task, report.Unsuitable[task])
	}
	if c.JSON {
		return emit(report)
	}
	return show("%s", report)
}

// trainFlags are what the measurements of training have in common.
type trainFlags struct {
	Model   string  `help:"Model directory; a fresh nano model by default."`
	Data    string  `help:"Dataset, whose first samples are the batch of every step; questions about small scenes by default."`
	Batch   int     `help:"Samples of a step; 48 in SFT and 16 in GRPO by default."`
	Steps   int     `default:"8" help:"Steps that are timed; one more comes before them."`
	Threads int     `help:"One for each processor by default."`
	Rate    float64 `default:"0.001" help:"Learning rate."`
	JSON    bool    `name:"json" help:"One JSON object instead of text."`
}

func (f *trainFlags) options() (bench.TrainOptions, error) {
	if f.Batch < 0 || f.Steps < 1 || f.Threads < 0 {
		return bench.TrainOptions{}, usageError{fmt.Errorf("--batch %d --steps %d --threads %d (want at least 1, or nothing)", f.Batch, f.Steps, f.Threads)}
	}
	threads := f.Threads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	return bench.TrainOptions{Model: f.Model, Data: f.Data, Batch: f.Batch, Steps: f.Steps, Threads: threads, LearningRate: f.Rate}, nil
}

func (f *trainFlags) show(r bench.TrainReport, err error) error {
	if err != nil {
		return err
	}
	if f.JSON {
		return emit(r)
	}
	return show("%s", r)
}

type benchTrainCmd struct{ trainFlags }

// Help is an example.
func (c *benchTrainCmd) Help() string {
	return `Example:
  ssrl bench train --model MODEL --data questions --batch 8 --steps 4`
}

func (c *benchTrainCmd) Run(ctx context.Context) error {
	opts, err := c.options()
	if err != nil {
		return err
	}
	return c.show(bench.SFT(ctx, opts))
}

type benchGRPOCmd struct {
	trainFlags
	Group     int     `default:"8" help:"Answers to a question."`
	MaxTokens int     `default:"24" help:"Tokens of an answer."`
	KL        float64 `name:"kl" default:"0.01" help:"Weight of the distance to the starting weights."`
	Drawn     bool    `help:"The tokens of all answers as well, in JSON."`
}

// Help is an example.
func (c *benchGRPOCmd) Help() string {
	return `Example:
  ssrl bench grpo --group 4 --max-tokens 16 --steps 4`
}

func (c *benchGRPOCmd) Run(ctx context.Context) error {
	opts, err := c.options()
	if err != nil {
		return err
	}
	opts.Drawn = c.Drawn && c.JSON
	opts.GRPO = ssrl.GRPOOptions{Group: c.Group, MaxTokens: c.MaxTokens, KL: c.KL}
	return c.show(bench.GRPO(ctx, opts))
}

type benchAnswerCmd struct {
	Model    string `help:"Model directory; a fresh nano model by default."`
	Dtype    string `default:"bf16" enum:"f32,bf16" help:"Type that weights are stored in."`
	Products string `default:"f32" enum:"f32,bf16" help:"bf16 rounds activations where they meet bfloat16 weights."`
	Prompt   int    `default:"512" help:"Tokens of the prompt, about."`
	Tokens   int    `default:"16" help:"Tokens to draw after the first."`
	Size     string `default:"640x480" help:"WIDTHxHEIGHT of the picture."`
	Runs     int    `default:"3" help:"Runs that are timed; one more comes before them."`
	Threads  int    `help:"One for each processor by default."`
	JSON     bool   `name:"json" help:"One JSON object instead of text."`
}

// Help is an example.
func (c *benchAnswerCmd) Help() string {
	return `Example:
  ssrl bench answer --model MODEL --prompt 512 --tokens 64 --json`
}

func (c *benchAnswerCmd) Run(ctx context.Context) error {
	if c.Prompt < 1 || c.Tokens < 1 || c.Runs < 1 || c.Threads < 0 {
		return usageError{fmt.Errorf("--prompt %d --tokens %d --runs %d --threads %d (want at least 1)", c.Prompt, c.Tokens, c.Runs, c.Threads)}
	}
	width, height, err := parseSize(c.Size)
	if err != nil {
		return usageError{err}
	}
	r, err := bench.Answer(ctx, bench.AnswerOptions{Model: c.Model, DType: c.Dtype, Products: c.Products, Threads: c.Threads, Prompt: c.Prompt, Tokens: c.Tokens,
		Size: image.Pt(width, height), Runs: c.Runs})
	if err != nil {
		return err
	}
	if c.JSON {
		return emit(r)
	}
	return show("%s", r)
}
