package bench

import (
	"context"
	"encoding/json"
	"image"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

func TestDataMeasuresEveryTask(t *testing.T) {
	dir := t.TempDir() + "/scenes"
	require.NoError(t, ssrl.WriteScenes(t.Context(), dir, ssrl.SceneOptions{Count: 3, Seed: 1, Width: 320, Height: 240}))
	var said []string
	tasks := []string{"shuffle", "flip", "crop", "depth", "position", "together", "memory"}
	r, err := Data(t.Context(), DataOptions{Source: ssrl.Source{Images: dir}, Tasks: tasks, Seconds: time.Millisecond, Memory: image.Pt(320, 240), Say: func(s string, _ int) { said = append(said, s) }})
	require.NoError(t, err)
	for _, name := range []string{"shuffle", "flip", "crop", "depth", "position_far", "position_near"} {
		f, ok := r.Tasks[name]
		if !assert.True(t, ok, "%s: %s", name, r.Unsuitable[name]) {
			continue
		}
		assert.GreaterOrEqual(t, f.Iters, fewest)
		assert.Positive(t, f.Wall.Min)
		assert.InEpsilon(t, 1/f.Wall.Median, f.ImagesPerS, 1e-9)
		assert.LessOrEqual(t, f.Wall.P90, f.Wall.Max)
	}
	require.NotNil(t, r.Together)
	assert.InEpsilon(t, 3/r.Together.Wall.Median, r.Together.ImagesPerS, 1e-9)
	assert.Len(t, said, len(timed)+1)
	for name, f := range r.Memory {
		assert.Positive(t, f.Wall.P99, name)
		assert.Zero(t, f.HeapBytes, name)
	}
	assert.Len(t, r.Memory, len(timed)-1)

	line, err := json.Marshal(r)
	require.NoError(t, err)
	var keys struct {
		Schema string
		Tasks  map[string]struct {
			Iters        int
			Images_per_s float64
			Wall_s       map[string]float64
			Cpu_s        map[string]float64
			Peak_rss_mb  float64
		}
	}
	require.NoError(t, json.Unmarshal(line, &keys))
	assert.Equal(t, "ssrl-datagen-bench/1", keys.Schema)
	for _, k := range []string{"median", "mean", "min", "p10", "p90", "max", "stdev"} {
		assert.Contains(t, keys.Tasks["shuffle"].Wall_s, k)
	}
}

func TestHeapBytesAreTheCalls(t *testing.T) {
	var kept []byte
	n, err := heapBytes(func() error { kept = make([]byte, 1000); return nil })
	require.NoError(t, err)
	assert.GreaterOrEqual(t, n, 1000.)
	assert.Len(t, kept, 1000)
}

func TestWorkersAreCompared(t *testing.T) {
	w, err := workers(t.Context(), t.TempDir(), 2, 0)
	require.NoError(t, err)
	assert.Positive(t, w.Count)
	assert.InEpsilon(t, w.OneSeconds/w.AllSeconds, w.TimesFaster, 1e-9)
}

func TestDataSaysWhatItCannotMeasure(t *testing.T) {
	_, err := Data(t.Context(), DataOptions{Tasks: []string{"shuffel"}})
	assert.EqualError(t, err, `task "shuffel" (want shuffle, flip, crop, depth, position, position_far, position_near, together, memory or workers)`)
	_, err = Data(t.Context(), DataOptions{Source: ssrl.Source{Images: "nowhere"}})
	assert.Error(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Data(ctx, DataOptions{})
	assert.ErrorIs(t, err, context.Canceled)
}

func TestQuantilesInterpolate(t *testing.T) {
	x := []float64{4, 1, 3, 2}
	s := spreadOf(x)
	assert.Equal(t, 2.5, s.Median)
	assert.InDelta(t, 1.3, s.P10, 1e-12)
	assert.InDelta(t, 3.7, s.P90, 1e-12)
	assert.InDelta(t, 1.2909944487, s.Stdev, 1e-9) // sqrt(5/3)
	assert.Equal(t, []float64{4, 1, 3, 2}, x)
}
