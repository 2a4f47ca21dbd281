package decode

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/golden"
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
	for _, p := range m.Params {
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
	m.Dev.Upload(lp.Grad, slope)
	require.NoError(t, rec.Backward(t.Context()))
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
	for _, p := range m.Params {
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
