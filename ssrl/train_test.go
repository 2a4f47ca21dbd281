package ssrl

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/decode"
	"ssrl/internal/tape"
	"ssrl/internal/tensor"
)

// splitTolerance bounds how much the loss of a step may depend on how it is cut
// into parts: sums of float32 gradients in another order.
const splitTolerance = 1e-6

// weights are all weights of m, for comparison.
func weights(m *Model) [][]float32 {
	var out [][]float32
	for _, p := range m.net.Params {
		w := make([]float32, p.Len())
		m.net.Dev.Download(w, p.Tensor)
		out = append(out, w)
	}
	return out
}

// questions are two questions each of tasks that 56 pixels can carry.
func questions(t testing.TB, n int) []*Sample {
	return briefSamples(t, n, Shuffle{Brief: true}, Flip{Brief: true}, Crop{Brief: true})
}

var smallGRPO = GRPOOptions{Group: 4, MaxTokens: 12, LearningRate: 1e-3, KL: 0.01, Seed: 3, Plain: true}

// The log-probability of a token while it is drawn is the one that the trainer
// computes, bit for bit, whatever is in the batch and however it is cut.
func TestDrawnLogProbsAreTheTrainers(t *testing.T) {
	for _, preset := range []string{"nano", "nano3"} {
		t.Run(preset, func(t *testing.T) { drawnAreTrained(t, fresh(t, preset)) })
	}
}

func drawnAreTrained(t *testing.T, m *Model) {
	g, err := NewGRPO(m, nil, smallGRPO)
	require.NoError(t, err)
	rollouts, err := g.Rollouts(t.Context(), questions(t, 5))
	require.NoError(t, err)
	require.Len(t, rollouts, 20)
	for _, r := range rollouts {
		mark := m.net.Dev.Mark()
		lp, err := decode.LogProbs(t.Context(), tape.Record(m.net.Dev), m.net, []decode.Group{{Prompt: r.prompt, Answers: [][]int32{r.tokens}}}, 1)
		require.NoError(t, err)
		got := make([]float32, lp.Len())
		m.net.Dev.Download(got, lp.Tensor)
		assert.Equal(t, r.logprobs, got)
		m.net.Dev.Release(mark)
	}
	st, err := g.Update(t.Context(), rollouts)
	require.NoError(t, err)
	assert.Zero(t, st.Metrics["actor/ppo_kl"], "the ratio of the first update is exactly 1")
	assert.Zero(t, st.Metrics["actor/kl_loss"], "the reference is the policy")
	assert.Zero(t, st.Metrics["actor/pg_clipfrac_higher"])
}

func TestRecomputedOldLogProbsChangeNothing(t *testing.T) {
	batch := questions(t, 3)
	var got [][][]float32
	for _, again := range []bool{false, true} {
		m := nanoModel(t)
		opts := smallGRPO
		opts.RecomputeOld = again
		g, err := NewGRPO(m, nil, opts)
		require.NoError(t, err)
		_, err = g.Step(t.Context(), batch)
		require.NoError(t, err)
		got = append(got, weights(m))
	}
	assert.Equal(t, got[0], got[1])
}

// The same seed gives the same weights for any number of threads.
func TestStepsDoNotDependOnThreads(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nano")
	require.NoError(t, CreateModel(dir, "nano", 1))
	batch := questions(t, 8)
	for name, start := range trainers(t) {
		t.Run(name, func(t *testing.T) {
			var got [][][]float32
			for _, threads := range []int{1, 2, 7} {
				m, err := OpenModel(t.Context(), dir, ModelOptions{Threads: threads})
				require.NoError(t, err)
				tr := start(m)
				for range 2 {
					_, err = tr.Step(t.Context(), batch)
					require.NoError(t, err)
				}
				got = append(got, weights(m))
				require.NoError(t, m.Close())
			}
			assert.Equal(t, got[0], got[1])
			assert.Equal(t, got[0], got[2])
		})
	}
}

// trainers are one of each kind over m.
func trainers(t *testing.T) map[string]func(m *Model) Trainer {
	return map[string]func(m *Model) Trainer{
		"sft": func(m *Model) Trainer {
			s, err := NewSFT(m, SFTOptions{LearningRate: 1e-3, Plain: true, Schedule: Schedule{Kind: "cosine", Warmup: 1, Steps: 9}})
			require.NoError(t, err)
			return s
		},
		"grpo": func(m *Model) Trainer {
			g, err := NewGRPO(m, nil, smallGRPO)
			require.NoError(t, err)
			return g
		},
	}
}

