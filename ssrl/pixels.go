package ssrl

import (
	"fmt"
	"image"

	"ssrl/internal/rgbd"
)

// Raw is a picture or a depth map in memory, as cameras and ROS messages
// (sensor_msgs/Image) hold it, row by row from the top.
type Raw struct {
	// Encoding is rgb8, bgr8, rgba8, bgra8 or mono8 of colour, 16UC1 (in mm) or
	// 32FC1 (in m) of depth. Alpha is dropped.
	Encoding      string
	Width, Height int
	Stride        int  // bytes from a row to the next; 0 means that rows touch
	BigEndian     bool // byte order of depth
	Data          []byte

	// Unit is that of depth, if it is not the encoding's: see Source.
	Unit string
	// Mismatch says what becomes of depth of another size than the colour:
	// rescale, which "" means, or refuse.
	Mismatch string
}

// NewFrame makes a frame of a picture in memory and, unless depth is the zero
// Raw, a depth map. The pixels are not copied where their layout allows: colour
// never, depth if it is 32FC1 of the machine's byte order without padding, and
// NaN wherever it is no reading. So Data must not change while the frame is in
// use. Zero, negative, infinite and NaN depths are no reading.
func NewFrame(name string, colour, depth Raw) (*Frame, error) {
	return new(FrameBuffer).Frame(name, colour, depth)
}

// FrameBuffer makes the frames of a stream. It keeps the memory of a converted
// or rescaled depth map for the next one, so that a frame costs no more than a
// few words; a frame is good until the next call. The zero FrameBuffer is empty.
type FrameBuffer struct{ room rgbd.DepthRoom }

// Frame is NewFrame, in the memory of the frame before.
func (b *FrameBuffer) Frame(name string, colour, depth Raw) (*Frame, error) {
	img, err := rgbd.Memory{Encoding: colour.Encoding, Width: colour.Width, Height: colour.Height, Stride: colour.Stride, Data: colour.Data}.Picture()
	if err != nil {
		return nil, formatError{fmt.Errorf("image %s: %w", name, err)}
	}
	f := &Frame{Name: name, Image: img}
	if depth.Encoding == "" && depth.Data == nil {
		return f, nil
	}
	d, err := b.depth(depth, img.Bounds().Size())
	if err != nil {
		return nil, formatError{fmt.Errorf("depth %s: %w", name, err)}
	}
	f.Depth = (*Depth)(d)
	return f, nil
}

// depth reads a depth map of a picture of the given size.
func (b *FrameBuffer) depth(raw Raw, size image.Point) (*rgbd.Depth, error) {
	unit, err := rgbd.ParseUnit(raw.Unit)
	if err != nil {
		return nil, err
	}
	if err := checkMismatch(raw.Mismatch); err != nil {
		return nil, err
	}
	d, err := rgbd.Memory{Encoding: raw.Encoding, Width: raw.Width, Height: raw.Height, Stride: raw.Stride, BigEndian: raw.BigEndian, Data: raw.Data}.Depth(unit, &b.room)
	if err != nil {
		return nil, err
	}
	if fits, err := sameSize(d, size, raw.Mismatch); fits || err != nil {
		return d, err
	}
	return b.room.Fit(d, size.X, size.Y), nil
}

// Ways with depth of another size than the image.
const (
	rescale = "rescale"
	refuse  = "refuse"
)

func checkMismatch(s string) error {
	if s != "" && s != rescale && s != refuse {
		return fmt.Errorf("depth mismatch %q (want rescale or refuse)", s)
	}
	return nil
}

// sameSize reports whether d has the size of the image. That it has not is an
// error where it is to be refused.
func sameSize(d *rgbd.Depth, size image.Point, mismatch string) (bool, error) {
	same := d.Width == size.X && d.Height == size.Y
	if !same && mismatch == refuse {
		return false, fmt.Errorf("%dx%d pixels (want the image's %dx%d)", d.Width, d.Height, size.X, size.Y)
	}
	return same, nil
}
