package rgbd

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// riff returns a WebP of chunks.
func riff(chunks ...[]byte) []byte {
	body := append([]byte("WEBP"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func riffChunk(name string, body ...byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))
	b = append(b, body...)
	return append(b, make([]byte, len(body)&1)...)
}

// losslessChunk is the header of a lossless picture and n bytes of zeros, which are one
// colour for ever.
func losslessChunk(width, height uint32, n int) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{0x2f}, width-1|(height-1)<<14)
	return riffChunk("VP8L", append(b, make([]byte, n)...)...)
}

// lossyChunk is the header of a lossy picture.
func lossyChunk(width, height uint16, n int) []byte {
	b := binary.LittleEndian.AppendUint16([]byte{0x10, 0, 0, 0x9d, 1, 0x2a}, width)
	return riffChunk("VP8 ", append(binary.LittleEndian.AppendUint16(b, height), make([]byte, n)...)...)
}

// bmpHead returns a BMP of a 40 byte header whose pixels begin at start.
func bmpHead(width, height int32, bits uint16, how, start uint32, body ...byte) []byte {
	var b bytes.Buffer
	b.WriteString("BM")
	for _, v := range []any{uint32(0), uint32(0), start, uint32(40), width, height, uint16(1), bits, how, [20]byte{}} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	return append(b.Bytes(), body...)
}

// tiffOf returns a TIFF of one directory, whose entries are (tag, value) of 32
// bits, and a body behind it.
func tiffOf(body []byte, entries ...[2]uint32) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(le.AppendUint32([]byte("II*\x00"), 8), uint16(len(entries)))
	for _, e := range entries {
		b = le.AppendUint16(le.AppendUint16(b, uint16(e[0])), 4)
		b = le.AppendUint32(le.AppendUint32(b, 1), e[1])
	}
	return append(append(b, 0, 0, 0, 0), body...)
}

// grey4 is a TIFF of 4x4 grey bytes with entries changed or, below 2^16, added.
func grey4(change ...[2]uint32) []byte {
	entries := [][2]uint32{{tagWidth, 4}, {tagHeight, 4}, {tagBits, 8}, {tagCompression, 1}, {tagPhotometric, 1},
		{tagStripOffsets, 8 + 2 + 16*12 + 4}, {tagStripCounts, 16}}
next:
	for _, c := range change {
		for i := range entries {
			if entries[i][0] == c[0] {
				entries[i] = c
				continue next
			}
		}
		entries = append(entries, c)
	}
	for len(entries) < 16 {
		entries = append(entries, [2]uint32{60000 + uint32(len(entries)), 0})
	}
	return tiffOf(make([]byte, 16), entries...)
}

