package patch

import (
	"errors"
	"fmt"
	"slices"
)

// Rope computes the three rows of M-RoPE position ids: time, height and width
// (get_rope_index of transformers 4.57.1 and EasyR1). It is immutable.
type Rope struct {
	ImagePad, VideoPad, VisionStart int32 // token ids
	Merge                           int   // patches along a merged cell

	// TokensPerSecond is how far positions advance in a second of video
	// (Qwen2.5-VL). 0 means that time is written as text and every pair of
	// frames is a picture of its own (Qwen3-VL).
	TokensPerSecond float64

	// WholeSeconds cuts the seconds of a grid step to an integer first, so that
	// videos above one step a second collapse: what transformers 4.57.1 does.
	// EasyR1, and this package otherwise, keep the fraction.
	WholeSeconds bool
}

// Positions returns the position of every token of one sequence without
// padding, and the position of the token after it. Grids are t, h, w in
// patches, in the order of the sequence; seconds holds the seconds of one grid
// step (two frames) of every video, and is not needed without
// TokensPerSecond. A grid that does not fit the run of pad tokens at its place
// is an error.
func (r Rope) Positions(ids []int32, images, videos [][3]int, seconds []float64) (pos [3][]int32, next int32, err error) {
	if videos, seconds, err = r.steps(videos, seconds); err != nil {
		return pos, 0, err
	}
	if err := r.count(ids, len(images), len(videos)); err != nil {
		return pos, 0, err
	}
	for axis := range pos {
		pos[axis] = make([]int32, 0, len(ids))
	}
	text := func(n int) {
		for range n {
			for axis := range pos {
				pos[axis] = append(pos[axis], next)
			}
			next++
		}
	}
	at := 0
	image, video := 0, 0
	for image < len(images) || video < len(videos) {
		i, v := len(ids), len(ids)
		if image < len(images) {
			i = find(ids, at, r.ImagePad)
		}
		if video < len(videos) {
			v = find(ids, at, r.VideoPad)
		}
		pad, start, grid, second := r.ImagePad, i, [3]int{}, 0.0
		if i < v {
			grid = images[image]
			image++
		} else {
			pad, start, grid, second = r.VideoPad, v, videos[video], seconds[video]
			video++
		}
		n, err := r.run(ids, start, pad, grid)
		if err != nil {
			return pos, 0, err
		}
		text(start - at)
		next = r.vision(&pos, grid, next, second)
		at = start + n
	}
	text(len(ids) - at)
	return pos, next, nil
}

// steps returns the videos and their seconds as they stand in the sequence.
func (r Rope) steps(videos [][3]int, seconds []float64) ([][3]int, []float64, error) {
	if r.TokensPerSecond != 0 {
		if len(seconds) != len(videos) {
			return nil, nil, fmt.Errorf("seconds of %d videos (want %d)", len(seconds), len(videos))
		}
		for i, s := range seconds {
			if last := s * r.TokensPerSecond * float64(videos[i][0]); !(last >= 0 && last < 1<<30) {
				return nil, nil, fmt.Errorf("video grid %v with %g seconds a step (want positions below 2^30)", videos[i], s)
			}
		}
		return videos, seconds, nil
	}
	var split [][3]int
	for _, g := range videos {
		if g[0] > 1<<20 {
			return nil, nil, fmt.Errorf("video grid %v (want at most %d steps)", g, 1<<20)
		}
		for range g[0] {
			split = append(split, [3]int{1, g[1], g[2]})
		}
	}
	return split, make([]float64, len(split)), nil
}

// count compares the grids with the places that <|vision_start|> opens.
func (r Rope) count(ids []int32, images, videos int) error {
	i, v := 0, 0
	for k := range len(ids) - 1 {
		if ids[k] != r.VisionStart {
			continue
		}
		switch ids[k+1] {
		case r.ImagePad:
			i++
		case r.VideoPad:
			v++
		}
	}
	if i != images || v != videos {
		return fmt.Errorf("prompt with %d image and %d video places for %d and %d grids", i, v, images, videos)
	}
	return nil
}

func find(ids []int32, from int, id int32) int {
	if i := slices.Index(ids[from:], id); i >= 0 {
		return from + i
	}
	return len(ids)
}

// run returns the length of the pad run that a grid takes, after checking that
// it is there.
func (r Rope) run(ids []int32, start int, pad int32, grid [3]int) (int, error) {
	for axis, n := range grid {
		if n < 1 || n > 1<<20 || axis > 0 && n%r.Merge != 0 {
			return 0, fmt.Errorf("grid %v (want multiples of %d patches)", grid, r.Merge)
		}
	}
	n := grid[0] * (grid[1] / r.Merge) * (grid[2] / r.Merge)
	if start == len(ids) {
		return 0, errors.New("fewer pad runs than grids")
	}
	have := 0
	for start+have < len(ids) && ids[start+have] == pad && have < n {
		have++
	}
	if have != n {
		return 0, fmt.Errorf("%d pad tokens at token %d (want %d for grid %v)", have, start, n, grid)
	}
	return n, nil
}

// vision appends the positions of one grid, which starts at base on all axes,
// and returns one more than the largest.
func (r Rope) vision(pos *[3][]int32, grid [3]int, base int32, seconds float64) int32 {
	h, w := grid[1]/r.Merge, grid[2]/r.Merge
	last := int32(0)
	for k := range grid[0] {
		last = r.step(k, seconds)
		for y := range h {
			for x := range w {
				pos[0] = append(pos[0], base+last)
				pos[1] = append(pos[1], base+int32(y))
				pos[2] = append(pos[2], base+int32(x))
			}
		}
	}
	return base + max(last, int32(h)-1, int32(w)-1) + 1
}

// step is the time of grid step k: float32 products cut to an integer.
func (r Rope) step(k int, seconds float64) int32 {
	if r.WholeSeconds {
		seconds = float64(int64(seconds))
	}
	return int32(float32(float32(k)*float32(seconds)) * float32(r.TokensPerSecond))
}
