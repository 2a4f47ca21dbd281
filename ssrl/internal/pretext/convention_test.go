package pretext

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnswersAreArgsorts(t *testing.T) {
	// order[p] is the source patch shown at place p (upstream Shuffle.py, idx).
	assert.Equal(t, "1-3-0-2", joined(restoring([]int{2, 0, 3, 1})))
	assert.Equal(t, "0-1-2-3", joined(restoring([]int{0, 1, 2, 3})))
	assert.Equal(t, "1-2-0", joined(restoring([]int{2, 0, 1})))
	// Upstream Depth.py, lst = [2, 3, 1] counted from 1: label 1 lies in the
	// middle, 2 far, 3 near.
	assert.Equal(t, "3-1-2", nearestFirst([]int{1, 2, 0}))
	assert.Equal(t, "1-2-3", nearestFirst([]int{0, 1, 2}))
}

func TestViews(t *testing.T) {
	// Facing; to the right and to the left in the picture; deeper and nearer.
	table := [][5]string{
		{"left", "Back", "Front", "Right", "Left"},
		{"right", "Front", "Back", "Left", "Right"},
		{"toward", "Left", "Right", "Back", "Front"},
		{"away", "Right", "Left", "Front", "Back"},
	}
	require.Len(t, views, len(table))
	for i, row := range table {
		v := views[i]
		assert.Equal(t, row[0], v.facing)
		for side, dx := range []int{1, -1} {
			for depth, dz := range []float64{1, -1} {
				beside, deep := row[1+side], row[3+depth]
				assert.Equal(t, beside, v.direction(Near, dx, dz))
				assert.Equal(t, deep, v.direction(FarDepth, dx, dz))
				both := beside + "-" + deep // left or right comes first
				if beside == "Front" || beside == "Back" {
					both = deep + "-" + beside
				}
				assert.Equal(t, both, v.direction(FarDiagonal, dx, dz))
				assert.Contains(t, optionsOf(FarDiagonal), both)
				assert.Contains(t, optionsOf(Near), beside)
			}
		}
	}
	// The example of the paper's table.
	assert.Equal(t, "Right-Back", views[0].direction(FarDiagonal, 1, 1))
}

func TestPercentilesAreNumPys(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, tc := range []struct {
		name   string
		values []float32
		p      float64
		want   float64 // numpy.percentile over the finite values
	}{
		{"one value", []float32{3}, 99.5, 3},
		{"between two", []float32{1, 2}, .5, 1.005},
		{"median of four", []float32{4, 1, 3, 2}, 50, 2.5},
		{"exact rank", []float32{5, 1, 4, 2, 3}, 25, 2},
		{"maximum", []float32{5, 1, 4}, 100, 5},
		{"minimum", []float32{5, 1, 4}, 0, 1},
		{"no readings are left out", []float32{nan, 1, inf, 3, -inf, nan}, 50, 2},
		{"negative values and zeros of either sign", []float32{-3, 0, float32(math.Copysign(0, -1)), 2}, 30, -.3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := percentiles(tc.values, tc.p)
			require.True(t, ok)
			assert.InDelta(t, tc.want, got[0], 1e-12, "float64 rounding")
		})
	}
	_, ok := percentiles([]float32{nan, inf}, 50)
	assert.False(t, ok)
}

func TestPercentilesEqualSorting(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		values := make([]float32, 1+rng.IntN(300))
		for i := range values {
			values[i] = float32(math.Round(rng.NormFloat64()*40) / 8) // ties, both signs
		}
		sorted := slices.Clone(values)
		slices.Sort(sorted)
		p := 100 * rng.Float64()
		got, ok := percentiles(values, p, 0, 100)
		require.True(t, ok)
		at := p / 100 * float64(len(sorted)-1)
		i := min(int(at), len(sorted)-2)
		want := float64(sorted[max(i, 0)])
		if i >= 0 {
			want += (at - float64(i)) * float64(sorted[i+1]-sorted[i])
		}
		require.InDelta(t, want, got[0], 1e-9, "float64 rounding")
		require.Equal(t, []float64{float64(sorted[0]), float64(sorted[len(sorted)-1])}, got[1:])
	}
}

func TestExtremesAroundEqualSearching(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for range 300 {
		width, height, half := 1+rng.IntN(40), 1+rng.IntN(40), rng.IntN(7)
		keys := make([]uint32, width*height)
		for i := range keys {
			keys[i] = rng.Uint32N(50)
			if rng.IntN(40) == 0 {
				keys[i] = missing
			}
		}
		var columns []int
		for x := half; x < width-half; x += 1 + rng.IntN(3) {
			columns = append(columns, x)
		}
		next := half
		load := func(y int, row []uint32) { copy(row, keys[y*width:][:width]) }
		extremesAround(width, height, half, columns, load, func(y int, least, greatest []uint32) {
			require.Equal(t, next, y, "rows in order")
			next++
			for i, cx := range columns {
				low, high := uint32(missing), uint32(0)
				for wy := y - half; wy <= y+half; wy++ {
					for wx := cx - half; wx <= cx+half; wx++ {
						low, high = min(low, keys[wy*width+wx]), max(high, keys[wy*width+wx])
					}
				}
				require.Equal(t, []uint32{low, high}, []uint32{least[i], greatest[i]}, "%dx%d half %d at %d,%d", width, height, half, cx, y)
			}
		})
		require.Equal(t, max(half, height-half), next, "every row of %d with half %d", height, half)
	}
}

func TestSortableKeepsOrder(t *testing.T) {
	values := []float32{-math.MaxFloat32, -2, -math.SmallestNonzeroFloat32, 0, math.SmallestNonzeroFloat32, 1, 2, math.MaxFloat32}
	for i, v := range values {
		assert.Equal(t, v, unsortable(sortable(v)))
		assert.Less(t, sortable(v), uint32(missing))
		if i > 0 {
			assert.Less(t, sortable(values[i-1]), sortable(v))
		}
	}
}
