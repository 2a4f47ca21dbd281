package patch

import (
	"cmp"
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
	// Factor is what Utils rounds sides to; 0: what the processor does.
	Factor int
}

// callers are the programs that made Spatial-SSRL, with the limits of its
// recipes: GRPO with EasyR1, SFT with LLaMA-Factory, evaluation with VLMEvalKit.
// The last one is qwen_vl_utils 0.0.14 by itself, as the README's programs call
// it: process_vision_info without a patch size takes 14, whatever the model.
var callers = []struct {
	name string
	Caller
}{
	{"hf", Caller{}},
	{"easyr1", Caller{Rule: Area, MinPixels: 262_144, MaxPixels: 4_194_304}},
	{"llamafactory", Caller{Rule: AreaAndSide, MinPixels: 1024, MaxPixels: 262_144}},
	{"vlmeval", Caller{Rule: Utils, MinPixels: 1280 * 28 * 28, MaxPixels: 16384 * 28 * 28}},
	{"qwen_vl_utils", Caller{Rule: Utils, MinPixels: 4 * 28 * 28, MaxPixels: 16384 * 28 * 28, Factor: 28}},
}

// CallerByName returns the caller of a profile: hf, easyr1, llamafactory, vlmeval
// or qwen_vl_utils.
func CallerByName(name string) (Caller, error) {
	for _, c := range callers {
		if c.name == name {
			return c.Caller, nil
		}
	}
	return Caller{}, fmt.Errorf("profile %q (want hf, easyr1, llamafactory, vlmeval or qwen_vl_utils)", name)
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
		h, w, err := smartResizeUtils(m.Height, m.Width, cmp.Or(c.Factor, factor), float64(c.MinPixels), float64(c.MaxPixels))
		if err != nil {
			return nil, err
		}
		return resizeTo(m, w, h)
	}
	panic(fmt.Sprintf("patch: rule %d", c.Rule))
}

// Size returns the width and height that Prepare brings a picture to.
func (c Caller) Size(width, height, factor int) (w, h int, err error) {
	switch c.Rule {
	case Area, AreaAndSide:
		steps, err := c.areaSteps(width, height)
		if err != nil {
			return 0, 0, err
		}
		if c.Rule == AreaAndSide {
			steps = append(steps, sideSteps(last(steps, width, height))...)
		}
		w, h = last(steps, width, height)
		return w, h, nil
	case Utils:
		h, w, err = smartResizeUtils(height, width, cmp.Or(c.Factor, factor), float64(c.MinPixels), float64(c.MaxPixels))
		return w, h, err
	}
	return width, height, nil
}

// last is the last of some sizes, or the size given.
func last(steps [][2]int, width, height int) (int, int) {
	if n := len(steps); n > 0 {
		return steps[n-1][0], steps[n-1][1]
	}
	return width, height
}

// areaSteps are the sizes that bring the area below the upper and then above the
// lower limit.
func (c Caller) areaSteps(width, height int) (steps [][2]int, err error) {
	for _, limit := range []struct {
		pixels int
		wrong  func(area int) bool
	}{
		{c.MaxPixels, func(area int) bool { return area > c.MaxPixels }},
		{c.MinPixels, func(area int) bool { return area < c.MinPixels }},
	} {
		area := width * height
		if !limit.wrong(area) {
			continue
		}
		r := math.Sqrt(float64(limit.pixels) / float64(area))
		w, h := int(float64(width)*r), int(float64(height)*r)
		if err := checkTarget(width, height, w, h); err != nil {
			return nil, err
		}
		steps, width, height = append(steps, [2]int{w, h}), w, h
	}
	return steps, nil
}

// byArea brings the area into the limits in the picture's own mode.
func (c Caller) byArea(p *Picture) (*rgbd.RGB, error) {
	steps, err := c.areaSteps(p.Width, p.Height)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		p = p.Resize(s[0], s[1])
	}
	return p.RGB(), nil
}

// sideSteps are the sizes of LLaMA-Factory's Qwen plugin, which wants sides of
// 28 at least and ratios of 200 at most.
func sideSteps(width, height int) (steps [][2]int) {
	step := func(w, h int) { steps, width, height = append(steps, [2]int{w, h}), w, h }
	if min(width, height) < 28 {
		step(max(width, 28), max(height, 28))
	}
	if float64(width)/float64(height) > maxRatio {
		step(height*180, height)
	}
	if float64(height)/float64(width) > maxRatio {
		step(width, width*180)
	}
	return steps
}

// stretch is the regularisation of LLaMA-Factory's Qwen plugin.
func stretch(m *rgbd.RGB) (*rgbd.RGB, error) {
	for _, s := range sideSteps(m.Width, m.Height) {
		var err error
		if m, err = resizeTo(m, s[0], s[1]); err != nil {
			return nil, err
		}
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
