package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/tensor"
)

// wordBound bounds how far a chain of pairs is from the same sum in float64, as a
// part of the sum of its products' sizes: where all products have one sign, a
// thousand roundings of up to 6e-8 may go the same way; 5e-6 is measured.
const wordBound = 2e-5

// Products of rounded activations are those sums within the bound, on every kind of
// kernel, and a row has the same bits alone and among others, at any edge.
func TestWordProducts(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	for set := portable; set <= bestISA(); set++ {
		worst := 0.0
		for i := range 60 {
			d := newDevice(1+i%3, set)
			d.RoundProducts()
			m, n, k := 1+r.IntN(6), 1+r.IntN(200), 1+r.IntN(150)
			switch i % 4 {
			case 0:
				m, n, k = 1+r.IntN(60), 1+r.IntN(700), 200+r.IntN(700)
			case 1:
				n, k = 32*(1+r.IntN(6)), 32*(1+r.IntN(70))
			}
			w, wide := randomHalf(d, uint64(i), n, k)
			x, bias, y := random(d, 1, m, k), random(d, 2, 1, n), d.New(m, n)
			d.Linear(y, x, w, bias)
			where := fmt.Sprintf("%v %dx%dx%d", set, m, n, k)
			mx, mw, my, mb := in(x), in(wide), in(y), in(bias)
			for range 200 {
				a, b := r.IntN(m), r.IntN(n)
				sum, size := float64(mb.data[b]), math.Abs(float64(mb.data[b]))
				for p, v := range mx.row(a) {
					z := float64(tensor.Widen16(tensor.Round16(v))) * float64(mw.row(b)[p])
					sum += z
					size += math.Abs(z)
				}
				worst = max(worst, math.Abs(sum-float64(my.row(a)[b]))/size)
			}
			one := d.New(1, n)
			for _, a := range []int{0, m / 2, m - 1} {
				d.Linear(one, x.Slice(a, a+1), w, bias)
				require.True(t, slices.Equal(my.row(a), in(one).data), "row %d of %s", a, where)
			}
			if n > 9 && k > 40 {
				part, want := d.New(m, n-7), d.New(m, n-7)
				same := d.NewBF16(n-7, k-3)
				values := make([]float32, (n-7)*(k-3))
				d.Download(values, w.Slice(7, n).Columns(3, k))
				d.Upload(same, values)
				d.Linear(part, x.Columns(3, k), w.Slice(7, n).Columns(3, k), nil)
				d.Linear(want, x.Columns(3, k), same, nil)
				require.True(t, slices.Equal(in(want).data, in(part).data), where)
			}
		}
		require.Less(t, worst, wordBound, set.String())
		t.Logf("%v: within %.2g", set, worst)
	}
}

// What is rounded is what tensor.Round16 makes of it.
func TestRowsAreRoundedAsOne(t *testing.T) {
	d := New(1)
	d.RoundProducts()
	if d.wordISA != words {
		t.Skip("no products of bfloat16 here")
	}
	r := rand.New(rand.NewPCG(1, 4))
	for n := range 70 {
		src, got := make([]float32, n), make([]uint16, n)
		for i := range src {
			src[i] = math.Float32frombits(r.Uint32())
			if i%7 == 0 {
				src[i] = []float32{0, float32(math.Inf(1)), float32(math.NaN()), math.MaxFloat32, math.SmallestNonzeroFloat32}[r.IntN(5)]
			}
		}
		done := d.wordISA.roundSixteens(got, src)
		require.Equal(t, n/16*16, done)
		for i := range done {
			require.Equal(t, tensor.Round16(src[i]), got[i], "%x", math.Float32bits(src[i]))
		}
	}
}
