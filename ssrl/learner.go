package ssrl

import (
	"context"
	"fmt"
	"slices"

	"ssrl/internal/decode"
	"ssrl/internal/optim"
	"ssrl/internal/qwen"
	"ssrl/internal/tape"
	"ssrl/internal/tensor"
)

// Schedule says how the learning rate moves from step to step.
type Schedule struct {
	Kind   string `json:"kind"`   // "constant", "linear" or "cosine"; "" means constant
	Warmup int    `json:"warmup"` // steps over which the rate rises from 0
	Steps  int    `json:"steps"`  // where linear and cosine reach their end
}

// learning is what all trainers' options have in common.
type learning struct {
	rate, decay, maxNorm float64
	micro                int
	schedule             Schedule
}

// defaultMicroTokens keeps the activations of a nano model near the processor
// (a step of 6,500 tokens takes a tenth less than in one go), and is enough for
// products to be at full speed.
const defaultMicroTokens = 1024

// learner is what every trainer has: a model with gradients, an optimiser and
// a step count.
type learner struct {
	m        *Model
	ref      *qwen.Model // the starting weights, where they are needed
	kind     string      // names the trainer in its saved state
	params   []optim.Param
	opt      optim.AdamW
	schedule optim.Schedule
	micro    int
	done     int
	products meter     // since the step began
	before   []tensors // of a step of several updates; nil: none was taken
	updates  int       // of the optimiser, then
}

// tensors are a parameter and its moments.
type tensors [3]*tensor.Tensor

func tensorsOf(p *optim.Param) tensors { return tensors{p.Value, p.M, p.V} }

// start claims the model's weights for training.
func (l *learner) start(m *Model, kind string, o learning) error {
	release, err := m.use()
	if err != nil {
		return err
	}
	defer release()
	if m.net.Type() != tensor.F32 && m.net.Adapter == nil {
		return fmt.Errorf("%s: a model opened as bf16 without an adapter (want f32: small steps vanish in bfloat16)", kind)
	}
	if _, rounds := m.net.Dev.(tensor.Rounder); rounds {
		return fmt.Errorf("%s: a model opened with rounding hf (want none: it has no gradients)", kind)
	}
	opt := optim.RecipeOptions()
	opt.Decay = o.decay
	if o.maxNorm != 0 {
		opt.MaxNorm = o.maxNorm
	}
	l.m, l.kind, l.micro, l.opt = m, kind, o.micro, optim.AdamW{Options: opt}
	l.schedule = optim.Schedule{Kind: optim.Kind(o.schedule.Kind), Base: o.rate, Warmup: o.schedule.Warmup, Total: o.schedule.Steps}
	if o.schedule.Kind == "" {
		l.schedule.Kind = optim.Constant
	}
	if l.micro == 0 {
		l.micro = defaultMicroTokens
	}
	if l.micro < 0 {
		return fmt.Errorf("%s: micro_tokens %d (want at least 1)", kind, o.micro)
	}
	if l.schedule.Kind != optim.Constant && l.schedule.Total <= l.schedule.Warmup {
		return fmt.Errorf("%s: a %s schedule of %d steps after %d of warm-up (want more)", kind, l.schedule.Kind, l.schedule.Total, l.schedule.Warmup)
	}
	if err := opt.Check(); err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	if err := l.schedule.Check(); err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	m.net.Train(true)
	l.params = l.params[:0]
	for _, p := range m.net.Trained() {
		l.params = append(l.params, optim.Param{Name: p.Name, Value: p.Tensor, Grad: p.Grad})
	}
	optim.Moments(m.net.Dev, l.params)
	return nil
}

// Done is the number of steps taken.
func (l *learner) Done() int { return l.done }

// meter reads what products have taken since it was made, where the device knows.
// Other uses of the model in between count as well.
type meter struct {
	dev            tensor.Counter
	flops, seconds float64
}

func (l *learner) meter() meter {
	dev, ok := l.m.net.Dev.(tensor.Counter)
	if !ok {
		return meter{}
	}
	flops, seconds := dev.Products()
	return meter{dev, flops, seconds}
}

