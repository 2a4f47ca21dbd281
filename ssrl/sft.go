package ssrl

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ssrl/internal/decode"
	"ssrl/internal/tape"
)

// SFTOptions configures NewSFT.
type SFTOptions struct {
	LearningRate float64  `json:"learning_rate"` // 0 means 1e-5
	WeightDecay  float64  `json:"weight_decay"`
	MaxGradNorm  float64  `json:"max_grad_norm"` // 0 means 1
	Schedule     Schedule `json:"schedule"`
	// Plain asks the problem as it stands. Otherwise the instruction to think
	// and to box the answer follows it.
	Plain bool `json:"plain"`
	// MicroTokens bounds the tokens that go through the network at once; the
	// result does not depend on it. 0 means 1024.
	MicroTokens int `json:"micro_tokens"`
}

// SFT teaches a model to give the samples' own answers.
//
// Differences from LLaMA-Factory 0.9: the loss is the mean over all answer
// tokens of the step, however they are split; a sample's answer without a box
// is put into one, after an empty thought.
type SFT struct {
	learner
	opts SFTOptions
}

// NewSFT prepares a model for supervised fine-tuning of all its weights.
func NewSFT(m *Model, opts SFTOptions) (*SFT, error) {
	if opts.LearningRate == 0 {
		opts.LearningRate = 1e-5
	}
	t := &SFT{opts: opts}
	return t, t.learner.start(m, "sft", learning{opts.LearningRate, opts.WeightDecay, opts.MaxGradNorm, opts.MicroTokens, opts.Schedule})
}

// Response is what SFT teaches as the answer to a sample: its own response, or
// the answer itself if it has a box already, else a box after an empty thought.
func Response(s *Sample) string {
	if s.Response != "" {
		return s.Response
	}
	if strings.Contains(s.Answer, `\boxed{`) {
		return s.Answer
	}
	return `<think></think>\boxed{` + s.Answer + "}"
}

// Step learns from a batch.
func (t *SFT) Step(ctx context.Context, batch []*Sample) (Stats, error) {
	release, err := t.m.use()
	if err != nil {
		return Stats{}, err
	}
	defer release()
	start := time.Now()
	t.products = t.meter()
	lessons := make([]lesson, len(batch))
	for i, s := range batch {
		if ctx.Err() != nil {
			return Stats{}, context.Cause(ctx)
		}
		prompt, err := t.m.prompt(ask(s, t.opts.Plain))
		if err != nil {
			return Stats{}, fmt.Errorf("sample %s: %w", s.ID, err)
		}
		lessons[i].Prompt, lessons[i].Answers = prompt, [][]int32{t.m.taught(Response(s))}
	}
	st := Stats{N: t.done + 1}
	total := targets(lessons)
	if total == 0 {
		return Stats{}, fmt.Errorf("sft: empty batch (want at least one sample)")
	}
	for _, part := range split(lessons, t.micro) {
		nll, err := t.backward(ctx, part, total)
		if err != nil {
			return Stats{}, t.undo(err)
		}
		st.Loss += nll / float64(total)
		st.Tokens += tokens(part)
	}
	if st.GradNorm, err = t.update(ctx, st.Loss); err != nil {
		return Stats{}, err
	}
	t.done++
	st.Metrics = map[string]float64{
		"train/loss": st.Loss, "train/grad_norm": st.GradNorm, "train/lr": t.rate(t.done - 1),
		"train/target_tokens": float64(total), "perf/total_num_tokens": float64(st.Tokens), "timing_s/step": time.Since(start).Seconds(),
	}
	t.products.report(st.Metrics)
	return st, nil
}

// backward adds the gradients of a part of the mean over total tokens and
// returns the part's summed negative log-likelihood.
func (t *SFT) backward(ctx context.Context, part []lesson, total int) (nll float64, err error) {
	dev := t.m.net.Dev
	mark := dev.Mark()
	defer dev.Release(mark)
	rec := tape.Record(dev)
	lp, err := decode.LogProbs(ctx, rec, t.m.net, groups(part), 1)
	if err != nil {
		return 0, err
	}
	values, slope := make([]float32, lp.Len()), make([]float32, lp.Len())
	dev.Download(values, lp.Tensor)
	if err := t.finite(ctx, values, groups(part), 1); err != nil {
		return 0, err
	}
	for i, v := range values {
		nll -= float64(v)
		slope[i] = -1 / float32(total)
	}
	return nll, rec.Backward(ctx, lp, slope)
}

// ask is the prompt of a sample in training.
func ask(s *Sample, plain bool) Prompt {
	p := Prompt{Text: s.Problem, Images: s.Images}
	if !plain {
		p.Text = WithFormat(p.Text)
	}
	return p
}

func groups(lessons []lesson) []decode.Group {
	out := make([]decode.Group, len(lessons))
	for i, l := range lessons {
		out[i] = l.Group
	}
	return out
}
