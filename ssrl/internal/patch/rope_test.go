package patch

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/golden"
)

// Ids of the small examples: letters are text, the others stand for themselves.
const (
	idImage, idVideo, idStart, idEnd = 1001, 1002, 1003, 1004
)

// sequence turns "abSIIIIE" into ids.
func sequence(s string) []int32 {
	special := map[rune]int32{'I': idImage, 'V': idVideo, 'S': idStart, 'E': idEnd}
	var ids []int32
	for _, c := range s {
		id, ok := special[c]
		if !ok {
			id = int32(c)
		}
		ids = append(ids, id)
	}
	return ids
}

func rope(perSecond float64) Rope {
	return Rope{ImagePad: idImage, VideoPad: idVideo, VisionStart: idStart, Merge: 2, TokensPerSecond: perSecond}
}

func TestPositions(t *testing.T) {
	for _, tc := range []struct {
		name           string
		ids            string
		images, videos [][3]int
		seconds        []float64
		perSecond      float64
		t, h, w        []int32 // nil: not stated
		next           int32
	}{
		{"text", "abc", nil, nil, nil, 2, []int32{0, 1, 2}, []int32{0, 1, 2}, []int32{0, 1, 2}, 3},
		{"nothing", "", nil, nil, nil, 2, []int32{}, []int32{}, []int32{}, 0},
		{"one image", "abcSIIIIIIEde", [][3]int{{1, 4, 6}}, nil, nil, 2,
			[]int32{0, 1, 2, 3, 4, 4, 4, 4, 4, 4, 7, 8, 9}, []int32{0, 1, 2, 3, 4, 4, 4, 5, 5, 5, 7, 8, 9}, []int32{0, 1, 2, 3, 4, 5, 6, 4, 5, 6, 7, 8, 9}, 10},
		{"two images", "aSIIIIEbSIIIIIIEc", [][3]int{{1, 4, 4}, {1, 4, 6}}, nil, nil, 2,
			[]int32{0, 1, 2, 2, 2, 2, 4, 5, 6, 7, 7, 7, 7, 7, 7, 10, 11}, []int32{0, 1, 2, 2, 3, 3, 4, 5, 6, 7, 7, 7, 8, 8, 8, 10, 11},
			[]int32{0, 1, 2, 3, 2, 3, 4, 5, 6, 7, 8, 9, 7, 8, 9, 10, 11}, 12},
		{"video, one second a step", "aSVVVVVVVVEb", nil, [][3]int{{2, 4, 4}}, []float64{1}, 2,
			[]int32{0, 1, 2, 2, 2, 2, 4, 4, 4, 4, 5, 6}, nil, nil, 7},
		{"video, half a second a step", "aSVVVVVVVVEb", nil, [][3]int{{2, 4, 4}}, []float64{0.5}, 2,
			[]int32{0, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 5}, []int32{0, 1, 2, 2, 3, 3, 2, 2, 3, 3, 4, 5}, nil, 6},
		{"video with time as text", "abSVVVVEcdSVVVVE" + "e", nil, [][3]int{{2, 4, 4}}, nil, 0,
			[]int32{0, 1, 2, 3, 3, 3, 3, 5, 6, 7, 8, 9, 9, 9, 9, 11, 12}, []int32{0, 1, 2, 3, 3, 4, 4, 5, 6, 7, 8, 9, 9, 10, 10, 11, 12},
			[]int32{0, 1, 2, 3, 4, 3, 4, 5, 6, 7, 8, 9, 10, 9, 10, 11, 12}, 13},
	} {
		t.Run(tc.name, func(t *testing.T) {
			pos, next, err := rope(tc.perSecond).Positions(sequence(tc.ids), tc.images, tc.videos, tc.seconds)
			require.NoError(t, err)
			assert.Equal(t, tc.next, next)
			for axis, want := range [][]int32{tc.t, tc.h, tc.w} {
				if want != nil {
					assert.Equal(t, want, pos[axis], "axis %d", axis)
				}
			}
		})
	}
}

func TestStepIsAFloat32Product(t *testing.T) {
	// 39 * 2/1.3 s * 2 is 120.00000x in float32 and 119.99999 in float64.
	assert.Equal(t, int32(120), rope(2).step(39, 2/1.3))
}

