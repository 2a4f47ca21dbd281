package patch

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"ssrl/internal/rgbd"
)

// MaxClipPixels bounds the sum of areas of the resized frames of a clip.
const MaxClipPixels = 1 << 28

// Video is a Processor for clips. It is immutable and safe for concurrent use.
type Video struct {
	Processor
	Sampling
	Choose    bool // frames are chosen by Sampling; otherwise all are taken
	WholeClip bool // limits hold for all frames together (Qwen3-VL), not for each (Qwen2.5-VL)
}

// ReadVideo reads video_preprocessor_config.json of a model directory, or
// preprocessor_config.json where there is none, as AutoProcessor does. The
// latter does not tell the family: wholeClip says whether it is Qwen3-VL's.
func ReadVideo(dir string, wholeClip bool) (*Video, error) {
	path := filepath.Join(dir, "video_preprocessor_config.json")
	c, err := readConfig(path)
	if errors.Is(err, fs.ErrNotExist) {
		path = filepath.Join(dir, "preprocessor_config.json")
		c, err = readConfig(path)
	}
	if err != nil {
		return nil, err
	}
	p, err := c.processor()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	v := &Video{Processor: *p, Choose: or(c.Sample, wholeClip), WholeClip: wholeClip}
	if c.VideoType != nil {
		v.WholeClip = strings.HasPrefix(*c.VideoType, "Qwen3VL")
	}
	v.Sampling = Sampling{Rate: or(c.Rate, 2), MinFrames: or(c.MinFrames, 4), MaxFrames: or(c.MaxFrames, 768)}
	if !(v.Rate > 0) || v.MinFrames < 1 || v.MaxFrames < v.MinFrames {
		return nil, fmt.Errorf("%s: %g frames a second, %d to %d frames (want a rate above 0, the first count below the second)", path, v.Rate, v.MinFrames, v.MaxFrames)
	}
	return v, nil
}

// Size returns the width and height that n frames are resized to.
func (v *Video) Size(n, width, height int) (w, h int, err error) {
	if v.WholeClip {
		h, w, err = smartResizeClip(n, height, width, v.Temporal, v.Patch*v.Merge, v.MinPixels, v.MaxPixels)
	} else {
		h, w, err = SmartResize(height, width, v.Patch*v.Merge, v.MinPixels, v.MaxPixels)
	}
	if err != nil {
		return 0, 0, err
	}
	if n < 1 || h == 0 || w == 0 || h > MaxClipPixels/w || n > MaxClipPixels/(h*w) {
		return 0, 0, fmt.Errorf("clip of %d frames of %dx%d: limits %d to %d make frames %dx%d (want 1 to %d pixels in all)",
			n, width, height, v.MinPixels, v.MaxPixels, w, h, MaxClipPixels)
	}
	return w, h, nil
}

// Process prepares the frames of a clip, all of one size, in order. An odd
// number repeats the last one.
func (v *Video) Process(frames []*rgbd.RGB) (Patches, error) {
	if len(frames) == 0 {
		return Patches{}, errors.New("clip of 0 frames (want at least 1)")
	}
	first := frames[0]
	w, h, err := v.Size(len(frames), first.Width, first.Height)
	if err != nil {
		return Patches{}, err
	}
	resized := make([]*rgbd.RGB, len(frames))
	for i, f := range frames {
		if f.Width != first.Width || f.Height != first.Height {
			return Patches{}, fmt.Errorf("frame %d of a clip is %dx%d (want %dx%d as the first)", i, f.Width, f.Height, first.Width, first.Height)
		}
		resized[i] = Resize(f, w, h, v.Kernel)
	}
	return v.cut(resized), nil
}

// ClipLimits are the options of a video in a message. Zero stands for
// qwen_vl_utils' default.
type ClipLimits struct {
	MinPixels, MaxPixels int // of a frame
	TotalPixels          int // of the clip
	Width, Height        int // wanted size, brought to the next multiple
}

// FetchFrames is qwen_vl_utils 0.0.14's fetch_video for a list of frames: each
// is brought to multiples of four patches by Pillow's kernel, an odd number is
// made even, and the clip is resized once more to multiples of two patches.
// patch is the side of a patch; upstream's callers pass 14 even for Qwen3-VL.
//
// The second resize is done in floating point and rounded. Upstream hands its
// processor the rounded values as floats, so a processor that resizes a third
// time differs from one that starts from bytes.
func FetchFrames(frames []*rgbd.RGB, patch int, l ClipLimits) ([]*rgbd.RGB, error) {
	if len(frames) == 0 || patch < 1 || patch > 1<<10 {
		return nil, fmt.Errorf("clip of %d frames in patches of %d (want at least 1)", len(frames), patch)
	}
	out := make([]*rgbd.RGB, len(frames), len(frames)+1)
	for i, f := range frames {
		w, h, err := l.imageSize(f.Width, f.Height, 4*patch)
		if err != nil {
			return nil, err
		}
		if out[i], err = resizeTo(f, w, h); err != nil {
			return nil, err
		}
		if out[i].Width != out[0].Width || out[i].Height != out[0].Height {
			return nil, fmt.Errorf("frame %d of a clip is %dx%d (want %dx%d as the first)", i, f.Width, f.Height, frames[0].Width, frames[0].Height)
		}
	}
	if len(out)%2 == 1 {
		out = append(out, out[len(out)-1])
	}
	w, h, err := l.frameSize(len(out), out[0].Width, out[0].Height, 2*patch)
	if err != nil {
		return nil, err
	}
	if err := checkTarget(out[0].Width, out[0].Height, w, h); err != nil {
		return nil, err
	}
	for i, f := range out {
		out[i] = resizeReal(f, w, h)
	}
	return out, nil
}

// Token limits of qwen_vl_utils, a token being a square of factor pixels.
const (
	imageMinTokens, imageMaxTokens = 4, 16384
	frameMinTokens, frameMaxTokens = 128, 768
	clipTokens                     = 128_000 * 0.9
)

// imageSize is the size of fetch_image.
func (l ClipLimits) imageSize(width, height, factor int) (w, h int, err error) {
	area := float64(factor * factor)
	lo, hi := imageMinTokens*area, imageMaxTokens*area
	if l.Width != 0 && l.Height != 0 {
		h, w, err = smartResizeUtils(l.Height, l.Width, factor, lo, hi)
		return w, h, err
	}
	h, w, err = smartResizeUtils(height, width, factor, or64(l.MinPixels, lo), or64(l.MaxPixels, hi))
	return w, h, err
}

// frameSize is the size of fetch_video for n frames.
func (l ClipLimits) frameSize(n, width, height, factor int) (w, h int, err error) {
	if l.Width != 0 && l.Height != 0 {
		return ClipLimits{Width: l.Width, Height: l.Height}.imageSize(width, height, factor)
	}
	area := float64(factor * factor)
	lo := or64(l.MinPixels, frameMinTokens*area)
	total := or64(l.TotalPixels, clipTokens*area)
	hi := max(min(frameMaxTokens*area, total/float64(n)*2), float64(int(lo*1.05)))
	h, w, err = smartResizeUtils(height, width, factor, lo, min(or64(l.MaxPixels, hi), hi))
	return w, h, err
}

func or64(v int, fallback float64) float64 {
	if v == 0 {
		return fallback
	}
	return float64(v)
}
