package devtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/tensor"
)

// testShapes: wrong shapes and numbers panic before anything is computed.
func testShapes(t *testing.T, dev tensor.Device) {
	b := &bed{t: t, dev: dev}
	defer b.close()
	m := func(rows, cols int) *tensor.Tensor { return b.put(zeros(rows, cols)) }
	x, y, w, v := m(4, 6), m(4, 5), m(5, 6), m(1, 6)
	h := dev.NewBF16(5, 6)
	defer dev.Free(h)
	span := []tensor.Span{{N: 4, KN: 4}}
	for _, c := range []struct {
		name string
		call func()
	}{
		{"linear, other k", func() { dev.Linear(y, y, w, nil) }},
		{"linear, other rows", func() { dev.Linear(m(3, 5), x, w, nil) }},
		{"linear, long bias", func() { dev.Linear(y, x, w, v) }},
		{"linear back, dx", func() { dev.LinearBack(y, nil, nil, y, x, w) }},
		{"linear back, dw", func() { dev.LinearBack(nil, x, nil, y, x, w) }},
		{"linear back, db", func() { dev.LinearBack(nil, nil, v, y, x, w) }},
		{"add", func() { dev.Add(x, x, y) }},
		{"copy", func() { dev.Copy(x, y) }},
		{"upload", func() { dev.Upload(x, make([]float32, 23)) }},
		{"download", func() { dev.Download(make([]float32, 25), x) }},
		{"rmsnorm", func() { dev.RMSNorm(x, v, x, v, 1e-6) }},
		{"bfloat16 weights with a gradient", func() { dev.LinearBack(nil, w, nil, y, x, h) }},
		{"bfloat16 activations", func() { dev.Linear(y, dev.NewBF16(4, 6), w, nil) }},
		{"bfloat16 copied to float32", func() { dev.Copy(w, h) }},
		{"layernorm", func() { dev.LayerNorm(x, v, m(1, 4), x, v, v, 1e-6) }},
		{"layernorm back", func() { dev.LayerNormBack(x, w, nil, x, x, v, m(1, 4), m(1, 4)) }},
		{"gelu tanh", func() { dev.GELUTanh(x, y) }},
		{"blend, id", func() { dev.Blend(m(1, 6), w, []int32{5}, []float32{1}) }},
		{"blend, weights", func() { dev.Blend(m(1, 6), w, []int32{4}, nil) }},
		{"blend, count", func() { dev.Blend(m(2, 6), w, []int32{4}, []float32{1}) }},
		{"blend back, id", func() { dev.BlendBack(w, m(1, 6), []int32{-1}, []float32{1}) }},
		{"add rows, row", func() { dev.AddRows(x, x, v, []int32{4}) }},
		{"add rows, count", func() { dev.AddRows(x, x, v, nil) }},
		{"add rows back", func() { dev.AddRowsBack(v, x, []int32{-1}) }},
		{"rope, odd head", func() { dev.Rope(y, y, m(4, 2), m(4, 2)) }},
		{"rope, rows", func() { dev.Rope(x, x, m(3, 3), m(3, 3)) }},
		{"attend, heads", func() { dev.Attend(m(4, 6), m(4, 4), x, x, x, span, 4, 4, 1, true) }},
		{"attend, groups", func() { dev.Attend(m(4, 6), m(4, 3), x, m(4, 4), m(4, 4), span, 3, 2, 1, true) }},
		{"attend, page of keys", func() {
			dev.Attend(m(4, 6), m(4, 1), x, x, x, []tensor.Span{{N: 4, KN: 4, Pages: []int32{1}}}, 1, 1, 1, true)
		}},
		{"attend, too few pages", func() {
			dev.Attend(m(4, 6), m(4, 1), x, x, x, []tensor.Span{{N: 4, KN: 4, Pages: []int32{}}}, 1, 1, 1, true)
		}},
		{"attend back, pages", func() {
			dev.AttendBack(nil, nil, nil, m(4, 6), x, x, x, m(4, 6), m(4, 1), []tensor.Span{{N: 4, KN: 4, Pages: []int32{0}}}, 1, 1, 1, true)
		}},
		{"attend, span of queries", func() { dev.Attend(m(4, 6), m(4, 1), x, x, x, []tensor.Span{{Q: 1, N: 4, KN: 4}}, 1, 1, 1, true) }},
		{"attend, span of keys", func() { dev.Attend(m(4, 6), m(4, 1), x, x, x, []tensor.Span{{N: 4, K: 1, KN: 4}}, 1, 1, 1, true) }},
		{"attend, prefix", func() {
			dev.Attend(m(4, 6), m(4, 1), x, x, x, []tensor.Span{{N: 4, Prefix: -1, PrefixN: 2}}, 1, 1, 1, true)
		}},
		{"attend back, dk", func() { dev.AttendBack(nil, y, nil, x, x, x, x, x, m(4, 1), span, 1, 1, 1, true) }},
		{"swiglu", func() { dev.SwiGLU(x, x, y) }},
		{"swiglu back", func() { dev.SwiGLUBack(y, nil, x, x, x) }},
		{"gelu", func() { dev.GELU(x, y) }},
		{"embed, id", func() { dev.Embed(m(1, 6), w, nil, []int32{5}) }},
		{"embed, id of extra", func() { dev.Embed(m(1, 6), w, v, []int32{^1}) }},
		{"embed, no extra", func() { dev.Embed(m(1, 6), w, nil, []int32{^0}) }},
		{"embed, count", func() { dev.Embed(m(2, 6), w, nil, []int32{1}) }},
		{"embed back, id", func() { dev.EmbedBack(w, nil, v, []int32{5}) }},
		{"scatter, row", func() { dev.Scatter(w, v, []int32{-1}) }},
		{"scatter, count", func() { dev.Scatter(w, v, []int32{1, 2}) }},
		{"logprob, target", func() { dev.LogProb(m(1, 4), m(1, 4), y, []int32{0, 1, 5, 0}, 1) }},
		{"logprob, count", func() { dev.LogProb(m(1, 4), m(1, 4), y, []int32{0}, 1) }},
		{"adamw", func() { dev.AdamW(x, x, y, x, tensor.AdamW{Step: 1}) }},
		{"release", func() { dev.Release(dev.Mark() + 1) }},
	} {
		require.Panics(t, c.call, c.name)
	}
}
