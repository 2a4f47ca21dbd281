package cpu

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"ssrl/internal/tensor"
)

// randomHalf returns a tensor of normal deviates in bfloat16, and one of the same
// values in float32.
func randomHalf(d *Device, seed uint64, rows, cols int) (half, wide *tensor.Tensor) {
	wide, half = random(d, seed, rows, cols), d.NewBF16(rows, cols)
	values := make([]float32, wide.Len())
	d.Download(values, wide)
	d.Upload(half, values)
	d.Download(values, half)
	d.Upload(wide, values)
	return half, wide
}

// Weights in bfloat16 give the bits of the same weights in float32, for any number
// of rows, any size and any instructions: the kernels differ in how they read.
func TestHalfProductsAreWideProducts(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for set := portable; set <= bestISA(); set++ {
		for i := range 60 {
			d := newDevice(1+i%3, set)
			d.packs.limit = 0
			m, n, k := 1+r.IntN(6), 1+r.IntN(200), 1+r.IntN(150)
			switch i % 4 {
			case 0:
				m, n, k = 1+r.IntN(40), 1+r.IntN(700), 200+r.IntN(400)
			case 1:
				n, k = 32*(1+r.IntN(6)), 32*(1+r.IntN(20))
			}
			where := fmt.Sprintf("%v %dx%dx%d", set, m, n, k)
			w, wide := randomHalf(d, uint64(i), n, k)
			x, bias, y, want := random(d, 1, m, k), random(d, 2, 1, n), d.New(m, n), d.New(m, n)
			d.Linear(y, x, w, bias)
			d.Linear(want, x, wide, bias)
			require.True(t, slices.Equal(in(want).data, in(y).data), where)

			// A row alone, and in the middle of a wider matrix of weights.
			one := d.New(1, n)
			d.Linear(one, x.Slice(m-1, m), w, bias)
			require.True(t, slices.Equal(in(want.Slice(m-1, m)).data, in(one).data), where)
			if n > 9 && k > 40 {
				part := d.New(m, n-7)
				d.Linear(part, x.Columns(3, k), w.Slice(7, n).Columns(3, k), nil)
				wantPart := d.New(m, n-7)
				d.Linear(wantPart, x.Columns(3, k), wide.Slice(7, n).Columns(3, k), nil)
				require.True(t, slices.Equal(in(wantPart).data, in(part).data), where)
			}
		}
	}
}

// BenchmarkHalf/instructions/threads/MxNxK: products with weights of a 3B model,
// as many different ones as the caches do not hold. MB/s counts the weights' bytes.
func BenchmarkHalf(b *testing.B) {
	for set := avx2; set <= words; set++ {
		if set > bestISA() && wordsISA(bestISA()) != set {
			continue
		}
		for _, threads := range []int{1, 2} {
			for _, s := range [][3]int{{1, 2048, 2048}, {1, 11008, 2048}, {1, 2048, 11008}, {2, 11008, 2048}, {4, 11008, 2048},
				{8, 11008, 2048}, {16, 11008, 2048}, {64, 2048, 2048}, {400, 2048, 2048}, {400, 2048, 11008}, {1530, 1280, 1280}} {
				b.Run(fmt.Sprintf("%v/%d/%dx%dx%d", set, threads, s[0], s[1], s[2]), func(b *testing.B) {
					d := newDevice(threads, min(set, bestISA()))
					if set == words {
						d.RoundProducts()
					}
					m, n, k := s[0], s[1], s[2]
					copies := max(1, 256<<20/(2*n*k))
					data := make([]uint16, copies*n*k)
					r := rand.New(rand.NewPCG(1, 1))
					for i := range data {
						data[i] = uint16(r.Uint32())&0x80ff | 0x3c00
					}
					raw := unsafe.Slice((*byte)(unsafe.Pointer(&data[0])), 2*len(data))
					x, y := random(d, 1, m, k), d.New(m, n)
					b.SetBytes(int64(2 * n * k))
					i := 0
					for b.Loop() {
						w := d.MapBF16(n, k, raw[i*2*n*k:(i+1)*2*n*k])
						i = (i + 1) % copies
						d.Linear(y, x, w, nil)
					}
					gflops(b, 2*m*n*k)
				})
			}
		}
	}
}
