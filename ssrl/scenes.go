package ssrl

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"iter"
	"math"
	"os"
	"path/filepath"
	"runtime"

	"ssrl/internal/parallel"
	"ssrl/internal/rgbd"
	"ssrl/internal/scene"
)

// SceneOptions configures WriteScenes.
type SceneOptions struct {
	Count         int
	Seed          uint64
	Width, Height int // pixels
	// Progress hears how many frames are done.
	Progress func(done, total int) `json:"-"`
}

const (
	// maxScene bounds the sides of a synthetic frame.
	maxScene = 8192

	// maxScenes bounds the frames of a folder, whose names have six digits.
	maxScenes = 1_000_000

	scenesFile = "scenes.json"
)

// Scene renders a synthetic room with its exact depth. It depends on seed,
// index and size alone, on every machine.
func Scene(seed uint64, index, width, height int) (*Frame, error) {
	if width < 1 || height < 1 || width > maxScene || height > maxScene || index < 0 {
		return nil, fmt.Errorf("scene %d of %dx%d pixels (want an index from 0, sides of 1 to %d)", index, width, height, maxScene)
	}
	f := scene.Render(seed, index, width, height)
	return &Frame{f.Name, f.Image, (*Depth)(f.Depth)}, nil
}

// WriteScenes writes synthetic frames to a new or empty directory: NAME.png,
// NAME.depth.png in millimetres of 16 bits, and scenes.json with what is in
// them. A new directory appears whole or not at all; in one that is there
// scenes.json is the last file to appear.
func WriteScenes(ctx context.Context, dir string, opts SceneOptions) error {
	if opts.Count < 1 || opts.Count > maxScenes {
		return fmt.Errorf("scenes: %d frames (want 1 to %d)", opts.Count, maxScenes)
	}
	if opts.Width < 1 || opts.Height < 1 || opts.Width > maxScene || opts.Height > maxScene {
		return fmt.Errorf("scenes: %dx%d pixels (want sides of 1 to %d)", opts.Width, opts.Height, maxScene)
	}
	return publish(dir, scenesFile, func(dir string) error { return writeScenes(ctx, dir, opts) })
}

// rendered is a synthetic frame as files.
type rendered struct {
	name         string
	image, depth []byte
	about        scene.Description
}

func writeScenes(ctx context.Context, dir string, opts SceneOptions) error {
	var list []scene.Description
	for r, err := range parallel.Ordered(ctx, runtime.GOMAXPROCS(0), numbers(opts.Count), func(_ context.Context, i int) (rendered, error) { return render(opts, i) }) {
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, r.name+".png"), r.image, 0o666); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, r.name+".depth.png"), r.depth, 0o666); err != nil {
			return err
		}
		if list = append(list, r.about); opts.Progress != nil {
			opts.Progress(len(list), opts.Count)
		}
	}
	text, err := json.MarshalIndent(map[string]any{"seed": opts.Seed, "width": opts.Width, "height": opts.Height, "scenes": list}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, scenesFile), append(text, '\n'), 0o666)
}

func render(opts SceneOptions, i int) (rendered, error) {
	f := scene.Render(opts.Seed, i, opts.Width, opts.Height)
	r := rendered{name: f.Name, about: scene.Describe(opts.Seed, i, opts.Width, opts.Height)}
	var b bytes.Buffer
	if err := rgbd.EncodePNG(&b, f.Image); err != nil {
		return r, err
	}
	r.image = bytes.Clone(b.Bytes())
	b.Reset()
	err := png.Encode(&b, millimetres(f.Depth))
	r.depth = b.Bytes()
	return r, err
}

// millimetres is depth as sensors store it: 0 is no reading, the far end is 65.535 m.
func millimetres(d *rgbd.Depth) *image.Gray16 {
	out := image.NewGray16(image.Rect(0, 0, d.Width, d.Height))
	for i, m := range d.Metres {
		mm := math.Round(float64(m) * 1000)
		if !(mm >= 0) {
			mm = 0
		}
		out.SetGray16(i%d.Width, i/d.Width, color.Gray16{Y: uint16(min(mm, 65535))})
	}
	return out
}

func numbers(n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
	}
}
