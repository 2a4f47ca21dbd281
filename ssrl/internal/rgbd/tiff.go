package rgbd

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/image/tiff/lzw"
)

// maxPerTIFFByte bounds what a byte of a strip unpacks to: the longest string of
// LZW, 3838 bytes for a code of 12 bits.
const maxPerTIFFByte = 2560

// Tags of a TIFF directory (TIFF 6.0, Aldus 1992, Appendix A).
const (
	tagWidth        = 256
	tagHeight       = 257
	tagBits         = 258
	tagCompression  = 259
	tagPhotometric  = 262
	tagFillOrder    = 266
	tagStripOffsets = 273
	tagSamples      = 277
	tagRowsPerStrip = 278
	tagStripCounts  = 279
	tagPlanar       = 284
	tagPredictor    = 317
	tagColourMap    = 320
	tagTileWidth    = 322
	tagTileHeight   = 323
	tagTileOffsets  = 324
	tagTileCounts   = 325
	tagExtra        = 338
	tagSampleFormat = 339
)

// Compressions and colour models of TIFF 6.0 that are read.
const (
	tiffPlain      = 1
	tiffLZW        = 5
	tiffDeflate    = 8
	tiffPackBits   = 32773
	tiffDeflateOld = 32946

	tiffWhiteIsZero = 0
	tiffGrey        = 1
	tiffRGB         = 2
	tiffPalette     = 3
	tiffCMYK        = 5
)

// tiffFile is the first directory of a TIFF. What a TIFF may hold is open-ended;
// read is unsigned samples of 1 to 16 bits, in strips or tiles, of all channels
// together or each apart. An own reader, because golang.org/x/image/tiff knows
// neither CMYK nor alpha beside grey, and takes channels that lie apart for
// channels together.
type tiffFile struct {
	data          []byte
	order         binary.ByteOrder
	width, height int
	bits          int // a sample
	samples       int // a pixel
	compression   int
	model         int
	alpha         int  // which sample of a pixel the colour is multiplied by; 0: none
	predictor     bool // samples are differences to the left
	apart         bool // each sample in blocks of its own
	palette       tiffValues
	blocks        tiffBlocks
}

// tiffBlocks are the strips or tiles of a picture.
type tiffBlocks struct {
	width, height   int // of a block; the last strip may be lower
	cols, rows      int
	tiles           bool // whole, also where they reach beyond the picture
	offsets, counts tiffValues
}

// tiffValues is the value of a directory entry: numbers of 1, 2 or 4 bytes.
type tiffValues struct {
	order binary.ByteOrder
	size  int
	raw   []byte
}

func (v tiffValues) len() int {
	if v.size == 0 {
		return 0
	}
	return len(v.raw) / v.size
}

func (v tiffValues) at(i int) int64 {
	b := v.raw[i*v.size:]
	switch v.size {
	case 1:
		return int64(b[0])
	case 2:
		return int64(v.order.Uint16(b))
	}
	return int64(v.order.Uint32(b))
}

// or returns the first value, or what stands for a tag that is not there.
func (v tiffValues) or(def int64) int64 {
	if v.len() == 0 {
		return def
	}
	return v.at(0)
}

// tiffEntries reads the first directory (TIFF 6.0 §2).
func tiffEntries(data []byte) (map[int]tiffValues, binary.ByteOrder, error) {
	early := errors.New("ends early")
	var order binary.ByteOrder = binary.LittleEndian
	if len(data) < 8 {
		return nil, nil, early
	}
	if data[0] == 'M' {
		order = binary.BigEndian
	}
	if order.Uint16(data[2:]) == 43 {
		return nil, nil, errors.New("a BigTIFF (want a TIFF of 32-bit offsets)")
	}
	at := int64(order.Uint32(data[4:]))
	if at+2 > int64(len(data)) {
		return nil, nil, early
	}
	n := int64(order.Uint16(data[at:]))
	if at+2+12*n > int64(len(data)) {
		return nil, nil, early
	}
	entries := map[int]tiffValues{}
	for dir := data[at+2:][:12*n]; len(dir) > 0; dir = dir[12:] {
		v := tiffValues{order: order, size: map[uint16]int{1: 1, 3: 2, 4: 4}[order.Uint16(dir[2:])]}
		if v.size == 0 {
			continue // text, fractions: nothing that is needed
		}
		size := int64(order.Uint32(dir[4:])) * int64(v.size)
		v.raw = dir[8:12]
		if size > 4 {
			from := int64(order.Uint32(dir[8:]))
			if from > int64(len(data)) || size > int64(len(data))-from {
				return nil, nil, early
			}
			v.raw = data[from:]
		}
		v.raw = v.raw[:size]
		entries[int(order.Uint16(dir))] = v
	}
	return entries, order, nil
}

