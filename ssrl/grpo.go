package ssrl

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"ssrl/internal/decode"
	"ssrl/internal/policy"
	"ssrl/internal/qwen"
	"ssrl/internal/seed"
	"ssrl/internal/tape"
)

// GRPOOptions configures NewGRPO.
type GRPOOptions struct {
	// Group is the number of answers drawn for each question. 0 means 8. A
	// group whose answers all score alike has no advantage to learn from.
	Group       int     `json:"group"`
	MaxTokens   int     `json:"max_tokens"`  // of an answer; 0 means 2048
	Temperature float64 `json:"temperature"` // of drawing and of log-probabilities; 0 means 1

	LearningRate float64  `json:"learning_rate"` // 0 means 1e-6
	WeightDecay  float64  `json:"weight_decay"`
	MaxGradNorm  float64  `json:"max_grad_norm"` // 0 means 1
	Schedule     Schedule `json:"schedule"`

	// KL weighs the distance to the starting weights in the loss; the recipe of
	// Spatial-SSRL has 0.01. 0 means no reference model is kept, which saves
	// its memory.
	KL float64 `json:"kl"`
	// KLKind is the estimate of that distance, by EasyR1's names: "low_var_kl"
	// (k3), "kl", "abs" or "mse"; "" means low_var_kl.
	KLKind string `json:"kl_penalty"`
	// Updates is the number of optimiser steps a batch of rollouts is cut into. 0 means 1.
	Updates int `json:"updates"`

	ClipLow  float64 `json:"clip_low"`  // 0 means 0.2
	ClipHigh float64 `json:"clip_high"` // 0 means 0.3
	ClipDual float64 `json:"clip_dual"` // 0 means 3
	// Loss is the surrogate by EasyR1's names: "default" (clipped as above),
	// "gspo", "gspo_token", "cispo" or "sapo"; "" means default.
	Loss string `json:"loss_type"`
	// Average is that of the loss: "token" (every token alike), "seq" (every
	// answer alike) or "length" (sums over MaxTokens, as in Dr. GRPO); "" means
	// token.
	Average string `json:"average"`
	// Estimator makes advantages of a group's scores: "grpo", "grpo_passk" or
	// "rloo"; "" means grpo. CentreOnly leaves grpo's division by the spread
	// out, as Dr. GRPO does.
	Estimator  string `json:"adv_estimator"`
	CentreOnly bool   `json:"centre_only"`
	// MaskTruncated learns nothing from answers that ran into MaxTokens.
	MaskTruncated bool `json:"mask_truncated"`

	Seed        uint64 `json:"seed"`
	Plain       bool   `json:"plain"`        // asks the problem as it stands, as in SFTOptions
	MicroTokens int    `json:"micro_tokens"` // as in SFTOptions
	// RecomputeOld takes the log-probabilities of the drawn tokens from a pass
	// of their own, as EasyR1 does. Here they are the same, bit for bit.
	RecomputeOld bool `json:"recompute_old_logprob"`
}

func (o *GRPOOptions) fill() error {
	def := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	recipe := policy.RecipeLoss()
	def(&o.Temperature, 1)
	def(&o.LearningRate, 1e-6)
	def(&o.ClipLow, recipe.ClipLow)
	def(&o.ClipHigh, recipe.ClipHigh)
	def(&o.ClipDual, recipe.ClipDual)
	if o.Group == 0 {
		o.Group = 8
	}
	if o.MaxTokens == 0 {
		o.MaxTokens = 2048
	}
	if o.Updates == 0 {
		o.Updates = 1
	}
	name := func(v *string, d string) {
		if *v == "" {
			*v = d
		}
	}
	name(&o.Average, string(policy.AverageToken))
	name(&o.Loss, string(policy.LossDefault))
	name(&o.KLKind, string(policy.KLLowVar))
	name(&o.Estimator, string(policy.GRPO))
	switch {
	case o.Group < 2:
		return fmt.Errorf("grpo: group of %d answers (want at least 2)", o.Group)
	case o.MaxTokens < 1 || o.Updates < 1:
		return fmt.Errorf("grpo: %d tokens an answer, %d updates a batch (want at least 1)", o.MaxTokens, o.Updates)
	case !(o.Temperature > 0 && o.Temperature <= 100):
		return fmt.Errorf("grpo: temperature %g (want above 0, at most 100)", o.Temperature)
	case !(o.KL >= 0):
		return fmt.Errorf("grpo: kl %g (want 0 or more)", o.KL)
	case !slices.Contains(perGroup, o.estimator().Estimator):
		return fmt.Errorf("grpo: advantage estimator %q (want grpo, grpo_passk or rloo)", o.Estimator)
	case o.CentreOnly && o.estimator().Estimator != policy.GRPO:
		return fmt.Errorf("grpo: centre_only with estimator %s (want grpo)", o.Estimator)
	}
	if err := policy.KLKind(o.KLKind).Check(); err != nil {
		return fmt.Errorf("grpo: %w", err)
	}
	if err := o.objective().Check(); err != nil {
		return fmt.Errorf("grpo: %w", err)
	}
	return nil
}