func TestBrokenContainers(t *testing.T) {
	cut := func(name string, n int) []byte { return patched(t, name, 0)[:n] }
	for _, tc := range []struct {
		name string
		data []byte
		want string
	}{
		{"WebP without chunks", riff(), "no picture (want a VP8 or VP8L chunk)"},
		{"WebP cut", cut("webp/lossy75.webp", 100), "ends early"},
		{"WebP of a short chunk", riff([]byte("VP8 ")), "ends early"},
		{"WebP of a long chunk", riff([]byte("VP8L\xff\xff\xff\xff/")), "ends early"},
		{"WebP of a RIFF that is too small", append([]byte("RIFF\x00\x00\x00\x00WEBP"), losslessChunk(4, 4, 9)...), "ends early"},
		{"WebP animated", riff(riffChunk("VP8X", 2, 0, 0, 0, 0, 0, 0, 0, 0, 0)), "an animation (want a still picture)"},
		{"WebP short VP8X", riff(riffChunk("VP8X", 0)), "ends early"},
		{"WebP of two pictures", riff(losslessChunk(4, 4, 9), losslessChunk(4, 4, 9)), "two pictures (want one)"},
		{"WebP on another canvas", riff(riffChunk("VP8X", 0, 0, 0, 0, 9, 0, 0, 9, 0, 0), losslessChunk(4, 4, 9)), "a picture of 4x4 pixels on a canvas of 10x10 (want the same)"},
		{"WebP between key frames", riff(riffChunk("VP8 ", 1, 0, 0, 0x9d, 1, 0x2a, 4, 0, 4, 0)), "no key frame in its VP8 chunk"},
		{"WebP without signature", riff(riffChunk("VP8L", 1, 2, 3, 4, 5)), "no signature in its VP8L chunk"},
		{"WebP of no width", riff(lossyChunk(0, 4, 9)), "0x4 pixels (want one at least)"},
		{"WebP short VP8", riff(riffChunk("VP8 ", 0x10)), "ends early"},
		{"WebP short VP8L", riff(riffChunk("VP8L", 0x2f)), "ends early"},
		{"WebP lossy bomb", riff(lossyChunk(16383, 16383, 99)), "16383x16383 pixels in 130 bytes"},
		{"WebP lossless bomb", riff(losslessChunk(16384, 16384, 99)), "16384x16384 pixels in 124 bytes"},
		{"WebP without pixels", riff(lossyChunk(4, 4, 0)), "ends early"},

		{"BMP magic only", []byte("BM"), "ends early"},
		{"BMP header", []byte("BM" + strings.Repeat("\x00", 12) + "\x63\x00\x00\x00"), "a BMP header of 99 bytes (want 12, 16, 40, 52, 56, 64, 108 or 124)"},
		{"BMP cut in the header", bmpHead(4, 4, 24, 0, 54)[:40], "ends early"},
		{"BMP of no height", bmpHead(4, 0, 24, 0, 54), "4x0 pixels (want one at least)"},
		{"BMP of a negative width", bmpHead(-4, 4, 24, 0, 54), "-4x4 pixels (want one at least)"},
		{"BMP of the least height", bmpHead(4, -1<<31, 24, 0, 54), "4x2147483648 pixels (want sides up to 1048576)"},
		{"BMP bomb", bmpHead(16000, 16000, 24, 0, 54), "0 bytes of pixels (want 768000000)"},
		{"BMP bomb of bits", bmpHead(16000, 16000, 1, 0, 54), "0 bytes of pixels (want 32000000)"},
		{"BMP bomb of runs", bmpHead(16000, 16000, 8, 1, 54, 0, 1), "16000x16000 pixels in 56 bytes"},
		{"BMP runs cut", bmpHead(4, 4, 8, 1, 54, 4), "ends early"},
		{"BMP runs without what they announce", bmpHead(4, 4, 8, 1, 54, 0, 9, 1, 2), "ends early"},
		{"BMP runs that move nowhere", bmpHead(4, 4, 8, 1, 54, 0, 2, 1), "ends early"},
		{"BMP runs from the top", bmpHead(4, -4, 8, 1, 54), "run lengths from the top (want them from the bottom)"},
		{"BMP runs of 24 bits", bmpHead(4, 4, 24, 1, 54), "BMP compression 1 of 24 bits a pixel (want none, run lengths or masks)"},
		{"BMP of a JPEG", bmpHead(4, 4, 24, 4, 54), "BMP compression 4 of 24 bits a pixel (want none, run lengths or masks)"},
		{"BMP bits", bmpHead(4, 4, 7, 0, 54), "7 bits a pixel (want 1, 2, 4, 8, 16, 24 or 32)"},
		{"BMP without masks", bmpHead(4, 4, 32, 3, 54), "ends early"},
		{"BMP pixels in the header", bmpHead(4, 4, 24, 0, 20), "pixels at byte 20 (want 54 to 54)"},
		{"BMP pixels beyond the end", bmpHead(4, 4, 24, 0, 99), "pixels at byte 99 (want 54 to 54)"},
		{"BMP short", bmpHead(4, 4, 24, 0, 54, make([]byte, 47)...), "47 bytes of pixels (want 48)"},

		{"TIFF magic only", []byte("II*\x00"), "ends early"},
		{"BigTIFF", []byte("MM\x00+\x00\x08\x00\x00"), "a BigTIFF (want a TIFF of 32-bit offsets)"},
		{"TIFF directory elsewhere", []byte("II*\x00\xff\xff\xff\xff"), "ends early"},
		{"TIFF directory cut", tiffOf(nil, [2]uint32{tagWidth, 4})[:12], "ends early"},
		{"TIFF without entries", tiffOf(nil), "0x0 pixels (want one at least)"},
		{"TIFF beyond MaxPixels", grey4([2]uint32{tagWidth, 1 << 20}, [2]uint32{tagHeight, 1 << 20}), "1048576x1048576 pixels (want 268435456 in all at most)"},
		{"TIFF of a long side", grey4([2]uint32{tagHeight, 1<<32 - 1}), "4x4294967295 pixels (want sides up to 1048576)"},
		{"TIFF bomb", grey4([2]uint32{tagWidth, 16000}, [2]uint32{tagHeight, 16000}), "16000x16000 pixels in 222 bytes"},
		{"TIFF colour model", grey4([2]uint32{tagPhotometric, 6}), "colour model 6 (want 0 to 3 or 5: grey, RGB, a palette or CMYK)"},
		{"TIFF samples", grey4([2]uint32{tagPhotometric, 2}), "1 samples a pixel (want 3 to 16)"},
		{"TIFF many samples", grey4([2]uint32{tagSamples, 65535}), "65535 samples a pixel (want 1 to 16)"},
		{"TIFF of floats", grey4([2]uint32{tagSampleFormat, 3}), "sample format 3 (want 1, unsigned integers)"},
		{"TIFF bits", grey4([2]uint32{tagBits, 32}), "32 bits a sample (want 1, 2, 4, 8 or 16, of all the same)"},
		{"TIFF palette", grey4([2]uint32{tagPhotometric, 3}), "a palette of 0 numbers for 8 bits (want 3 a colour, of 8 bits at most)"},
		{"TIFF fill order", grey4([2]uint32{tagFillOrder, 2}), "fill order 2 (want 1, the high bit first)"},
		{"TIFF predictor", grey4([2]uint32{tagPredictor, 3}), "predictor 3 of 8 bits (want 1, or 2 of 8 or 16 bits)"},
		{"TIFF of a fax", grey4([2]uint32{tagCompression, 4}), "compression 4 (want none, LZW, deflate or PackBits)"},
		{"TIFF colours of 4 bits", grey4([2]uint32{tagPhotometric, 2}, [2]uint32{tagBits, 4}, [2]uint32{tagSamples, 3}), "4 bits a sample of colour (want 8 or 16)"},
		{"TIFF of no rows", grey4([2]uint32{tagRowsPerStrip, 0}), "strips of 0 rows"},
		{"TIFF of too few strips", grey4([2]uint32{tagRowsPerStrip, 1}), "1 offsets and 1 sizes of strips or tiles (want 4)"},
		{"TIFF of too few planes", grey4([2]uint32{tagSamples, 3}, [2]uint32{tagPlanar, 2}), "1 offsets and 1 sizes of strips or tiles (want 3)"},
		{"TIFF tiles", grey4([2]uint32{tagTileWidth, 1 << 30}, [2]uint32{tagTileHeight, 16}), "tiles of 1073741824x16 pixels for 4x4"},
		{"TIFF tiles of no height", grey4([2]uint32{tagTileWidth, 16}), "tiles of 16x0 pixels for 4x4"},
		{"TIFF strip elsewhere", grey4([2]uint32{tagStripOffsets, 1 << 30}), "ends early"},
		{"TIFF strip too long", grey4([2]uint32{tagStripCounts, 17}), "ends early"},
		{"TIFF strip too short", grey4([2]uint32{tagStripCounts, 15}), "ends early"},
		{"TIFF deflate", grey4([2]uint32{tagCompression, 8}), "zlib: invalid header"},
		{"TIFF PackBits", grey4([2]uint32{tagCompression, 32773}, [2]uint32{tagStripCounts, 7}), "ends early"},

		{"PBM short", []byte("P4 9 2\nabc"), "3 bytes of pixels (want 4)"},
		{"PGM of words", []byte("P2 2 2 255\n1 2 3 four"), `"four" among the pixels (want numbers up to 255)`},
		{"PGM above white", []byte("P2 2 1 9\n8 10"), `"10" among the pixels (want numbers up to 9)`},
		{"PPM of too few numbers", []byte("P3 1 1 255\n1 2  "), "ends early"},
		{"PPM text bomb", []byte("P3 16000 16000 255\n1 2 3"), "5 bytes of pixels (want 1535999999)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			requireRefused(t, "image a/b: "+tc.want, func() error {
				_, err := DecodeImage(tc.data, "a/b")
				return err
			})
		})
	}
}

