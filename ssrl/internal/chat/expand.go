package chat

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// maxPads bounds the places of one picture or clip.
const maxPads = 1 << 24

// Expand gives every picture and clip its places: the k-th imagePad becomes
// images[k] copies, the k-th videoPad videos[k]. A picture has t*h*w/4 places for
// a grid of t x h x w patches, a Qwen2.5-VL clip likewise; a Qwen3-VL clip has
// one videoPad for each pair of frames (see Clips), of h*w/4 places.
func Expand(ids []int32, imagePad, videoPad int32, images, videos []int) ([]int32, error) {
	if err := checkPads(ids, imagePad, "pictures", "<|image_pad|>", images); err != nil {
		return nil, err
	}
	if err := checkPads(ids, videoPad, "clips", "<|video_pad|>", videos); err != nil {
		return nil, err
	}
	size := len(ids)
	for _, n := range slices.Concat(images, videos) {
		size += n
	}
	out := make([]int32, 0, size)
	for _, id := range ids {
		n := 1
		switch {
		case id == imagePad && len(images) > 0:
			n, images = images[0], images[1:]
		case id == videoPad && len(videos) > 0:
			n, videos = videos[0], videos[1:]
		}
		for range n {
			out = append(out, id)
		}
	}
	return out, nil
}

func checkPads(ids []int32, pad int32, what, name string, counts []int) error {
	found := 0
	for _, id := range ids {
		if id == pad {
			found++
		}
	}
	if found != len(counts) {
		return fmt.Errorf("prompt: %d %s for %d %s", len(counts), what, found, name)
	}
	for k, n := range counts {
		if n < 1 || n > maxPads {
			return fmt.Errorf("prompt: %s %d: %d places (want 1..%d)", what, k, n, maxPads)
		}
	}
	return nil
}

// Clips replaces each clip of a Qwen3-VL prompt by one <|video_pad|> for every
// pair of frames, between vision tokens and after its time, as Qwen3VLProcessor
// does. times[k] holds the k-th clip's times in seconds; see Timestamps.
func (p Prompt) Clips(times [][]float64) (Prompt, error) {
	clips := 0
	for _, s := range p {
		if s.Special && s.Text == VideoPad {
			clips++
		}
	}
	if clips != len(times) {
		return nil, fmt.Errorf("prompt: times of %d clips for %d <|video_pad|>", len(times), clips)
	}
	var out Prompt
	for i, s := range p {
		pad := func(at int) bool { return at >= 0 && at < len(p) && p[at].Special && p[at].Text == VideoPad }
		switch {
		case pad(i):
			for _, t := range times[0] {
				out.text("<" + strconv.FormatFloat(t, 'f', 1, 64) + " seconds>")
				out.special(VisionStart, VideoPad, VisionEnd)
			}
			times = times[1:]
		case s.Special && s.Text == VisionStart && pad(i+1), s.Special && s.Text == VisionEnd && pad(i-1):
		default:
			out = append(out, s)
		}
	}
	return out, nil
}

// Timestamps returns the time in seconds of each pair of frames: see PairTimes.
// indices number the frames in a source of fps frames a second.
func Timestamps(indices []int, fps float64) ([]float64, error) {
	if !(fps > 0) || math.IsInf(fps, 1) {
		return nil, fmt.Errorf("clip: %g frames a second (want more than 0)", fps)
	}
	times := make([]float64, len(indices))
	for i, n := range indices {
		times[i] = float64(n) / fps
	}
	return PairTimes(times)
}

// PairTimes returns the time of each pair of frames, the mean of its two; an odd
// last frame is paired with itself (transformers 4.57.1, Qwen3VLProcessor).
func PairTimes(times []float64) ([]float64, error) {
	pairs := make([]float64, 0, (len(times)+1)/2)
	for i, t := range times {
		if math.IsNaN(t) || math.IsInf(t, 0) || t < 0 {
			return nil, fmt.Errorf("clip: frame %d at %g seconds (want 0 or more)", i, t)
		}
		if i%2 == 0 {
			pairs = append(pairs, (t+times[min(i+1, len(times)-1)])/2)
		}
	}
	return pairs, nil
}
