package patch

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/golden"
	"ssrl/internal/rgbd"
)

// clip returns the first n frames of 64x96 that the reference stacks in one
// picture.
func clip(t *testing.T, dir string, n int) []*rgbd.RGB {
	m := open(t, filepath.Join(dir, "clip.png")).RGB()
	const height = 64
	require.LessOrEqual(t, n*height, m.Height)
	size := 3 * m.Width * height
	var frames []*rgbd.RGB
	for i := range n {
		frames = append(frames, &rgbd.RGB{Width: m.Width, Height: height, Pix: m.Pix[i*size : (i+1)*size]})
	}
	return frames
}

type clipCase struct {
	Model, Name, Error, Expanded string
	Patch, Frames                int
	Options                      struct {
		Min    int   `json:"min_pixels"`
		Max    int   `json:"max_pixels"`
		Total  int   `json:"total_pixels"`
		Height int   `json:"resized_height"`
		Width  int   `json:"resized_width"`
		Number int   `json:"num_frames"`
		Sample *bool `json:"do_sample_frames"`
		FPS    json.RawMessage
	}
	Size     struct{ Shortest_edge, Longest_edge int }
	Metadata *struct {
		Total   float64 `json:"total_num_frames"`
		FPS     float64
		Indices []int `json:"frames_indices"`
	}
	Shape   []int
	Grid    [3]int    `json:"grid_thw"`
	Hashes  []string  `json:"frame_sha256"`
	Seconds []float64 `json:"second_per_grid_ts"`
	SHA256  string
	First   []float32
	Stride  int
	Strided []float32
	Mean    float64
}

func TestGoldenClips(t *testing.T) {
	dir := golden.Dir(t, "preprocess", "video")
	for i, c := range lines[clipCase](t, filepath.Join(dir, "cases.jsonl")) {
		t.Run(fmt.Sprintf("%d %s %s", i+1, c.Model, c.Name), func(t *testing.T) {
			if c.Model == "qwen_vl_utils" {
				c.checkFetch(t, clip(t, dir, c.Frames))
			} else {
				c.checkProcess(t, clip(t, dir, c.Frames))
			}
		})
	}
}

// checkFetch compares sizes: the samples are under the tolerance of
// torchvision's v1 kernel, which TestGoldenResize checks.
func (c *clipCase) checkFetch(t *testing.T, frames []*rgbd.RGB) {
	o := c.Options
	got, err := FetchFrames(frames, c.Patch, ClipLimits{o.Min, o.Max, o.Total, o.Width, o.Height})
	require.NoError(t, err)
	assert.Equal(t, c.Shape, []int{len(got), 3, got[0].Height, got[0].Width})
	assert.Len(t, c.Metadata.Indices, len(got))
	assert.Equal(t, c.Metadata.Total, float64(len(got)))
	equal := 0
	for i, want := range c.Hashes {
		if want == hash(got[i].Pix) {
			equal++
		}
	}
	t.Logf("%d of %d frames equal to the last bit", equal, len(got))
}

func (c *clipCase) checkProcess(t *testing.T, frames []*rgbd.RGB) {
	qwen3 := c.Model == "qwen3_vl"
	s := settings{Patch: 14, Mean: [3]float32{0.48145466, 0.4578275, 0.40821073}, Std: [3]float32{0.26862954, 0.26130258, 0.27577711}}
	if qwen3 {
		s = settings{Patch: 16, Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5}}
	}
	s.Min, s.Max = c.Size.Shortest_edge, c.Size.Longest_edge
	v := Video{Processor: *s.processor(Torchvision), WholeClip: qwen3, Sampling: Sampling{Frames: c.Options.Number}, Choose: qwen3}
	rate := 2.0
	if json.Unmarshal(c.Options.FPS, &rate) != nil {
		var list []float64
		if json.Unmarshal(c.Options.FPS, &list) == nil {
			rate = list[0]
		}
	}
	v.Rate = rate
	if c.Options.Sample != nil {
		v.Choose = *c.Options.Sample
	}
	fps, indices := 24.0, []int(nil) // the rate that upstream assumes without metadata
	if c.Metadata != nil {
		fps, indices = c.Metadata.FPS, c.Metadata.Indices
	}
	if v.Choose {
		var err error
		if qwen3 {
			indices, err = v.Qwen3(len(frames), fps)
		} else {
			indices, err = v.Qwen2(len(frames), fps)
		}
		require.NoError(t, err)
		var chosen []*rgbd.RGB
		for _, i := range indices {
			chosen = append(chosen, frames[i])
		}
		frames = chosen
	}
	got, err := v.Process(frames)
	if c.Error != "" {
		require.Error(t, err)
		return
	}
	require.NoError(t, err)
	require.Equal(t, c.Grid, got.Grid)
	for i, want := range c.Hashes {
		assert.Equal(t, want, hash(got.Frames[min(i, len(frames)-1)].Pix), "frame %d", i)
	}
	pixels{c.Grid, [2]int(c.Shape), c.SHA256, c.First, c.Stride, c.Strided, c.Mean}.check(t, got)
	for _, want := range c.Seconds {
		assert.Equal(t, float32(want), float32(2/rate))
	}
	if qwen3 {
		stamps, err := Stamps(indices, fps)
		require.NoError(t, err)
		assert.Equal(t, strings.Count(c.Expanded, " seconds>"), len(stamps))
		for _, s := range stamps {
			assert.Contains(t, c.Expanded, s+"<|vision_start|>")
		}
	}
}

