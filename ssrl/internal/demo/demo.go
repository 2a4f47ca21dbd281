// Package demo teaches a nano model the five tasks on synthetic scenes and
// reports what it learned: scenes, questions, SFT, GRPO, evaluation.
//
// It starts where the paper starts, from a model that sees, badly: the base, which
// Base made from a fresh model by other questions about the same kind of pictures.
//
// Everything is drawn from one seed. The frames that the model is judged on
// have seeds of their own and are never trained on; every question of the GRPO
// stage is new. Sizes are steps and samples, never seconds, so that the same
// seed gives the same weights.
//
// Limits: a demonstration on a model of 1.8 million weights, which sees 56 x 56
// pixels and is asked in a few words.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ssrl"
	"ssrl/internal/seed"
)

// Options configures Run.
type Options struct {
	Out   string // new or empty directory
	Seed  uint64
	Quick bool // minutes instead of a quarter of an hour
	// Say hears what is going on: the stage, and how far it is.
	Say func(stage string, done, total int, about string)
}

// Plan is how much of everything a run takes.
type Plan struct {
	Pixels  int `json:"pixels"`   // side of a frame
	HeldOut int `json:"held_out"` // questions of each task

	Share    int     `json:"sft_samples"` // questions that SFT sees, of all tasks
	SFTSteps int     `json:"sft_steps"`
	SFTBatch int     `json:"sft_batch"`
	SFTRate  float64 `json:"sft_learning_rate"`

	GRPOSteps int     `json:"grpo_steps"`
	GRPOBatch int     `json:"grpo_batch"` // questions a step
	Group     int     `json:"grpo_group"`
	GRPORate  float64 `json:"grpo_learning_rate"`
	KL        float64 `json:"grpo_kl"`

	MaxTokens int `json:"max_tokens"`
	// Seldom is how seldom GRPO asks crop and position: about every that many-th
	// scene. What is answered at chance gives it noise to learn from.
	Seldom int `json:"crop_position_every"`
}

// quick and full were found by experiment; LOG.md has the others.
var (
	quick = Plan{Pixels: 56, HeldOut: 60, Share: 355, SFTSteps: 85, SFTBatch: 24, SFTRate: 5e-4,
		GRPOSteps: 60, GRPOBatch: 64, Group: 8, GRPORate: 3e-4, KL: 1e-3, MaxTokens: 20, Seldom: 16}
	full = Plan{Pixels: 56, HeldOut: 300, Share: 355, SFTSteps: 85, SFTBatch: 24, SFTRate: 5e-4,
		GRPOSteps: 800, GRPOBatch: 64, Group: 8, GRPORate: 3e-4, KL: 1e-3, MaxTokens: 20, Seldom: 16}
)

// chance is what guessing gives.
var chance = map[string]float64{"shuffle": 1.0 / 24, "flip": 1.0 / 8, "crop": 1.0 / 4, "depth": 1.0 / 6, "position": 1.0 / 4}

// Result is result.json.
type Result struct {
	Seed    uint64                 `json:"seed"`
	Minutes float64                `json:"minutes"`
	Tasks   map[string]*TaskResult `json:"tasks"`
	Config  Plan                   `json:"config"`
}

// TaskResult is the share of right answers of one task.
type TaskResult struct {
	Chance  float64 `json:"chance"`
	New     float64 `json:"new"`
	Base    float64 `json:"base"`
	SFT     float64 `json:"sft"`
	GRPO    float64 `json:"grpo"`
	Control float64 `json:"control"` // SFT on the same share instead of GRPO, as many steps
	HeldOut int     `json:"held_out"`
}

// stages are the models that are judged, in the order in which they come.
var stages = []string{"new", "base", "sft", "grpo", "control"}

// of is the share of a stage.
func (t *TaskResult) of(stage string) *float64 {
	return map[string]*float64{"new": &t.New, "base": &t.Base, "sft": &t.SFT, "grpo": &t.GRPO, "control": &t.Control}[stage]
}

// run is a demonstration under way.
type run struct {
	Options
	Plan
	result  Result
	model   *ssrl.Model
	share   []*ssrl.Sample // what SFT sees
	heldOut *ssrl.Dataset
	curves  map[string][]float64 // by metric, a value a step
	reports map[string]ssrl.Report
}

