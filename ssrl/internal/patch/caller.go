package patch

import (
	"fmt"
	"math"

	"ssrl/internal/rgbd"
)

// Rule is what a training or evaluation program does to a picture before it
// gives it to the processor.
type Rule int

// The rules, with their sources.
const (
	Convert     Rule = iota // nothing but convert("RGB"): transformers, vLLM
	Area                    // the area is brought into the limits in the picture's own mode: EasyR1 b44b311, process_image
	AreaAndSide             // then sides below 28 and ratios above 200 are stretched away: LLaMA-Factory's Qwen plugin
	Utils                   // pasted on white, then smart_resize: qwen_vl_utils 0.0.14, fetch_image
)

// Caller is a rule with its limits in pixels of area.
type Caller struct {
	Rule                 Rule
	MinPixels, MaxPixels int
}

// callers are the programs that made Spatial-SSRL, with the limits of its
// recipes: GRPO with EasyR1, SFT with LLaMA-Factory, evaluation with VLMEvalKit.
var callers = []struct {
	name string
	Caller
}{
	{"hf", Caller{}},
	{"easyr1", Caller{Area, 262_144, 4_194_304}},
	{"llamafactory", Caller{AreaAndSide, 1024, 262_144}},
	{"vlmeval", Caller{Utils, 1280 * 28 * 28, 16384 * 28 * 28}},
}

// CallerByName returns the caller of a profile: hf, easyr1, llamafactory or
// vlmeval.
func CallerByName(name string) (Caller, error) {
	for _, c := range callers {
		if c.name == name {
			return c.Caller, nil
		}
	}
	return Caller{}, fmt.Errorf("profile %q (want hf, easyr1, llamafactory or vlmeval)", name)
}

// Prepare applies the caller's rule. factor is the side of a merged patch of
// the processor that follows; only Utils needs it.
func (c Caller) Prepare(p *Picture, factor int) (*rgbd.RGB, error) {
	switch c.Rule {
	case Convert:
		return p.RGB(), nil
	case Area:
		return c.byArea(p)
	case AreaAndSide:
		m, err := c.byArea(p)
		if err != nil {
			return nil, err
		}
		return stretch(m)
	case Utils:
		m := p.onWhite()
		h, w, err := smartResizeUtils(m.Height, m.Width, factor, float64(c.MinPixels), float64(c.MaxPixels))
		if err != nil {
			return nil, err
		}
		return resizeTo(m, w, h)
	}
	panic(fmt.Sprintf("patch: rule %d", c.Rule))
}

// byArea brings the area below the upper and then above the lower limit.
func (c Caller) byArea(p *Picture) (*rgbd.RGB, error) {
	for _, limit := range []struct {
		pixels int
		wrong  func(area int) bool
	}{
		{c.MaxPixels, func(area int) bool { return area > c.MaxPixels }},
		{c.MinPixels, func(area int) bool { return area < c.MinPixels }},
	} {
		area := p.Width * p.Height
		if !limit.wrong(area) {
			continue
		}
		r := math.Sqrt(float64(limit.pixels) / float64(area))
		w, h := int(float64(p.Width)*r), int(float64(p.Height)*r)
		if err := checkTarget(p.Width, p.Height, w, h); err != nil {
			return nil, err
		}
		p = p.Resize(w, h)
	}
	return p.RGB(), nil
}

// stretch is the regularisation of LLaMA-Factory's Qwen plugin.
func stretch(m *rgbd.RGB) (*rgbd.RGB, error) {
	var err error
	if min(m.Width, m.Height) < 28 {
		if m, err = resizeTo(m, max(m.Width, 28), max(m.Height, 28)); err != nil {
			return nil, err
		}
	}
	if float64(m.Width)/float64(m.Height) > maxRatio {
		if m, err = resizeTo(m, m.Height*180, m.Height); err != nil {
			return nil, err
		}
	}
	if float64(m.Height)/float64(m.Width) > maxRatio {
		return resizeTo(m, m.Width, m.Width*180)
	}
	return m, nil
}

// resizeTo resizes with Pillow's kernel to a size that the caller computed.
func resizeTo(m *rgbd.RGB, w, h int) (*rgbd.RGB, error) {
	if err := checkTarget(m.Width, m.Height, w, h); err != nil {
		return nil, err
	}
	return Resize(m, w, h, Pillow), nil
}

func checkTarget(width, height, w, h int) error {
	if w < 1 || h < 1 || w > MaxPixels/h {
		return fmt.Errorf("image %dx%d: the limits make it %dx%d (want 1 to %d pixels)", width, height, w, h, MaxPixels)
	}
	return nil
}
