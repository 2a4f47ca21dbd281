package main

import (
	"context"
	"fmt"
	"iter"
	"os"

	"ssrl"
	"ssrl/internal/config"
)

// runFlags are those of every trainer.
type runFlags struct {
	modelFlags
	Data string `required:"" help:"Dataset: a directory, or a file or folder of Parquet, JSON or WebDataset; PATH@SPLIT takes one split."`
	columnFlags
	Out    string   `required:"" help:"New or empty directory for the trained model and the trainer's state; with --resume that of the earlier run."`
	Config string   `help:"YAML file of options."`
	Resume bool     `help:"Go on from what an earlier run of the same arguments left in --out."`
	JSON   bool     `name:"json" help:"One JSON object a step."`
	Words  []string `arg:"" optional:"" name:"key=value" help:"Options, over those of the file."`
}

// runOptions are the options of the run itself, beside the trainer's.
type runOptions struct {
	Steps     int    `json:"steps"`
	Batch     int    `json:"batch"`
	DataSeed  uint64 `json:"data_seed"`
	SaveEvery int    `json:"save_every"`
	ShowEvery int    `json:"show_every"` // steps between the lines on the console; 0: none
}

func (o *runOptions) check() error {
	if o.Steps < 1 || o.Batch < 1 || o.SaveEvery < 0 {
		return usageError{fmt.Errorf("steps %d, batch %d, save_every %d (want at least one step of one sample)", o.Steps, o.Batch, o.SaveEvery)}
	}
	if o.ShowEvery < 0 {
		return usageError{fmt.Errorf("show_every %d (want 0, for never, or more)", o.ShowEvery)}
	}
	return nil
}

type sftCmd struct{ runFlags }

// Help is an example.
func (c *sftCmd) Help() string {
	return `Example:
  ssrl sft --model nano --data questions --out taught steps=200 batch=16 learning_rate=1e-3
  ssrl sft --model nano --data questions --out taught --resume steps=400 batch=16 learning_rate=1e-3`
}

// values are the names of the options.
func (c *sftCmd) values(of string) []string {
	return c.optionNames(of, &runOptions{}, &ssrl.SFTOptions{})
}

func (c *sftCmd) Run(ctx context.Context) error {
	opts := struct {
		runOptions
		ssrl.SFTOptions
	}{runOptions: runOptions{Steps: 100, Batch: 8, ShowEvery: 10}}
	if err := c.options(&opts.runOptions, &opts.SFTOptions); err != nil {
		return err
	}
	return c.train(ctx, opts.runOptions, console{main: "loss"}, func(m *ssrl.Model) (ssrl.Trainer, error) { return ssrl.NewSFT(m, opts.SFTOptions) })
}

type grpoCmd struct{ runFlags }

// Help is an example.
func (c *grpoCmd) Help() string {
	return `Example:
  ssrl grpo --model taught --data questions --out trained steps=100 group=8 max_tokens=64
  ssrl grpo --model taught --data questions --out trained --config grpo.yaml kl=0.02`
}

// values are the names of the options.
func (c *grpoCmd) values(of string) []string {
	return c.optionNames(of, &runOptions{}, &ssrl.GRPOOptions{})
}

func (c *grpoCmd) Run(ctx context.Context) error {
	opts := struct {
		runOptions
		ssrl.GRPOOptions
	}{runOptions: runOptions{Steps: 100, Batch: 8, ShowEvery: 10}, GRPOOptions: ssrl.GRPOOptions{KL: 0.01}}
	if err := c.options(&opts.runOptions, &opts.GRPOOptions); err != nil {
		return err
	}
	var said answered
	shown := console{"reward", []string{"reward/accuracy", "reward/format", "actor/kl_loss", "response_length/mean", "actor/lr"}, &said}
	return c.train(ctx, opts.runOptions, shown, func(m *ssrl.Model) (ssrl.Trainer, error) { return ssrl.NewGRPO(m, said.exact, opts.GRPOOptions) })
}

// optionNames are what a word may begin with.
func (c *runFlags) optionNames(of string, from ...any) (words []string) {
	if of == "key=value" {
		for _, name := range config.Names(from...) {
			words = append(words, name+"=")
		}
	}
	return words
}

