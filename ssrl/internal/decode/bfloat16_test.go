package decode

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/golden"
	"ssrl/internal/tensor"
)

// Weights stored in bfloat16 are widened while they are used: a bfloat16 model
// gives the bits that it gives when its weights are float32.
func TestBfloat16WeightsGiveTheSameBits(t *testing.T) {
	goldenModels(t, func(t *testing.T, m *goldenModel) {
		var file struct{ Weights string }
		golden.JSON(t, filepath.Join(m.results, "cases.json"), &file)
		if file.Weights != "bfloat16" {
			t.Skip("the weights are not bfloat16")
		}
		half := openGoldenAs(t, tensor.BF16, m.name, m.dir, m.results, m.cases)
		assert.Equal(t, tensor.BF16, half.Type())
		m.each(t, func(t *testing.T, c *goldenCase, p *Prompt) {
			g := Group{p, [][]int32{append(append([]int32{}, c.Answer...), c.End.Token)}}
			want, _, err := Score(t.Context(), m.Model, g)
			require.NoError(t, err)
			got, _, err := Score(t.Context(), half.Model, g)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			short := Sampling{MaxTokens: 8}
			a, err := Generate(t.Context(), m.Model, []Request{{p, make1}}, short, nil)
			require.NoError(t, err)
			b, err := Generate(t.Context(), half.Model, []Request{{p, make1}}, short, nil)
			require.NoError(t, err)
			assert.Equal(t, a, b)
		})
	})
}