// Four steps are two steps, a save, a resume in a new process's place, and two more.
func TestResumeIsBitEqual(t *testing.T) {
	data := questions(t, 12)
	for name, start := range trainers(t) {
		t.Run(name, func(t *testing.T) {
			take := func(tr Trainer, from, to int) {
				for i := from; i < to; i++ {
					_, err := tr.Step(t.Context(), data[3*i:3*i+3])
					require.NoError(t, err)
				}
			}
			whole := nanoModel(t)
			take(start(whole), 0, 4)

			dir := filepath.Join(t.TempDir(), "half")
			first := start(nanoModel(t))
			take(first, 0, 2)
			require.NoError(t, first.Save(dir))

			again := nanoModel(t)
			second := start(again)
			require.NoError(t, second.Resume(dir))
			assert.Equal(t, 2, second.Done())
			take(second, 2, 4)
			assert.Equal(t, weights(whole), weights(again))

			saved, err := OpenModel(t.Context(), dir, ModelOptions{})
			require.NoError(t, err, "a checkpoint is a model")
			require.NoError(t, saved.Close())
		})
	}
}

func TestResumeRefuses(t *testing.T) {
	m := nanoModel(t)
	s, err := NewSFT(m, SFTOptions{Plain: true})
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "sft")
	require.NoError(t, s.Save(dir))

	g, err := NewGRPO(m, nil, smallGRPO)
	require.NoError(t, err)
	assert.ErrorContains(t, g.Resume(dir), `of a "sft" trainer after 0 steps (want grpo)`)

	before := weights(m)
	path := filepath.Join(dir, momentsFile)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[len(data)-1] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o666))
	err = s.Resume(dir)
	assert.ErrorIs(t, err, ErrFormat)
	assert.ErrorContains(t, err, "moments.safetensors: damaged")
	assert.Equal(t, before, weights(m))
	assert.Error(t, s.Resume(filepath.Join(dir, "none")))
}

func TestLossDoesNotDependOnTheCut(t *testing.T) {
	batch := questions(t, 6)
	var losses, norms []float64
	for _, micro := range []int{1, 200, 100000} {
		s, err := NewSFT(nanoModel(t), SFTOptions{Plain: true, MicroTokens: micro})
		require.NoError(t, err)
		st, err := s.Step(t.Context(), batch)
		require.NoError(t, err)
		losses, norms = append(losses, st.Loss), append(norms, st.GradNorm)
	}
	for i := range losses {
		assert.InEpsilon(t, losses[0], losses[i], splitTolerance)
		assert.InEpsilon(t, norms[0], norms[i], 10*splitTolerance)
	}
}

func TestSFTLearnsWhatItIsTaught(t *testing.T) {
	m := nanoModel(t)
	s, err := NewSFT(m, SFTOptions{LearningRate: 3e-3, Plain: true})
	require.NoError(t, err)
	batch := questions(t, 4)
	for range 60 {
		_, err := s.Step(t.Context(), batch)
		require.NoError(t, err)
	}
	for _, q := range batch {
		a, err := m.Answer(t.Context(), ask(q, true), Sampling{MaxTokens: 32})
		require.NoError(t, err)
		assert.Equal(t, 1.0, Exact(q, a.Text).Overall, a.Text)
		assert.Equal(t, "stop", a.Finish)
	}
}

// change lets f change the values of a weight.
func change(t *testing.T, m *Model, name string, f func(values []float32)) {
	for _, p := range m.net.Params {
		if p.Name == name {
			values := make([]float32, p.Len())
			m.net.Dev.Download(values, p.Tensor)
			f(values)
			m.net.Dev.Upload(p.Tensor, values)
			return
		}
	}
	require.Fail(t, "no weight "+name)
}

// patterns are the bits of all weights: NaN equals itself in them.
func patterns(m *Model) (out []uint32) {
	for _, w := range weights(m) {
		for _, v := range w {
			out = append(out, math.Float32bits(v))
		}
	}
	return out
}