// perGroup are the estimators that need nothing but the scores of a group.
var perGroup = []policy.Estimator{policy.GRPO, policy.GRPOPassK, policy.RLOO}

func (o *GRPOOptions) estimator() policy.AdvantageOptions {
	return policy.AdvantageOptions{Estimator: policy.Estimator(o.Estimator), CentreOnly: o.CentreOnly, AllowSingle: true}
}

func (o *GRPOOptions) objective() policy.Objective {
	loss := policy.RecipeLoss()
	loss.ClipLow, loss.ClipHigh, loss.ClipDual = o.ClipLow, o.ClipHigh, o.ClipDual
	loss.Kind, loss.Average, loss.Length = policy.LossKind(o.Loss), policy.Average(o.Average), o.MaxTokens
	obj := policy.Objective{Loss: loss, KL: policy.KLNone}
	if o.KL > 0 {
		obj.KL, obj.KLCoef = policy.KLKind(o.KLKind), o.KL
	}
	return obj
}

// GRPO teaches a model by the scores of its own answers.
//
// Differences from EasyR1: (1) the log-probabilities taken while drawing are
// those of the trainer, so there is no second pass for the old ones and the
// ratio of the first update is exactly 1; (2) a prompt is computed once for its
// group, in drawing and in the update; (3) every answer has its own random
// stream, by seed, step, sample and number; (4) a group of equal scores has an
// advantage of exactly 0; (5) image tokens are never drawn.
type GRPO struct {
	learner
	opts   GRPOOptions
	reward Reward
}

// NewGRPO prepares a model for GRPO on all its weights. reward nil means Exact.
func NewGRPO(m *Model, reward Reward, opts GRPOOptions) (*GRPO, error) {
	if err := opts.fill(); err != nil {
		return nil, err
	}
	if reward == nil {
		reward = Exact
	}
	t := &GRPO{opts: opts, reward: reward}
	if err := t.learner.start(m, "grpo", learning{opts.LearningRate, opts.WeightDecay, opts.MaxGradNorm, opts.MicroTokens, opts.Schedule}); err != nil {
		return nil, err
	}
	if opts.KL > 0 {
		t.ref = m.net.Clone()
	}
	return t, nil
}

// Rollout is one drawn answer and what it was worth.
type Rollout struct {
	Sample    *Sample
	Answer    string
	Score     Score
	Advantage float64
	Finish    string // "stop" or "length"

	prompt   *decode.Prompt
	tokens   []int32
	logprobs []float32
}

// Tokens are the answer's tokens as they were drawn, an end token included.
func (r *Rollout) Tokens() []int32 { return slices.Clone(r.tokens) }

// Step draws answers, scores them and learns from them: Rollouts, then Update.
func (t *GRPO) Step(ctx context.Context, batch []*Sample) (Stats, error) {
	start := time.Now()
	rollouts, err := t.Rollouts(ctx, batch)
	if err != nil {
		return Stats{}, err
	}
	drawn := time.Since(start)
	st, err := t.Update(ctx, rollouts)
	if err != nil {
		return Stats{}, err
	}
	st.Metrics["timing_s/gen"] = drawn.Seconds()
	st.Metrics["timing_s/step"] = time.Since(start).Seconds()
	return st, nil
}

