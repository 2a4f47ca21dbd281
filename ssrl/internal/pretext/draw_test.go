package pretext_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/pretext"
	"ssrl/internal/rgbd"
	"ssrl/internal/seed"
)

// chiSquareBound is what chi-square exceeds once in 100,000 for uniform draws:
// Wilson and Hilferty's cube with z = 4.265. Seeds are fixed, so a test passes
// always or never.
func chiSquareBound(freedom int) float64 {
	a := 2 / (9 * float64(freedom))
	return float64(freedom) * math.Pow(1-a+4.265*math.Sqrt(a), 3)
}

func requireUniform(t *testing.T, what string, counts map[string]int, kinds int) {
	t.Helper()
	require.Len(t, counts, kinds, "%s: %v", what, counts)
	n := 0
	for _, c := range counts {
		n += c
	}
	want, square := float64(n)/float64(kinds), 0.
	require.GreaterOrEqual(t, want, 20., "%s: enough draws", what)
	for _, c := range counts {
		square += (float64(c) - want) * (float64(c) - want) / want
	}
	require.Less(t, square, chiSquareBound(kinds-1), "%s: %v", what, counts)
}

// draws asks a task many times about one frame that suits it and counts what
// each sample is by several names.
func draws(t *testing.T, task pretext.Task, f *rgbd.Frame, n int, count func(s *pretext.Sample)) {
	t.Helper()
	for k := range n {
		s, err := task.Make(seed.Rand(11, task.Name(), fmt.Sprint(k)), f)
		require.NoError(t, err)
		count(s)
	}
}

// suitable returns a room of the size that carries a task.
func suitable(t testing.TB, task pretext.Task, width, height int) *rgbd.Frame {
	t.Helper()
	for i := range 100 {
		f := room(uint64(1000+i), width, height)
		if _, err := task.Make(seed.Rand(1), f); err == nil {
			return f
		}
	}
	require.Fail(t, "no room carries "+task.Name())
	return nil
}

func TestAnswersAreUniform(t *testing.T) {
	tally := map[string]map[string]int{}
	add := func(what, value string) {
		if tally[what] == nil {
			tally[what] = map[string]int{}
		}
		tally[what][value]++
	}
	answer := func(what string) func(*pretext.Sample) {
		return func(s *pretext.Sample) { add(what, s.Answer) }
	}
	for _, tc := range []struct {
		what         string
		task         pretext.Task
		n, different int
	}{
		{"orders", pretext.Shuffle{}, 1200, 24},
		{"orders without the original", pretext.Shuffle{SkipIdentity: true}, 1200, 23},
		{"orders of strips", pretext.Shuffle{Rows: 1, Cols: 3}, 400, 6},
		{"crop letters", pretext.Crop{}, 400, 4},
		{"depth orders", pretext.DepthOrder{}, 400, 6},
	} {
		draws(t, tc.task, suitable(t, tc.task, 84, 84), tc.n, answer(tc.what))
		requireUniform(t, tc.what, tally[tc.what], tc.different)
	}
	masked := pretext.Shuffle{Mask: true}
	draws(t, masked, suitable(t, masked, 84, 84), 400, func(s *pretext.Sample) {
		add("masked", fmt.Sprint(*s.Meta.(*pretext.ShuffleMeta).Masked))
	})
	requireUniform(t, "masked places", tally["masked"], 4)
	for _, kind := range []string{pretext.Near, pretext.FarDepth, pretext.FarDiagonal} {
		task := pretext.Position{Kinds: []string{kind}}
		draws(t, task, suitable(t, task, 112, 112), 240, func(s *pretext.Sample) {
			m := s.Meta.(*pretext.PositionMeta)
			require.Equal(t, kind, m.Kind)
			add(kind+" letters", s.Answer)
			add(kind+" facing", m.Facing)
			add(kind+" answers", m.Options[s.Answer[0]-'A'])
			add(kind+" camera", fmt.Sprint(m.Camera.Label, m.Camera.Center[1] > m.Target.Center[1]))
		})
		requireUniform(t, kind, tally[kind+" letters"], 4)
		requireUniform(t, kind, tally[kind+" facing"], 4)
		requireUniform(t, kind, tally[kind+" answers"], 4)
		requireUniform(t, kind, tally[kind+" camera"], 4)
	}
}

