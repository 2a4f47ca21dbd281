package rounding

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/cpu"
	"ssrl/internal/tensor"
)

func normal(d tensor.Device, seed uint64, rows, cols int) *tensor.Tensor {
	x := make([]float32, rows*cols)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	t := d.New(rows, cols)
	d.Upload(t, x)
	return t
}

// Every result is bfloat16, and near the one without rounding.
func TestResultsAreBfloat16(t *testing.T) {
	inside := cpu.New(1)
	d := New(inside)
	const n = 8
	x, z, w, b := normal(d, 1, n, 16), normal(d, 2, n, 16), normal(d, 3, 16, 16), normal(d, 4, 1, 16)
	cos, sin := normal(d, 5, n, 4), normal(d, 6, n, 4)
	one, stat, stat2, lse := normal(d, 7, 1, 16), d.New(1, n), d.New(1, n), d.New(n, 2)
	spans := []tensor.Span{{Q: 0, N: 5, K: 0, KN: 5}, {Q: 5, N: 3, Prefix: 1, PrefixN: 2, K: 5, KN: 3}}
	for name, run := range map[string]func(on tensor.Device, y *tensor.Tensor){
		"linear":     func(on tensor.Device, y *tensor.Tensor) { on.Linear(y, x, w, b) },
		"add":        func(on tensor.Device, y *tensor.Tensor) { on.Add(y, x, z) },
		"add scaled": func(on tensor.Device, y *tensor.Tensor) { on.AddScaled(y, x, z, .3) },
		"add rows":   func(on tensor.Device, y *tensor.Tensor) { on.AddRows(y, x, z.Slice(0, 2), []int32{3, 1}) },
		"rmsnorm":    func(on tensor.Device, y *tensor.Tensor) { on.RMSNorm(y, stat, x, one, 1e-6) },
		"layernorm":  func(on tensor.Device, y *tensor.Tensor) { on.LayerNorm(y, stat, stat2, x, one, b, 1e-6) },
		"rope":       func(on tensor.Device, y *tensor.Tensor) { on.Rope(y, x, cos, sin) },
		"swiglu":     func(on tensor.Device, y *tensor.Tensor) { on.SwiGLU(y, x, z) },
		"gelu":       func(on tensor.Device, y *tensor.Tensor) { on.GELU(y, x) },
		"gelu tanh":  func(on tensor.Device, y *tensor.Tensor) { on.GELUTanh(y, x) },
		"blend": func(on tensor.Device, y *tensor.Tensor) {
			on.Blend(y.Slice(0, 2), w, []int32{1, 2, 3, 4}, []float32{.1, .2, .3, .4})
		},
		"attend": func(on tensor.Device, y *tensor.Tensor) {
			on.Attend(y, lse, x, z.Columns(0, 8), z.Columns(8, 16), spans, 2, 1, .35, true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			want, got := d.New(n, 16), d.New(n, 16)
			run(inside, want)
			run(d, got)
			values, plain := d.host(got), d.host(want)
			for _, v := range values {
				require.Equal(t, r(v), v)
			}
			// A few roundings to 8 bits of values of about 1, in sums of 16.
			assert.InDeltaSlice(t, plain, values, 0.15)
		})
	}
}

// Tables of the language model round every product; they are forgotten with the
// memory that they lie in.
func TestTables(t *testing.T) {
	d := New(cpu.New(1))
	mark := d.Mark()
	cos, sin := d.Scratch(1, 1), d.Scratch(1, 1)
	d.Upload(cos, []float32{0.7071})
	d.Upload(sin, []float32{0.7071})
	d.RoundTables(cos, sin)
	assert.Equal(t, []float32{0.70703125}, d.host(cos))
	x, y := d.New(1, 2), d.New(1, 2)
	d.Upload(x, []float32{1.0078125, 3})
	d.Rope(y, x, cos, sin)
	// 1.0078125 * 0.70703125 = 0.71255 rounds to 0.7109375, 3 * 0.70703125 = 2.12109 to 2.125,
	// and their sum 2.8359375, a tie, to the even 2.84375.
	assert.Equal(t, []float32{-1.4140625, 2.84375}, d.host(y))
	assert.Len(t, d.tables, 1)
	d.Release(mark)
	assert.Empty(t, d.tables)
}
