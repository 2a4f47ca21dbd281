package decode

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/cpu"
	"ssrl/internal/qwen"
	"ssrl/internal/safetensors"
	"ssrl/internal/tensor"
)

type goldenLoRA struct {
	Adapter  string
	LossCase string `json:"loss_case"`
	Loss     float64
	Grads    string
	Merged   string
	Cases    []struct {
		Case     string
		LogProbs []float32 `json:"logprobs"`
		Greedy   goldenAnswer
	}
}

// mergedTolerance bounds merged weights, as a share of the largest: the product
// is summed in another order.
const mergedTolerance = 1e-6

// A PEFT adapter: answers with it, the gradient of its weights, the merged
// weights, and answers after merging.
func TestGoldenLoRA(t *testing.T) {
	goldenModels(t, func(t *testing.T, m *goldenModel) {
		var file struct{ LoRA *goldenLoRA }
		trainings(t, m, &file)
		if file.LoRA == nil {
			t.Skip("no adapter recorded")
		}
		w := file.LoRA
		m.adapt(t, w)
		m.checkLoRA(t, w)

		m.Train(true)
		for _, frugal := range []bool{false, true} {
			c, p := m.find(t, w.LossCase)
			answer := append(append([]int32{}, c.Answer...), c.End.Token)
			assert.InDelta(t, w.Loss, m.nll(t, []Group{{p, [][]int32{answer}}}, frugal), logprobTolerance)
			m.equalGradients(t, filepath.Join(m.results, w.Grads))
		}
		for _, p := range m.Params {
			require.Nil(t, p.Grad, "the weights below an adapter are frozen")
		}

		m.Merge()
		assert.Nil(t, m.Adapter)
		m.checkMerged(t, w)
		m.checkLoRA(t, w)
	})
}

func (m *goldenModel) adapt(t *testing.T, w *goldenLoRA) {
	dir := filepath.Join(m.results, w.Adapter)
	data, err := os.ReadFile(filepath.Join(dir, "adapter_config.json"))
	require.NoError(t, err)
	config, err := qwen.ParseAdapterConfig(data)
	require.NoError(t, err)
	f, err := safetensors.Open(filepath.Join(dir, "adapter_model.safetensors"))
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, m.Adapt(t.Context(), config, f))
	require.Len(t, m.Adapter, len(f.Names()))
	require.ErrorContains(t, m.Adapt(t.Context(), config, f), "the model has one already")
}

func (m *goldenModel) checkLoRA(t *testing.T, w *goldenLoRA) {
	for _, want := range w.Cases {
		c, p := m.find(t, want.Case)
		got, _, err := Score(t.Context(), m.Model, Group{p, [][]int32{c.Answer}})
		require.NoError(t, err)
		assert.InDeltaSlice(t, want.LogProbs, got, logprobTolerance)
		answers, err := Generate(t.Context(), m.Model, []Request{{p, make1}}, Sampling{MaxTokens: 64}, nil)
		require.NoError(t, err)
		assert.Equal(t, want.Greedy.Tokens, answers[0][0].Tokens)
		assert.InDeltaSlice(t, want.Greedy.LogProbs, answers[0][0].LogProbs, logprobTolerance)
	}
}

func (m *goldenModel) checkMerged(t *testing.T, w *goldenLoRA) {
	f, err := safetensors.Open(filepath.Join(m.results, w.Merged))
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
		m.Dev.Download(got, p.Tensor)
		largest, worst := 0.0, 0.0
		for i, v := range want {
			largest = max(largest, math.Abs(float64(v)))
			worst = max(worst, math.Abs(float64(v-got[i])))
		}
		assert.LessOrEqual(t, worst, mergedTolerance*largest, p.Name)
	}
	assert.Equal(t, len(f.Names()), seen)
}

// An adapter runs on weights stored in bfloat16 and is merged into them.
func TestLoRAOnBfloat16(t *testing.T) {
	goldenModels(t, func(t *testing.T, m *goldenModel) {
		var file struct{ LoRA *goldenLoRA }
		trainings(t, m, &file)
		if file.LoRA == nil {
			t.Skip("no adapter recorded")
		}
		half := openGoldenAs(t, cpu.New(0), tensor.BF16, m.name, m.dir, m.results, m.cases)
		half.adapt(t, file.LoRA)
		c, p := half.find(t, file.LoRA.LossCase)
		answer := append(append([]int32{}, c.Answer...), c.End.Token)
		half.Train(true)
		before := half.nll(t, []Group{{p, [][]int32{answer}}}, false)
		half.Merge()
		after, _, err := Score(t.Context(), half.Model, Group{p, [][]int32{answer}})
		require.NoError(t, err)
		mean := 0.0
		for _, lp := range after {
			mean -= float64(lp) / float64(len(after))
		}
		// Merged weights are rounded to 8 bits of mantissa, once.
		assert.InDelta(t, before, mean, 0.3)
	})
}