// report adds to the metrics of a step.
func (m meter) report(metrics map[string]float64) {
	if m.dev == nil {
		return
	}
	flops, seconds := m.dev.Products()
	metrics["perf/gemm_flops"], metrics["timing_s/gemm"] = flops-m.flops, seconds-m.seconds
}

// rate is the learning rate of a step, counted from 0.
func (l *learner) rate(step int) float64 { return l.schedule.Rate(step) }

// finite refuses log-probabilities that are not finite, and names the first weight
// or result of the network that is not.
func (l *learner) finite(ctx context.Context, logprobs []float32, groups []decode.Group, temperature float64) error {
	if !slices.ContainsFunc(logprobs, func(v float32) bool { return v-v != 0 }) {
		return nil
	}
	net := l.m.net
	for _, p := range slices.Concat(net.Params, net.Adapter) {
		if p.Type == tensor.F32 && !isFinite(net.Dev.SumSquares(p.Tensor)) {
			return l.bad("weight " + p.Name)
		}
	}
	mark := net.Dev.Mark()
	defer net.Dev.Release(mark)
	t := tape.Check(net.Dev)
	if _, err := decode.LogProbs(ctx, t, net, groups, float32(temperature)); err != nil {
		return err
	}
	return l.bad(t.Bad())
}

func (l *learner) bad(what string) error {
	return fmt.Errorf("%s: step %d: %s is not finite (the weights are as they were)", l.kind, l.done+1, what)
}

func isFinite(v float64) bool { return v-v == 0 }

// update moves the weights by the gradients that were gathered, unless loss or
// gradients are not finite.
func (l *learner) update(ctx context.Context, loss float64) (norm float64, err error) {
	if !isFinite(loss) {
		return 0, l.undo(l.bad("the loss"))
	}
	if ctx.Err() != nil {
		return 0, l.undo(context.Cause(ctx))
	}
	norm, err = l.opt.Step(l.m.net.Dev, l.params, l.rate(l.done))
	if err != nil {
		return 0, l.undo(fmt.Errorf("%s: step %d: %w", l.kind, l.done+1, err))
	}
	return norm, nil
}

// keep copies what a step of several updates moves, for goBack.
func (l *learner) keep() {
	dev := l.m.net.Dev
	if l.before == nil {
		l.before = make([]tensors, len(l.params))
	}
	for i := range l.params {
		for k, t := range tensorsOf(&l.params[i]) {
			if l.before[i][k] == nil {
				l.before[i][k] = dev.New(t.Rows, t.Cols)
			}
			dev.Copy(l.before[i][k], t)
		}
	}
	l.updates = l.opt.Steps
}

// goBack makes everything what it was at keep.
func (l *learner) goBack() {
	for i := range l.params {
		for k, t := range tensorsOf(&l.params[i]) {
			l.m.net.Dev.Copy(t, l.before[i][k])
		}
	}
	l.opt.Steps = l.updates
}

// undo empties the gradients of a step that failed, and passes its error on.
func (l *learner) undo(err error) error {
	optim.ZeroGrads(l.m.net.Dev, l.params)
	return err
}

// split cuts groups into parts of at most limit tokens, or of one group.
func split[G interface{ size() int }](groups []G, limit int) (parts [][]G) {
	for from, n := 0, 0; from < len(groups); {
		to := from
		for n = 0; to < len(groups) && (to == from || n+groups[to].size() <= limit); to++ {
			n += groups[to].size()
		}
		parts, from = append(parts, groups[from:to]), to
	}
	return parts
}

// lesson is a prompt with the answers that are learned from.
type lesson struct{ decode.Group }

// size is the number of rows that the network computes.
func (l lesson) size() int { return len(l.Prompt.IDs) + l.targets() }

// targets is the number of answer tokens.
func (l lesson) targets() (n int) {
	for _, a := range l.Answers {
		n += len(a)
	}
	return n
}

func targets[G interface{ targets() int }](lessons []G) (n int) {
	for _, l := range lessons {
		n += l.targets()
	}
	return n
}

func tokens[G interface{ size() int }](lessons []G) (n int) {
	for _, l := range lessons {
		n += l.size()
	}
	return n
}
