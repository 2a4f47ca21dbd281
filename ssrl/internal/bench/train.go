package bench

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"ssrl"
)

// TrainOptions configures SFT and GRPO.
type TrainOptions struct {
	Model string // "": a fresh nano model
	Data  string // "": shuffle and flip questions about synthetic scenes of 56 pixels
	Batch int    // samples of a step: the first of the dataset; 0 means 48 in SFT and 16 in GRPO
	Steps int    // timed ones; one more comes before them
	// Threads of the device; 0 means one for each processor.
	Threads      int
	LearningRate float64
	GRPO         ssrl.GRPOOptions
	Drawn        bool // keeps the tokens of all answers
}

// TrainReport is what training steps took. _reference/train_peer.py prints the
// same of torch.
type TrainReport struct {
	Impl       string    `json:"impl"`
	Threads    int       `json:"threads"`
	Parameters int64     `json:"parameters"`
	Losses     []float64 `json:"losses"` // of every step, the untimed one included
	StepS      float64   `json:"step_s"` // median
	Step       Spread    `json:"step"`
	StepBestS  float64   `json:"step_best_s"`
	StepCPUS   float64   `json:"step_cpu_s"` // of the whole process, best
	SamplesPS  float64   `json:"samples_per_s"`
	TokensPS   float64   `json:"tokens_per_s"` // rows that the network computed forward and backward

	// Of GRPO alone, medians.
	GenS       float64 `json:"gen_s,omitempty"`
	UpdateS    float64 `json:"update_s,omitempty"`
	RolloutsPS float64 `json:"rollouts_per_s,omitempty"`
	DrawnPS    float64 `json:"drawn_tokens_per_s,omitempty"` // tokens drawn a second of generation

	// Drawn are the tokens of every answer, step by step, the untimed one included.
	Drawn [][][]int32 `json:"drawn,omitempty"`

	// Matrix products: their speed, and their share of the time of all steps.
	GEMMGflops float64 `json:"gemm_gflops"`
	GEMMShare  float64 `json:"gemm_share"`
}

// SFT measures steps of supervised fine-tuning.
func SFT(ctx context.Context, opts TrainOptions) (TrainReport, error) {
	opts.Batch = cmp.Or(opts.Batch, 48)
	return train(ctx, opts, func(m *ssrl.Model) (ssrl.Trainer, error) {
		return ssrl.NewSFT(m, ssrl.SFTOptions{LearningRate: opts.LearningRate, Plain: true})
	})
}

// GRPO measures steps of drawing, scoring and learning. Answers are scored by
// their length, so that a model that knows nothing has something to learn.
func GRPO(ctx context.Context, opts TrainOptions) (TrainReport, error) {
	opts.Batch = cmp.Or(opts.Batch, 16)
	o := opts.GRPO
	o.LearningRate, o.Plain = opts.LearningRate, true
	byLength := func(_ *ssrl.Sample, answer string) ssrl.Score { return ssrl.Score{Overall: float64(len(answer))} }
	var drawn [][][]int32
	r, err := train(ctx, opts, func(m *ssrl.Model) (ssrl.Trainer, error) {
		t, err := ssrl.NewGRPO(m, byLength, o)
		if err != nil || !opts.Drawn {
			return t, err
		}
		return keeper{t, &drawn}, nil
	})
	r.Drawn = drawn
	return r, err
}

// keeper keeps what a trainer draws.
type keeper struct {
	*ssrl.GRPO
	drawn *[][][]int32
}

func (k keeper) Step(ctx context.Context, batch []*ssrl.Sample) (ssrl.Stats, error) {
	start := time.Now()
	rollouts, err := k.Rollouts(ctx, batch)
	if err != nil {
		return ssrl.Stats{}, err
	}
	gen := time.Since(start)
	step := make([][]int32, len(rollouts))
	for i := range rollouts {
		step[i] = rollouts[i].Tokens()
	}
	*k.drawn = append(*k.drawn, step)
	st, err := k.Update(ctx, rollouts)
	if err == nil {
		st.Metrics["timing_s/gen"] = gen.Seconds()
	}
	return st, err
}