// What is not finite is named, the first of it, and nothing has changed.
func TestNotFiniteIsNamed(t *testing.T) {
	fill := func(v float32) func([]float32) {
		return func(values []float32) {
			for i := range values {
				values[i] = v
			}
		}
	}
	for _, c := range []struct{ weight, want string }{
		{"model.norm.weight", "weight model.norm.weight is not finite"},
		{"visual.blocks.1.norm1.weight", "weight visual.blocks.1.norm1.weight is not finite"},
	} {
		for name, start := range trainers(t) {
			t.Run(name+" "+c.weight, func(t *testing.T) {
				m := nanoModel(t)
				tr := start(m)
				change(t, m, c.weight, func(values []float32) { values[3] = float32(math.Inf(1)) })
				before := patterns(m)
				_, err := tr.Step(t.Context(), questions(t, 2))
				assert.EqualError(t, err, name+": step 1: "+c.want+" (the weights are as they were)")
				assert.Zero(t, tr.Done())
				assert.Equal(t, before, patterns(m))
			})
		}
	}
	for name, start := range trainers(t) {
		t.Run(name+" overflow", func(t *testing.T) {
			m := nanoModel(t)
			tr := start(m)
			change(t, m, "model.layers.2.post_attention_layernorm.weight", fill(1e30))
			before := patterns(m)
			_, err := tr.Step(t.Context(), questions(t, 2))
			assert.EqualError(t, err, name+": step 1: language_model.layers.2: SwiGLU is not finite (the weights are as they were)")
			assert.Equal(t, before, patterns(m))
			change(t, m, "model.layers.2.post_attention_layernorm.weight", fill(1))
			_, err = tr.Step(t.Context(), questions(t, 2))
			assert.NoError(t, err, "the trainer is sound afterwards")
		})
	}
	m := nanoModel(t)
	g, err := NewGRPO(m, func(*Sample, string) Score { return Score{Overall: math.NaN()} }, smallGRPO)
	require.NoError(t, err)
	batch := questions(t, 2)
	_, err = g.Step(t.Context(), batch)
	assert.EqualError(t, err, "grpo: step 1: sample "+batch[0].ID+": reward NaN (want a finite number)")
}

