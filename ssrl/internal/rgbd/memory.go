package rgbd

import (
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"math"
	"unsafe"
)

// Memory is a picture or a depth map as cameras and ROS messages hold it
// (sensor_msgs/Image), row by row from the top.
type Memory struct {
	Encoding      string // rgb8, bgr8, rgba8, bgra8 or mono8; 16UC1 (mm) or 32FC1 (m)
	Width, Height int
	Stride        int  // bytes from a row to the next; 0: rows touch
	BigEndian     bool // of depth
	Data          []byte
}

// packing is where the colours of a pixel lie.
type packing struct{ size, r, g, b int }

var packings = map[string]packing{"rgb8": {3, 0, 1, 2}, "bgr8": {3, 2, 1, 0}, "rgba8": {4, 0, 1, 2}, "bgra8": {4, 2, 1, 0}, "mono8": {1, 0, 0, 0}}

// rows checks sizes, with size bytes a pixel, and returns the stride.
func (m Memory) rows(size int) (stride int, err error) {
	if err := checkSize(m.Width, m.Height); err != nil {
		return 0, err
	}
	row := size * m.Width
	if stride = m.Stride; stride == 0 {
		stride = row
	}
	if stride < row {
		return 0, fmt.Errorf("%d bytes from row to row (want %d at least for %d pixels of %s)", stride, row, m.Width, m.Encoding)
	}
	// Divided, because a product with any stride could overflow.
	if len(m.Data) < row || m.Height > 1 && stride > (len(m.Data)-row)/(m.Height-1) {
		return 0, fmt.Errorf("%d bytes for %dx%d pixels of %s, %d from row to row", len(m.Data), m.Width, m.Height, m.Encoding, stride)
	}
	return stride, nil
}

// Picture shows the colour in m as an image, without a copy: Data must not
// change while the image is in use.
func (m Memory) Picture() (image.Image, error) {
	p, ok := packings[m.Encoding]
	if !ok {
		return nil, fmt.Errorf("encoding %q (want rgb8, bgr8, rgba8, bgra8 or mono8)", m.Encoding)
	}
	stride, err := m.rows(p.size)
	if err != nil {
		return nil, err
	}
	data := m.Data[: stride*(m.Height-1)+p.size*m.Width : stride*(m.Height-1)+p.size*m.Width]
	r := image.Rect(0, 0, m.Width, m.Height)
	switch {
	case m.Encoding == "rgb8" && stride == 3*m.Width:
		return &RGB{m.Width, m.Height, data}, nil
	case m.Encoding == "rgba8":
		return &image.NRGBA{Pix: data, Stride: stride, Rect: r}, nil
	case m.Encoding == "mono8":
		return &image.Gray{Pix: data, Stride: stride, Rect: r}, nil
	}
	return &View{m.Width, m.Height, stride, data, p}, nil
}

// View is pixels in memory that no type of package image describes. It
// implements image.Image.
type View struct {
	width, height, stride int
	pix                   []byte
	packing               packing
}

// ColorModel implements image.Image.
func (v *View) ColorModel() color.Model { return color.NRGBAModel }

// Bounds implements image.Image.
func (v *View) Bounds() image.Rectangle { return image.Rect(0, 0, v.width, v.height) }

// At implements image.Image.
func (v *View) At(x, y int) color.Color {
	if !(image.Point{x, y}).In(v.Bounds()) {
		return color.NRGBA{}
	}
	p := v.pix[y*v.stride+x*v.packing.size:]
	c := color.NRGBA{p[v.packing.r], p[v.packing.g], p[v.packing.b], 255}
	if v.packing.size == 4 {
		c.A = p[3]
	}
	return c
}

// rgb copies the colours.
func (v *View) rgb() *RGB {
	out := NewRGB(v.width, v.height)
	size, r, g, b := v.packing.size, v.packing.r, v.packing.g, v.packing.b
	for y := range v.height {
		dst, src := out.Pix[3*y*v.width:][:3*v.width], v.pix[y*v.stride:][:size*v.width]
		for i, j := 0, 0; i < len(dst); i, j = i+3, j+size {
			d, p := dst[i:i+3:i+3], src[j:j+size:j+size]
			d[0], d[1], d[2] = p[r], p[g], p[b]
		}
	}
	return out
}

// DepthRoom is memory for depth maps that come one after the other.
type DepthRoom struct{ own, scaled []float32 }

func room(have *[]float32, n int) []float32 {
	if cap(*have) < n {
		*have = make([]float32, n)
	}
	*have = (*have)[:n]
	return *have
}

// Depth returns the depth in m in metres by u, the zero Unit being that of the
// encoding. 32FC1 of the machine's byte order whose rows touch is not copied
// when its readings are in metres and what is none is NaN; anything else is
// converted into r, of which the next call takes possession.
func (m Memory) Depth(u Unit, r *DepthRoom) (*Depth, error) {
	kind, byDefault := sampleType{'u', 2, m.BigEndian}, millimetres
	switch m.Encoding {
	case "16UC1":
	case "32FC1":
		kind, byDefault = sampleType{'f', 4, m.BigEndian}, metres
	default:
		return nil, fmt.Errorf("encoding %q (want 16UC1 or 32FC1)", m.Encoding)
	}
	stride, err := m.rows(kind.size)
	if err != nil {
		return nil, err
	}
	u = u.or(byDefault)
	if err := kind.checkUnit(u); err != nil {
		return nil, err
	}
	d := &Depth{Width: m.Width, Height: m.Height, Relative: u.kind == relative}
	if d.Metres = m.floats(stride, u); d.Metres != nil {
		return d, nil
	}
	d.Metres = room(&r.own, m.Width*m.Height)
	for y := range m.Height {
		kind.depths(d.Metres[y*m.Width:][:m.Width], m.Data[y*stride:], u)
	}
	return d, d.check()
}

// Fit is Resize into r.
func (r *DepthRoom) Fit(d *Depth, width, height int) *Depth {
	return d.resizeInto(room(&r.scaled, width*height), width, height)
}

// floats returns Data as the depths that it already is, or nil.
func (m Memory) floats(stride int, u Unit) []float32 {
	bigEndian := binary.NativeEndian.Uint16([]byte{0, 1}) == 1
	at := unsafe.Pointer(unsafe.SliceData(m.Data))
	if m.Encoding != "32FC1" || m.BigEndian != bigEndian || stride != 4*m.Width || u.kind != metres && u.kind != relative || uintptr(at)%4 != 0 {
		return nil
	}
	all, readings := unsafe.Slice((*float32)(at), m.Width*m.Height), false
	for _, v := range all {
		if v > 0 && v <= math.MaxFloat32 {
			readings = true
		} else if v == v {
			return nil
		}
	}
	if !readings {
		return nil
	}
	return all
}
