package rgbd

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refusedBytes bounds what is allocated for a file that is refused: little more
// than the file and, for headers that promise it, one small picture.
const refusedBytes = 8 << 20

// pngChunk returns a chunk with its length and checksum.
func pngChunk(name string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, name...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// pngHead returns a PNG that ends after its header.
func pngHead(width, height uint32, bits, kind byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, width)
	b = append(binary.BigEndian.AppendUint32(b, height), bits, kind, 0, 0, 0)
	return append([]byte(magicPNG), pngChunk("IHDR", b)...)
}

// jpegHead returns a JPEG that ends after a frame header and the beginning of a
// scan, made longer by zeros.
func jpegHead(frame, bits byte, width, height uint16, zeros int) []byte {
	b := []byte{0xff, 0xd8, 0xff, frame, 0, 11, bits, byte(height >> 8), byte(height), byte(width >> 8), byte(width), 1, 1, 0x11, 0}
	b = append(b, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0)
	return append(b, make([]byte, zeros)...)
}

// patched returns a fixture with bytes replaced.
func patched(t *testing.T, name string, at int, with ...byte) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	copy(data[at:], with)
	return data
}

func requireRefused(t *testing.T, want string, decode func() error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := decode()
	runtime.ReadMemStats(&after)
	require.EqualError(t, err, want)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(refusedBytes))
}

func TestBrokenImages(t *testing.T) {
	for _, tc := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "empty file (want PNG, JPEG, WebP, BMP, TIFF or PNM)"},
		{"text", []byte("hello"), `begins with "hell" (want PNG, JPEG, WebP, BMP, TIFF or PNM)`},
		{"one byte", []byte("P"), `begins with "P" (want PNG, JPEG, WebP, BMP, TIFF or PNM)`},
		{"a depth format", []byte("Pf\n1 1\n-1\n...."), `begins with "Pf\n1" (want PNG, JPEG, WebP, BMP, TIFF or PNM)`},

		{"PNG signature only", []byte(magicPNG), "ends early"},
		{"PNG without header", append([]byte(magicPNG), pngChunk("IDAT", make([]byte, 13))...), "no header chunk"},
		{"PNG without pixels", pngHead(4, 4, 8, 2), "ends early"},
		{"PNG of no width", pngHead(0, 4, 8, 2), "0x4 pixels (want one at least)"},
		{"PNG beyond MaxPixels", pngHead(100000, 100000, 8, 2), "100000x100000 pixels (want 268435456 in all at most)"},
		{"PNG of a long side", pngHead(1<<20+1, 1, 8, 2), "1048577x1 pixels (want sides up to 1048576)"},
		{"PNG of a negative side", pngHead(1<<31, 1, 8, 2), "2147483648x1 pixels (want sides up to 1048576)"},
		{"PNG bomb", pngHead(16000, 16000, 8, 6), "16000x16000 pixels in 33 bytes"},
		{"PNG bomb of bits", pngHead(16000, 16000, 1, 0), "16000x16000 pixels in 33 bytes"},
		{"PNG colour type", pngHead(4, 4, 8, 5), "colour type 5 (want 0, 2, 3, 4 or 6)"},

		{"JPEG start only", []byte(magicJPEG), "ends early"},
		{"JPEG end", []byte("\xff\xd8\xff\xd9"), "no picture before the end marker"},
		{"JPEG segment too short", []byte("\xff\xd8\xff\xe0\x00\x01aaaa"), "ends early"},
		{"JPEG scan first", []byte("\xff\xd8\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"), "a scan before the frame header"},
		{"JPEG short frame", []byte("\xff\xd8\xff\xc0\x00\x04\x08\x00"), "a short frame header"},
		{"JPEG two frames", append([]byte("\xff\xd8\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00"), jpegHead(0xc0, 8, 1, 1, 0)[2:]...), "two frame headers"},
		{"JPEG of no height", jpegHead(0xc0, 8, 4, 0, 0), "4x0 pixels (want one at least)"},
		{"JPEG 12 bit", jpegHead(0xc1, 12, 4, 4, 0), "12 bits a sample (want 8)"},
		{"JPEG arithmetic", jpegHead(0xc9, 8, 4, 4, 0), "frame type 0xc9, arithmetic coding (want baseline or progressive)"},
		{"JPEG lossless", jpegHead(0xc3, 8, 4, 4, 0), "frame type 0xc3, lossless (want baseline or progressive)"},
		{"JPEG beyond MaxPixels", jpegHead(0xc0, 8, 65535, 65535, 0), "65535x65535 pixels (want 268435456 in all at most)"},
		{"JPEG bomb", jpegHead(0xc0, 8, 16000, 16000, 0), "16000x16000 pixels in 25 bytes"},
		{"JPEG progressive bomb", jpegHead(0xc2, 8, 16000, 16000, 500000), "16000x16000 progressive pixels (want 67108864 in all at most)"},

		{"PNM header", []byte("P6\n4 4"), "ends early"},
		{"PNM word", []byte("P6\n4 four 255\n"), `"four" in the header (want a number)`},
		{"PNM endless word", []byte("P6\n" + strings.Repeat("4", 100)), `"` + strings.Repeat("4", 33) + `" in the header (want a number)`},
		{"PNM negative", []byte("P6\n-4 4 255\n"), `"-4" in the header (want a number)`},
		{"PNM bomb", []byte("P6\n16000 16000 255\nabc"), "3 bytes of pixels (want 768000000)"},
		{"PNM huge", []byte("P6\n999999999999999999 2 255\nabc"), "999999999999999999x2 pixels (want sides up to 1048576)"},
		{"PNM white", []byte("P5 1 1 0\na"), "white is 0 (want 1 to 65535)"},
		{"PNM comment without end", []byte("P5 # 1 1 255"), "ends early"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			requireRefused(t, "image a/b.png: "+tc.want, func() error {
				_, err := DecodeImage(tc.data, "a/b.png")
				return err
			})
		})
	}
}

