// Package patch turns pixels into what a Qwen vision tower sees: the size a
// picture is brought to, its patches, and the positions and windows of its
// tokens.
//
// The stages are those of the Python stack: a caller's own resize (Caller),
// the processor's resize to a multiple of the merged patch, normalisation and
// the cut into patches (Processor), M-RoPE position ids (Rope). Each is bit
// for bit what transformers 4.57.1 with torchvision or Pillow 12 computes.
//
// Limits: a picture is resized to at most MaxPixels pixels whatever a
// configuration asks for, its sides may differ by a factor of 200 at most, and
// merge and temporal sizes other than 2 are refused.
package patch

import (
	"fmt"

	"ssrl/internal/rgbd"
)

// MaxPixels bounds the area that a picture is resized to, or the sum of areas
// of a clip: four times the largest limit of the shipped configurations.
const MaxPixels = 1 << 26

// Processor resizes and normalises pictures and cuts them into patches. It is
// immutable and safe for concurrent use.
type Processor struct {
	Patch     int // pixels along a patch, 14 or 16
	Temporal  int // frames in a patch
	Merge     int // patches along a merged cell, which is one token
	MinPixels int // limits of the resized area
	MaxPixels int
	Mean, Std [3]float32
	Kernel    Kernel // Torchvision, the reference, is what transformers loads
}

// Patches is one picture or clip as a vision tower takes it.
type Patches struct {
	// Pixels holds N = t*h*w rows of 3*Temporal*Patch*Patch values, a row being
	// [channel, time, y, x]. Rows go by t, then merged cells row by row, then
	// the patches of a cell row by row.
	Pixels []float32
	Grid   [3]int      // t, h, w in patches
	Frames []*rgbd.RGB // the resized pictures; an input that has the size already is itself here
}

// Tokens returns how many tokens a grid of t, h, w patches takes in a prompt.
func (p *Processor) Tokens(grid [3]int) int {
	return grid[0] * grid[1] * grid[2] / (p.Merge * p.Merge)
}

// Size returns the width and height that a picture is resized to.
func (p *Processor) Size(width, height int) (w, h int, err error) {
	h, w, err = SmartResize(height, width, p.Patch*p.Merge, p.MinPixels, p.MaxPixels)
	if err != nil {
		return 0, 0, err
	}
	if h == 0 || w == 0 || h > MaxPixels/w {
		return 0, 0, fmt.Errorf("image %dx%d: limits %d to %d make it %dx%d (want 1 to %d pixels)", width, height, p.MinPixels, p.MaxPixels, w, h, MaxPixels)
	}
	return w, h, nil
}

// Grid returns the grid of a picture without touching its pixels.
func (p *Processor) Grid(width, height int) (grid [3]int, err error) {
	w, h, err := p.Size(width, height)
	return [3]int{1, h / p.Patch, w / p.Patch}, err
}

// Process prepares one picture. It fills both time slices of a patch.
func (p *Processor) Process(img *rgbd.RGB) (Patches, error) {
	w, h, err := p.Size(img.Width, img.Height)
	if err != nil {
		return Patches{}, err
	}
	return p.cut([]*rgbd.RGB{Resize(img, w, h, p.Kernel)}), nil
}

// cut normalises frames of one size, a multiple of the merged cell, and cuts
// them into patches. A missing last frame repeats the one before it.
func (p *Processor) cut(frames []*rgbd.RGB) Patches {
	P, T, M := p.Patch, p.Temporal, p.Merge
	width, height := frames[0].Width, frames[0].Height
	t, h, w := (len(frames)+T-1)/T, height/P, width/P
	out := Patches{Grid: [3]int{t, h, w}, Frames: frames}
	area := P * P
	out.Pixels = make([]float32, t*h*w*3*T*area)
	levels := p.levels()
	dst := out.Pixels
	for k := range t {
		for row := range h / M {
			for col := range w / M {
				for cell := range M * M {
					y, x := (row*M+cell/M)*P, (col*M+cell%M)*P
					for τ := range T {
						f := k*T + τ
						switch {
						case f < len(frames):
							cutPatch(dst[τ*area:], frames[f], x, y, P, T*area, &levels)
						case τ > 0:
							repeat(dst, τ, T, area)
						}
					}
					dst = dst[3*T*area:]
				}
			}
		}
	}
	return out
}

// cutPatch writes the three channels of the patch at (x, y) to dst, stride
// values apart.
func cutPatch(dst []float32, m *rgbd.RGB, x, y, size, stride int, levels *[3][256]float32) {
	for j := range size {
		src := m.Pix[3*((y+j)*m.Width+x):][:3*size]
		r, g, b := dst[j*size:][:size], dst[stride+j*size:][:size], dst[2*stride+j*size:][:size]
		for i := range r {
			q := src[3*i : 3*i+3 : 3*i+3]
			r[i], g[i], b[i] = levels[0][q[0]], levels[1][q[1]], levels[2][q[2]]
		}
	}
}

// repeat copies time slice τ-1 of one patch to slice τ, in every channel.
func repeat(patch []float32, τ, times, area int) {
	for c := range 3 {
		at := (c*times + τ) * area
		copy(patch[at:at+area], patch[at-area:at])
	}
}

// levels returns the normalised value of every channel and byte. The fast
// processors fold the rescaling into mean and deviation in float32; the slow
// ones rescale in float64 first. They differ in the last bits.
func (p *Processor) levels() (out [3][256]float32) {
	for c := range out {
		mean, std := float32(p.Mean[c]*255), float32(p.Std[c]*255)
		for v := range out[c] {
			if p.Kernel == Pillow {
				x := float32(float64(v) * (1.0 / 255))
				out[c][v] = float32(x-p.Mean[c]) / p.Std[c]
				continue
			}
			out[c][v] = (float32(v) - mean) / std
		}
	}
	return out
}
