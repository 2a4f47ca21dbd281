package rgbd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
)

const (
	// maxSide bounds the rows that decoders keep two of: 8 MiB at 64 bits a pixel.
	maxSide = 1 << 20

	// maxFile bounds the bytes of a file that is read: 64 bits for each of
	// MaxPixels, and a header.
	maxFile = 8*MaxPixels + 1<<20

	// maxDeflate is what a byte of deflate can unpack to: 258 bytes in two bits.
	maxDeflate = 1032

	magicPNG  = "\x89PNG\r\n\x1a\n"
	magicJPEG = "\xff\xd8"
)

// ReadImage reads the picture name of fsys. Errors of the file system come
// through errors.Is.
func ReadImage(fsys fs.FS, name string) (*RGB, error) {
	data, err := readFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", name, err)
	}
	return DecodeImage(data, name)
}

// DecodeImage decodes a PNG, a JPEG or a binary PNM, told apart by their first
// bytes; name is for errors. Pixels come as a viewer shows them, turned by their
// EXIF orientation.
//
// Alpha is dropped, not composited: the colour below it stays. 16-bit samples
// keep their high byte. JPEG colour follows libjpeg-turbo's interpolation of
// chroma, so pixels are within 3 of 255 of what Pillow shows.
func DecodeImage(data []byte, name string) (*RGB, error) {
	m, err := decodeImage(data)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", name, plain(err))
	}
	return m, nil
}

func decodeImage(data []byte) (*RGB, error) {
	switch formatOf(data) {
	case "png":
		return decodePNG(data)
	case "jpeg":
		return decodeJPEG(data)
	case "pnm":
		return decodePNM(data)
	}
	return nil, unknownFormat(data, "PNG, JPEG or PNM")
}

// ImageSize returns the size of the picture that DecodeImage would return for
// data, a whole file, from its header.
func ImageSize(data []byte, name string) (width, height int, err error) {
	orientation := 1
	switch formatOf(data) {
	case "png":
		var h pngHeader
		h, err = parsePNG(data)
		width, height = h.width, h.height
		if err == nil {
			orientation = pngOrientation(data)
		}
	case "jpeg":
		var h jpegHeader
		h, err = parseJPEG(data)
		width, height, orientation = h.width, h.height, h.orientation
	case "pnm":
		var h pnmHeader
		h, err = parsePNM(data)
		width, height = h.width, h.height
	default:
		err = unknownFormat(data, "PNG, JPEG or PNM")
	}
	if err != nil {
		return 0, 0, fmt.Errorf("image %s: %w", name, plain(err))
	}
	if orientation >= 5 {
		width, height = height, width
	}
	return width, height, nil
}

// formatOf names the format that data begins with, "" when it is none of ours.
func formatOf(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte(magicPNG)):
		return "png"
	case bytes.HasPrefix(data, []byte(magicJPEG)):
		return "jpeg"
	case bytes.HasPrefix(data, []byte(magicNPY)):
		return "npy"
	case bytes.HasPrefix(data, []byte(magicHDF5)):
		return "hdf5"
	case len(data) < 3 || !isSpace(data[2]) && data[2] != '#':
		return ""
	}
	switch string(data[:2]) {
	case "P5", "P6":
		return "pnm"
	case "Pf", "PF":
		return "pfm"
	}
	return ""
}

func unknownFormat(data []byte, want string) error {
	if len(data) == 0 {
		return fmt.Errorf("empty file (want %s)", want)
	}
	return fmt.Errorf("begins with %q (want %s)", data[:min(4, len(data))], want)
}

// checkSize refuses sizes that are not decoded, before anything is allocated.
func checkSize(width, height int) error {
	if width < 1 || height < 1 {
		return fmt.Errorf("%dx%d pixels (want one at least)", width, height)
	}
	if width > maxSide || height > maxSide {
		return fmt.Errorf("%dx%d pixels (want sides up to %d)", width, height, maxSide)
	}
	if int64(width)*int64(height) > MaxPixels {
		return fmt.Errorf("%dx%d pixels (want %d in all at most)", width, height, MaxPixels)
	}
	return nil
}

// plain words what the standard decoders say about a file that ends early.
func plain(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errors.New("ends early")
	}
	return err
}

// readFile reads a whole file unless it is larger than any that is decoded.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, bare(err)
	}
	defer f.Close()
	size := int64(math.MaxInt64)
	if info, err := f.Stat(); err == nil {
		if info.IsDir() {
			return nil, errors.New("a directory (want a file)")
		}
		size = info.Size()
		if size > maxFile {
			return nil, fmt.Errorf("%d bytes (want %d at most)", size, int64(maxFile))
		}
	}
	var b bytes.Buffer
	if size <= maxFile {
		b.Grow(int(size) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(io.LimitReader(f, maxFile+1)); err != nil {
		return nil, bare(err)
	}
	if int64(b.Len()) > maxFile {
		return nil, fmt.Errorf("more than %d bytes", int64(maxFile))
	}
	return b.Bytes(), nil
}

// bare drops the operation and path that the caller names itself.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