// What the standard decoders find is theirs to word.
func TestBrokenPixelsNameTheFile(t *testing.T) {
	for name, data := range map[string][]byte{
		"PNG checksum": patched(t, "png/rgb8.png", 30, 'X'),
		"PNG pixels":   patched(t, "png/rgb8.png", 60, 'X'),
		"JPEG tables":  jpegHead(0xc0, 8, 8, 8, 9),
	} {
		_, err := DecodeImage(data, "a/b")
		require.ErrorContains(t, err, "image a/b: ", name)
	}
}

func TestBrokenDepth(t *testing.T) {
	f4 := make([]byte, 16)
	// Places in testdata/h5/gzip.h5, from the specification's layout.
	h5 := func(at int, with ...byte) []byte { return patched(t, "h5/gzip.h5", at, with...) }
	data := h5(0)
	tree := bytes.LastIndex(data, []byte("TREE\x01")) // of the chunks
	group := bytes.Index(data, []byte("TREE\x00"))
	leaf := bytes.Index(data, []byte("SNOD"))
	for _, tc := range []struct {
		name string
		data []byte
		unit string
		want string
	}{
		{"empty", nil, "", "empty file (want PNG, PGM, .npy, HDF5 or PFM)"},
		{"a JPEG", []byte("\xff\xd8\xff\xe0"), "", `begins with "\xff\xd8\xff\xe0" (want PNG, PGM, .npy, HDF5 or PFM)`},

		{"PNG of 8 bits", pngHead(4, 4, 8, 0), "", "8 bits a pixel (want 16)"},
		{"PNG of colour", pngHead(4, 4, 16, 2), "", "3 channels (want 1)"},
		{"PNG with alpha", pngHead(4, 4, 16, 4), "", "2 channels (want 1)"},
		{"PNG of a palette", pngHead(4, 4, 8, 3), "", "a palette (want grey)"},
		{"PNG without pixels", pngHead(4, 4, 16, 0), "", "ends early"},
		{"PNG bomb", pngHead(16000, 16000, 16, 0), "", "16000x16000 pixels in 33 bytes"},
		{"PNG of zeros", grey16(t, 2, 0, 0), "", "not one reading (want depths above 0)"},

		{"PGM of 8 bits", []byte("P5 1 1 255\na"), "", "8 bits a pixel (want 16)"},
		{"PPM", []byte("P6 1 1 65535\nabcdef"), "", "3 channels (want 1)"},
		{"PGM short", []byte("P5 2 1 65535\nabc"), "", "3 bytes of pixels (want 4)"},

		{"PFM of colour", []byte("PF\n1 1\n-1\n0123456789ab"), "", "3 channels (want Pf, 1 channel)"},
		{"PFM scale", []byte("Pf\n1 1\n0\n0123"), "", `scale "0" (want a number that is not 0)`},
		{"PFM scale NaN", []byte("Pf\n1 1\nnan\n0123"), "", `scale "nan" (want a number that is not 0)`},
		{"PFM size", []byte("Pf\n1 x\n-1\n0123"), "", `size "1" x "x" in the header (want numbers)`},
		{"PFM negative", []byte("Pf\n-1 1\n-1\n0123"), "", "-1x1 pixels (want one at least)"},
		{"PFM bomb", []byte("Pf\n16384 16384\n-1\n0123"), "", "4 bytes of pixels (want 1073741824)"},
		{"PFM of SUN RGB-D", []byte("Pf\n1 1\n-1\n0123"), "sunrgbd", "unit sunrgbd on f4 (want u2, 16-bit counts)"},

		{"npy signature only", []byte(magicNPY), "", "ends early"},
		{"npy version", []byte(magicNPY + "\x09\x00\x00\x00"), "", ".npy format version 9 (want 1 to 3)"},
		{"npy header length", []byte(magicNPY + "\x02\x00\xff\xff\xff\xff"), "", "ends early"},
		{"npy long header", append([]byte(magicNPY+"\x02\x00\x00\x00\x10\x00"), make([]byte, 1<<20)...), "", "a header of 1048576 bytes (want 65536 at most)"},
		{"npy without keys", []byte(magicNPY + "\x01\x00\x02\x00{}"), "", "no descr in the header"},
		{"npy objects", npy("|O", "(2, 2)", f4), "", `elements of "|O" (want f2, f4, f8, u1 to u8, i1 to i8 or b1)`},
		{"npy complex", npy("<c8", "(2, 2)", f4), "", `elements of "<c8" (want f2, f4, f8, u1 to u8, i1 to i8 or b1)`},
		{"npy odd size", npy("<f3", "(2, 2)", f4), "", `elements of "<f3" (want f2, f4, f8, u1 to u8, i1 to i8 or b1)`},
		{"npy mask", npy("|b1", "(2, 2)", f4), "", "a mask of bool (want depths)"},
		{"npy fields", bytes.Replace(npy("<f4", "(2, 2)", f4), []byte("'<f4'"), []byte("[('a"), 1), "", `elements of "[('a, 'fortran_o" (want a number)`},
		{"npy order", bytes.Replace(npy("<f4", "(2, 2)", f4), []byte("False"), []byte("Maybe"), 1), "", `fortran_order is "Maybe, '" (want True or False)`},
		{"npy shape", npy("<f4", "2, 2", f4), "", `shape is "2, 2, }\n" (want a tuple)`},
		{"npy negative", npy("<f4", "(-2, 2)", f4), "", `shape of "-2, 2" (want numbers)`},
		{"npy one dimension", npy("<f4", "(4,)", f4), "", "shape [4] (want height and width)"},
		{"npy three channels", npy("<f4", "(2, 2, 3)", f4), "", "shape [2 2 3] (want height and width)"},
		{"npy many dimensions", npy("<f4", "(1,1,1,1,1,1,1,1,4)", f4), "", "more than 8 dimensions (want 2)"},
		{"npy empty", npy("<f4", "(0, 2)", f4), "", "2x0 pixels (want one at least)"},
		{"npy huge", npy("<f4", "(1099511627776, 16777216)", f4), "", "16777216x1099511627776 pixels (want sides up to 1048576)"},
		{"npy bomb", npy("<f4", "(16384, 16384)", f4), "", "16 bytes of f4 (want 1073741824 for 16384x16384 pixels)"},
		{"npy short", npy("<f4", "(3, 2)", f4), "", "16 bytes of f4 (want 24 for 2x3 pixels)"},
		{"npy of zeros", npy("<f4", "(2, 2)", f4), "", "not one reading (want depths above 0)"},
		{"npy of SUN RGB-D", npy("<i2", "(2, 2)", f4), "sunrgbd", "unit sunrgbd on i2 (want u2, 16-bit counts)"},

		{"HDF5 signature only", []byte(magicHDF5), "", "ends early"},
		{"HDF5 superblock", h5(8, 7), "", "HDF5 superblock 7 (want 0 to 3)"},
		{"HDF5 addresses", h5(13, 4), "", "HDF5 addresses of 4 bytes and lengths of 8 (want 8)"},
		{"HDF5 base", h5(25, 2), "", "HDF5 base address 512 (want 0)"},
		{"HDF5 end", h5(43, 1), "", "ends early"},
		{"HDF5 root", h5(64, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "", "ends early"},
		{"HDF5 root elsewhere", h5(64, 0), "", "HDF5 object header version 137 (want 1 or 2)"},
		{"HDF5 group node", h5(group+4, 1), "", "HDF5 node at byte 136 is of type 1, level 0"},
		{"HDF5 group level", h5(group+5, 3), "", "no HDF5 TREE at byte 1072"},
		{"HDF5 leaf", h5(leaf, 'X'), "", "no HDF5 SNOD at byte 1072"},
		{"HDF5 chunk node", h5(tree+4, 9), "", "HDF5 node at byte 1400 is of type 9, level 0"},
		// The root of the chunks says level 1 and its first child is itself.
		{"HDF5 circle", slices.Concat(h5(tree+5, 1)[:tree+24+32], binary.LittleEndian.AppendUint64(nil, uint64(tree)), data[tree+24+40:]), "", "HDF5 node at byte 1400 is of type 1, level 1"},
		{"HDF5 chunk twice", slices.Concat(data[:tree+24+40], data[tree+24:tree+24+40], data[tree+24+80:]), "", "a chunk at (0, 0) (want each of the grid once)"},
		{"HDF5 chunk off the grid", h5(tree+24+16, 3), "", "a chunk at (3, 0) (want each of the grid once)"},
		{"HDF5 chunk size", h5(tree+24, 9), "", "chunk at (0, 0): ends early"},
		{"HDF5 chunk elsewhere", h5(tree+24+32, 0), "", "chunk at (0, 0): zlib: invalid header"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			unit, err := ParseUnit(tc.unit)
			require.NoError(t, err)
			requireRefused(t, "depth scans/7: "+tc.want, func() error {
				_, err := DecodeDepth(tc.data, "scans/7", unit)
				return err
			})
		})
	}
}

