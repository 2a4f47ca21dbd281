package pretext

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMetaIsWrittenAsJSONMarshalWould(t *testing.T) {
	three := 3
	metas := []Meta{
		&ShuffleMeta{Grid: [2]int{2, 2}, Area: Box{0, 0, 640, 480}, Order: []int{2, 0, 3, 1}},
		&ShuffleMeta{Grid: [2]int{3, 4}, Order: []int{}, Masked: &three, place: 9},
		&FlipMeta{Grid: [2]int{2, 3}, Area: Box{0, 0, 12, 9}, Patch: 5, Direction: 1},
		&CropMeta{Hole: Box{1, 2, 3, 3}, Options: [4]CropOption{{KindTruth, Box{1, 2, 3, 3}}, {KindExterior, Box{}}}},
	}
	rng := rand.New(rand.NewPCG(4, 4))
	floats := []float64{0, 1, .15, 1e-6, 9.9e-7, 1e-7, 1.5e-9, 1e20, 1e21, 2.5e33, -3e-12, math.Copysign(0, -1), 4.9e-32}
	for range 300 {
		floats = append(floats, math.Float64frombits(rng.Uint64()), rng.Float64())
	}
	for _, v := range floats {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		single := float32(v)
		if math.IsInf(float64(single), 0) {
			single = 0
		}
		metas = append(metas,
			&DepthMeta{Regions: [3]DepthRegion{{1, Point{3, 4}, 25, [2]float32{single, 2}, [2]float64{v, 1}}, {}, {Relative: [2]float64{0, v}}}},
			&PositionMeta{Near, PositionPoint{1, Point{5, 6}, single}, PositionPoint{2, Point{}, -single}, "toward", optionsOf(FarDiagonal)})
	}
	for _, m := range metas {
		want, err := json.Marshal(m)
		require.NoError(t, err)
		require.Equal(t, string(want), string(m.AppendJSON(nil)))
	}
}
