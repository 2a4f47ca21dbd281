package demo

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

// short takes every stage in seconds.
var short = Plan{Pixels: 72, HeldOut: 2, Share: 12, SFTSteps: 2, SFTBatch: 4, SFTRate: 1e-3,
	GRPOSteps: 1, GRPOBatch: 3, Group: 2, GRPORate: 1e-4, KL: 0.01, MaxTokens: 6, Others: 2}

func TestDemoLeavesWhatItSays(t *testing.T) {
	out := filepath.Join(t.TempDir(), "demo")
	stages := map[string]bool{}
	_, err := follow(t.Context(), Options{Out: out, Seed: 5, Say: func(stage string, done, total int, _ string) { stages[stage] = done == total }}, short)
	require.NoError(t, err)
	for _, stage := range []string{"questions", "SFT", "GRPO", "judging new", "judging sft", "judging grpo"} {
		assert.True(t, stages[stage], stage)
	}

	text, err := os.ReadFile(filepath.Join(out, "result.json"))
	require.NoError(t, err)
	var res Result
	require.NoError(t, json.Unmarshal(text, &res))
	assert.Equal(t, uint64(5), res.Seed)
	assert.Equal(t, short, res.Config)
	require.Len(t, res.Tasks, 5)
	for name, task := range res.Tasks {
		assert.Equal(t, 2, task.HeldOut, name)
		assert.InDelta(t, chance[name], task.Chance, 0)
	}

	d, err := ssrl.OpenDataset(filepath.Join(out, "held_out"))
	require.NoError(t, err)
	defer d.Close()
	assert.Equal(t, 10, d.Len())
	for _, name := range []string{"new", "sft", "grpo"} {
		m, err := ssrl.OpenModel(t.Context(), filepath.Join(out, name), ssrl.ModelOptions{})
		require.NoError(t, err)
		rep, err := ssrl.Evaluate(t.Context(), m, d, nil, ssrl.Sampling{MaxTokens: short.MaxTokens}, true)
		require.NoError(t, err, "anyone can ask again")
		for task, tally := range rep.ByTask {
			want := map[string]float64{"new": res.Tasks[task].New, "sft": res.Tasks[task].SFT, "grpo": res.Tasks[task].GRPO}
			assert.InDelta(t, want[name], tally.Score.Accuracy, 1e-9, "%s, %s", name, task)
		}
		require.NoError(t, m.Close())
	}

	page, err := os.ReadFile(filepath.Join(out, "report.html"))
	require.NoError(t, err)
	for _, word := range []string{"shuffle", "flip", "crop", "depth", "position", "data:image/png;base64,", "<polyline"} {
		assert.Contains(t, string(page), word)
	}
	_, err = follow(t.Context(), Options{Out: out}, short)
	assert.ErrorContains(t, err, "not empty")
}

func TestDemoCanBeStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := follow(ctx, Options{Out: filepath.Join(t.TempDir(), "demo"), Say: func(stage string, _, _ int, _ string) {
		if stage == "SFT" {
			cancel()
		}
	}}, short)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestWilsonInterval(t *testing.T) {
	// Worked by hand from the formula; with no hit it is z^2/(n+z^2).
	low, high := wilson(0.5, 100)
	assert.InDelta(t, 0.4038, low, 1e-4)
	assert.InDelta(t, 0.5962, high, 1e-4)
	low, high = wilson(0, 60)
	assert.InDelta(t, 0, low, 1e-9)
	assert.InDelta(t, 0.0602, high, 1e-4)
}
