package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// expULP bounds the error of expf in units in the last place; the polynomial
// alone is within 0.6, its roundings add up to one more.
const expULP = 1.6

func TestExpIsAccurate(t *testing.T) {
	worst := 0.0
	for x := float32(-104); x < 89; x += .00137 {
		want := math.Exp(float64(x))
		got := expf(x)
		if want > math.MaxFloat32 {
			require.True(t, math.IsInf(float64(got), 1) || got > 3.4e38, "exp(%v) = %v", x, got)
			continue
		}
		ulp := math.Max(math.Ldexp(1, -149), math.Ldexp(1, int(math.Floor(math.Log2(want)))-23))
		worst = max(worst, math.Abs(float64(got)-want)/ulp)
	}
	assert.Less(t, worst, expULP)
	t.Logf("largest error %.2f units in the last place", worst)
}

func TestExpOfSpecialNumbers(t *testing.T) {
	inf := float32(math.Inf(1))
	for set := portable; set <= bestISA(); set++ {
		x := []float32{0, float32(math.Copysign(0, -1)), inf, -inf, 1000, -1000, 88.72284, -87.4, -103.9, float32(math.NaN())}
		want := []float32{1, 1, inf, 0, inf, 0, 0, 0, 1e-45}
		set.exp(x, x, 0, 1, 0)
		for i := range want {
			switch i {
			case 6: // ln of the greatest float32
				assert.Greater(t, x[i], float32(3.4028e38))
			case 7: // subnormal
				assert.InEpsilon(t, math.Exp(float64(float32(-87.4))), x[i], 1e-6)
			default:
				assert.Equal(t, want[i], x[i], "%v: element %d", set, i)
			}
		}
		assert.True(t, math.IsNaN(float64(x[9])))
	}
}

// TestVectorsEqualPortable: exp, sum and largest have the same bits with every
// instruction set.
func TestVectorsEqualPortable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 100 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64() * 30)
		}
		if n > 40 {
			x[n/2] = float32(math.NaN())
		}
		want := make([]float32, n)
		portable.exp(want, x, 1.5, .7, 3)
		for set := portable; set <= bestISA(); set++ {
			got := make([]float32, n)
			set.exp(got, x, 1.5, .7, 3)
			for i := range want {
				assert.Equal(t, math.Float32bits(want[i]), math.Float32bits(got[i]), "%v: exp of %d, element %d", set, n, i)
			}
			assert.Equal(t, portable.largest(x), set.largest(x), "%v: largest of %d", set, n)
			if n <= 40 {
				assert.Equal(t, portable.sum(x), set.sum(x), "%v: sum of %d", set, n)
			}
		}
	}
}
