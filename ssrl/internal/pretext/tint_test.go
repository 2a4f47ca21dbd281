package pretext_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/pretext"
	"ssrl/internal/rgbd"
	"ssrl/internal/seed"
)

// A coloured question is the plain one but for the discs of its markers.
func TestColouredMarkers(t *testing.T) {
	tints := []rgbd.Colour{{255, 0, 0}, {0, 255, 0}, {0, 0, 255}}
	for name, tc := range map[string]struct {
		plain, coloured pretext.Task
		marks           func(m pretext.Meta) map[int]pretext.Point
	}{
		"depth": {pretext.DepthOrder{}, pretext.DepthOrder{Coloured: true}, func(m pretext.Meta) map[int]pretext.Point {
			out := map[int]pretext.Point{}
			for _, r := range m.(*pretext.DepthMeta).Regions {
				out[r.Label] = r.Center
			}
			return out
		}},
		"position": {pretext.Position{}, pretext.Position{Coloured: true}, func(m pretext.Meta) map[int]pretext.Point {
			p := m.(*pretext.PositionMeta)
			return map[int]pretext.Point{p.Camera.Label: p.Camera.Center, p.Target.Label: p.Target.Center}
		}},
	} {
		for _, side := range []int{56, 300} {
			t.Run(name, func(t *testing.T) {
				f := suitable(t, tc.plain, side, side)
				a, err := tc.plain.Make(seed.Rand(1), f)
				require.NoError(t, err)
				b, err := tc.coloured.Make(seed.Rand(1), f)
				require.NoError(t, err)
				assert.Equal(t, a.Problem, b.Problem)
				assert.Equal(t, a.Answer, b.Answer)
				assert.Equal(t, a.Meta, b.Meta)
				r := rgbd.MarkerRadius(side, side)
				found := map[int]int{}
				for i := 0; i < len(a.Images[0].Pix); i += 3 {
					was, is := a.Images[0].Pix[i:i+3], b.Images[0].Pix[i:i+3]
					if string(was) == string(is) {
						continue
					}
					require.Equal(t, []byte{255, 255, 255}, was, "ring, digit and picture stay")
					x, y := i/3%side, i/3/side
					for label, at := range tc.marks(b.Meta) {
						dx, dy := x-at[0], y-at[1]
						if dx*dx+dy*dy <= r*r+r {
							require.Equal(t, tints[label-1], rgbd.Colour(is))
							found[label]++
						}
					}
				}
				for label := range tc.marks(b.Meta) {
					assert.Greater(t, found[label], r*r, "marker %d", label)
				}
				total := 0
				for _, n := range found {
					total += n
				}
				changed := 0
				for i := 0; i < len(a.Images[0].Pix); i += 3 {
					if string(a.Images[0].Pix[i:i+3]) != string(b.Images[0].Pix[i:i+3]) {
						changed++
					}
				}
				assert.Equal(t, changed, total, "nothing else changes")
			})
		}
	}
}
