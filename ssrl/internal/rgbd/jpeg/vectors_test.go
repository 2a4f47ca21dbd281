package jpeg

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// numbers returns n bytes, with many at the ends of their range.
func numbers(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = [...]byte{byte(r.Uint32()), byte(r.Uint32()), 0, 255}[r.IntN(4)]
	}
	return b
}

func TestInverseTransformIsTheSameInAssembly(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for trial := range 3000 {
		var jobs, again [2]job
		for i := range jobs {
			coef, quant := new([blockSize]int16), new([blockSize]int16)
			for k := range coef {
				switch trial % 4 { // as in photographs, dense, any, few
				case 0:
					coef[k], quant[k] = int16(r.IntN(41)-20)>>(k/16), int16(1+r.IntN(30))
				case 1:
					coef[k], quant[k] = int16(r.IntN(2048)-1024), 1
				case 2:
					coef[k], quant[k] = int16(r.Uint32()), int16(r.Uint32())
				default:
					coef[k], quant[k] = int16(r.Uint32())*int16(r.IntN(9)/8), int16(r.IntN(256))
				}
			}
			kept := *coef
			jobs[i] = job{coef, quant, make([]byte, 200), 3 + i, 11 + 8*i}
			again[i] = job{&kept, quant, make([]byte, 200), 3 + i, 11 + 8*i}
		}
		transform(&jobs, false)
		transform(&again, true)
		require.Equal(t, again, jobs, "trial %d", trial)
		require.Equal(t, [blockSize]int16{}, *jobs[0].coef)
	}
}

// A block of one coefficient has a way of its own.
func TestFlatBlocksEqualTheTransform(t *testing.T) {
	for dc := -1 << 15; dc < 1<<15; dc += 7 {
		quant := [blockSize]int16{3}
		a := job{&[blockSize]int16{int16(dc)}, &quant, make([]byte, 64), 0, 8}
		b := job{nil, &quant, make([]byte, 64), 0, 8}
		a.inverse()
		b.flat(int16(dc))
		require.Equal(t, a.plane, b.plane, dc)
	}
}

func TestForwardTransformIsTheSameInAssembly(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	var e [2]Encoder
	for trial := range 3000 {
		quality := 1 + r.IntN(100)
		pix := numbers(r, 500)
		if trial%2 == 0 {
			pix = scenery(20, 9)
		}
		a, b, stride := pix[r.IntN(50):], pix[r.IntN(50):], 8+r.IntN(13)
		var masks [2][2]uint64
		for i := range e {
			e[i].portable = i == 1
			e[i].prepare(quality)
			masks[i][0], masks[i][1] = e[i].forward(&e[i].divide[trial&1], a, b, stride)
		}
		require.Equal(t, masks[1], masks[0])
		require.Equal(t, e[1].coef, e[0].coef)
	}
}

func TestQuotients(t *testing.T) {
	var d divider
	var steps [blockSize]uint8
	for first := 1; first < 256; first += blockSize {
		for i := range steps {
			steps[i] = uint8(min(255, first+i))
		}
		d.set(&steps)
		for i, s := range steps {
			step := 8 * int32(s)
			for x := int32(0); x < 1<<14; x += 1 + x/512 {
				want := int16((x + step/2) / step)
				if d.quotient(i, x) != want || d.quotient(i, -x) != -want {
					require.Equal(t, want, d.quotient(i, x), "%d by %d", x, step)
					require.Equal(t, -want, d.quotient(i, -x), "%d by %d", -x, step)
				}
			}
		}
	}
}

// Rows of every length: whole vectors, what is left, and nothing beyond.
func TestRowsAreTheSameInAssembly(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for n := 1; n < 150; n++ {
		a, b, c := numbers(r, 2*n+3*planeEdge), numbers(r, 2*n+3*planeEdge), numbers(r, 2*n+3*planeEdge)
		for name, f := range map[string]func(dst []byte, portable bool){
			"to RGB":     func(dst []byte, portable bool) { toRGB(dst[:3*n], a, b, c, n, portable) },
			"spread 2x2": func(dst []byte, portable bool) { spread22(dst, a, b, n, portable) },
			"spread 2x1": func(dst []byte, portable bool) { spread21(dst, a, n, portable) },
			"spread 1x2": func(dst []byte, portable bool) { spread12(dst, a, b, n, n&1, portable) },
			"shrink":     func(dst []byte, portable bool) { shrink(dst, a, b, n, portable) },
			"from RGB": func(dst []byte, portable bool) {
				fromRGB(dst, dst[n:], dst[2*n:], append(a[:n:n], b[:2*n]...), n, portable)
			},
		} {
			fast, slow := make([]byte, 4*n), make([]byte, 4*n)
			f(fast, false)
			f(slow, true)
			assert.Equal(t, slow, fast, "%s of %d", name, n)
		}
	}
}
