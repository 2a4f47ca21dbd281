package pretext_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/pretext"
	"ssrl/internal/rgbd"
	"ssrl/internal/seed"
)

// parityTasks lists the tasks as upstream asks them.
var parityTasks = []pretext.Task{
	pretext.Shuffle{Parity: true},
	pretext.Shuffle{Parity: true, Mask: true},
	pretext.Shuffle{Parity: true, Mix: true},
	pretext.Shuffle{Parity: true, Rows: 1, Cols: 3, Mask: true},
	pretext.Flip{Parity: true},
	pretext.Crop{Parity: true},
	pretext.DepthOrder{Parity: true},
	pretext.Position{Parity: true},
	pretext.Position{Parity: true, Kinds: []string{pretext.Near}},
	pretext.Position{Parity: true, Kinds: []string{pretext.FarDiagonal}},
}

func TestParityProblems(t *testing.T) {
	const cues = "Based on visual clues such as continuity, alignment, and context, "
	const chosen = "The final answer should be chosen from 'A', 'B', 'C', and 'D'."
	arranged := func(many, format string) string {
		return cues + "answer the correct arrangement of the " + many + " to restore the original image, where the format is " + format + "."
	}
	f := room(3, 240, 200)
	for _, tc := range []struct {
		task pretext.Task
		want string
	}{
		{pretext.Shuffle{}, "<image>The image has been divided into 4 shuffled patches labeled 0, 1, 2, and 3. " +
			arranged("patches", "'TopLeft-TopRight-BottomLeft-BottomRight'")},
		{pretext.Shuffle{Mask: true}, "<image>The image has been divided into 4 shuffled patches labeled 0, 1, 2, and 3. " +
			"One of the four patches is masked completely by white pixels. " + arranged("patches", "'TopLeft-TopRight-BottomLeft-BottomRight'")},
		{pretext.Shuffle{Rows: 1, Cols: 3}, "<image>The image has been divided into 3 shuffled horizontal strips labeled 0, 1, 2, and 3. " +
			arranged("strips", "'Left-Middle-Right'")},
		{pretext.Shuffle{Rows: 4, Cols: 1}, "<image>The image has been divided into 4 shuffled vertical strips labeled 0, 1, 2, and 3. " +
			arranged("strips", "'Top-Middle1-Middle2-Bottom'")},
		{pretext.Shuffle{Rows: 2, Cols: 3}, "<image>The image has been divided into 6 shuffled patches labeled 0, 1, 2, 3, 4, and 5. " +
			arranged("patches", "all 6 labels joined by '-', row by row from the top left (2 rows of 3)")},
		{pretext.Flip{}, "<image>The image has been divided into 4 labeled 0, 1, 2, and 3. One of the four patches is flipped either " +
			"horizontally or vertically. " + cues + "answer the correct patch that is flipped and the direction the flip, " +
			"where the format is 'Label-Direction'. The direction can only be 0(flipped vertically) or 1(flipped horizontally)."},
		{pretext.Crop{}, "Which image is the missing part in the first image <image>? Based on visual clues such as alignment, image content, " +
			"and positional relationship, select one of the four options <image><image><image><image> as the final answer. " + chosen},
		{pretext.DepthOrder{}, "<image>The original image has three regions marked as 1, 2, and 3. Consider the content, positional relationships, " +
			"depths of the three regions and other cues, and sort the depths of the three regions from smallest to largest from the camera, " +
			"where the format of the answer is 'Smallest-Middle-Largest'."},
	} {
		s, err := withParity(tc.task).Make(seed.Rand(1), f)
		require.NoError(t, err)
		assert.Equal(t, tc.want, s.Problem)
	}
	words := map[string]string{"left": "to the left of the image", "right": "to the right of the image", "toward": "to me", "away": "to away from me"}
	for k := range 60 {
		s, err := pretext.Position{Parity: true}.Make(seed.Rand(uint64(k)), f)
		require.NoError(t, err)
		m := s.Meta.(*pretext.PositionMeta)
		ignored := ""
		if m.Kind == pretext.FarDepth {
			ignored = " and ignore the height difference between the two regions"
		}
		assert.Equal(t, fmt.Sprintf("<image>I've taken an image and there are two regions marked as 1, and 2 on the image. "+
			"Assume that there is a camera at position '%d' and it's facing %s. According to the camera, where is the region marker '%d'? "+
			"A. %s B. %s C. %s D. %s. Consider cues such as depth, orientation, and 3D spatial relationship%s. %s", m.Camera.Label, words[m.Facing],
			m.Target.Label, m.Options[0], m.Options[1], m.Options[2], m.Options[3], ignored, chosen), s.Problem)
	}
}