func parseTIFF(data []byte) (*tiffFile, error) {
	entries, order, err := tiffEntries(data)
	if err != nil {
		return nil, err
	}
	get := func(tag int, def int64) int64 { return entries[tag].or(def) }
	width, height := get(tagWidth, 0), get(tagHeight, 0)
	if width > maxSide || height > maxSide {
		return nil, fmt.Errorf("%dx%d pixels (want sides up to %d)", width, height, maxSide)
	}
	f := &tiffFile{data: data, order: order, width: int(width), height: int(height), palette: entries[tagColourMap],
		bits: int(get(tagBits, 1)), compression: int(get(tagCompression, tiffPlain)), model: int(get(tagPhotometric, -1)),
		predictor: get(tagPredictor, 1) == 2, apart: get(tagPlanar, 1) == 2}
	if err := checkSize(f.width, f.height); err != nil {
		return nil, err
	}
	samples := get(tagSamples, 1)
	colours := map[int]int64{tiffWhiteIsZero: 1, tiffGrey: 1, tiffRGB: 3, tiffPalette: 1, tiffCMYK: 4}[f.model]
	const most = 16
	switch same := sameBits(entries[tagBits]); {
	case colours == 0:
		return nil, fmt.Errorf("colour model %d (want 0 to 3 or 5: grey, RGB, a palette or CMYK)", f.model)
	case samples < colours || samples > most:
		return nil, fmt.Errorf("%d samples a pixel (want %d to %d)", samples, colours, most)
	case get(tagSampleFormat, 1) != 1:
		return nil, fmt.Errorf("sample format %d (want 1, unsigned integers)", get(tagSampleFormat, 1))
	case !same || f.bits != 1 && f.bits != 2 && f.bits != 4 && f.bits != 8 && f.bits != 16:
		return nil, fmt.Errorf("%d bits a sample (want 1, 2, 4, 8 or 16, of all the same)", f.bits)
	case colours > 1 && f.bits < 8:
		return nil, fmt.Errorf("%d bits a sample of colour (want 8 or 16)", f.bits)
	case f.model == tiffPalette && (f.bits > 8 || f.palette.len() < 3<<f.bits):
		return nil, fmt.Errorf("a palette of %d numbers for %d bits (want 3 a colour, of 8 bits at most)", f.palette.len(), f.bits)
	case get(tagFillOrder, 1) != 1:
		return nil, errors.New("fill order 2 (want 1, the high bit first)")
	case get(tagPredictor, 1) > 2 || f.predictor && f.bits < 8:
		return nil, fmt.Errorf("predictor %d of %d bits (want 1, or 2 of 8 or 16 bits)", get(tagPredictor, 1), f.bits)
	}
	f.samples = int(samples)
	const multiplied = 1
	if samples > colours && f.bits >= 8 && entries[tagExtra].or(0) == multiplied {
		f.alpha = int(colours)
	}
	switch f.compression {
	case tiffPlain, tiffLZW, tiffDeflate, tiffDeflateOld, tiffPackBits:
	default:
		return nil, fmt.Errorf("compression %d (want none, LZW, deflate or PackBits)", f.compression)
	}
	raw := (int64(f.width)*int64(f.bits*f.samples) + 7) / 8 * int64(f.height)
	if raw > maxPerTIFFByte*int64(len(data)) {
		return nil, fmt.Errorf("%dx%d pixels in %d bytes", f.width, f.height, len(data))
	}
	return f, f.findBlocks(entries)
}