// Run makes everything in opts.Out: the models new/, base/, sft/, grpo/ and
// control/, the dataset held_out/ with each problem exactly as asked, result.json
// and report.html.
func Run(ctx context.Context, opts Options) (Result, error) {
	if opts.Quick {
		return follow(ctx, opts, quick)
	}
	return follow(ctx, opts, full)
}

// follow carries a plan out.
func follow(ctx context.Context, opts Options, plan Plan) (Result, error) {
	if err := ssrl.CheckOutput(opts.Out, false); err != nil {
		return Result{}, err
	}
	r := &run{Options: opts, Plan: plan, curves: map[string][]float64{}, reports: map[string]ssrl.Report{}}
	if r.Say == nil {
		r.Say = func(string, int, int, string) {}
	}
	r.result = Result{Seed: opts.Seed, Tasks: map[string]*TaskResult{}, Config: r.Plan}
	start := time.Now()
	for _, stage := range []func(context.Context) error{r.prepare, r.base, r.sft, r.grpo, r.control} {
		if err := stage(ctx); err != nil {
			return r.result, errors.Join(err, r.close())
		}
	}
	r.result.Minutes = time.Since(start).Minutes()
	return r.result, errors.Join(r.write(), r.close())
}

func (r *run) close() error {
	var errs []error
	if r.model != nil {
		errs = append(errs, r.model.Close())
	}
	if r.heldOut != nil {
		errs = append(errs, r.heldOut.Close())
	}
	return errors.Join(errs...)
}

func (r *run) path(name string) string { return filepath.Join(r.Out, name) }

// prepare makes the held-out questions and the fresh model, and judges it.
func (r *run) prepare(ctx context.Context) error {
	if err := r.holdOut(ctx); err != nil {
		return err
	}
	if err := ssrl.CreateModel(r.path("new"), "nano", r.Seed); err != nil {
		return err
	}
	if err := r.open(ctx, "new"); err != nil {
		return err
	}
	return r.judge(ctx, "new")
}

// open takes the model of a stage in place of the one before.
func (r *run) open(ctx context.Context, stage string) (err error) {
	if r.model != nil {
		if err := r.model.Close(); err != nil {
			return err
		}
	}
	r.model, err = ssrl.OpenModel(ctx, r.path(stage), ssrl.ModelOptions{})
	return err
}

// base takes the model that Base made.
func (r *run) base(ctx context.Context) error {
	if err := WriteBase(r.path("base")); err != nil {
		return err
	}
	if err := r.open(ctx, "base"); err != nil {
		return err
	}
	return r.judge(ctx, "base")
}