// A flat picture takes no bytes; up to a size it is read whatever its file's is.
func TestFlatPicturesAreNoBombs(t *testing.T) {
	m, err := DecodeImage(patched(t, "webp/lossless-flat.webp", 0), "a")
	require.NoError(t, err)
	require.Equal(t, []int{300, 200}, []int{m.Width, m.Height})
	m, err = DecodeImage(bmpHead(2000, 2000, 8, 1, 58, 1, 2, 3, 0, 0, 1), "a")
	require.NoError(t, err)
	require.Equal(t, []byte{3, 2, 1}, m.Pix[len(m.Pix)-3:])
}

// fuzzImage checks what is promised of every picture that decodes.
func fuzzImage(f *testing.F, suffix string, formats ...string) {
	addFixtures(f, suffix)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > fuzzBytes || !strings.Contains(strings.Join(formats, " "), formatOf(data)) {
			return
		}
		w, h, sizeErr := ImageSize(data, "x")
		if sizeErr == nil && w*h > 1<<18 {
			return
		}
		m, err := DecodeImage(data, "x")
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.NoError(t, sizeErr)
		require.Equal(t, []int{w, h}, []int{m.Width, m.Height})
		require.Len(t, m.Pix, 3*w*h)
	})
}

func FuzzWebP(f *testing.F) { fuzzImage(f, ".webp", "webp") }
func FuzzBMP(f *testing.F)  { fuzzImage(f, ".bmp", "bmp") }
func FuzzTIFF(f *testing.F) { fuzzImage(f, ".tiff", "tiff") }
func FuzzPNM(f *testing.F)  { fuzzImage(f, "pnm/", "pnm") }

// FuzzPGMDepth reads depth from grey pictures of bytes and of text.
func FuzzPGMDepth(f *testing.F) {
	addFixtures(f, "a.pgm")
	f.Add([]byte("P2 2 1 65535\n1000 0\n"))
	fuzzDepth(f, "P")
}

// FuzzMask takes readings away.
func FuzzMask(f *testing.F) {
	f.Add(npy("|b1", "(2, 3)", []byte{1, 0, 1, 1, 1, 0}))
	f.Add(npy("<f4", "(2, 3)", make([]byte, 24)))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := &Depth{Width: 3, Height: 2, Metres: []float32{1, 2, 3, noReading, 5, 6}}
		if err := ApplyMask(d, data, "x"); err == nil {
			require.NoError(t, d.check())
		}
	})
}
