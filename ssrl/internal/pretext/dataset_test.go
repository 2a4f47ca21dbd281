package pretext_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/pretext"
	"ssrl/internal/rgbd"
	"ssrl/internal/scene"
)

// tallies counts what samples are, by several names.
type tallies map[string]map[string]int

func (c tallies) add(what, value string) {
	if c[what] == nil {
		c[what] = map[string]int{}
	}
	c[what][value]++
}

// of counts one sample of a task by default.
func (c tallies) of(s *pretext.Sample) {
	switch m := s.Meta.(type) {
	case *pretext.ShuffleMeta:
		c.add("orders", s.Answer)
	case *pretext.FlipMeta:
		c.add("directions", fmt.Sprint(m.Direction))
	case *pretext.CropMeta:
		c.add("letters of crop", s.Answer)
	case *pretext.DepthMeta:
		c.add("depth orders", s.Answer)
	case *pretext.PositionMeta:
		c.add("letters of position", s.Answer)
		c.add("facings", m.Facing)
		c.add("cameras", fmt.Sprint(m.Camera.Label))
	}
}

// The solver confirms a question of each task about each of thousands of
// frames, and one of another form; over the dataset, answers are balanced.
func TestDatasetOfThousandsOfFrames(t *testing.T) {
	frames := 2000
	if testing.Short() {
		frames = 300
	}
	standard := []pretext.Task{pretext.Shuffle{}, pretext.Flip{}, pretext.Crop{}, pretext.DepthOrder{}, pretext.Position{}}
	made, counts := 0, tallies{}
	for i := range frames {
		f := room(uint64(i), 56+i%3*4, 56+i%5*3)
		if i%10 == 9 {
			f = scene.Render(11, i, 72, 64)
		}
		f.Name = fmt.Sprint(i)
		for _, task := range standard {
			s := askOnce(t, task, f)
			if s != nil {
				made++
				counts.of(s)
			}
		}
		if askOnce(t, everyTask[i%len(everyTask)].task, f) != nil {
			made++
		}
	}
	t.Log(made, counts)
	require.Greater(t, made, 3*frames)
	for what, kinds := range map[string]int{
		"orders": 24, "directions": 2, "letters of crop": 4, "depth orders": 6, "letters of position": 4, "facings": 4, "cameras": 2,
	} {
		if !testing.Short() || kinds < 24 {
			requireUniform(t, what, counts[what], kinds)
		}
	}
}

// askOnce verifies one sample of a task, nil where the frame is unsuitable.
func askOnce(t *testing.T, task pretext.Task, f *rgbd.Frame) (made *pretext.Sample) {
	t.Helper()
	askEach(t, task, f, 1, func(s *pretext.Sample) { made = s })
	return made
}

// Every form of the mix has its share of Spatial-SSRL-81k's shuffles.
func TestMixHasTheSharesOfTheDataset(t *testing.T) {
	task, n := pretext.Shuffle{Mix: true, Parity: true}, 3000
	counts := map[string]int{}
	draws(t, task, room(1, 90, 84), n, func(s *pretext.Sample) {
		m := s.Meta.(*pretext.ShuffleMeta)
		counts[fmt.Sprint(m.Grid, m.Masked != nil)]++
	})
	const all = 16028.
	shares := map[string]float64{"[2 2] false": 4000 / all, "[2 2] true": 4028 / all, "[1 3] false": 4991 / all / 2, "[1 4] false": 4991 / all / 2,
		"[3 1] false": 3009 / all / 2, "[4 1] false": 3009 / all / 2}
	require.Len(t, counts, len(shares))
	square := 0.
	for form, share := range shares {
		want := share * float64(n)
		square += (float64(counts[form]) - want) * (float64(counts[form]) - want) / want
	}
	require.Less(t, square, chiSquareBound(len(shares)-1), "%v", counts)

	verified := 0
	for i := range 40 {
		verified += askAll(t, pretext.Shuffle{Mix: true}, room(uint64(i), 112, 96), 2)
	}
	require.Greater(t, verified, 20)
}

func TestFlipInOneDirection(t *testing.T) {
	for word, direction := range map[string]int{"up-down": 0, "left-right": 1} {
		task := pretext.Flip{Direction: word}
		f := suitable(t, task, 90, 84)
		draws(t, task, f, 20, func(s *pretext.Sample) {
			require.Equal(t, direction, s.Meta.(*pretext.FlipMeta).Direction)
			verify(t, f, s)
		})
	}
}
