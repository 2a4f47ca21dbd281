package decode

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/cpu"
	"ssrl/internal/golden"
	"ssrl/internal/rounding"
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
		half := openGoldenAs(t, cpu.New(0), tensor.BF16, m.name, m.dir, m.results, m.cases)
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

// nearness is how far log-probabilities may be from the recorded bfloat16 ones,
// as a share of what bfloat16 itself moves. 0.3 to 0.5 is measured: sums in
// another order turn single roundings, and those spread.
const nearness = 0.75

// With transformers' rounding, log-probabilities are those that transformers
// computed in bfloat16: as near to float32 as the README allows, and
// nearer to the recorded ones than these are to float32.
func TestGoldenBfloat16(t *testing.T) {
	goldenModels(t, func(t *testing.T, m *goldenModel) {
		var file struct {
			Half *struct {
				Eager struct {
					Mean  float64 `json:"mean_diff"`
					Max   float64 `json:"max_diff"`
					Cases []struct {
						Case     string
						LogProbs []float64 `json:"logprobs"`
					}
				}
			} `json:"bfloat16"`
		}
		golden.JSON(t, filepath.Join(m.results, "cases.json"), &file)
		if file.Half == nil {
			t.Skip("no bfloat16 run recorded")
		}
		want := file.Half.Eager
		half := openGoldenAs(t, rounding.New(cpu.New(0)), tensor.BF16, m.name, m.dir, m.results, m.cases)
		var fromFloat, fromHalf, largest float64
		n := 0.0
		for _, w := range want.Cases {
			c, p := half.find(t, w.Case)
			got, _, err := Score(t.Context(), half.Model, Group{p, [][]int32{c.Answer}})
			require.NoError(t, err)
			require.Len(t, got, len(w.LogProbs))
			for i, lp := range got {
				d := math.Abs(float64(lp - c.LogProbs[i]))
				largest = max(largest, d)
				fromFloat += d
				fromHalf += math.Abs(float64(lp) - w.LogProbs[i])
				n++
			}
		}
		t.Logf("from float32 %.4f (largest %.4f; recorded %.4f, %.4f), from the recorded bfloat16 %.4f", fromFloat/n, largest, want.Mean, want.Max, fromHalf/n)
		assert.LessOrEqual(t, fromFloat/n, 2*want.Mean)
		assert.LessOrEqual(t, largest, 3*want.Max)
		assert.LessOrEqual(t, fromHalf/n, nearness*want.Mean)
	})
}

// Rounding activations in products alone, log-probabilities are nearer to float32
// than transformers' bfloat16 is, and one answer has the same bits drawn and scored.
func TestRoundedProductsAreNearerThanBfloat16(t *testing.T) {
	goldenModels(t, func(t *testing.T, m *goldenModel) {
		var file struct {
			Weights string
			Half    *struct {
				Eager struct {
					Mean float64 `json:"mean_diff"`
					Max  float64 `json:"max_diff"`
				}
			} `json:"bfloat16"`
		}
		golden.JSON(t, filepath.Join(m.results, "cases.json"), &file)
		if file.Half == nil || file.Weights != "bfloat16" {
			t.Skip("no bfloat16 run of bfloat16 weights recorded")
		}
		dev := cpu.New(0)
		dev.RoundProducts()
		half := openGoldenAs(t, dev, tensor.BF16, m.name, m.dir, m.results, m.cases)
		var sum, largest, n float64
		half.each(t, func(t *testing.T, c *goldenCase, p *Prompt) {
			got, _, err := Score(t.Context(), half.Model, Group{p, [][]int32{c.Answer}})
			require.NoError(t, err)
			for i, lp := range got {
				d := math.Abs(float64(lp - c.LogProbs[i]))
				largest = max(largest, d)
				sum += d
				n++
			}
			drawn, err := Generate(t.Context(), half.Model, []Request{{p, make1}}, Sampling{MaxTokens: 8}, nil)
			require.NoError(t, err)
			again, _, err := Score(t.Context(), half.Model, Group{p, [][]int32{drawn[0][0].Tokens}})
			require.NoError(t, err)
			assert.Equal(t, drawn[0][0].LogProbs, again)
		})
		t.Logf("from float32 %.4f (largest %.4f; transformers' bfloat16 %.4f, %.4f)", sum/n, largest, file.Half.Eager.Mean, file.Half.Eager.Max)
		assert.Less(t, sum/n, file.Half.Eager.Mean)
		assert.Less(t, largest, 2*file.Half.Eager.Max)
	})
}
