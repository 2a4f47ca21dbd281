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
	joined := func(numbers []int) string { return string(appendJoined(nil, numbers)) }
	assert.Equal(t, "1-3-0-2", joined(restoring(nil, []int{2, 0, 3, 1})))
	assert.Equal(t, "0-1-2-3", joined(restoring(nil, []int{0, 1, 2, 3})))
	assert.Equal(t, "1-2-0", joined(restoring(nil, []int{2, 0, 1})))
	// Upstream Depth.py, lst = [2, 3, 1] counted from 1: label 1 lies in the
	// middle, 2 far, 3 near.
	assert.Equal(t, "3-1-2", joined(nearestFirst(nil, []int{1, 2, 0})))
	assert.Equal(t, "1-2-3", joined(nearestFirst(nil, []int{0, 1, 2})))
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
			got, ok := new(ranks).percentiles(tc.values, tc.p)
			require.True(t, ok)
			assert.InDelta(t, tc.want, got[0], 1e-12, "float64 rounding")
		})
	}
	_, ok := new(ranks).percentiles([]float32{nan, inf}, 50)
	assert.False(t, ok)
}

func TestPercentilesEqualSorting(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var kept ranks
	for range 200 {
		values := make([]float32, 1+rng.IntN(300))
		for i := range values {
			values[i] = float32(math.Round(rng.NormFloat64()*40) / 8) // ties, both signs
		}
		sorted := slices.Clone(values)
		slices.Sort(sorted)
		p := 100 * rng.Float64()
		got, ok := kept.percentiles(values, p, 100)
		require.True(t, ok)
		at := p / 100 * float64(len(sorted)-1)
		i := min(int(at), len(sorted)-2)
		want := float64(sorted[max(i, 0)])
		if i >= 0 {
			want += (at - float64(i)) * float64(sorted[i+1]-sorted[i])
		}
		require.InDelta(t, want, got[0], 1e-9, "float64 rounding")
		require.Equal(t, float64(sorted[len(sorted)-1]), got[1])
	}
}

func TestGreatestAroundEqualsSearching(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	var kept slide
	for i := range 400 {
		width, height, half := 1+rng.IntN(60), 1+rng.IntN(40), rng.IntN(9)
		var keys [2][]uint32
		for k := range keys {
			keys[k] = make([]uint32, width*height)
			for i := range keys[k] {
				keys[k][i] = rng.Uint32N(50)
				if rng.IntN(40) == 0 {
					keys[k][i] = missing
				}
			}
		}
		var columns, all []int
		for x := half; x < width-half; x++ {
			if all = append(all, x); rng.IntN(3) > 0 {
				columns = append(columns, x)
			}
		}
		asked := columns
		if i%2 == 0 {
			asked, columns = nil, all
		}
		next := half
		load := func(y int, up, down []uint32) {
			copy(up, keys[0][y*width:][:width])
			copy(down, keys[1][y*width:][:width])
		}
		kept.greatestAround(width, height, half, asked, load, func(y int, up, down []uint32) {
			require.Equal(t, next, y, "rows in order")
			next++
			for k, got := range [2][]uint32{up, down} {
				require.Len(t, got, len(columns))
				for i, cx := range columns {
					high := uint32(0)
					for wy := y - half; wy <= y+half; wy++ {
						for wx := cx - half; wx <= cx+half; wx++ {
							high = max(high, keys[k][wy*width+wx])
						}
					}
					require.Equal(t, high, got[i], "%dx%d half %d at %d,%d", width, height, half, cx, y)
				}
			}
		})
		if len(columns) > 0 {
			require.Equal(t, max(half, height-half), next, "every row of %d with half %d", height, half)
		}
	}
}

// Assembly computes what the loops do.
func TestVectorsEqualLoops(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	odd := []float32{0, float32(math.Copysign(0, -1)), float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32, -math.MaxFloat32, 1, 2, -1}
	for n := range 100 {
		a, b, x, y := make([]uint32, n), make([]uint32, n+3), make([]byte, n), make([]byte, n)
		src := make([]float32, n)
		for i := range a {
			a[i], b[i] = rng.Uint32(), rng.Uint32()
			x[i], y[i] = byte(rng.Uint32()), byte(rng.Uint32())
			src[i] = odd[rng.IntN(len(odd))]
		}
		want, sum := make([]uint32, n), 0
		for i := range want {
			want[i] = max(a[i], b[i])
			sum += max(int(x[i])-int(y[i]), int(y[i])-int(x[i]))
		}
		got := make([]uint32, n)
		maxInto(got, a, b)
		require.Equal(t, want, got)
		require.Equal(t, sum, distances(x, y))
		low, high := sortable(-1), sortable(2)
		for _, fill := range []uint32{0, missing} {
			up, down := make([]uint32, n), make([]uint32, n)
			keysInto(up, down, src, low, high, fill)
			for i, v := range src {
				k, c := fill, uint32(0)
				if v >= -1 && v <= 2 {
					k, c = sortable(v), ^sortable(v)
				}
				require.Equal(t, [2]uint32{k, c}, [2]uint32{up[i], down[i]}, v)
			}
		}
		shifted := append([]uint32(nil), b...) // onto itself, from the left
		maxInto(shifted[:n], shifted[:n], shifted[3:])
		for i := range n {
			require.Equal(t, max(b[i], b[i+3]), shifted[i])
		}
	}
}

func TestKeysBetween(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	negative := float32(math.Copysign(0, -1))
	for range 2000 {
		low := math.Round(rng.NormFloat64()*8) / 4
		high := low + math.Round(rng.Float64()*8)/4
		if rng.IntN(2) == 0 {
			low, high = low+rng.Float64()*1e-9, high+rng.Float64()*1e-9+1e-7
		}
		least, greatest := keysBetween(low, high)
		for _, v := range []float32{float32(low), float32(high), math.Nextafter32(float32(low), 9), math.Nextafter32(float32(high), -9), 0, negative, 1} {
			k := sortable(v)
			require.Equal(t, float64(v) >= low && float64(v) <= high, k >= least && k <= greatest, "%g in %g to %g", v, low, high)
		}
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
