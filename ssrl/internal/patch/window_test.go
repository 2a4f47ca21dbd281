package patch

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWindows(t *testing.T) {
	index, lens := Windows([][3]int{{1, 12, 10}}, 2, 4)
	assert.Equal(t, []int32{0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 15, 16, 17, 18, 4, 9, 14, 19, 20, 21, 22, 23, 25, 26, 27, 28, 24, 29}, index)
	assert.Equal(t, []int{64, 16, 32, 8}, lens)
	inverse := make([]int32, len(index))
	for i, c := range index {
		inverse[c] = int32(i)
	}
	assert.Equal(t, []int32{0, 1, 2, 3, 16, 4, 5, 6, 7, 17, 8, 9, 10, 11, 18, 12, 13, 14, 15, 19, 20, 21, 22, 23, 28, 24, 25, 26, 27, 29}, inverse)

	_, lens = Windows([][3]int{{1, 16, 8}}, 2, 4)
	assert.Equal(t, []int{64, 64}, lens, "upstream's empty windows are dropped")
}

func TestWindowsStayInTheirFrame(t *testing.T) {
	grids := [][3]int{{1, 4, 6}, {3, 10, 4}, {1, 2, 2}}
	index, lens := Windows(grids, 2, 4)
	cell, patches := 0, 0
	for _, n := range Segments(grids) {
		seen := map[int32]bool{}
		for range n / 4 {
			seen[index[cell]] = true
			cell++
		}
		assert.Len(t, seen, n/4, "every cell once")
		for c := range seen {
			assert.Less(t, int(c), cell)
			assert.GreaterOrEqual(t, int(c), cell-n/4)
		}
		patches += n
	}
	assert.Equal(t, len(index), cell)
	for _, n := range lens {
		patches -= n
	}
	assert.Zero(t, patches)
}

func TestSegments(t *testing.T) {
	assert.Equal(t, []int{24, 40, 40, 40, 4}, Segments([][3]int{{1, 4, 6}, {3, 10, 4}, {1, 2, 2}}))
}

func TestCoordinates(t *testing.T) {
	y, x := Coordinates([][3]int{{2, 4, 6}}, 2)
	assert.Len(t, y, 48)
	var got [][2]int32
	for i := range 16 {
		got = append(got, [2]int32{y[i], x[i]})
	}
	assert.Equal(t, [][2]int32{{0, 0}, {0, 1}, {1, 0}, {1, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {0, 4}, {0, 5}, {1, 4}, {1, 5}, {2, 0}, {2, 1}, {3, 0}, {3, 1}}, got)
	assert.Equal(t, y[:24], y[24:], "every frame has the same coordinates")
	assert.Equal(t, x[:24], x[24:])
}

func TestWindowsPanicOnAGridThatCannotBeMerged(t *testing.T) {
	assert.PanicsWithValue(t, "patch: grid [1 3 4] in cells of 2", func() { Windows([][3]int{{1, 3, 4}}, 2, 4) })
}