// Rollouts draws Group answers to every sample, scores them and sets their
// advantages. The answers of a sample lie together, in the order of batch.
func (t *GRPO) Rollouts(ctx context.Context, batch []*Sample) ([]Rollout, error) {
	release, err := t.m.use()
	if err != nil {
		return nil, err
	}
	defer release()
	t.products = t.meter()
	requests := make([]decode.Request, len(batch))
	for i, s := range batch {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		prompt, err := t.m.prompt(ask(s, t.opts.Plain))
		if err != nil {
			return nil, fmt.Errorf("sample %s: %w", s.ID, err)
		}
		requests[i] = decode.Request{Prompt: prompt, Random: t.streams(i, s)}
	}
	k := t.m.net.Tokens
	answers, err := decode.Generate(ctx, t.m.net, requests, decode.Sampling{MaxTokens: t.opts.MaxTokens, Temperature: t.opts.Temperature,
		Forbidden: []int32{k.Image, k.Video, k.VisionStart, k.VisionEnd}}, nil)
	if err != nil {
		return nil, err
	}
	var out []Rollout
	for i, group := range answers {
		for _, a := range group {
			r := Rollout{Sample: batch[i], Answer: t.m.words.Decode(a.Tokens, true), Finish: a.Finish,
				prompt: requests[i].Prompt, tokens: a.Tokens, logprobs: a.LogProbs}
			if err := t.finite(ctx, a.LogProbs, []decode.Group{{Prompt: r.prompt, Answers: [][]int32{a.Tokens}}}, t.opts.Temperature); err != nil {
				return nil, err
			}
			if ctx.Err() != nil { // rewards may take their time
				return nil, context.Cause(ctx)
			}
			if r.Score = t.reward(r.Sample, r.Answer); !isFinite(r.Score.Overall) {
				return nil, fmt.Errorf("grpo: step %d: sample %s: reward %g (want a finite number)", t.done+1, r.Sample.ID, r.Score.Overall)
			}
			out = append(out, r)
		}
	}
	return out, t.advantages(out)
}

// streams are the random numbers of one sample's answers.
func (t *GRPO) streams(place int, s *Sample) []*rand.Rand {
	out := make([]*rand.Rand, t.opts.Group)
	for k := range out {
		out[k] = seed.Rand(t.opts.Seed, "rollout", strconv.Itoa(t.done), strconv.Itoa(place), s.ID, strconv.Itoa(k))
	}
	return out
}

// advantages compares the rollouts of each prompt.
func (t *GRPO) advantages(rollouts []Rollout) error {
	scores, groups := make([]float64, len(rollouts)), make([]int, len(rollouts))
	for i, r := range rollouts {
		scores[i] = r.Score.Overall
		if i > 0 {
			groups[i] = groups[i-1]
			if r.prompt != rollouts[i-1].prompt {
				groups[i]++
			}
		}
	}
	adv, err := policy.GroupAdvantages(scores, groups, t.opts.estimator())
	if err != nil {
		return err
	}
	for i := range adv {
		rollouts[i].Advantage = adv[i]
	}
	return nil
}

// Update learns from rollouts that Rollouts drew. Their Score and Advantage may
// have been changed since.
func (t *GRPO) Update(ctx context.Context, rollouts []Rollout) (Stats, error) {
	release, err := t.m.use()
	if err != nil {
		return Stats{}, err
	}
	defer release()
	groups, err := regroup(rollouts, t.opts.MaskTruncated)
	if err != nil {
		return Stats{}, err
	}
	start := time.Now()
	if t.opts.RecomputeOld {
		if err := t.eval(ctx, t.m.net, groups, func(g *trained, i int) []float64 { return g.old[i] }); err != nil {
			return Stats{}, err
		}
	}
	if t.ref != nil {
		if err := t.eval(ctx, t.ref, groups, func(g *trained, i int) []float64 { return g.ref[i] }); err != nil {
			return Stats{}, err
		}
	}
	var sum tally
	n := min(t.opts.Updates, len(groups))
	if n > 1 {
		t.keep()
	}
	for u := range n {
		if err := t.learn(ctx, groups[len(groups)*u/n:len(groups)*(u+1)/n], &sum); err != nil {
			if u > 0 {
				t.goBack()
			}
			return Stats{}, err
		}
	}
	t.done++
	st := sum.stats(rollouts)
	st.N = t.done
	st.Metrics["actor/lr"] = t.rate(t.done - 1)
	st.Metrics["timing_s/update_actor"] = time.Since(start).Seconds()
	if t.ref != nil {
		st.Metrics["actor/kl_coef"] = t.opts.KL
	}
	t.products.report(st.Metrics)
	return st, nil
}

// trained is a group on its way through an update.
type trained struct {
	lesson
	old, ref   [][]float64
	advantages [][]float64
	counts     []bool // whether an answer is learned from
}

// counted are the number of answers and of the tokens that are learned from.
func (g *trained) counted() (s policy.Size) {
	s.Rows = len(g.Answers)
	for i, a := range g.Answers {
		if g.counts[i] {
			s.Tokens += len(a)
		}
	}
	return s
}