func withParity(t pretext.Task) pretext.Task {
	switch t := t.(type) {
	case pretext.Shuffle:
		t.Parity = true
		return t
	case pretext.Flip:
		t.Parity = true
		return t
	case pretext.Crop:
		t.Parity = true
		return t
	case pretext.DepthOrder:
		t.Parity = true
		return t
	}
	return pretext.Position{Parity: true}
}

// What no one could answer is asked all the same, and the answer is upstream's.
func TestParityAsksAboutPlainPictures(t *testing.T) {
	grey := rgbd.NewRGB(90, 70)
	for i := range grey.Pix {
		grey.Pix[i] = 100
	}
	f := &rgbd.Frame{Image: grey}
	for _, task := range parityTasks[:6] {
		for k := range 20 {
			s, err := task.Make(seed.Rand(uint64(k)), f)
			require.NoError(t, err, task.Name())
			require.NotEmpty(t, s.Answer)
		}
	}
}

// A label at (10, 10) reaches no farther than this into a patch.
const parityLabel = 60

func TestParityKeepsThePixels(t *testing.T) {
	f := room(5, 320, 280)
	for k := range 12 {
		s, err := pretext.Shuffle{Parity: true}.Make(seed.Rand(uint64(k)), f)
		require.NoError(t, err)
		order := s.Meta.(*pretext.ShuffleMeta).Order
		labels := numbers(t, s.Answer)
		for p, source := range order {
			require.Equal(t, p, labels[source])
		}
		for y := range 280 {
			for x := range 320 {
				p, px, py := y/140*2+x/160, x%160, y%140
				switch {
				case px < 2 || py < 2 || px >= 158 || py >= 138:
					require.Equal(t, bluePixel, at(s.Images[0], x, y), "a border of two pixels")
				case px > parityLabel || py > parityLabel:
					require.Equal(t, at(f.Image, order[p]%2*160+px, order[p]/2*140+py), at(s.Images[0], x, y))
				}
			}
		}
	}
}

func TestParityCutsExteriorOptionsOff(t *testing.T) {
	f, cut := room(6, 120, 90), 0
	for k := range 60 {
		s, err := pretext.Crop{Parity: true}.Make(seed.Rand(uint64(k)), f)
		require.NoError(t, err)
		m := s.Meta.(*pretext.CropMeta)
		truth := strings.Index("ABCD", s.Answer)
		require.Equal(t, pretext.KindTruth, m.Options[truth].Kind)
		for i, o := range m.Options {
			require.Equal(t, [2]int{45, 45}, [2]int{s.Images[1+i].Width, s.Images[1+i].Height})
			switch o.Kind {
			case pretext.KindExterior:
				if o.Box[2] != o.Box[3] {
					cut++
				}
				require.True(t, o.Box[0] >= 0 && o.Box[1] >= 0 && o.Box[0]+o.Box[2] <= 120 && o.Box[1]+o.Box[3] <= 90)
			case pretext.KindInterior:
				require.Equal(t, pretext.Box{m.Hole[0] + 11, m.Hole[1] + 11, 22, 22}, o.Box)
			default:
				require.Equal(t, m.Hole, o.Box)
			}
		}
		for y := range 45 {
			for x := range 45 {
				require.Equal(t, at(f.Image, m.Hole[0]+x, m.Hole[1]+y), at(s.Images[1+truth], x, y))
			}
		}
	}
	assert.Greater(t, cut, 20)
}

