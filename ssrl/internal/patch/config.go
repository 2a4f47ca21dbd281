package patch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
)

// The limits of transformers' Qwen2VLImageProcessor when a configuration has
// none, in pixels.
const (
	defaultMinPixels = 56 * 56
	defaultMaxPixels = 28 * 28 * 1280
)

// maxConfig bounds a configuration file, in bytes.
const maxConfig = 1 << 20

// CLIP's statistics, which Qwen2.5-VL keeps.
var (
	clipMean = []float64{0.48145466, 0.4578275, 0.40821073}
	clipStd  = []float64{0.26862954, 0.26130258, 0.27577711}
)

// processorConfig is what this package reads of preprocessor_config.json and
// video_preprocessor_config.json. A key that is null counts as absent.
type processorConfig struct {
	Type      *string `json:"image_processor_type"`
	VideoType *string `json:"video_processor_type"`
	Patch     *int    `json:"patch_size"`
	Temporal  *int    `json:"temporal_patch_size"`
	Merge     *int    `json:"merge_size"`
	MinPixels *int    `json:"min_pixels"`
	MaxPixels *int    `json:"max_pixels"`
	Size      *struct {
		Shortest *int `json:"shortest_edge"` // pixels of area, whatever the name says
		Longest  *int `json:"longest_edge"`
	} `json:"size"`
	Mean      []float64 `json:"image_mean"`
	Std       []float64 `json:"image_std"`
	Rescale   *float64  `json:"rescale_factor"`
	Resample  *int      `json:"resample"`
	DoResize  *bool     `json:"do_resize"`
	DoRescale *bool     `json:"do_rescale"`
	DoNormal  *bool     `json:"do_normalize"`
	Sample    *bool     `json:"do_sample_frames"`
	Rate      *float64  `json:"fps"`
	MinFrames *int      `json:"min_frames"`
	MaxFrames *int      `json:"max_frames"`
}

// ReadProcessor reads preprocessor_config.json of a model directory. As in
// transformers, min_pixels and max_pixels win over size, and every key may be
// missing: Qwen2.5-VL's values stand in. The kernel is Torchvision even where
// the file names a slow class, which is what AutoProcessor loads.
func ReadProcessor(dir string) (*Processor, error) {
	path := filepath.Join(dir, "preprocessor_config.json")
	c, err := readConfig(path)
	if err != nil {
		return nil, err
	}
	p, err := c.processor()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func readConfig(path string) (*processorConfig, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no %s: %w", filepath.Base(path), fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxConfig {
		return nil, fmt.Errorf("%s: more than %d bytes", path, maxConfig)
	}
	c := new(processorConfig)
	if err := json.Unmarshal(text, c); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field == "" {
			return nil, fmt.Errorf("%s: a JSON %s (want an object)", path, wrong.Value)
		}
		if wrong != nil {
			return nil, fmt.Errorf("%s: %s holds a JSON %s (want %s)", path, wrong.Field, wrong.Value, wrong.Type)
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// processor checks c and fills in what it leaves out.
func (c *processorConfig) processor() (*Processor, error) {
	p := &Processor{Patch: or(c.Patch, 14), Temporal: or(c.Temporal, 2), Merge: or(c.Merge, 2), MinPixels: defaultMinPixels, MaxPixels: defaultMaxPixels}
	if c.Size != nil {
		p.MinPixels, p.MaxPixels = or(c.Size.Shortest, p.MinPixels), or(c.Size.Longest, p.MaxPixels)
	}
	p.MinPixels, p.MaxPixels = or(c.MinPixels, p.MinPixels), or(c.MaxPixels, p.MaxPixels)
	switch {
	case !or(c.DoResize, true), !or(c.DoRescale, true), !or(c.DoNormal, true):
		return nil, errors.New("do_resize, do_rescale or do_normalize is false (want true)")
	case or(c.Resample, 3) != 3:
		return nil, fmt.Errorf("resample %d (want 3, bicubic)", *c.Resample)
	case math.Abs(or(c.Rescale, 1.0/255)-1.0/255) > 1e-12:
		return nil, fmt.Errorf("rescale_factor %g (want 1/255)", *c.Rescale)
	case p.Patch < 1 || p.Patch > 1<<10:
		return nil, fmt.Errorf("patch_size %d (want 1 to %d)", p.Patch, 1<<10)
	case p.Temporal != 2 || p.Merge != 2:
		return nil, fmt.Errorf("temporal_patch_size %d and merge_size %d (want 2 and 2)", p.Temporal, p.Merge)
	case p.MinPixels < 0 || p.MaxPixels < 1 || p.MaxPixels < p.MinPixels:
		return nil, fmt.Errorf("limits of %d to %d pixels (want the first below the second)", p.MinPixels, p.MaxPixels)
	}
	var err error
	if p.Mean, err = channels("image_mean", c.Mean, clipMean); err != nil {
		return nil, err
	}
	if p.Std, err = channels("image_std", c.Std, clipStd); err != nil {
		return nil, err
	}
	for _, s := range p.Std {
		if s == 0 {
			return nil, errors.New("image_std holds 0")
		}
	}
	return p, nil
}

func channels(key string, values, fallback []float64) (out [3]float32, err error) {
	if values == nil {
		values = fallback
	}
	if len(values) != len(out) {
		return out, fmt.Errorf("%s holds %d numbers (want 3)", key, len(values))
	}
	for i, v := range values {
		out[i] = float32(v)
	}
	return out, nil
}

func or[T any](v *T, fallback T) T {
	if v == nil {
		return fallback
	}
	return *v
}
