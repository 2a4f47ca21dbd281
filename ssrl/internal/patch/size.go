package patch

import (
	"fmt"
	"math"
)

const (
	maxRatio = 200     // between the sides of a picture
	maxSide  = 1 << 30 // keeps products of two sides exact in float64 and int
)

// SmartResize returns the height and width, multiples of factor, nearest to
// h x w whose area lies between minPixels and maxPixels (smart_resize of
// transformers 4.57.1, image_processing_qwen2_vl.py). The aspect ratio is kept
// only about, as each side is rounded alone, and the last rounding can leave
// the limits again. A side may come out 0 when minPixels is.
func SmartResize(h, w, factor, minPixels, maxPixels int) (h2, w2 int, err error) {
	if err := checkSides(h, w, factor, float64(maxPixels)); err != nil {
		return 0, 0, err
	}
	h2, w2 = nearest(h, factor), nearest(w, factor)
	switch {
	case h2*w2 > maxPixels:
		h2, w2 = shrink(h, w, factor, float64(h*w), float64(maxPixels))
		h2, w2 = max(h2, factor), max(w2, factor)
	case h2*w2 < minPixels:
		h2, w2 = grow(h, w, factor, float64(h*w), float64(minPixels))
	}
	return h2, w2, nil
}

// smartResizeUtils is qwen_vl_utils 0.0.14's rule: sides are at least factor
// before the limits are looked at, and may be 0 after the upper one. Limits
// need not be whole, as those of clips are quotients.
func smartResizeUtils(h, w, factor int, minPixels, maxPixels float64) (h2, w2 int, err error) {
	if !(maxPixels >= minPixels) {
		return 0, 0, fmt.Errorf("limits of %.10g to %.10g pixels (want the first below the second)", minPixels, maxPixels)
	}
	if err := checkSides(h, w, factor, maxPixels); err != nil {
		return 0, 0, err
	}
	h2, w2 = max(factor, nearest(h, factor)), max(factor, nearest(w, factor))
	switch area := float64(h2 * w2); {
	case area > maxPixels:
		h2, w2 = shrink(h, w, factor, float64(h*w), maxPixels)
	case area < minPixels:
		h2, w2 = grow(h, w, factor, float64(h*w), minPixels)
	}
	return h2, w2, nil
}

// smartResizeClip is the rule of Qwen3-VL's video processor in transformers
// 4.57.1: the limits hold for the whole clip of n frames.
func smartResizeClip(n, h, w, temporal, factor, minPixels, maxPixels int) (h2, w2 int, err error) {
	if n < temporal || n > maxSide {
		return 0, 0, fmt.Errorf("clip of %d frames (want at least %d)", n, temporal)
	}
	if err := checkSides(h, w, factor, float64(maxPixels)); err != nil {
		return 0, 0, err
	}
	if h < factor || w < factor {
		return 0, 0, fmt.Errorf("frames of %dx%d (want sides of at least %d)", w, h, factor)
	}
	h2, w2 = nearest(h, factor), nearest(w, factor)
	volume := float64(nearest(n, temporal)) * float64(h2*w2)
	switch {
	case volume > float64(maxPixels):
		h2, w2 = shrink(h, w, factor, float64(n)*float64(h*w), float64(maxPixels))
		h2, w2 = max(h2, factor), max(w2, factor)
	case volume < float64(minPixels):
		h2, w2 = grow(h, w, factor, float64(n)*float64(h*w), float64(minPixels))
	}
	return h2, w2, nil
}

func checkSides(h, w, factor int, maxPixels float64) error {
	if h < 1 || w < 1 || h > maxSide || w > maxSide {
		return fmt.Errorf("image %dx%d (want sides of 1 to %d)", w, h, maxSide)
	}
	if factor < 1 || factor > maxSide || !(maxPixels >= 1) {
		return fmt.Errorf("multiples of %d in at most %.10g pixels (want at least 1)", factor, maxPixels)
	}
	if ratio := float64(max(h, w)) / float64(min(h, w)); ratio > maxRatio {
		return fmt.Errorf("image %dx%d: aspect ratio %.4g (want at most %d)", w, h, ratio, maxRatio)
	}
	return nil
}

// nearest rounds to a multiple of f; halves go to the even multiple, as Python
// rounds.
func nearest(n, f int) int {
	return int(math.RoundToEven(float64(n)/float64(f))) * f
}

// shrink rounds down what a picture of this volume has at maxPixels.
func shrink(h, w, f int, volume, maxPixels float64) (int, int) {
	b := math.Sqrt(volume / maxPixels)
	side := func(n int) int { return int(math.Floor(float64(n)/b/float64(f))) * f }
	return side(h), side(w)
}

// grow rounds up what a picture of this volume has at minPixels.
func grow(h, w, f int, volume, minPixels float64) (int, int) {
	b := math.Sqrt(minPixels / volume)
	side := func(n int) int { return int(math.Ceil(float64(n)*b/float64(f))) * f }
	return side(h), side(w)
}
