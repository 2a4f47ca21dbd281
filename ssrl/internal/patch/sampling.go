package patch

import (
	"errors"
	"fmt"
	"math"
)

// Sampling says which frames of a clip are taken. Zero stands for the default.
type Sampling struct {
	Frames    int     // this many; 0: by rate
	Rate      float64 // frames a second, 2
	MinFrames int     // 4
	MaxFrames int     // 768
}

// maxFrames bounds the length of a clip; below it indices are exact in float32.
const maxFrames = 1 << 24

func (s Sampling) defaults(total int, fps float64) (Sampling, error) {
	if total < 1 || total > maxFrames || !(fps > 0) || math.IsInf(fps, 0) {
		return s, fmt.Errorf("clip of %d frames at %g a second (want 1 to %d, a rate above 0)", total, fps, maxFrames)
	}
	if s.Rate == 0 {
		s.Rate = 2
	}
	if s.MinFrames == 0 {
		s.MinFrames = 4
	}
	if !(s.Rate > 0) || s.Frames < 0 || s.MinFrames < 0 || s.MaxFrames < 0 {
		return s, fmt.Errorf("sampling %+v (want no negative number)", s)
	}
	return s, nil
}

// Utils returns the frames that qwen_vl_utils 0.0.14 takes of total frames at
// fps a second: an even number, spread evenly over the clip, and the rate that
// they are left at. The seconds of a grid step are 2 divided by that rate.
func (s Sampling) Utils(total int, fps float64) (indices []int, rate float64, err error) {
	if s, err = s.defaults(total, fps); err != nil {
		return nil, 0, err
	}
	even := func(v float64) float64 { return math.Floor(v/2) * 2 }
	n := math.RoundToEven(float64(s.Frames)/2) * 2
	if s.Frames == 0 {
		lo, hi := math.Ceil(float64(s.MinFrames)/2)*2, even(float64(min(768, total)))
		if s.MaxFrames != 0 {
			hi = even(float64(s.MaxFrames))
		}
		n = float64(total) / fps * s.Rate
		n = even(min(max(n, lo), hi, float64(total)))
	}
	if n < 2 || n > float64(total) {
		return nil, 0, fmt.Errorf("%g frames of a clip of %d (want 2 to %d)", n, total, total)
	}
	return linspace32(total-1, int(n)), n / float64(total) * fps, nil
}

// linspace32 rounds n numbers spread from 0 to last, computed as torch.linspace
// does: float32, from both ends to the middle.
func linspace32(last, n int) []int {
	out := make([]int, n)
	step := float32(last) / float32(n-1)
	for i := range out {
		v := float32(step * float32(i))
		if i >= n/2 {
			v = float32(last) - float32(step*float32(n-1-i))
		}
		out[i] = int(math.RoundToEven(float64(v)))
	}
	return out
}

// Qwen2 returns the frames that Qwen2.5-VL's processor takes in transformers
// 4.57.1: an even number, each cut to the frame before its time. Upstream's
// list can be one too long and then runs past the clip; this one never is.
func (s Sampling) Qwen2(total int, fps float64) ([]int, error) {
	s, err := s.defaults(total, fps)
	if err != nil {
		return nil, err
	}
	n := math.RoundToEven(float64(s.Frames)/2) * 2
	if s.Frames == 0 {
		hi := math.Floor(float64(min(s.limit(), total))/2) * 2
		n = float64(total) / fps * s.Rate
		n = math.Floor(min(max(n, float64(s.MinFrames)), hi)/2) * 2
	}
	if n < 2 || n > float64(total) {
		return nil, fmt.Errorf("%g frames of a clip of %d (want 2 to %d)", n, total, total)
	}
	out := make([]int, int(n))
	step := float64(total) / n
	for i := range out {
		out[i] = int(float32(float64(i) * step))
	}
	return out, nil
}

// Qwen3 returns the frames that Qwen3-VL's processor takes in transformers
// 4.57.1: spread evenly, first and last included, possibly an odd number.
func (s Sampling) Qwen3(total int, fps float64) ([]int, error) {
	s, err := s.defaults(total, fps)
	if err != nil {
		return nil, err
	}
	n := s.Frames
	if n == 0 {
		n = int(min(float64(total)/fps*s.Rate, float64(total)))
		n = min(max(n, s.MinFrames), s.limit(), total)
	}
	if n > total {
		return nil, fmt.Errorf("%d frames of a clip of %d (want 1 to %d)", n, total, total)
	}
	out := make([]int, n)
	for i := range out {
		if n > 1 {
			out[i] = int(math.RoundToEven(float64(i) * (float64(total-1) / float64(n-1))))
		}
	}
	if n > 1 {
		out[n-1] = total - 1
	}
	return out, nil
}

func (s Sampling) limit() int {
	if s.MaxFrames == 0 {
		return 768
	}
	return s.MaxFrames
}

// Stamps returns the text that Qwen3-VL reads before each pair of frames: the
// mean of their times. Indices count frames of the source, which has fps a
// second; an odd one at the end is paired with itself.
func Stamps(indices []int, fps float64) ([]string, error) {
	if !(fps > 0) {
		return nil, errors.New("clip without a frame rate")
	}
	var out []string
	for i := 0; i < len(indices); i += 2 {
		a, b := float64(indices[i])/fps, float64(indices[min(i+1, len(indices)-1)])/fps
		out = append(out, fmt.Sprintf("<%.1f seconds>", (a+b)/2))
	}
	return out, nil
}