// fixtures returns every good file of testdata, by path.
func fixtures(t testing.TB) map[string][]byte {
	all := map[string][]byte{}
	for _, pattern := range []string{"png/*.png", "jpeg/*.jpg", "webp/*.webp", "bmp/*.bmp", "tiff/*.tiff", "pnm/*.p?m", "npy/*.npy", "h5/*.h5"} {
		paths, err := filepath.Glob("testdata/" + pattern)
		require.NoError(t, err)
		require.NotEmpty(t, paths)
		for _, path := range paths {
			if strings.Contains(path, "refused-") || strings.Contains(path, ".want.") {
				continue
			}
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			all[path] = data
		}
	}
	all["a.pfm"] = append([]byte("Pf\n2 2\n-1.0\n"), floats(binary.LittleEndian, 1, 2, 3, 4)...)
	all["a.pgm"] = append([]byte("P5\n2 2\n65535\n"), words(binary.BigEndian, 1, 2, 3, 4)...)
	all["d.png"] = grey16(t, 2, 1, 2, 3, 4)
	return all
}

// decodeAny decodes as depth, as a picture and as a mask, whichever it is.
func decodeAny(data []byte) error {
	_, depthErr := DecodeDepth(data, "x", Unit{})
	_, imageErr := DecodeImage(data, "x")
	if depthErr == nil || imageErr == nil {
		return nil
	}
	return depthErr
}