// Upstream's depth order takes what is even by its own limits, gap or not; the
// labels still follow the depths of the centres.
func TestParityDepthFollowsTheCentres(t *testing.T) {
	sizes := map[int]int{}
	for i := range 60 {
		f := room(uint64(i), 130, 100)
		s, err := pretext.DepthOrder{Parity: true}.Make(seed.Rand(uint64(i)), f)
		if err != nil {
			require.True(t, errors.Is(err, pretext.ErrUnsuitable), err)
			continue
		}
		m := s.Meta.(*pretext.DepthMeta)
		last := math.Inf(-1)
		for _, label := range numbers(t, s.Answer) {
			r := m.Regions[label-1]
			require.Equal(t, label, r.Label)
			depth := float64(f.Depth.Metres[r.Center[1]*130+r.Center[0]])
			require.Greater(t, depth, last)
			last = depth
			limit := .15
			if r.Size == 11 {
				limit = .2
			}
			require.Less(t, r.Relative[1]-r.Relative[0], limit)
			sizes[r.Size]++
		}
	}
	assert.NotZero(t, sizes[25])
	assert.NotZero(t, sizes[11])
	assert.Len(t, sizes, 2)
}

// Upstream weighs the facings 30, 30, 30, 10, and always finds the same pair.
func TestParityPosition(t *testing.T) {
	f, n := room(3, 240, 200), 1200
	facings, points := map[string]int{}, map[[2]pretext.Point]bool{}
	for k := range n {
		s, err := pretext.Position{Parity: true, Kinds: []string{pretext.FarDepth}}.Make(seed.Rand(uint64(k), "far"), f)
		require.NoError(t, err)
		m := s.Meta.(*pretext.PositionMeta)
		facings[m.Facing]++
		pair := [2]pretext.Point{m.Camera.Center, m.Target.Center}
		if pair[0][0] > pair[1][0] || pair[0][0] == pair[1][0] && pair[0][1] > pair[1][1] {
			pair[0], pair[1] = pair[1], pair[0]
		}
		points[pair] = true
		dx := m.Target.Center[0] - m.Camera.Center[0]
		require.Equal(t, abs(dx) > 150, m.Kind == pretext.FarDiagonal)
		x, z := float64(dx), float64(m.Target.Depth-m.Camera.Depth)
		if m.Kind == pretext.FarDepth {
			x = 0
		}
		angle := map[string]float64{"away": 0, "left": 90, "toward": 180, "right": 270}[m.Facing]
		require.Equal(t, seenFrom(angle, x, z), m.Options[strings.Index("ABCD", s.Answer)])
	}
	assert.Len(t, points, 1)
	square := 0.
	for facing, share := range map[string]float64{"left": .3, "right": .3, "toward": .3, "away": .1} {
		want := share * float64(n)
		square += (float64(facings[facing]) - want) * (float64(facings[facing]) - want) / want
	}
	assert.Less(t, square, chiSquareBound(3), "%v", facings)
}

// Whatever the size and the readings, upstream's search answers or refuses.
func TestParityOfAnyFrame(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	odd := []float32{0, -1, 1, 2, 5, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32}
	for i := range 60 {
		w, h := 1+rng.IntN(70), 1+rng.IntN(70)
		f := &rgbd.Frame{Name: fmt.Sprint(i), Image: rgbd.NewRGB(w, h), Depth: &rgbd.Depth{Width: w, Height: h, Metres: make([]float32, w*h)}}
		side := 1 + rng.IntN(30)
		for j := range f.Depth.Metres {
			f.Depth.Metres[j] = odd[(j%w/side*7+j/w/side*3+i)%len(odd)]
		}
		for _, task := range parityTasks {
			s, err := task.Make(seed.Rand(uint64(i)), f)
			if err != nil {
				require.True(t, errors.Is(err, pretext.ErrUnsuitable), err)
				continue
			}
			require.NotEmpty(t, s.Images)
		}
	}
}