func TestGoldenFrames(t *testing.T) {
	type line struct {
		Rule    string
		Total   int
		FPS     float64
		Options struct {
			FPS    float64
			Frames int `json:"nframes"`
			Min    int `json:"min_frames"`
			Max    int `json:"max_frames"`
		}
		Result json.RawMessage
	}
	pastTheEnd := 0
	for i, c := range lines[line](t, golden.Dir(t, "preprocess", "video", "frames.jsonl")) {
		s := Sampling{c.Options.Frames, c.Options.FPS, c.Options.Min, c.Options.Max}
		var want struct {
			Frames  int `json:"nframes"`
			Indices []int
			Rate    float64 `json:"sample_fps"`
			Stamps  []string
		}
		var got []int
		var rate float64
		var stamps []string
		var err error
		switch c.Rule {
		case "qwen_vl_utils":
			got, rate, err = s.Utils(c.Total, c.FPS)
		case "qwen2_5_vl processor":
			got, err = s.Qwen2(c.Total, c.FPS)
		case "qwen3_vl processor":
			if got, err = s.Qwen3(c.Total, c.FPS); err == nil {
				stamps, err = Stamps(got, c.FPS)
			}
		default:
			t.Fatalf("line %d: unknown rule %q", i+1, c.Rule)
		}
		if json.Unmarshal(c.Result, &want) != nil {
			// Upstream's one index too many, see Sampling.Qwen2.
			if strings.Contains(string(c.Result), "index out of range") {
				pastTheEnd++
				continue
			}
			assert.Error(t, err, "line %d: %s", i+1, c.Result)
			continue
		}
		assert.NoError(t, err, "line %d", i+1)
		assert.Equal(t, want.Indices, got, "line %d: %+v", i+1, c)
		assert.Equal(t, want.Stamps, stamps, "line %d", i+1)
		assert.InEpsilon(t, 1+want.Rate, 1+rate, 1e-15, "line %d", i+1)
	}
	t.Logf("%d lines left out: upstream runs past the clip", pastTheEnd)
}

func TestSamplingRefusesWhatMakesNoSense(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		s          Sampling
		total      int
		fps        float64
	}{
		{"no frames", "clip of 0 frames at 2 a second (want 1 to 16777216, a rate above 0)", Sampling{}, 0, 2},
		{"no rate", "clip of 9 frames at 0 a second (want 1 to 16777216, a rate above 0)", Sampling{}, 9, 0},
		{"too many", "clip of 16777217 frames at 1 a second (want 1 to 16777216, a rate above 0)", Sampling{}, 1<<24 + 1, 1},
		{"negative count", "sampling {Frames:-1 Rate:2 MinFrames:4 MaxFrames:0} (want no negative number)", Sampling{Frames: -1}, 9, 2},
		{"more than there are", "12 frames of a clip of 9 (want 2 to 9)", Sampling{Frames: 12}, 9, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := tc.s.Utils(tc.total, tc.fps)
			assert.EqualError(t, err, tc.want)
			_, err = tc.s.Qwen2(tc.total, tc.fps)
			assert.EqualError(t, err, tc.want)
			_, err = tc.s.Qwen3(tc.total, tc.fps)
			assert.Error(t, err)
		})
	}
}
