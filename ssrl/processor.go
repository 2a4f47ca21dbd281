package ssrl

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"math"

	"ssrl/internal/patch"
)

// PixelOptions say how pictures are brought to the size and values that a model
// sees.
type PixelOptions struct {
	// Profile is the program whose treatment of pictures is followed before the
	// model's own: "hf" (transformers and vLLM: none), which "" means, "easyr1"
	// (GRPO), "llamafactory" (SFT) or "vlmeval" (evaluation), with the limits of
	// Spatial-SSRL's recipes, or "qwen_vl_utils" with its own limits.
	// Clips go through qwen_vl_utils in all but hf and llamafactory, which leaves
	// them to the model's own treatment here.
	Profile string `json:"profile"`
	// MinPixels and MaxPixels, both or none, take the place of the profile's
	// limits of the area; in hf, of those in preprocessor_config.json.
	MinPixels int `json:"min_pixels"`
	MaxPixels int `json:"max_pixels"`
	// Slow resizes as Pillow 12 does, in transformers' slow processors. They are
	// not what transformers loads; the fast ones differ in 0.3 % of the bytes.
	Slow bool `json:"slow"`
}

// ImageProcessor turns pictures into what a model sees. It may be shared.
type ImageProcessor struct {
	processor patch.Processor
	caller    patch.Caller
}

// OpenImageProcessor reads preprocessor_config.json of a Hugging Face directory.
func OpenImageProcessor(dir string, o PixelOptions) (*ImageProcessor, error) {
	err := isModelDir(dir)
	var p *patch.Processor
	if err == nil {
		p, err = patch.ReadProcessor(dir)
	}
	if err != nil {
		return nil, formatError{fmt.Errorf("model %s: %w", dir, err)}
	}
	return newImageProcessor(p, o)
}

func newImageProcessor(p *patch.Processor, o PixelOptions) (*ImageProcessor, error) {
	out := &ImageProcessor{processor: *p}
	if o.Slow {
		out.processor.Kernel = patch.Pillow
	}
	var err error
	if out.caller, err = patch.CallerByName(orElse(o.Profile, "hf")); err != nil {
		return nil, err
	}
	if o.MinPixels == 0 && o.MaxPixels == 0 {
		return out, nil
	}
	if o.MinPixels < 1 || o.MaxPixels < o.MinPixels || o.MaxPixels > patch.MaxPixels {
		return nil, fmt.Errorf("limits of %d to %d pixels (want both, the first below the second, at most %d)", o.MinPixels, o.MaxPixels, patch.MaxPixels)
	}
	return out.limited(o.MinPixels, o.MaxPixels), nil
}

// limited is p with other limits of the area: the profile's, or the processor's
// where the profile has none.
func (p *ImageProcessor) limited(least, most int) *ImageProcessor {
	out := *p
	if p.caller.Rule == patch.Convert {
		out.processor.MinPixels, out.processor.MaxPixels = least, most
	} else {
		out.caller.MinPixels, out.caller.MaxPixels = least, most
	}
	return &out
}

// factor is the side of a token in pixels.
func (p *ImageProcessor) factor() int { return p.processor.Patch * p.processor.Merge }

// size is the size that a vision tower sees a picture in.
func (p *ImageProcessor) size(picture image.Point) (w, h int, err error) {
	if w, h, err = p.caller.Size(picture.X, picture.Y, p.factor()); err == nil {
		w, h, err = p.processor.Size(w, h)
	}
	return w, h, err
}

// patches brings a picture to size and cuts it; at is its size in between.
func (p *ImageProcessor) patches(picture *patch.Picture) (cut patch.Patches, at image.Point, err error) {
	m, err := p.caller.Prepare(picture, p.factor())
	if err != nil {
		return cut, at, err
	}
	cut, err = p.processor.Process(m)
	return cut, image.Pt(m.Width, m.Height), err
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// Pixels is a picture as a model's vision tower takes it.
type Pixels struct {
	Size   image.Point // after the profile's resize, before the model's own
	Grid   [3]int      // patches: time, height, width
	Tokens int         // places in a prompt
	// Values are pixel_values of transformers: a row of [channel, time, y, x] for
	// each patch, the four patches of a token one after the other.
	Values []float32
}

// SHA256 is the hash, in hexadecimal, of Values as little-endian bytes.
func (p *Pixels) SHA256() string {
	h := sha256.New()
	var room [1 << 12]byte
	for rest := p.Values; len(rest) > 0; {
		n := min(len(rest), len(room)/4)
		for i, v := range rest[:n] {
			binary.LittleEndian.PutUint32(room[4*i:], math.Float32bits(v))
		}
		h.Write(room[:4*n])
		rest = rest[n:]
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Mean is the mean of Values.
func (p *Pixels) Mean() float64 {
	sum := 0.0
	for _, v := range p.Values {
		sum += float64(v)
	}
	return sum / float64(len(p.Values))
}

// Process prepares a picture file's contents; name is for errors. A PNG is
// resized in its own mode, as Pillow opens it. Only hf turns a picture by its
// EXIF orientation, as transformers' loader does.
func (p *ImageProcessor) Process(data []byte, name string) (*Pixels, error) {
	decode := patch.DecodeStored
	if p.caller.Rule == patch.Convert {
		decode = patch.Decode
	}
	picture, err := decode(data, name)
	if err != nil {
		return nil, formatError{err}
	}
	cut, at, err := p.patches(picture)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &Pixels{at, cut.Grid, p.processor.Tokens(cut.Grid), cut.Pixels}, nil
}