// options fills the run's and the trainer's options from the file and the words.
func (c *runFlags) options(run *runOptions, trainer any) error {
	var file []byte
	if c.Config != "" {
		var err error
		if file, err = os.ReadFile(c.Config); err != nil {
			return named("config", c.Config, err)
		}
	}
	if err := ssrl.DecodeOptions(file, c.Config, c.Words, run, trainer); err != nil {
		return usageError{err}
	}
	return run.check()
}

func (c *runFlags) train(ctx context.Context, run runOptions, shown console, start func(*ssrl.Model) (ssrl.Trainer, error)) error {
	d, err := openDataset(c.Data, c.columnFlags)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := ssrl.CheckOutput(c.Out, c.Resume); err != nil {
		return err
	}
	m, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	t, err := start(m)
	if err != nil {
		return usageError{err}
	}
	if saves, ok := t.(interface{ CheckRoom(dir string) error }); ok {
		if err := saves.CheckRoom(c.Out); err != nil {
			return err
		}
	}
	if c.Resume {
		if err := t.Resume(c.Out); err != nil {
			return err
		}
	}
	if err := c.steps(t, run, shown, ssrl.Run(ctx, t, d, ssrl.RunOptions{Steps: run.Steps, Batch: run.Batch, Seed: run.DataSeed})); err != nil {
		return err
	}
	if err := t.Save(c.Out); err != nil {
		return err
	}
	if c.JSON {
		return emit(map[string]any{"done": true, "steps": t.Done(), "model": c.Out})
	}
	note("%s, model in %s", count(t.Done(), "step"), c.Out)
	return nil
}

// steps reports every step and saves now and then. What was learned before an
// interruption, or before nobody reads the reports any more, is saved as well.
func (c *runFlags) steps(t ssrl.Trainer, run runOptions, shown console, steps iter.Seq2[ssrl.Stats, error]) (err error) {
	m := newMeter("step")
	saved := t.Done()
	defer func() {
		m.end()
		if err != nil && t.Done() > saved {
			if s := t.Save(c.Out); s != nil {
				note("not saved: %v", s)
			} else {
				note("saved after step %d; --resume goes on from there", t.Done())
			}
		}
	}()
	for st, err := range steps {
		if err != nil {
			return err
		}
		m.at(int64(st.N), int64(run.Steps), fmt.Sprintf(", %s %.4f", shown.main, shown.value(st)))
		if c.JSON {
			line := map[string]any{"step": st.N}
			for k, v := range st.Metrics {
				line[k] = v
			}
			if err := emit(line); err != nil {
				return err
			}
		}
		if !c.JSON && run.ShowEvery > 0 && (st.N%run.ShowEvery == 0 || st.N == run.Steps) {
			m.clear()
			shown.say(st)
		}
		if run.SaveEvery > 0 && st.N%run.SaveEvery == 0 && st.N < run.Steps {
			if err := t.Save(c.Out); err != nil {
				return err
			}
			saved = st.N
		}
	}
	return nil
}

// console is what a trainer says of a step on standard error.
type console struct {
	main    string   // loss or reward
	metrics []string // by EasyR1's names
	said    *answered
}

func (c console) value(st ssrl.Stats) float64 {
	if c.main == "reward" {
		return st.Reward
	}
	return st.Loss
}

func (c console) say(st ssrl.Stats) {
	line := fmt.Sprintf("step %d: %s %.4f, gradient %.3g", st.N, c.main, c.value(st), st.GradNorm)
	for _, name := range c.metrics {
		if v, ok := st.Metrics[name]; ok {
			line += fmt.Sprintf(", %s %.4g", name, v)
		}
	}
	note("%s", line)
	if c.said != nil {
		text := []rune(c.said.text)
		if len(text) > longestShown {
			text = append(text[:longestShown], '…')
		}
		note("%s, truth %s, reward %.1f: %s", c.said.sample, c.said.truth, c.said.reward, string(text))
	}
}

// longestShown is how many letters of an answer are shown.
const longestShown = 300

// answered is the last answer that was scored.
type answered struct {
	sample, truth, text string
	reward              float64
}

func (a *answered) exact(s *ssrl.Sample, text string) ssrl.Score {
	score := ssrl.Exact(s, text)
	*a = answered{s.ID, s.Answer, text, score.Overall}
	return score
}
