package patch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"ssrl/internal/exif"
	"ssrl/internal/rgbd"
)

// Mode says what a picture's samples are, by Pillow's names.
type Mode string

// The modes that a PNG file opens in.
const (
	Bilevel   Mode = "1"
	Grey      Mode = "L"
	Grey16    Mode = "I;16"
	GreyAlpha Mode = "LA"
	Palette   Mode = "P"
	Colour    Mode = "RGB"
	Alpha     Mode = "RGBA"
)

// Picture is an image as Pillow opens it, before conversion to RGB. Callers
// resize in this mode, so it decides about the pixels that a model sees.
type Picture struct {
	Mode          Mode
	Width, Height int
	Pix           []byte       // interleaved bands; 0 or 255 in Bilevel; nil in Grey16
	Deep          []uint16     // Grey16 only
	Colours       [256][3]byte // Palette only
}

// bands is the number of bytes of a pixel in Pix.
func (m Mode) bands() int {
	switch m {
	case GreyAlpha:
		return 2
	case Colour:
		return 3
	case Alpha:
		return 4
	}
	return 1
}

// FromRGB wraps an image without copying it.
func FromRGB(m *rgbd.RGB) *Picture {
	return &Picture{Mode: Colour, Width: m.Width, Height: m.Height, Pix: m.Pix}
}

// Decode decodes a picture of any format that rgbd knows: a PNG into its own
// mode, everything else as RGB. name is for errors. Pictures are turned by their
// EXIF orientation, as transformers' loader does; a PNG that is turned comes as RGB.
func Decode(data []byte, name string) (*Picture, error) {
	if bytes.HasPrefix(data, []byte(pngSignature)) && exif.Read(data).Orientation > 1 {
		m, err := rgbd.DecodeImage(data, name)
		if err != nil {
			return nil, err
		}
		return FromRGB(m), nil
	}
	return decode(data, name, rgbd.DecodeImage)
}

// DecodeStored is Decode without regard to the EXIF orientation, as EasyR1 and
// qwen_vl_utils open files.
func DecodeStored(data []byte, name string) (*Picture, error) {
	return decode(data, name, rgbd.DecodeStored)
}

func decode(data []byte, name string, other func([]byte, string) (*rgbd.RGB, error)) (*Picture, error) {
	if !bytes.HasPrefix(data, []byte(pngSignature)) {
		m, err := other(data, name)
		if err != nil {
			return nil, err
		}
		return FromRGB(m), nil
	}
	p, err := DecodePNG(data)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", name, err)
	}
	return p, nil
}

const (
	pngSignature = "\x89PNG\r\n\x1a\n"

	// maxDeflate is what one byte of deflate can unpack to.
	maxDeflate = 1032
)

// DecodePNG decodes a PNG file into the mode that Pillow 12 opens it in: 16-bit
// colour by its high bytes, 16-bit grey with alpha as RGBA, 2 and 4 bits of
// grey spread over 8. A tRNS chunk changes nothing, as conversion to RGB
// ignores it. Errors do not name the file.
func DecodePNG(data []byte) (*Picture, error) {
	// Signature, chunk length and type, then IHDR: width, height, depth, colour type.
	if !bytes.HasPrefix(data, []byte(pngSignature)) || len(data) < 26 || string(data[12:16]) != "IHDR" {
		return nil, errors.New("no PNG header")
	}
	w, h := int(binary.BigEndian.Uint32(data[16:])), int(binary.BigEndian.Uint32(data[20:]))
	if w < 1 || h < 1 || w > rgbd.MaxPixels/h {
		return nil, fmt.Errorf("%dx%d pixels (want 1 to %d in all)", w, h, rgbd.MaxPixels)
	}
	// Every pixel takes a bit at least, every row a byte: what a file this
	// short cannot hold is not worth its memory.
	if need := h * (w/8 + 1); need > maxDeflate*len(data) {
		return nil, fmt.Errorf("%dx%d pixels in %d bytes (want a whole file)", w, h, len(data))
	}
	depth, colour := data[24], data[25]
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	p := &Picture{Width: w, Height: h}
	switch {
	case colour == 0 && depth == 1:
		p.Mode = Bilevel
	case colour == 0 && depth == 16:
		p.Mode = Grey16
	case colour == 0:
		p.Mode = Grey
	case colour == 2:
		p.Mode = Colour
	case colour == 3:
		p.Mode = Palette
	case colour == 4 && depth == 8:
		p.Mode = GreyAlpha
	default:
		p.Mode = Alpha
	}
	return p, p.take(img)
}

// take copies the samples of a decoded PNG. image/png keeps them in Pix, in a
// type that depends on depth and on whether there is a tRNS chunk.
func (p *Picture) take(img image.Image) error {
	if p.Mode == Grey16 {
		p.Deep = make([]uint16, p.Width*p.Height)
	} else {
		p.Pix = make([]byte, p.Width*p.Height*p.Mode.bands())
	}
	switch m := img.(type) {
	case *image.Gray:
		p.copyBands(m.Pix, m.Stride, 1, 1)
	case *image.Gray16:
		p.copyDeep(m.Pix, m.Stride, 2)
	case *image.Paletted:
		p.copyBands(m.Pix, m.Stride, 1, 1)
		for i, c := range m.Palette {
			n, ok := c.(color.NRGBA) // with a tRNS chunk; converting would lose clear colours
			if !ok {
				n = color.NRGBAModel.Convert(c).(color.NRGBA)
			}
			p.Colours[i] = [3]byte{n.R, n.G, n.B}
		}
	case *image.RGBA: // opaque
		p.copyBands(m.Pix, m.Stride, 4, 1)
	case *image.NRGBA:
		p.copyBands(m.Pix, m.Stride, 4, 1)
	case *image.RGBA64: // opaque
		p.copyBands(m.Pix, m.Stride, 4, 2)
	case *image.NRGBA64:
		if p.Mode == Grey16 {
			p.copyDeep(m.Pix, m.Stride, 8)
		} else {
			p.copyBands(m.Pix, m.Stride, 4, 2)
		}
	default:
		return fmt.Errorf("PNG decodes to %T", img)
	}
	return nil
}

// copyBands takes the bands of p from pixels of bands samples of size bytes,
// big-endian, of which the first counts. Alpha is the last of them.
func (p *Picture) copyBands(src []byte, stride, bands, size int) {
	n := p.Mode.bands()
	for y := range p.Height {
		row, dst := src[y*stride:], p.Pix[y*p.Width*n:][:p.Width*n]
		for x := range p.Width {
			pixel := row[x*bands*size:][:bands*size]
			for c := range n {
				dst[x*n+c] = pixel[c*size]
			}
			if p.Mode == GreyAlpha {
				dst[x*n+1] = pixel[(bands-1)*size]
			}
		}
	}
}

// copyDeep takes 16-bit samples, big-endian, step bytes apart.
func (p *Picture) copyDeep(src []byte, stride, step int) {
	for y := range p.Height {
		row, dst := src[y*stride:], p.Deep[y*p.Width:][:p.Width]
		for x := range dst {
			dst[x] = binary.BigEndian.Uint16(row[x*step:])
		}
	}
}
