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
	"ssrl/internal/seed"
)

// short takes every stage in seconds.
var short = Plan{Pixels: 72, HeldOut: 2, Share: 12, SFTSteps: 2, SFTBatch: 4, SFTRate: 1e-3,
	GRPOSteps: 1, GRPOBatch: 3, Group: 2, GRPORate: 1e-4, KL: 0.01, MaxTokens: 6, Seldom: 2}

func TestDemoLeavesWhatItSays(t *testing.T) {
	out := filepath.Join(t.TempDir(), "demo")
	ended := map[string]bool{}
	_, err := follow(t.Context(), Options{Out: out, Seed: 5, Say: func(stage string, done, total int, _ string) { ended[stage] = done == total }}, short)
	require.NoError(t, err)
	for _, stage := range []string{"questions", "SFT", "GRPO", "control", "judging new", "judging base", "judging sft", "judging grpo", "judging control"} {
		assert.True(t, ended[stage], stage)
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
	for _, name := range stages {
		m, err := ssrl.OpenModel(t.Context(), filepath.Join(out, name), ssrl.ModelOptions{})
		require.NoError(t, err)
		rep, err := ssrl.Evaluate(t.Context(), m, d, nil, ssrl.Sampling{MaxTokens: short.MaxTokens}, true)
		require.NoError(t, err, "anyone can ask again")
		for task, tally := range rep.ByTask {
			assert.InDelta(t, *res.Tasks[task].of(name), tally.Score.Accuracy, 1e-9, "%s, %s", name, task)
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

// leastSeen is the share of perception questions that the shipped base must
// answer; guessing gives a twentieth to a sixth, and it had 0.72 when it was made.
const leastSeen = 0.6

func TestShippedBaseSees(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, WriteBase(filepath.Join(dir, "base")))
	m, err := ssrl.OpenModel(t.Context(), filepath.Join(dir, "base"), ssrl.ModelOptions{})
	require.NoError(t, err)
	defer m.Close()

	w, err := ssrl.CreateDataset(filepath.Join(dir, "questions"), 1, nil)
	require.NoError(t, err)
	n := 0
	for s, err := range draw(t.Context(), perception(), seed.Key(977, "never trained on"), schooling.Pixels) {
		require.NoError(t, err)
		require.NoError(t, w.Write(s))
		if n++; n == 240 {
			break
		}
	}
	require.NoError(t, w.Close())
	d, err := ssrl.OpenDataset(filepath.Join(dir, "questions"))
	require.NoError(t, err)
	defer d.Close()
	rep, err := ssrl.Evaluate(t.Context(), m, d, nil, ssrl.Sampling{MaxTokens: full.MaxTokens}, true)
	require.NoError(t, err)
	assert.Len(t, rep.ByTask, len(perception()))
	assert.Greater(t, rep.Score.Accuracy, leastSeen, "%v", rep.ByTask)
}

func TestSchoolTeachesAndHalves(t *testing.T) {
	out := filepath.Join(t.TempDir(), "base")
	steps := 0
	require.NoError(t, school(t.Context(), out, Schooling{Pixels: 56, Steps: 2, Batch: 3, Rate: 1e-3}, func(string, int, int, string) { steps++ }))
	assert.Equal(t, 2, steps)
	made, err := os.Stat(filepath.Join(out, "model.safetensors"))
	require.NoError(t, err)
	assert.InDelta(t, len(weights), made.Size(), 4096, "the shipped base has the shape that Base makes")
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
