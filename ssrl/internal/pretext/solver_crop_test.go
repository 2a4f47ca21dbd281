package pretext_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/pretext"
	"ssrl/internal/rgbd"
)

// resampled bounds the difference, in levels, between the mean colours of an
// enlarged or reduced option and of its box, over a 4 x 4 raster: a resampling
// filter reaches over the raster's lines by a pixel of the coarser picture.
const resampled = 16

// solveCrop fills the hole with each option; only the answer's restores the
// frame.
func solveCrop(t *testing.T, f *rgbd.Frame, s *pretext.Sample, raw []byte) {
	t.Helper()
	var meta struct {
		Hole    [4]int
		Options []struct {
			Kind string
			Box  [4]int
		}
	}
	decodeMeta(t, raw, &meta, "hole", "options")
	require.Len(t, s.Images, 5)
	require.Len(t, meta.Options, 4)
	first, side := s.Images[0], meta.Hole[2]
	require.Equal(t, min(f.Image.Width, f.Image.Height)/2, side)
	require.Equal(t, side, meta.Hole[3])
	require.Len(t, s.Answer, 1)
	chosen := strings.Index("ABCD", s.Answer)
	require.GreaterOrEqual(t, chosen, 0)
	requireHole(t, f.Image, first, meta.Hole)
	kinds := map[string]int{}
	for i, o := range meta.Options {
		picture := s.Images[1+i]
		require.Equal(t, [2]int{side, side}, [2]int{picture.Width, picture.Height})
		wrong := 0
		for y := range side {
			for x := range side {
				if at(picture, x, y) != at(f.Image, meta.Hole[0]+x, meta.Hole[1]+y) {
					wrong++
				}
			}
		}
		if i == chosen {
			require.Zero(t, wrong, "%s: option %s does not restore the frame", f.Name, s.Answer)
			require.Equal(t, "truth", o.Kind)
		} else {
			require.Greater(t, wrong, side*side/20, "%s: option %d restores it as well", f.Name, i)
		}
		kinds[o.Kind]++
		requireOption(t, f.Image, picture, meta.Hole, o.Kind, o.Box)
	}
	require.Equal(t, 1, kinds["truth"])
	for _, k := range []string{"rotate+90", "rotate-90", "interior"} {
		require.LessOrEqual(t, kinds[k], 1)
	}
	require.LessOrEqual(t, kinds["exterior"], 2)
}

func requireHole(t *testing.T, source, shown *rgbd.RGB, hole [4]int) {
	t.Helper()
	require.Equal(t, [2]int{source.Width, source.Height}, [2]int{shown.Width, shown.Height})
	for y := range shown.Height {
		for x := range shown.Width {
			want := at(source, x, y)
			if x >= hole[0] && x < hole[0]+hole[2] && y >= hole[1] && y < hole[1]+hole[3] {
				want = blackPixel
			}
			if at(shown, x, y) != want {
				require.Fail(t, "first picture", "pixel %d,%d: %v, want %v", x, y, at(shown, x, y), want)
			}
		}
	}
}

// requireOption checks that a picture is what its kind and box say.
func requireOption(t *testing.T, source, picture *rgbd.RGB, hole [4]int, kind string, box [4]int) {
	t.Helper()
	side := hole[2]
	require.Equal(t, box[2], box[3], "boxes are squares")
	require.True(t, box[0] >= 0 && box[1] >= 0 && box[0]+box[2] <= source.Width && box[1]+box[3] <= source.Height,
		"%s box %v leaves the frame", kind, box)
	contains := func(a, b [4]int) bool {
		return a[0] <= b[0] && a[1] <= b[1] && a[0]+a[2] >= b[0]+b[2] && a[1]+a[3] >= b[1]+b[3]
	}
	switch kind {
	case "truth", "rotate+90", "rotate-90":
		require.Equal(t, hole, box)
	case "interior":
		require.Equal(t, side/2, box[2])
		require.True(t, contains(hole, box))
	case "exterior":
		require.Contains(t, []int{side + 2*(side/4), side + 2*(side/2)}, box[2])
		require.True(t, contains(box, hole))
	}
	if kind == "rotate+90" || kind == "rotate-90" {
		for y := range side {
			for x := range side {
				rx, ry := side-1-y, x // clockwise: the top left goes to the top right
				if kind == "rotate-90" {
					rx, ry = y, side-1-x
				}
				if at(picture, rx, ry) != at(source, hole[0]+x, hole[1]+y) {
					require.Fail(t, kind, "pixel %d,%d", x, y)
				}
			}
		}
		return
	}
	for cell := range 16 {
		for c := range 3 {
			a := cellMean(picture, [4]int{0, 0, side, side}, cell, c)
			b := cellMean(source, box, cell, c)
			require.InDelta(t, b, a, resampled, "%s cell %d", kind, cell)
		}
	}
}

// cellMean is the mean of channel c in one of 4 x 4 cells of a box; pixels that
// lie in a cell by a part count by that part.
func cellMean(m *rgbd.RGB, box [4]int, cell, c int) float64 {
	x0, y0 := float64(box[0])+float64(box[2]*(cell%4))/4, float64(box[1])+float64(box[3]*(cell/4))/4
	x1, y1 := x0+float64(box[2])/4, y0+float64(box[3])/4
	inside := func(i int, from, to float64) float64 {
		return max(0, min(float64(i+1), to)-max(float64(i), from))
	}
	sum, weight := 0., 0.
	for y := int(y0); float64(y) < y1; y++ {
		for x := int(x0); float64(x) < x1; x++ {
			w := inside(x, x0, x1) * inside(y, y0, y1)
			sum, weight = sum+w*float64(at(m, x, y)[c]), weight+w
		}
	}
	return sum / weight
}
