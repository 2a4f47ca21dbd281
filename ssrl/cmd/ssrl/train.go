package main

import (
	"context"
	"fmt"
	"iter"
	"os"

	"ssrl"
)

// runFlags are those of every trainer.
type runFlags struct {
	modelFlags
	Data   string   `required:"" help:"Dataset: a directory, or a file or folder of Parquet, JSON or WebDataset; PATH@SPLIT takes one split."`
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
}

func (o *runOptions) check() error {
	if o.Steps < 1 || o.Batch < 1 || o.SaveEvery < 0 {
		return usageError{fmt.Errorf("steps %d, batch %d, save_every %d (want at least one step of one sample)", o.Steps, o.Batch, o.SaveEvery)}
	}
	return nil
}

type sftCmd struct{ runFlags }

func (c *sftCmd) Run(ctx context.Context) error {
	opts := struct {
		runOptions
		ssrl.SFTOptions
	}{runOptions: runOptions{Steps: 100, Batch: 8}}
	if err := c.options(&opts.runOptions, &opts.SFTOptions); err != nil {
		return err
	}
	return c.train(ctx, opts.runOptions, "loss", func(m *ssrl.Model) (ssrl.Trainer, error) { return ssrl.NewSFT(m, opts.SFTOptions) })
}

type grpoCmd struct{ runFlags }

func (c *grpoCmd) Run(ctx context.Context) error {
	opts := struct {
		runOptions
		ssrl.GRPOOptions
	}{runOptions: runOptions{Steps: 100, Batch: 8}, GRPOOptions: ssrl.GRPOOptions{KL: 0.01}}
	if err := c.options(&opts.runOptions, &opts.GRPOOptions); err != nil {
		return err
	}
	return c.train(ctx, opts.runOptions, "reward", func(m *ssrl.Model) (ssrl.Trainer, error) { return ssrl.NewGRPO(m, ssrl.Exact, opts.GRPOOptions) })
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

func (c *runFlags) train(ctx context.Context, run runOptions, shown string, start func(*ssrl.Model) (ssrl.Trainer, error)) error {
	d, err := openDataset(c.Data)
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
func (c *runFlags) steps(t ssrl.Trainer, run runOptions, shown string, steps iter.Seq2[ssrl.Stats, error]) (err error) {
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
		m.at(int64(st.N), int64(run.Steps), fmt.Sprintf(", %s %.4f", shown, value(st, shown)))
		if c.JSON {
			line := map[string]any{"step": st.N}
			for k, v := range st.Metrics {
				line[k] = v
			}
			if err := emit(line); err != nil {
				return err
			}
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

func value(st ssrl.Stats, name string) float64 {
	if name == "reward" {
		return st.Reward
	}
	return st.Loss
}
