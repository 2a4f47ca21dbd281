package decode

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/golden"
	"ssrl/internal/qwen"
	"ssrl/internal/tape"
	"ssrl/internal/tensor"
)

// What is inside the network, as recorded in a case's files: the logits at the
// last place of the prompt, what the head sees there, and what the vision tower
// makes of the first picture and of the first clip.
func TestGoldenArrays(t *testing.T) {
	goldenModels(t, func(t *testing.T, m *goldenModel) {
		m.each(t, func(t *testing.T, c *goldenCase, p *Prompt) {
			m.checkPrompt(t, c, p)
			for kind, grids := range map[string][][3]int{"image": c.Grids, "video": c.Videos} {
				if c.Files[kind+"_vision"] == "" {
					continue
				}
				for i, picture := range p.Pictures {
					if picture.Grid == grids[0] && (kind == "video") == (picture.Grid[0] > 1) {
						m.checkVision(t, c, kind, p.Pictures[i])
						break
					}
				}
			}
		})
	})
}

func (m *goldenModel) checkPrompt(t *testing.T, c *goldenCase, p *Prompt) {
	mark := m.Dev.Mark()
	defer m.Dev.Release(mark)
	var packed pack
	require.NoError(t, packed.prompt(p, m.Tokens))
	n := len(p.IDs)
	rec := tape.New(m.Dev)
	x, err := hidden(t.Context(), rec, m.Model, &packed, []tensor.Span{{N: n, KN: n}}, nil, nil)
	require.NoError(t, err)
	last := x.Slice(n-1, n)
	_, states := golden.Floats(t, filepath.Join(m.results, c.Files["hidden"]))
	require.Len(t, states, (m.Text.Layers+2)*x.Cols) // the embedding, every layer, the last norm
	m.equalRMS(t, "hidden", states[m.Text.Layers*x.Cols:][:x.Cols], last)
	// The logits of a large vocabulary are recorded for one case only, though every case names a file.
	if file := filepath.Join(m.results, c.Files["last_logits"]); exists(file) {
		_, want := golden.Floats(t, file)
		m.equalRMS(t, "logits", want, m.Logits(rec, x, []int32{int32(n - 1)}).Tensor)
	}
}

func (m *goldenModel) checkVision(t *testing.T, c *goldenCase, kind string, p qwen.Picture) {
	mark := m.Dev.Mark()
	defer m.Dev.Release(mark)
	seen, err := m.Vision(t.Context(), tape.New(m.Dev), []qwen.Picture{p})
	require.NoError(t, err)
	_, want := golden.Floats(t, filepath.Join(m.results, c.Files[kind+"_vision"]))
	m.equalRMS(t, kind, want, seen.Tokens.Tensor)
	if file := c.Files[kind+"_deepstack"]; file != "" {
		_, levels := golden.Floats(t, filepath.Join(m.results, file))
		require.Len(t, levels, len(seen.Deep)*seen.Tokens.Len())
		for i, d := range seen.Deep {
			m.equalRMS(t, "level", levels[i*d.Len():(i+1)*d.Len()], d.Tensor)
		}
	}
}

func exists(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular()
}

// equalRMS compares with a share of the array's root mean square.
func (m *goldenModel) equalRMS(t *testing.T, what string, want []float32, x *tensor.Tensor) {
	t.Helper()
	require.Len(t, want, x.Len(), what)
	got := make([]float32, x.Len())
	m.Dev.Download(got, x)
	square, worst := 0.0, 0.0
	for i, w := range want {
		square += float64(w) * float64(w)
		worst = max(worst, math.Abs(float64(w-got[i])))
	}
	require.LessOrEqual(t, worst, rmsTolerance*math.Sqrt(square/float64(len(want))), what)
}
