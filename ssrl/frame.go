package ssrl

import (
	"fmt"
	"image"

	"ssrl/internal/rgbd"
)

// Frame is one colour image and, when there is one, its depth.
type Frame struct {
	Name  string // identifies the frame in seeds, samples and errors
	Image image.Image
	Depth *Depth // nil: colour only
}

// Depth is a depth map, row by row from the top.
type Depth struct {
	Width, Height int
	Metres        []float32 // NaN: no reading; in no unit when Relative
	Relative      bool      // the scale is unknown: larger is farther, nothing else holds
	// Rescaled is the size that the map had before it was brought to that of the
	// image by nearest neighbour; zero when it was not.
	Rescaled image.Point
}

// rescaled says what is done to the depth of f, "" when nothing is.
func (f *Frame) rescaled() string {
	if f == nil || f.Depth == nil || f.Image == nil {
		return ""
	}
	from, to := f.Depth.Rescaled, f.Image.Bounds().Size()
	if from == (image.Point{}) { // a frame made by hand
		from = image.Pt(f.Depth.Width, f.Depth.Height)
	}
	if from == to {
		return ""
	}
	return fmt.Sprintf("depth %dx%d rescaled to %dx%d", from.X, from.Y, to.X, to.Y)
}

// internal returns f as the packages below take it. Depth of another size than
// the colour is brought to it by nearest neighbour.
func (f *Frame) internal() (*rgbd.Frame, error) {
	if f == nil || f.Image == nil {
		return nil, fmt.Errorf("frame without an image: %w", ErrFormat)
	}
	size := f.Image.Bounds().Size()
	if size.X <= 0 || size.Y <= 0 || size.X > rgbd.MaxPixels/size.Y {
		return nil, fmt.Errorf("frame %s: image of %dx%d pixels (want 1 to %d): %w", f.Name, size.X, size.Y, rgbd.MaxPixels, ErrFormat)
	}
	in := &rgbd.Frame{Name: f.Name, Image: rgbd.FromImage(f.Image)}
	if d := (*rgbd.Depth)(f.Depth); d != nil {
		if d.Width <= 0 || d.Height <= 0 || len(d.Metres) != d.Width*d.Height {
			return nil, fmt.Errorf("frame %s: depth of %dx%d with %d values (want width times height): %w", f.Name, d.Width, d.Height, len(d.Metres), ErrFormat)
		}
		if d.Width != in.Image.Width || d.Height != in.Image.Height {
			d = d.Resize(in.Image.Width, in.Image.Height)
		}
		in.Depth = d
	}
	return in, nil
}