func TestFlipDirectionsAndPatchesAreUniform(t *testing.T) {
	// A room all of whose patches qualify.
	for i := range 100 {
		f := room(uint64(i), 84, 84)
		patches, directions := map[string]int{}, map[string]int{}
		if _, err := (pretext.Flip{}).Make(seed.Rand(1), f); err != nil {
			continue
		}
		draws(t, pretext.Flip{}, f, 400, func(s *pretext.Sample) {
			patches[s.Answer[:1]]++
			directions[s.Answer[2:]]++
		})
		requireUniform(t, "directions", directions, 2)
		if len(patches) == 4 {
			requireUniform(t, "patches", patches, 4)
			return
		}
	}
	require.Fail(t, "no room has four patches that may be flipped")
}

func TestPositionKindsAreUniformWhereAllAreThere(t *testing.T) {
	counts := map[string]int{}
	f := suitable(t, pretext.Position{Kinds: []string{pretext.FarDepth}}, 160, 120)
	for _, kind := range []string{pretext.Near, pretext.FarDiagonal} {
		_, err := pretext.Position{Kinds: []string{kind}}.Make(seed.Rand(1), f)
		require.NoError(t, err)
	}
	draws(t, pretext.Position{}, f, 600, func(s *pretext.Sample) { counts[s.Meta.(*pretext.PositionMeta).Kind]++ })
	requireUniform(t, "kinds", counts, 3)
	counts = map[string]int{}
	task := pretext.Position{Kinds: []string{pretext.Near, pretext.FarDepth, pretext.Near}}
	draws(t, task, f, 600, func(s *pretext.Sample) { counts[s.Meta.(*pretext.PositionMeta).Kind]++ })
	assert.Len(t, counts, 2)
	assert.InDelta(t, 400, counts[pretext.Near], 60, "naming a kind twice doubles its share; five standard deviations")
}

func TestCropDrawsEveryKindOfOption(t *testing.T) {
	kinds := map[string]int{}
	n := 400
	draws(t, pretext.Crop{}, suitable(t, pretext.Crop{}, 90, 70), n, func(s *pretext.Sample) {
		for _, o := range s.Meta.(*pretext.CropMeta).Options {
			kinds[o.Kind]++
		}
	})
	// Each of five wrong options is drawn 3 times in 5; two of them are exterior.
	// Redrawn holes shift the shares a little.
	for kind, want := range map[string]float64{
		pretext.KindTruth: 1, pretext.KindClockwise: .6, pretext.KindAnticlockwise: .6, pretext.KindInterior: .6, pretext.KindExterior: 1.2,
	} {
		assert.InDelta(t, want, float64(kinds[kind])/float64(n), .15, kind)
	}
}

func TestSameStreamSameSample(t *testing.T) {
	for _, tc := range everyTask {
		t.Run(tc.name, func(t *testing.T) {
			f := suitable(t, tc.task, 240, 200)
			image, depth := f.Image.Clone(), append([]float32(nil), f.Depth.Metres...)
			a, err := tc.task.Make(seed.Rand(1), f) // the stream that suitable tried
			require.NoError(t, err)
			b, err := tc.task.Make(seed.Rand(1), f)
			require.NoError(t, err)
			require.Equal(t, encoded(t, a), encoded(t, b))
			for _, m := range a.Images { // the sample is the caller's to write on
				clear(m.Pix)
			}
			assert.Equal(t, image.Pix, f.Image.Pix, "the frame is left alone")
			for i, v := range depth {
				if v != f.Depth.Metres[i] && v == v {
					require.Fail(t, "the depth is left alone")
				}
			}
		})
	}
}

// encoded is all of a sample, pixels included.
func encoded(t *testing.T, s *pretext.Sample) string {
	t.Helper()
	raw, err := json.Marshal(s)
	require.NoError(t, err)
	return string(raw)
}