func TestPositionsRefuseWhatDoesNotFit(t *testing.T) {
	for _, tc := range []struct {
		name, ids      string
		images, videos [][3]int
		seconds        []float64
		want           string
	}{
		{"image without a grid", "aSIIIIE", nil, nil, nil, "prompt with 1 image and 0 video places for 0 and 0 grids"},
		{"grid without an image", "abc", [][3]int{{1, 4, 4}}, nil, nil, "prompt with 0 image and 0 video places for 1 and 0 grids"},
		{"run too short", "aSIIIE", [][3]int{{1, 4, 4}}, nil, nil, "3 pad tokens at token 2 (want 4 for grid [1 4 4])"},
		{"run cut at the end", "aSI", [][3]int{{1, 4, 4}}, nil, nil, "1 pad tokens at token 2 (want 4 for grid [1 4 4])"},
		{"pad without a start takes the grid", "IbSIIII", [][3]int{{1, 4, 4}}, nil, nil, "1 pad tokens at token 0 (want 4 for grid [1 4 4])"},
		{"grid in merged cells", "aSIIIIE", [][3]int{{1, 1, 4}}, nil, nil, "grid [1 1 4] (want multiples of 2 patches)"},
		{"empty grid", "aSIIIIE", [][3]int{{0, 4, 4}}, nil, nil, "grid [0 4 4] (want multiples of 2 patches)"},
		{"seconds that are no number", "aSVVVVE", nil, [][3]int{{1, 4, 4}}, []float64{math.NaN()}, "video grid [1 4 4] with NaN seconds a step (want positions below 2^30)"},
		{"seconds beyond int32", "aSVVVVE", nil, [][3]int{{1, 4, 4}}, []float64{1e12}, "video grid [1 4 4] with 1e+12 seconds a step (want positions below 2^30)"},
		{"video without seconds", "aSVVVVE", nil, [][3]int{{1, 4, 4}}, nil, "seconds of 0 videos (want 1)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := rope(2).Positions(sequence(tc.ids), tc.images, tc.videos, tc.seconds)
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestGoldenPositions(t *testing.T) {
	type batch struct {
		Model, Kinds string
		IDs          [][]int32   `json:"input_ids"`
		Mask         [][]int     `json:"attention_mask"`
		Images       [][3]int    `json:"image_grid_thw"`
		Videos       [][3]int    `json:"video_grid_thw"`
		Seconds      []float64   `json:"second_per_grid_ts"`
		Positions    [][][]int32 `json:"position_ids"`
		Float        [][][]int32 `json:"position_ids_float"`
		Deltas       []int       `json:"rope_deltas"`
	}
	for i, c := range lines[batch](t, golden.Dir(t, "positions", "cases.jsonl")) {
		r := Rope{ImagePad: 151655, VideoPad: 151656, VisionStart: 151652, Merge: 2}
		if c.Model == "qwen2_5_vl" {
			r.TokensPerSecond = 2
		}
		image, video := 0, 0
		for row, padded := range c.IDs {
			var ids []int32
			var places []int
			for k, id := range padded {
				if c.Mask == nil || c.Mask[row][k] == 1 {
					ids, places = append(ids, id), append(places, k)
				}
			}
			images, steps := 0, 0
			for k := range len(ids) - 1 {
				if ids[k] == r.VisionStart && ids[k+1] == r.ImagePad {
					images++
				}
				if ids[k] == r.VisionStart && ids[k+1] == r.VideoPad {
					steps++
				}
			}
			videos := 0
			for steps > 0 {
				if r.TokensPerSecond == 0 {
					steps -= c.Videos[video+videos][0]
				} else {
					steps--
				}
				videos++
			}
			var seconds []float64
			if r.TokensPerSecond != 0 {
				seconds = c.Seconds[video : video+videos]
			}
			check := func(r Rope, want [][][]int32, delta bool) {
				pos, next, err := r.Positions(ids, c.Images[image:image+images], c.Videos[video:video+videos], seconds)
				require.NoError(t, err, "line %d row %d", i+1, row)
				for axis := range pos {
					var unpadded []int32
					for _, k := range places {
						unpadded = append(unpadded, want[axis][row][k])
					}
					require.Equal(t, unpadded, pos[axis], "line %d row %d axis %d", i+1, row, axis)
				}
				if delta {
					assert.Equal(t, c.Deltas[row], int(next)-len(padded), "line %d row %d", i+1, row)
				}
			}
			if c.Float != nil {
				check(r, c.Float, false)
			}
			upstream := r
			upstream.WholeSeconds = true
			check(upstream, c.Positions, true)
			image, video = image+images, video+videos
		}
		assert.Equal(t, len(c.Images), image, "line %d", i+1)
		assert.Equal(t, len(c.Videos), video, "line %d", i+1)
	}
}
