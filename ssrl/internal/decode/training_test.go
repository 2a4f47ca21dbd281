package decode

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/golden"
	"ssrl/internal/optim"
	"ssrl/internal/safetensors"
	"ssrl/internal/tape"
)

type goldenGradients struct {
	Case    string
	Targets []int32 `json:"target_tokens"`
	Loss    float64
	File    string
}

// trainings reads training.json where a model has one.
func trainings(t *testing.T, m *goldenModel, into any) {
	path := filepath.Join(m.results, "training.json")
	if _, err := os.Stat(path); err != nil {
		t.Skip("no training.json")
	}
	golden.JSON(t, path, into)
}

// nll records the mean negative log-likelihood of all answers' tokens, puts its
// gradient into the weights and returns it.
func (m *goldenModel) nll(t *testing.T, groups []Group, frugal bool) float64 {
	mark := m.Dev.Mark()
	defer m.Dev.Release(mark)
	for _, p := range m.Trained() {
		m.Dev.Zero(p.Grad)
	}
	rec := tape.Record(m.Dev)
	rec.Frugal = frugal
	lp, err := LogProbs(t.Context(), rec, m.Model, groups, 1)
	require.NoError(t, err)
	values, slope := make([]float32, lp.Len()), make([]float32, lp.Len())
	m.Dev.Download(values, lp.Tensor)
	loss := 0.0
	for i, v := range values {
		loss -= float64(v) / float64(len(values))
		slope[i] = -1 / float32(len(values))
	}
	require.NoError(t, rec.Backward(t.Context(), lp, slope))
	return loss
}

func (m *goldenModel) find(t *testing.T, name string) (*goldenCase, *Prompt) {
	for i := range m.cases {
		if m.cases[i].Name == name {
			return &m.cases[i], m.prompt(t, &m.cases[i])
		}
	}
	t.Fatalf("no case %s", name)
	return nil, nil
}

func TestGoldenGradients(t *testing.T) {
	goldenModels(t, func(t *testing.T, m *goldenModel) {
		var want struct{ Gradients []goldenGradients }
		trainings(t, m, &want)
		m.Train(true)
		for _, g := range want.Gradients {
			for name, frugal := range map[string]bool{"remembered": false, "recomputed": true} {
				t.Run(g.Case+"/"+name, func(t *testing.T) {
					_, p := m.find(t, g.Case)
					loss := m.nll(t, []Group{{p, [][]int32{g.Targets}}}, frugal)
					assert.InDelta(t, g.Loss, loss, logprobTolerance)
					m.equalGradients(t, filepath.Join(m.results, g.File))
				})
			}
		}
	})
}

// equalGradients compares every gradient that the file holds, by name.
func (m *goldenModel) equalGradients(t *testing.T, path string) {
	f, err := safetensors.Open(path)
	require.NoError(t, err)
	defer f.Close()
	seen := 0
	for _, p := range m.Trained() {
		if !f.Has(p.Name) {
			continue
		}
		seen++
		want, err := f.Float32(p.Name)
		require.NoError(t, err)
		got := make([]float32, p.Len())
		m.Dev.Download(got, p.Grad)
		largest, worst := 0.0, 0.0
		for i := range want {
			largest = max(largest, math.Abs(float64(want[i])))
			worst = max(worst, math.Abs(float64(want[i]-got[i])))
		}
		assert.LessOrEqual(t, worst, gradTolerance*largest, p.Name)
	}
	assert.Equal(t, len(f.Names()), seen, "gradients of unknown names")
}

type goldenAdamW struct {
	Rows      []string
	Optimizer struct {
		LR    float64
		Betas [2]float64
		Eps   float64
		Decay float64 `json:"weight_decay"`
	}
	Clip  float64   `json:"clip_grad_norm"`
	Loss  []float64 // before each step and after the last
	Norms []float64 `json:"grad_norm"`
	File  string
}

const (
	// firstLoss and laterLoss bound loss and gradient norm of the five steps, relative:
	// what rounding leaves, and what it becomes where Adam turns a gradient that
	// is pure noise into a whole step (a hundred times more at the larger rate).
	firstLoss, laterLoss = 1e-5, 5e-3
	// smallRate is the rate at which weights are compared one by one: 99.9 % of
	// them to weightTolerance, all to a few steps of noise.
	smallRate = 1e-5
)

func TestGoldenAdamW(t *testing.T) {
	goldenModels(t, func(t *testing.T, m *goldenModel) {
		var want struct{ AdamW []goldenAdamW }
		trainings(t, m, &want)
		for _, w := range want.AdamW {
			t.Run(w.File, func(t *testing.T) {
				again := openGolden(t, m.name, m.dir, m.results, m.cases)
				again.Train(true)
				again.checkAdamW(t, w)
			})
		}
	})
}

func (m *goldenModel) checkAdamW(t *testing.T, w goldenAdamW) {
	var groups []Group
	for _, name := range w.Rows {
		c, p := m.find(t, name)
		groups = append(groups, Group{p, [][]int32{append(append([]int32{}, c.Answer...), c.End.Token)}})
	}
	var params []optim.Param
	for _, p := range m.Params {
		params = append(params, optim.Param{Name: p.Name, Value: p.Tensor, Grad: p.Grad})
	}
	optim.Moments(m.Dev, params)
	o := optim.AdamW{Options: optim.Options{Beta1: w.Optimizer.Betas[0], Beta2: w.Optimizer.Betas[1], Eps: w.Optimizer.Eps,
		Decay: w.Optimizer.Decay, MaxNorm: w.Clip}}
	for i, loss := range w.Loss {
		tolerance := laterLoss
		if i == 0 {
			tolerance = firstLoss
		} else if w.Optimizer.LR <= smallRate {
			tolerance = 10 * firstLoss
		}
		assert.InEpsilon(t, loss, m.nll(t, groups, false), tolerance, "loss before step %d", i)
		if i == len(w.Loss)-1 {
			break
		}
		norm, err := o.Step(m.Dev, params, w.Optimizer.LR)
		require.NoError(t, err)
		assert.InEpsilon(t, w.Norms[i], norm, max(tolerance, 10*firstLoss), "norm of step %d", i)
	}
	if w.Optimizer.LR <= smallRate {
		m.equalWeights(t, filepath.Join(m.results, w.File))
	}
}

// equalWeights compares the weights that the file holds whole.
func (m *goldenModel) equalWeights(t *testing.T, path string) {
	f, err := safetensors.Open(path)
	require.NoError(t, err)
	defer f.Close()
	seen, values, far := 0, 0, 0
	for _, p := range m.Params {
		if !f.Has(p.Name) {
			continue
		}
		seen++
		want, err := f.Float32(p.Name)
		require.NoError(t, err)
		got := make([]float32, p.Len())
		m.Dev.Download(got, p.Tensor)
		for i, w := range want {
			off := math.Abs(float64(got[i] - w))
			values++
			if off > 1e-7+1e-6*math.Abs(float64(w)) {
				far++
			}
			assert.LessOrEqual(t, off, 5e-5, "%s[%d]", p.Name, i)
		}
	}
	assert.Equal(t, len(f.Names()), seen)
	assert.LessOrEqual(t, float64(far), 0.001*float64(values), "weights away from the reference, of %d", values)
}