func regroup(rollouts []Rollout, maskTruncated bool) ([]*trained, error) {
	var out []*trained
	for i, r := range rollouts {
		if r.prompt == nil || len(r.tokens) == 0 {
			return nil, fmt.Errorf("update: rollout %d was not drawn by Rollouts", i)
		}
		if i == 0 || r.prompt != rollouts[i-1].prompt {
			out = append(out, &trained{lesson: lesson{decode.Group{Prompt: r.prompt}}})
		}
		g := out[len(out)-1]
		old, adv := make([]float64, len(r.tokens)), make([]float64, len(r.tokens))
		for k := range old {
			old[k], adv[k] = float64(r.logprobs[k]), r.Advantage
		}
		g.Answers = append(g.Answers, r.tokens)
		g.old, g.ref, g.advantages = append(g.old, old), append(g.ref, make([]float64, len(old))), append(g.advantages, adv)
		g.counts = append(g.counts, !(maskTruncated && r.Finish == "length"))
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("update: no rollouts")
	}
	return out, nil
}

// eval fills the rows that into names with net's log-probabilities.
func (t *GRPO) eval(ctx context.Context, net *qwen.Model, groups []*trained, into func(g *trained, answer int) []float64) error {
	for _, part := range split(groups, t.micro) {
		mark := net.Dev.Mark()
		lp, err := decode.LogProbs(ctx, tape.New(net.Dev), net, plain(part), float32(t.opts.Temperature))
		if err != nil {
			net.Dev.Release(mark)
			return err
		}
		values := make([]float32, lp.Len())
		net.Dev.Download(values, lp.Tensor)
		net.Dev.Release(mark)
		for _, g := range part {
			for i := range g.Answers {
				row := into(g, i)
				for k := range row {
					row[k] = float64(values[k])
				}
				values = values[len(row):]
			}
		}
	}
	return nil
}

// learn is one optimiser step.
func (t *GRPO) learn(ctx context.Context, groups []*trained, sum *tally) error {
	step := sizeOf(groups)
	loss := 0.0
	for _, part := range split(groups, t.micro) {
		r, err := t.backward(ctx, part, step)
		if err != nil {
			return t.undo(err)
		}
		weight := t.opts.objective().Loss.Average.Weight(sizeOf(part), step, false)
		loss += r.Loss * weight
		sum.add(r, sizeOf(part), tokens(part))
	}
	norm, err := t.update(ctx, loss)
	if err != nil {
		return err
	}
	sum.norms = append(sum.norms, norm)
	return nil
}

// backward adds the gradients of a part of an optimiser step.
func (t *GRPO) backward(ctx context.Context, part []*trained, step policy.Size) (policy.Result, error) {
	dev := t.m.net.Dev
	mark := dev.Mark()
	defer dev.Release(mark)
	rec := tape.Record(dev)
	lp, err := decode.LogProbs(ctx, rec, t.m.net, plain(part), float32(t.opts.Temperature))
	if err != nil {
		return policy.Result{}, err
	}
	values := make([]float32, lp.Len())
	dev.Download(values, lp.Tensor)
	if err := t.finite(ctx, values, plain(part), t.opts.Temperature); err != nil {
		return policy.Result{}, err
	}
	var b policy.Batch
	at := 0
	for _, g := range part {
		for i, a := range g.Answers {
			row := make([]float64, len(a))
			for k := range row {
				row[k] = float64(values[at+k])
			}
			at += len(a)
			b.LogProbs, b.Old, b.Advantages = append(b.LogProbs, row), append(b.Old, g.old[i]), append(b.Advantages, g.advantages[i])
			b.Ref, b.Mask = append(b.Ref, g.ref[i]), append(b.Mask, slices.Repeat([]bool{g.counts[i]}, len(a)))
		}
	}
	objective := t.opts.objective()
	r := objective.Eval(b)
	weight := objective.Loss.Average.Weight(policy.SizeOf(b.LogProbs, b.Mask), step, false)
	slope := values[:0]
	for _, row := range r.Grad {
		for _, g := range row {
			slope = append(slope, float32(g*weight))
		}
	}
	return r, rec.Backward(ctx, lp, slope)
}

func plain(groups []*trained) []decode.Group {
	out := make([]decode.Group, len(groups))
	for i, g := range groups {
		out[i] = g.Group
	}
	return out
}

func sizeOf(groups []*trained) (s policy.Size) {
	for _, g := range groups {
		n := g.counted()
		s.Rows, s.Tokens = s.Rows+n.Rows, s.Tokens+n.Tokens
	}
	return s
}