// sameBits reports whether all samples have the bits of the first.
func sameBits(v tiffValues) bool {
	for i := range v.len() {
		if v.at(i) != v.at(0) {
			return false
		}
	}
	return true
}

// findBlocks reads how the picture is cut (TIFF 6.0 §3, §15) and holds the
// number of blocks against the lists of where they are.
func (f *tiffFile) findBlocks(entries map[int]tiffValues) error {
	b := &f.blocks
	if v, ok := entries[tagTileWidth]; ok {
		// A tile larger than the picture is padding; more than this much is none.
		const loose = 1024
		w, h := v.or(0), entries[tagTileHeight].or(0)
		if w < 1 || h < 1 || w > max(loose, int64(f.width)+15) || h > max(loose, int64(f.height)+15) {
			return fmt.Errorf("tiles of %dx%d pixels for %dx%d", w, h, f.width, f.height)
		}
		b.width, b.height, b.tiles = int(w), int(h), true
		b.offsets, b.counts = entries[tagTileOffsets], entries[tagTileCounts]
	} else {
		rows := entries[tagRowsPerStrip].or(int64(f.height))
		if rows < 1 {
			return errors.New("strips of 0 rows")
		}
		b.width, b.height = f.width, int(min(rows, int64(f.height)))
		b.offsets, b.counts = entries[tagStripOffsets], entries[tagStripCounts]
	}
	b.cols, b.rows = (f.width+b.width-1)/b.width, (f.height+b.height-1)/b.height
	want := int64(b.cols) * int64(b.rows)
	if f.apart {
		want *= int64(f.samples)
	}
	if int64(b.offsets.len()) < want || int64(b.counts.len()) < want {
		return fmt.Errorf("%d offsets and %d sizes of strips or tiles (want %d)", b.offsets.len(), b.counts.len(), want)
	}
	return nil
}

// unpack fills dst with block i; what the block lacks is an error.
func (f *tiffFile) unpack(dst []byte, i int) error {
	at, n := f.blocks.offsets.at(i), f.blocks.counts.at(i)
	if at > int64(len(f.data)) || n > int64(len(f.data))-at {
		return errors.New("ends early")
	}
	stored := f.data[at : at+n]
	var r io.Reader = bytes.NewReader(stored)
	switch f.compression {
	case tiffLZW:
		l := lzw.NewReader(r, lzw.MSB, 8)
		defer l.Close()
		r = l
	case tiffDeflate, tiffDeflateOld:
		z, err := zlib.NewReader(r)
		if err != nil {
			return err
		}
		r = z
	case tiffPackBits:
		return unpackBits(dst, stored)
	case tiffPlain:
		if copy(dst, stored) < len(dst) {
			return errors.New("ends early")
		}
		return nil
	}
	if _, err := io.ReadFull(r, dst); err != nil || f.compression == tiffLZW {
		return err
	}
	var more [1]byte // the checksum of deflate comes with its end
	if _, err := r.Read(more[:]); err != nil && err != io.EOF {
		return err
	}
	return nil
}

// unpackBits decodes PackBits (TIFF 6.0 §9).
func unpackBits(dst, src []byte) error {
	for len(dst) > 0 {
		if len(src) == 0 {
			return errors.New("ends early")
		}
		n := int(int8(src[0]))
		src = src[1:]
		switch {
		case n >= 0:
			if n = min(n+1, len(dst)); n > len(src) {
				return errors.New("ends early")
			}
			copy(dst[:n], src)
			dst, src = dst[n:], src[n:]
		case n != -128:
			if len(src) == 0 {
				return errors.New("ends early")
			}
			n = min(1-n, len(dst))
			for i := range n {
				dst[i] = src[0]
			}
			dst, src = dst[n:], src[1:]
		}
	}
	return nil
}
