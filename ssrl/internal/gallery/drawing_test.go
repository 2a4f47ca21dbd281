package gallery

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/pretext"
)

// The moved patches of shuffle, read row by row, are the answer.
func TestShuffleMovesPatchesHome(t *testing.T) {
	s := asked(t)[0]
	c, err := newCard(s, 400, "")
	require.NoError(t, err)
	require.Len(t, c.Drawn.Pieces, 4)
	var home [4]int
	for p, m := range c.Drawn.Pieces {
		place := int((m.Box.X+m.X)/160) + 2*int((m.Box.Y+m.Y)/120)
		home[place] = p
	}
	assert.Equal(t, s.Answer, join(home[:], "-"))
}

func TestFlipTurnsThePatchBack(t *testing.T) {
	for direction, want := range [][2]float64{{1, -1}, {-1, 1}} {
		d := &drawing{w: 40, h: 30, u: 1}
		require.True(t, d.flip(pretext.FlipMeta{Grid: [2]int{2, 2}, Area: pretext.Box{0, 0, 40, 30}, Patch: 2, Direction: direction}))
		p := d.Pieces[0]
		assert.Equal(t, want, [2]float64{p.SX, p.SY})
		assert.Equal(t, rect{0, 15, 20, 15}, p.Box)
		assert.Equal(t, [2]float64{10, 22.5}, [2]float64{p.HX, p.HY}, "it turns about its centre")
	}
}

func TestCropFillsTheHoleWithTheAnswer(t *testing.T) {
	s := asked(t)[2]
	c, err := newCard(s, 400, "")
	require.NoError(t, err)
	require.Len(t, c.Drawn.Fills, 1)
	assert.Equal(t, s.Answer, letter(c.Drawn.Fills[0].Option))
	for i, o := range c.Rest {
		assert.Equal(t, o.Letter == s.Answer, o.Right)
		assert.Equal(t, o.Right, o.Kind == "the missing part", "option %d", i)
	}
}

func TestDepthGoesFromNearToFar(t *testing.T) {
	s := asked(t)[3]
	c, err := newCard(s, 400, "m")
	require.NoError(t, err)
	answer := ""
	last := -1.0
	for _, m := range c.Drawn.Scale.Marks {
		answer += "-" + m.Label
		assert.Greater(t, m.From, last)
		last = m.From
		assert.Contains(t, m.Text, " m")
	}
	assert.Equal(t, "-"+s.Answer, answer)
}

// A target to one side of the picture or deeper must appear on the side of the
// plan that the answer names.
func TestPlanShowsWhatTheAnswerSays(t *testing.T) {
	for facing := range headings {
		for _, tc := range []struct {
			name   string
			dx     int
			dz     float32
			toward [2]float64 // on the plan
		}{{"right of it", 60, 0, [2]float64{1, 0}}, {"left of it", -60, 0, [2]float64{-1, 0}}, {"deeper", 0, 1.5, [2]float64{0, -1}}, {"nearer", 0, -1.5, [2]float64{0, 1}}} {
			t.Run(facing+", "+tc.name, func(t *testing.T) {
				d := &drawing{w: 200, h: 100, u: 1}
				m := pretext.PositionMeta{Kind: pretext.Near, Facing: facing,
					Camera: pretext.PositionPoint{Label: 1, Center: pretext.Point{100, 50}, Depth: 3},
					Target: pretext.PositionPoint{Label: 2, Center: pretext.Point{100 + tc.dx, 50}, Depth: 3 + tc.dz}, Options: [4]string{"Left", "Right", "Front", "Back"}}
				require.True(t, d.position(m, "B"))
				nearest, best := "", math.Inf(1)
				for _, s := range d.Plan.Sides {
					if far := math.Hypot(s.X-planX-100*tc.toward[0], s.Y-4-planY-56*tc.toward[1]); far < best {
						nearest, best = s.Text, far
					}
				}
				dx, dy := d.Plan.X-planX, d.Plan.Y-planY
				assert.Greater(t, dx*tc.toward[0]+dy*tc.toward[1], 10.0, "the target lies there")
				assert.Equal(t, sideOf[facing][tc.name], nearest)
			})
		}
	}
}

// sideOf is the table of the paper (arXiv 2510.27606, section 3.2): what lies
// where for a camera that faces so.
var sideOf = map[string]map[string]string{
	"left":   {"right of it": "Back", "left of it": "Front", "deeper": "Right", "nearer": "Left"},
	"right":  {"right of it": "Front", "left of it": "Back", "deeper": "Left", "nearer": "Right"},
	"toward": {"right of it": "Left", "left of it": "Right", "deeper": "Back", "nearer": "Front"},
	"away":   {"right of it": "Right", "left of it": "Left", "deeper": "Front", "nearer": "Back"},
}

func TestChipsStayInThePicture(t *testing.T) {
	d := &drawing{w: 640, h: 480, u: unitOf(640, 480)}
	for _, at := range [][2]float64{{0, 0}, {640, 480}, {-90, 900}, {320, 240}} {
		d.chip(at[0], at[1], "19.1–27.7 m", "")
	}
	for _, c := range d.Chips {
		assert.GreaterOrEqual(t, c.X, 0.0)
		assert.GreaterOrEqual(t, c.Y, 0.0)
		assert.LessOrEqual(t, c.X+c.W, d.w)
		assert.LessOrEqual(t, c.Y+c.H, d.h)
	}
}