// countdown is a context that ends at its n-th look, and knows how much a device
// worked after that.
type countdown struct {
	context.Context
	left  int
	after int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// watched counts products after the end of a context.
type watched struct {
	tensor.Device
	ctx *countdown
}

func (w watched) Linear(y, x, weight, b *tensor.Tensor) {
	w.count()
	w.Device.Linear(y, x, weight, b)
}

func (w watched) LinearBack(dx, dw, db, dy, x, weight *tensor.Tensor) {
	w.count()
	w.Device.LinearBack(dx, dw, db, dy, x, weight)
}

func (w watched) count() {
	if w.ctx != nil && w.ctx.left < 0 {
		w.ctx.after++
	}
}

// layerProducts is how many products a layer of the network has: a step that is
// cancelled may end the one that it is in.
const layerProducts = 7

// A step that is cancelled anywhere ends within a layer, changes nothing, and
// the next one is as if it had not been.
func TestCancelAnywhere(t *testing.T) {
	batch := questions(t, 2)
	for name, start := range trainers(t) {
		t.Run(name, func(t *testing.T) {
			whole := nanoModel(t)
			_, err := start(whole).Step(t.Context(), batch)
			require.NoError(t, err)

			m := nanoModel(t)
			dev := m.net.Dev
			tr := start(m)
			before := weights(m)
			looks := 0
			for left := 0; ; left += 1 + left/7 { // every look at first, then some
				ctx := &countdown{Context: t.Context(), left: left}
				m.net.Dev = watched{dev, ctx}
				_, err := tr.Step(ctx, batch)
				m.net.Dev = dev
				if err == nil {
					break
				}
				looks++
				require.ErrorIs(t, err, context.Canceled, "after %d looks", left)
				require.LessOrEqual(t, ctx.after, layerProducts, "products after %d looks", left)
				require.Equal(t, before, weights(m), "after %d looks", left)
			}
			assert.Greater(t, looks, 20)
			assert.Equal(t, weights(whole), weights(m))
		})
	}
}

// A step of several updates that fails in a later one takes the earlier back.
func TestFailedUpdateTakesTheOthersBack(t *testing.T) {
	opts := smallGRPO
	opts.Updates = 2
	byLength := func(_ *Sample, answer string) Score { return Score{Overall: float64(len(answer))} }
	m, whole := nanoModel(t), nanoModel(t)
	g, err := NewGRPO(m, byLength, opts)
	require.NoError(t, err)
	h, err := NewGRPO(whole, byLength, opts)
	require.NoError(t, err)
	batch, before := questions(t, 2), weights(m)
	rollouts, err := g.Rollouts(t.Context(), batch)
	require.NoError(t, err)
	moved := false
	for left := 0; ; left += 1 + left/5 {
		ctx := &countdown{Context: t.Context(), left: left}
		steps := g.opt.Steps
		_, err := g.Update(ctx, rollouts)
		if err == nil {
			break
		}
		moved = moved || g.before != nil
		require.Equal(t, before, weights(m), "after %d looks", left)
		require.Equal(t, steps, g.opt.Steps)
	}
	assert.True(t, moved)
	again, err := h.Rollouts(t.Context(), batch)
	require.NoError(t, err)
	_, err = h.Update(t.Context(), again)
	require.NoError(t, err)
	assert.Equal(t, weights(whole), weights(m), "the moments were taken back too")
}

func TestRoomIsChecked(t *testing.T) {
	m := nanoModel(t)
	s, err := NewSFT(m, SFTOptions{Plain: true})
	require.NoError(t, err)
	dir := t.TempDir()
	assert.NoError(t, s.CheckRoom(filepath.Join(dir, "deep", "down")))
	assert.Equal(t, 12*m.Parameters(), s.saved(), "weights and two moments")
	if _, known := freeBytes(dir); !known {
		t.Skip("free space cannot be told here")
	}
	assert.ErrorContains(t, checkRoom(dir, 1<<62), "MB free (want 4398046511104 MB)")
}

func TestCancelledStepKeepsTheWeights(t *testing.T) {
	for name, start := range trainers(t) {
		t.Run(name, func(t *testing.T) {
			m := nanoModel(t)
			tr := start(m)
			before := weights(m)
			ctx, cancel := context.WithCancelCause(t.Context())
			why := errors.New("enough")
			cancel(why)
			_, err := tr.Step(ctx, questions(t, 2))
			assert.ErrorIs(t, err, why)
			assert.Equal(t, before, weights(m))
			_, err = tr.Step(t.Context(), questions(t, 2))
			assert.NoError(t, err, "the trainer is sound afterwards")
		})
	}
}

func TestTrainersRefuse(t *testing.T) {
	m := nanoModel(t)
	for want, make := range map[string]func() error{
		"grpo: group of 1 answers (want at least 2)":                       func() error { _, err := NewGRPO(m, nil, GRPOOptions{Group: 1}); return err },
		"grpo: temperature -1 (want above 0, at most 100)":                 func() error { _, err := NewGRPO(m, nil, GRPOOptions{Temperature: -1}); return err },
		`grpo: kl "k3" (want kl, abs, mse or low_var_kl)`:                  func() error { _, err := NewGRPO(m, nil, GRPOOptions{KLKind: "k3"}); return err },
		`grpo: loss "ppo" (want default, gspo, gspo_token, cispo or sapo)`: func() error { _, err := NewGRPO(m, nil, GRPOOptions{Loss: "ppo"}); return err },
		`grpo: average "mean" (want token, seq or length)`:                 func() error { _, err := NewGRPO(m, nil, GRPOOptions{Average: "mean"}); return err },
		`grpo: advantage estimator "gae" (want grpo, grpo_passk or rloo)`:  func() error { _, err := NewGRPO(m, nil, GRPOOptions{Estimator: "gae"}); return err },
		"grpo: centre_only with estimator rloo (want grpo)":                func() error { _, err := NewGRPO(m, nil, GRPOOptions{Estimator: "rloo", CentreOnly: true}); return err },
		"grpo: kl -1 (want 0 or more)":                                     func() error { _, err := NewGRPO(m, nil, GRPOOptions{KL: -1}); return err },
		"sft: learning rate -1 (want a number >= 0)":                       func() error { _, err := NewSFT(m, SFTOptions{LearningRate: -1}); return err },
		`sft: schedule "wave" (want constant, linear or cosine)`:           func() error { _, err := NewSFT(m, SFTOptions{Schedule: Schedule{Kind: "wave", Steps: 9}}); return err },
		"sft: a cosine schedule of 0 steps after 0 of warm-up (want more)": func() error { _, err := NewSFT(m, SFTOptions{Schedule: Schedule{Kind: "cosine"}}); return err },
		"sft: micro_tokens -1 (want at least 1)":                           func() error { _, err := NewSFT(m, SFTOptions{MicroTokens: -1}); return err },
		"sft: empty batch (want at least one sample)":                      func() error { s, _ := NewSFT(m, SFTOptions{}); _, err := s.Step(t.Context(), nil); return err },
		"update: no rollouts":                                              func() error { g, _ := NewGRPO(m, nil, GRPOOptions{}); _, err := g.Update(t.Context(), nil); return err },
		"update: rollout 0 was not drawn by Rollouts": func() error {
			g, _ := NewGRPO(m, nil, GRPOOptions{})
			_, err := g.Update(t.Context(), []Rollout{{}})
			return err
		},
		"sample x: problem: 0 <image> for 1 images": func() error {
			s, _ := NewSFT(m, SFTOptions{})
			_, err := s.Step(t.Context(), []*Sample{{ID: "x", Problem: "<imag> <image", Images: questions(t, 1)[0].Images[:1], Answer: "A"}})
			return err
		},
	} {
		t.Run(want, func(t *testing.T) { assert.EqualError(t, make(), want) })
	}
}

// Every variant of the objective takes a step of its own; what one leaves out
// moves nothing.
func TestObjectivesDiffer(t *testing.T) {
	variants := map[string]func(o *GRPOOptions){
		"default": func(o *GRPOOptions) {}, "rloo": func(o *GRPOOptions) { o.Estimator = "rloo" }, "pass@k": func(o *GRPOOptions) { o.Estimator = "grpo_passk" },
		"centred": func(o *GRPOOptions) { o.CentreOnly = true }, "seq": func(o *GRPOOptions) { o.Average = "seq" }, "length": func(o *GRPOOptions) { o.Average = "length" },
		"cispo": func(o *GRPOOptions) { o.Loss, o.ClipLow, o.ClipHigh = "cispo", 1e-3, 1e-3 }, "sapo": func(o *GRPOOptions) { o.Loss = "sapo" },
		"gspo": func(o *GRPOOptions) { o.Loss = "gspo" }, "abs": func(o *GRPOOptions) { o.KLKind = "abs" }, "mse": func(o *GRPOOptions) { o.KLKind = "mse" },
	}
	batch, seen := questions(t, 2), map[[2]uint32]string{}
	for name, change := range variants {
		m := nanoModel(t)
		o := smallGRPO
		o.Updates, o.KL = 2, 1
		change(&o)
		g, err := NewGRPO(m, func(s *Sample, answer string) Score { return Score{Overall: float64(len(answer)%7) / 7} }, o)
		require.NoError(t, err)
		rollouts, err := g.Rollouts(t.Context(), batch)
		require.NoError(t, err, name)
		for i := range rollouts { // a fresh model's answers are all as long as they may be
			r, n := &rollouts[i], 4+i%5
			r.tokens, r.logprobs = r.tokens[:n], r.logprobs[:n]
		}
		st, err := g.Update(t.Context(), rollouts)
		require.NoError(t, err, name)
		assert.False(t, math.IsNaN(st.Loss), name)
		moved := [2]uint32{}
		for _, p := range weights(m) {
			for _, v := range p {
				moved[0], moved[1] = moved[0]*31+math.Float32bits(v), moved[1]^math.Float32bits(v)
			}
		}
		assert.Empty(t, seen[moved], "%s moves as", name)
		seen[moved] = name
	}
}

func TestTruncatedAnswersCanBeMasked(t *testing.T) {
	m := nanoModel(t)
	before := weights(m)
	o := smallGRPO
	o.KL, o.MaxTokens, o.MaskTruncated = 0, 1, true // a fresh model does not stop after one token
	g, err := NewGRPO(m, func(s *Sample, answer string) Score { return Score{Overall: float64(len(answer))} }, o)
	require.NoError(t, err)
	rollouts, err := g.Rollouts(t.Context(), questions(t, 2))
	require.NoError(t, err)
	for i := range rollouts {
		require.Equal(t, "length", rollouts[i].Finish)
	}
	st, err := g.Update(t.Context(), rollouts)
	require.NoError(t, err)
	assert.Equal(t, before, weights(m))
	assert.Zero(t, st.GradNorm)
	assert.Zero(t, st.Loss)
}

func TestModelServesOneCallAtATime(t *testing.T) {
	m := nanoModel(t)
	for piece, err := range m.Generate(t.Context(), Prompt{Text: "hello"}, Sampling{MaxTokens: 4}) {
		require.NoError(t, err)
		_ = piece
		_, err = m.Answer(t.Context(), Prompt{Text: "hello"}, Sampling{})
		assert.EqualError(t, err, "model: another call is running (a model serves one at a time)")
		break
	}
	require.NoError(t, m.Close())
	require.NoError(t, m.Close())
	_, err := m.Answer(t.Context(), Prompt{Text: "hello"}, Sampling{})
	assert.ErrorIs(t, err, ErrClosed)
}