// holdOut writes HeldOut questions of every task to held_out/.
func (r *run) holdOut(ctx context.Context) error {
	dir := r.path("held_out")
	w, err := ssrl.CreateDataset(dir, r.Seed, map[string]any{"demo": "held out", "pixels": r.Pixels})
	if err != nil {
		return err
	}
	left := map[string]int{}
	for _, t := range tasks() {
		left[t.Name()] = r.HeldOut
	}
	total, done := len(left)*r.HeldOut, 0
	for s, err := range r.samples(ctx, "held-out") {
		if err == nil && left[s.Task] > 0 {
			left[s.Task]--
			done++
			err = w.Write(s)
		}
		if err != nil {
			w.Abort()
			return err
		}
		r.Say("questions", done, total, "")
		if done == total {
			break
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	r.heldOut, err = ssrl.OpenDataset(dir)
	return err
}

// judge answers the held-out questions and keeps the figures under the stage's name.
func (r *run) judge(ctx context.Context, stage string) error {
	r.Say("judging "+stage, 0, 1, "")
	rep, err := ssrl.Evaluate(ctx, r.model, r.heldOut, nil, ssrl.Sampling{MaxTokens: r.MaxTokens}, true)
	if err != nil {
		return err
	}
	r.reports[stage] = rep
	var about []string
	for _, t := range tasks() {
		name := t.Name()
		tally := rep.ByTask[name]
		res := r.result.Tasks[name]
		if res == nil {
			res = &TaskResult{Chance: chance[name], HeldOut: tally.N}
			r.result.Tasks[name] = res
		}
		*res.of(stage) = tally.Score.Accuracy
		about = append(about, fmt.Sprintf("%s %.1f%%", name, 100*tally.Score.Accuracy))
	}
	r.Say("judging "+stage, 1, 1, fmt.Sprintf("%s; format %.2f", strings.Join(about, ", "), rep.Score.Format))
	return nil
}

// sft teaches the form of answers and a start on the tasks, from a small share
// of questions seen again and again.
func (r *run) sft(ctx context.Context) error {
	for s, err := range r.samples(ctx, "sft") {
		if err != nil {
			return err
		}
		if r.share = append(r.share, s); len(r.share) == r.Share {
			break
		}
	}
	return r.supervise(ctx, "sft", "SFT", r.SFTSteps)
}

// control is what GRPO has to beat: as many more steps of SFT on the same share.
func (r *run) control(ctx context.Context) error {
	if err := r.open(ctx, "sft"); err != nil {
		return err
	}
	return r.supervise(ctx, "control", "control", r.GRPOSteps)
}

// supervise teaches the share to the open model, which becomes that of a stage.
func (r *run) supervise(ctx context.Context, stage, name string, steps int) error {
	t, err := ssrl.NewSFT(r.model, ssrl.SFTOptions{LearningRate: r.SFTRate, Plain: true,
		Schedule: ssrl.Schedule{Kind: "cosine", Warmup: steps / 20, Steps: steps}})
	if err != nil {
		return err
	}
	for step := range steps {
		st, err := t.Step(ctx, batch(r.share, seed.Key(r.Seed, stage), step, r.SFTBatch))
		if err != nil {
			return err
		}
		r.curves[name+" loss"] = append(r.curves[name+" loss"], st.Loss)
		r.Say(name, step+1, steps, fmt.Sprintf("loss %.3f", st.Loss))
	}
	if err := t.Save(r.path(stage)); err != nil {
		return err
	}
	return r.judge(ctx, stage)
}

// grpo goes on from there by the scores of the model's own answers.
func (r *run) grpo(ctx context.Context) error {
	t, err := ssrl.NewGRPO(r.model, ssrl.Exact, ssrl.GRPOOptions{Group: r.Group, MaxTokens: r.MaxTokens, LearningRate: r.GRPORate,
		KL: r.KL, Seed: r.Seed, Plain: true, Schedule: ssrl.Schedule{Kind: "cosine", Warmup: r.GRPOSteps / 20, Steps: r.GRPOSteps}})
	if err != nil {
		return err
	}
	var questions []*ssrl.Sample
	step := 0
	for s, err := range r.seldom(ctx, "grpo") {
		if err != nil {
			return err
		}
		if questions = append(questions, s); len(questions) < r.GRPOBatch {
			continue
		}
		st, err := t.Step(ctx, questions)
		if err != nil {
			return err
		}
		for name, metric := range map[string]string{"GRPO reward": "reward/overall", "GRPO accuracy": "reward/accuracy",
			"GRPO KL": "actor/kl_loss", "answer length": "response_length/mean"} {
			r.curves[name] = append(r.curves[name], st.Metrics[metric])
		}
		step, questions = step+1, nil
		r.Say("GRPO", step, r.GRPOSteps, fmt.Sprintf("reward %.3f", st.Reward))
		if step == r.GRPOSteps {
			break
		}
	}
	if err := t.Save(r.path("grpo")); err != nil {
		return err
	}
	return r.judge(ctx, "grpo")
}

// write leaves result.json and report.html.
func (r *run) write() error {
	text, err := json.MarshalIndent(r.result, "", "  ")
	if err != nil {
		return err
	}
	page, err := r.report()
	if err != nil {
		return err
	}
	if err := writeFile(r.path("report.html"), page); err != nil {
		return err
	}
	return writeFile(r.path("result.json"), append(text, '\n'))
}

// writeFile writes a whole file or none.
func writeFile(path string, data []byte) error {
	if err := os.WriteFile(path+".tmp", data, fs.FileMode(0o666)); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}
