package preset

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/bpe"
	"ssrl/internal/cpu"
	"ssrl/internal/qwen"
	"ssrl/internal/safetensors"
	"ssrl/internal/seed"
	"ssrl/internal/tensor"
)

// The written configuration is that of the published model, whose sizes are known
// (model.md 2; the 7B's is in its index).
func TestShapesAreThePublishedOnes(t *testing.T) {
	for name, want := range map[string]int64{"qwen2.5-vl-3b": 3_754_622_976, "qwen2.5-vl-7b": 8_292_166_656, "qwen3-vl-4b": 4_437_815_808} {
		t.Run(name, func(t *testing.T) {
			p, ok := shapes[name]
			require.True(t, ok)
			words, err := bpe.Train(slices.Values([]string{"a b"}), 260, p.added())
			require.NoError(t, err)
			c := p.config(words)
			files := p.files(c)
			read, err := qwen.ParseConfig(files["config.json"], files["generation_config.json"])
			require.NoError(t, err)
			assert.Equal(t, c, read)
			weights := int64(0)
			for _, w := range qwen.Layout(c, p.tied) {
				n := int64(1)
				for _, d := range w.Shape {
					n *= int64(d)
				}
				weights += n
			}
			assert.Equal(t, want, weights)
		})
	}
	assert.Len(t, shapes, len(Shapes()))
}

// A large model's writer, on a small shape: what it writes loads, as it is.
func TestStreamedWeightsLoad(t *testing.T) {
	p := presets["nano"]
	p.half, p.spread = true, publishedSpread
	write := func(s uint64) string {
		dir := filepath.Join(t.TempDir(), "m")
		require.NoError(t, os.Mkdir(dir, 0o777))
		require.NoError(t, p.write(dir, s))
		return dir
	}
	dir := write(1)
	f, err := safetensors.Open(dir)
	require.NoError(t, err)
	defer f.Close()
	c, err := qwen.ParseConfig([]byte(files(t, dir)["config.json"]), nil)
	require.NoError(t, err)
	m, err := qwen.Load(t.Context(), cpu.New(1), c, f, qwen.LoadOptions{Type: tensor.BF16})
	require.NoError(t, err)
	defer m.Free()
	assert.True(t, m.Tied())
	assert.Equal(t, files(t, dir), files(t, write(1)))
	assert.NotEqual(t, files(t, dir)["model.safetensors"], files(t, write(2))["model.safetensors"])
	for _, one := range []string{"model.norm.weight", "visual.blocks.0.norm1.weight"} {
		v, err := f.Float32(one)
		require.NoError(t, err)
		assert.Equal(t, float32(1), v[3])
	}
}

// meanSlack is six standard errors of the mean of a million normal numbers, and
// much more than that of their spread.
const meanSlack = 6e-3

func TestNormalsAreNormal(t *testing.T) {
	const n = 1_000_003 // no whole word
	d := newNormals(publishedSpread)
	var b bytes.Buffer
	require.NoError(t, d.write(&b, n, seed.Rand(1, "x")))
	require.Len(t, b.Bytes(), 2*n)
	var sum, squares float64
	beyond := 0
	for i := range n {
		v := float64(tensor.Widen16(binary.LittleEndian.Uint16(b.Bytes()[2*i:]))) / publishedSpread
		sum += v
		squares += v * v
		if math.Abs(v) > 2 {
			beyond++
		}
	}
	assert.InDelta(t, 0, sum/n, meanSlack)
	assert.InDelta(t, 1, squares/n, meanSlack)
	assert.InDelta(t, 0.0455, float64(beyond)/n, meanSlack, "two standard deviations")
}
