package rgbd

import (
	"fmt"
	"image"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// letters makes a picture of rows of one letter a pixel.
func letters(rows ...string) *RGB {
	m := NewRGB(len(rows[0]), len(rows))
	for y, row := range rows {
		for x := range row {
			copy(m.Pix[3*(y*m.Width+x):], []byte{row[x], row[x] + 1, row[x] + 2})
		}
	}
	return m
}

func TestTurnsAndFlips(t *testing.T) {
	m := letters("abc", "def")
	for _, tc := range []struct {
		name string
		got  *RGB
		want *RGB
	}{
		{"clockwise", m.Rotate90(true), letters("da", "eb", "fc")},
		{"counter-clockwise", m.Rotate90(false), letters("cf", "be", "ad")},
		{"up down", m.FlipUpDown(), letters("def", "abc")},
		{"left right", m.FlipLeftRight(), letters("cba", "fed")},
		{"crop", m.Crop(1, 0, 2, 2), letters("bc", "ef")},
		{"crop of nothing", m.Crop(3, 2, 0, 0), NewRGB(0, 0)},
		{"orientation 3", orient(m, 3), letters("fed", "cba")},
		{"orientation 5", orient(m, 5), letters("ad", "be", "cf")},
		{"orientation 7", orient(m, 7), letters("fc", "eb", "da")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, []int{tc.want.Width, tc.want.Height}, []int{tc.got.Width, tc.got.Height})
			assert.Equal(t, tc.want.Pix, tc.got.Pix)
		})
	}
	assert.Equal(t, letters("abc", "def"), m, "the source stays")
	p := m.Clone()
	p.Paste(letters("xy"), 1, 1)
	assert.Equal(t, letters("abc", "dxy"), p)
	assert.Equal(t, letters("abc", "def"), m)
}

func TestBoxesOutsidePanic(t *testing.T) {
	m := NewRGB(3, 2)
	assert.PanicsWithValue(t, "rgbd: box (1,0)-(4,2) outside a 3x2 picture", func() { m.Crop(1, 0, 3, 2) })
	assert.PanicsWithValue(t, "rgbd: box (-1,0)-(0,1) outside a 3x2 picture", func() { m.Paste(NewRGB(1, 1), -1, 0) })
	assert.PanicsWithValue(t, "rgbd: resize (0,0)-(3,0) to 2x2", func() { resized(m, image.Rect(0, 0, 3, 0), 2, 2) })
}

// resized is the box of src at another size.
func resized(src *RGB, box image.Rectangle, width, height int) *RGB {
	out := NewRGB(width, height)
	new(Resizer).Bilinear(out, src, box)
	return out
}

func TestResizeBilinear(t *testing.T) {
	row := func(v ...byte) *RGB {
		m := NewRGB(len(v), 1)
		for x, b := range v {
			m.Pix[3*x], m.Pix[3*x+1], m.Pix[3*x+2] = b, b, b
		}
		return m
	}
	for _, tc := range []struct {
		name string
		src  *RGB
		want *RGB
	}{
		{"same size", row(1, 9, 200), row(1, 9, 200)},
		{"twice: quarters between, edges held", row(0, 100), row(0, 25, 75, 100)},
		{"half: parts 1 3 3 1, at the edge 3 3 1", row(0, 80, 160, 240, 0, 80), row(57, 160, 69)},
		{"to one: parts 2 3 2", row(10, 20, 60), row(29)},
		{"flat stays flat", row(173, 173, 173, 173, 173, 173, 173), row(173, 173, 173)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.want, resized(tc.src, tc.src.Bounds(), tc.want.Width, 1))
		})
	}
}

// Pillow's weights are rounded otherwise, so a sample may fall on the other side
// of a half in either of the two passes.
const resizeLargest = 1

// Pillow is asked for a part that was cut out first: with its own box argument it
// would look beyond it.
func TestResizeBilinearIsPillows(t *testing.T) {
	paths, err := filepath.Glob("testdata/resize/*.png")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		var box image.Rectangle
		var width, height int
		name := filepath.Base(path)
		_, err := fmt.Sscanf(name, "%d-%d-%d-%d-to-%dx%d.png", &box.Min.X, &box.Min.Y, &box.Max.X, &box.Max.Y, &width, &height)
		require.NoError(t, err)
		largest, _ := difference(t, resized(picture(37, 23), box, width, height), stdRGB(t, path))
		assert.LessOrEqual(t, largest, resizeLargest, name)
	}
}

// Every box and size: weights are whole, so black and white stay what they are,
// turning before and after is the same, and the box alone counts.
func TestResizeBilinearHolds(t *testing.T) {
	src := picture(37, 37)
	box := image.Rect(5, 8, 30, 33)
	for _, size := range []int{1, 2, 7, 24, 25, 26, 50, 101} {
		got := resized(src, box, size, size)
		part := src.Crop(box.Min.X, box.Min.Y, box.Dx(), box.Dy())
		require.Equal(t, resized(part, part.Bounds(), size, size), got, size)
		flipped := part.FlipLeftRight()
		require.Equal(t, resized(flipped, flipped.Bounds(), size, size), got.FlipLeftRight(), size)
		for _, c := range []Colour{black, white, sky} {
			m := NewRGB(37, 37)
			FillRect(m, m.Bounds(), c)
			small := resized(m, box, size, size)
			for x := range size {
				require.Equal(t, c, small.colour(x, size-1))
			}
		}
	}
	for in := 1; in < 80; in++ {
		for out := 1; out < 80; out++ {
			var table tapTable
			table.fill(in, out)
			for o := range out {
				tap, sum := table.at(o), uint32(0)
				for _, w := range tap.weights {
					sum += w
				}
				require.Equal(t, uint32(1<<weightBits), sum, "%d to %d", in, out)
				require.True(t, tap.first >= 0 && tap.first+len(tap.weights) <= in, "%d to %d", in, out)
			}
		}
	}
}

// Assembly computes what the loops do, for every number of taps, and a Resizer
// is as good as new whatever it did before.
func TestResizerIsTheSameWithoutAssembly(t *testing.T) {
	var kept Resizer
	src := picture(211, 190)
	for _, size := range []int{1, 2, 3, 5, 11, 16, 17, 40, 64, 89, 90, 91, 135, 180, 181, 200} {
		for _, box := range []image.Rectangle{image.Rect(7, 3, 97, 93), image.Rect(0, 0, 180, 180), image.Rect(76, 55, 211, 190), image.Rect(30, 20, 75, 65)} {
			got, want := NewRGB(size, size), NewRGB(size, size)
			kept.Bilinear(got, src, box)
			slow := Resizer{}
			slow.across.fill(box.Dx(), size)
			slow.down.fill(box.Dy(), size)
			slow.across.packed, slow.down.packed = packedTaps{}, packedTaps{}
			slow.Bilinear(want, src, box)
			require.Equal(t, want.Pix, got.Pix, "%v to %d", box, size)
		}
	}
}
