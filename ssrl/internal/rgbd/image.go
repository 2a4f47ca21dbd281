package rgbd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"

	"ssrl/internal/rgbd/jpeg"
	"ssrl/internal/rgbd/png"
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

// imageFormats is what DecodeImage reads.
const imageFormats = "PNG, JPEG, WebP, BMP, TIFF or PNM"

// DecodeImage decodes a PNG, JPEG, WebP, BMP, TIFF or PNM, told apart by their
// first bytes; name is for errors. Pixels come as a viewer shows them, turned by
// their EXIF orientation.
//
// Alpha is dropped, not composited: the colour below it stays. 16-bit samples
// keep their high byte. Pixels are those that Pillow shows; of JPEG those of
// libjpeg-turbo, of lossy WebP those of libwebp.
func DecodeImage(data []byte, name string) (*RGB, error) {
	return decodeNamed(data, name, true)
}

// DecodeStored is DecodeImage without regard to the EXIF orientation: pixels lie
// as the sensor had them, which is how a depth map of the same camera lies.
func DecodeStored(data []byte, name string) (*RGB, error) {
	return decodeNamed(data, name, false)
}

func decodeNamed(data []byte, name string, turned bool) (*RGB, error) {
	m, err := decodeImage(data, turned)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", name, plain(err))
	}
	return m, nil
}

func decodeImage(data []byte, turned bool) (m *RGB, err error) {
	orientation := 1 // what is left to do
	switch formatOf(data) {
	case "png":
		if m, err = decodePNG(data); err == nil && !turned {
			orientation = back(pngOrientation(data))
		}
	case "jpeg":
		if m, err = decodeJPEG(data); err == nil && !turned {
			_, done, _ := parseJPEG(data)
			orientation = back(done)
		}
	case "webp":
		var f *webpFile
		if f, err = parseWebP(data); err == nil {
			m, err = f.decodeStored()
			orientation = f.orientation
		}
		if !turned {
			orientation = 1
		}
	case "bmp":
		var f *bmpFile
		if f, err = parseBMP(data); err == nil {
			m, err = f.decode()
		}
	case "tiff":
		var f *tiffFile
		if f, err = parseTIFF(data); err == nil {
			m, err = f.decodeStored()
		}
		if turned {
			orientation = exifOrientation(data)
		}
	case "pnm":
		m, err = decodePNM(data)
	default:
		err = unknownFormat(data, imageFormats)
	}
	if err != nil {
		return nil, err
	}
	return orient(m, orientation), nil
}

// ImageSize returns the size of the picture that DecodeImage would return for
// data, a whole file, from its header.
func ImageSize(data []byte, name string) (width, height int, err error) {
	orientation := 1
	switch formatOf(data) {
	case "png":
		var h png.Header
		h, err = png.ReadHeader(data)
		width, height = h.Width, h.Height
		if err == nil {
			orientation = pngOrientation(data)
		}
	case "jpeg":
		var h jpeg.Header
		h, orientation, err = parseJPEG(data)
		width, height = h.Width, h.Height
	case "webp":
		var f *webpFile
		if f, err = parseWebP(data); err == nil {
			width, height, orientation = f.width, f.height, f.orientation
		}
	case "bmp":
		var f *bmpFile
		if f, err = parseBMP(data); err == nil {
			width, height = f.width, f.height
		}
	case "tiff":
		var f *tiffFile
		if f, err = parseTIFF(data); err == nil {
			width, height, orientation = f.width, f.height, exifOrientation(data)
		}
	case "pnm":
		var h pnmHeader
		h, err = parsePNM(data)
		width, height = h.width, h.height
	default:
		err = unknownFormat(data, imageFormats)
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
	case len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return "webp"
	case bytes.HasPrefix(data, []byte("BM")):
		return "bmp"
	case isTIFF(data):
		return "tiff"
	case len(data) < 3 || !isSpace(data[2]) && data[2] != '#':
		return ""
	}
	switch string(data[:2]) {
	case "P1", "P2", "P3", "P4", "P5", "P6":
		return "pnm"
	case "Pf", "PF":
		return "pfm"
	}
	return ""
}

// isTIFF knows TIFF and BigTIFF of either byte order.
func isTIFF(data []byte) bool {
	if len(data) < 4 {
		return false
	}
	switch string(data[:4]) {
	case "II*\x00", "MM\x00*", "II+\x00", "MM\x00+":
		return true
	}
	return false
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

// flatPixels is the size up to which a picture may be as flat as it likes: some
// formats write one colour in no bytes at all.
const flatPixels = 1 << 22

// checkPacked refuses a picture that claims to be larger than flatPixels and
// than a file of its length can hold.
func checkPacked(width, height, perByte, length int) error {
	if pixels := int64(width) * int64(height); pixels > flatPixels && pixels > int64(perByte)*int64(length) {
		return fmt.Errorf("%dx%d pixels in %d bytes", width, height, length)
	}
	return nil
}

// refusePanic makes an error of a panic in a decoder that is not ours: a file is
// no reason to end a process.
func refusePanic(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("its pixels cannot be decoded: %v", p)
	}
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
