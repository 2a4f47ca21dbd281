package ssrl

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// nanoModel opens a fresh nano model.
func nanoModel(t testing.TB) *Model {
	t.Helper()
	return fresh(t, "nano")
}

// fresh opens a new model of a preset.
func fresh(t testing.TB, preset string) *Model {
	t.Helper()
	dir := filepath.Join(t.TempDir(), preset)
	require.NoError(t, CreateModel(dir, preset, 1))
	m, err := OpenModel(t.Context(), dir, ModelOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { m.Close() })
	return m
}

// briefSamples are n questions of the tasks about synthetic scenes of 56 pixels.
func briefSamples(t testing.TB, n int, tasks ...Task) (out []*Sample) {
	t.Helper()
	for i := 0; len(out) < n; i++ {
		f, err := Scene(1, i, 56, 56)
		require.NoError(t, err)
		made, err := Generator{Tasks: tasks, Seed: 1}.make(f)
		require.NoError(t, err)
		for _, o := range made {
			if o.why == nil && len(out) < n {
				o.sample.ID = sampleID(f.Name, o.sample.Task, len(out))
				out = append(out, o.sample)
			}
		}
	}
	return out
}

func BenchmarkSFTStep(b *testing.B) {
	m := nanoModel(b)
	t, err := NewSFT(m, SFTOptions{Plain: true})
	require.NoError(b, err)
	batch := briefSamples(b, 48, Shuffle{Brief: true}, Flip{Brief: true})
	tokens := 0
	for b.Loop() {
		st, err := t.Step(b.Context(), batch)
		require.NoError(b, err)
		tokens = st.Tokens
	}
	b.ReportMetric(float64(tokens*b.N)/b.Elapsed().Seconds(), "tokens/s")
	b.ReportMetric(float64(len(batch)*b.N)/b.Elapsed().Seconds(), "samples/s")
}

func BenchmarkGRPOStep(b *testing.B) {
	m := nanoModel(b)
	t, err := NewGRPO(m, nil, GRPOOptions{Plain: true, Group: 8, MaxTokens: 24, KL: 0.01})
	require.NoError(b, err)
	batch := briefSamples(b, 16, Shuffle{Brief: true}, Flip{Brief: true})
	for b.Loop() {
		_, err := t.Step(b.Context(), batch)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(len(batch)*8*b.N)/b.Elapsed().Seconds(), "rollouts/s")
}