// lastBytes is what a file may lack at its end: marks that end a picture which is
// whole already, and of numbers written out all but a digit of the last.
func lastBytes(path string) int {
	switch {
	case strings.HasSuffix(path, ".bmp"):
		return 3 // or the padding of the last row
	case strings.Contains(path, "lzw"), strings.HasPrefix(filepath.Base(path), "turn") && strings.HasSuffix(path, ".tiff"):
		return 2
	case strings.Contains(path, "-text"), strings.Contains(path, "-dense"):
		return 3
	}
	return 0
}

func TestFilesThatEndEarlyAreErrors(t *testing.T) {
	for path, data := range fixtures(t) {
		require.NoError(t, decodeAny(data), path)
		data = data[:len(data)-lastBytes(path)]
		step := 1 + len(data)/100 // some of the places; the fuzz targets try the rest
		for n := 0; n < len(data); n += step {
			require.Error(t, decodeAny(data[:n:n]), "%s cut to %d of %d bytes", path, n, len(data))
		}
		require.Error(t, decodeAny(data[:len(data)-1]), path)
	}
}

// Whatever a byte becomes, decoding ends and does not panic.
func TestWrongBytesDoNotPanic(t *testing.T) {
	for path, data := range fixtures(t) {
		step := 1 + len(data)/60
		for i := 0; i < len(data); i += step {
			was := data[i]
			for _, v := range []byte{0, 0xff, was ^ 0x80} {
				data[i] = v
				if err := decodeAny(data); err != nil {
					require.NotContains(t, err.Error(), "\n", path)
				}
			}
			data[i] = was
		}
	}
}