func train(ctx context.Context, opts TrainOptions, trainer func(*ssrl.Model) (ssrl.Trainer, error)) (r TrainReport, err error) {
	dir, err := os.MkdirTemp("", "ssrl-bench-*")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	if opts.Model == "" {
		opts.Model = filepath.Join(dir, "nano")
		if err := ssrl.CreateModel(opts.Model, "nano", 1); err != nil {
			return r, err
		}
	}
	batch, err := opts.samples(ctx, dir)
	if err != nil {
		return r, err
	}
	m, err := ssrl.OpenModel(ctx, opts.Model, ssrl.ModelOptions{Threads: opts.Threads})
	if err != nil {
		return r, err
	}
	defer m.Close()
	t, err := trainer(m)
	if err != nil {
		return r, err
	}
	r = TrainReport{Impl: "libssrl " + ssrl.Version, Threads: opts.Threads, Parameters: m.Parameters()}
	var times, cpu, gen, update, drawn, tokens []float64
	var flops, products float64
	for i := range opts.Steps + 1 {
		start, used := time.Now(), cpuSeconds()
		st, err := t.Step(ctx, batch)
		if err != nil {
			return r, err
		}
		r.Losses = append(r.Losses, st.Loss)
		if i == 0 {
			continue
		}
		cpu = append(cpu, cpuSeconds()-used)
		times, tokens = append(times, time.Since(start).Seconds()), append(tokens, float64(st.Tokens))
		gen, update = append(gen, st.Metrics["timing_s/gen"]), append(update, st.Metrics["timing_s/update_actor"])
		drawn = append(drawn, st.Metrics["response_length/mean"]*float64(len(batch)*opts.GRPO.Group))
		flops, products = flops+st.Metrics["perf/gemm_flops"], products+st.Metrics["timing_s/gemm"]
	}
	r.Step = spreadOf(times)
	r.StepBestS, r.StepCPUS = r.Step.Min, centreOf(cpu).Min
	r.StepS, r.SamplesPS, r.TokensPS = r.Step.Median, float64(len(batch))/r.Step.Median, centreOf(tokens).Mean/r.Step.Mean
	if products > 0 {
		r.GEMMGflops, r.GEMMShare = flops/products/1e9, products/(r.Step.Mean*float64(len(times)))
	}
	if g := centreOf(gen); g.Median > 0 {
		r.GenS, r.UpdateS = g.Median, centreOf(update).Median
		r.RolloutsPS, r.DrawnPS = float64(len(batch)*opts.GRPO.Group)/r.StepS, centreOf(drawn).Mean/g.Mean
	}
	return r, nil
}

// samples are the first of the dataset.
func (o TrainOptions) samples(ctx context.Context, dir string) ([]*ssrl.Sample, error) {
	if o.Data == "" {
		o.Data = filepath.Join(dir, "questions")
		frames := filepath.Join(dir, "frames")
		if err := ssrl.WriteScenes(ctx, frames, ssrl.SceneOptions{Count: o.Batch, Seed: 1, Width: 56, Height: 56}); err != nil {
			return nil, err
		}
		if _, err := ssrl.GenerateDataset(ctx, ssrl.Source{Images: frames}, o.Data, ssrl.GenerateOptions{Tasks: []string{"shuffle", "flip"}}); err != nil {
			return nil, err
		}
	}
	d, err := ssrl.OpenDataset(o.Data)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	if d.Len() < o.Batch {
		return nil, fmt.Errorf("dataset %s: %d samples (want a batch of %d)", o.Data, d.Len(), o.Batch)
	}
	batch := make([]*ssrl.Sample, o.Batch)
	for i := range batch {
		if batch[i], err = d.At(i); err != nil {
			return nil, err
		}
	}
	return batch, nil
}

// String is a table for people.
func (r TrainReport) String() string {
	text := fmt.Sprintf("step %.1f ms (best %.1f), %.0f samples/s, %.0f tokens/s\n", 1e3*r.StepS, 1e3*r.Step.Min, r.SamplesPS, r.TokensPS)
	if r.RolloutsPS > 0 {
		text += fmt.Sprintf("generation %.1f ms, update %.1f ms, %.0f rollouts/s, %.0f drawn tokens/s\n", 1e3*r.GenS, 1e3*r.UpdateS, r.RolloutsPS, r.DrawnPS)
	}
	if r.GEMMShare > 0 {
		text += fmt.Sprintf("matrix products %.0f GFLOP/s, %.0f %% of the time\n", r.GEMMGflops, 100*r.GEMMShare)
	}
	return text
}
