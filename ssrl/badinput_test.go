package ssrl_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"image"
	"image/jpeg"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

const (
	// badInputBytes bounds what one bad input may allocate in all, which is more
	// than it may hold at once.
	badInputBytes = 100 << 20

	// badInputTime bounds the processor time of one, over all threads: a machine
	// that is busy with other things does not change it.
	badInputTime = time.Second
)

// requireCheapError runs call and holds its error and its cost to the bounds.
func requireCheapError(t *testing.T, want string, call func() error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := processorTime(t)
	err := call()
	spent := processorTime(t) - start
	runtime.ReadMemStats(&after)
	require.EqualError(t, err, want)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(badInputBytes))
	assert.Less(t, spent, badInputTime)
}

func processorTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// le joins numbers of fixed size and bytes, little-endian.
func le(parts ...any) []byte {
	var b bytes.Buffer
	for _, p := range parts {
		if s, ok := p.(string); ok {
			p = []byte(s)
		}
		if err := binary.Write(&b, binary.LittleEndian, p); err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}

// webpOf is a lossless WebP of one colour, which takes three bytes at any size.
func webpOf(width, height uint32) []byte {
	picture := le("VP8L", uint32(8), uint8(0x2f), width-1|(height-1)<<14, "\x88\x88\x08")
	return le("RIFF", uint32(4+len(picture)), "WEBP", picture)
}

// bmpOf is a BMP of bits a pixel with a body of n zeros.
func bmpOf(width, height int32, bits uint16, how uint32, n int) []byte {
	return le("BM", uint32(0), uint32(0), uint32(54), uint32(40), width, height, uint16(1), bits, how, make([]byte, 20+n))
}

// tiffOf is a TIFF of grey bytes in one strip with a body of n zeros; entries
// replace the value of a tag.
func tiffOf(width, height uint32, n int, entries map[uint16]uint32) []byte {
	tags := []uint16{256, 257, 258, 259, 262, 273, 278, 279}
	values := map[uint16]uint32{256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: uint32(8 + 2 + 12*len(tags) + 4), 278: height, 279: uint32(n)}
	b := le("II*\x00", uint32(8), uint16(len(tags)))
	for _, tag := range tags {
		v := values[tag]
		if changed, ok := entries[tag]; ok {
			v = changed
		}
		b = append(b, le(tag, uint16(4), uint32(1), v)...)
	}
	return append(b, make([]byte, 4+n)...)
}

func jpegOf(t testing.TB, width, height int) []byte {
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil))
	return b.Bytes()
}

// jpegSized tells another size in a JPEG's frame header.
func jpegSized(file []byte, width, height uint16) []byte {
	out := bytes.Clone(file)
	at := bytes.Index(out, []byte{0xff, 0xc0}) + 5
	binary.BigEndian.PutUint16(out[at:], height)
	binary.BigEndian.PutUint16(out[at+2:], width)
	return out
}

// TestBadImages gives Source broken pictures: cut at each structure, of wrong
// magic, and such that claim to be huge.
func TestBadImages(t *testing.T) {
	png, jpg := pngOf(t, image.NewGray(image.Rect(0, 0, 8, 8))), jpegOf(t, 8, 8)
	webp, bmp, tiff := webpOf(8, 8), bmpOf(8, 8, 24, 0, 192), tiffOf(8, 8, 64, nil)
	for name, whole := range map[string][]byte{"png": png, "jpg": jpg, "webp": webp, "bmp": bmp, "tiff": tiff} {
		inFolder(t, map[string][]byte{"in/a." + name: whole})
		_, err := ssrl.Source{Images: "in"}.Open("a." + name)
		require.NoError(t, err, name)
	}
	scan := bytes.Index(jpg, []byte{0xff, 0xda})
	for _, tc := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "empty file (want PNG, JPEG, WebP, BMP, TIFF or PNM)"},
		{"text", []byte("hello"), `begins with "hell" (want PNG, JPEG, WebP, BMP, TIFF or PNM)`},
		{"a GIF", []byte("GIF89a\x01\x00\x01\x00"), `begins with "GIF8" (want PNG, JPEG, WebP, BMP, TIFF or PNM)`},
		{"an HEIC", []byte("\x00\x00\x00\x18ftypheic"), `begins with "\x00\x00\x00\x18" (want PNG, JPEG, WebP, BMP, TIFF or PNM)`},
		{"an array", npyOf("<f4", 1, 1, []float32{1}), `begins with "\x93NUM" (want PNG, JPEG, WebP, BMP, TIFF or PNM)`},

		{"PNG cut in the signature", png[:6], "begins with \"\\x89PNG\" (want PNG, JPEG, WebP, BMP, TIFF or PNM)"},
		{"PNG cut after the signature", png[:8], "ends early"},
		{"PNG cut in the header", png[:20], "ends early"},
		{"PNG cut after the header", png[:33], "ends early"},
		{"PNG cut in the pixels", png[:len(png)-20], "ends early"},
		{"PNG cut before its end", png[:len(png)-12], "ends early"},
		{"PNG of no width", sized(png, 0, 8), "0x8 pixels (want one at least)"},
		{"PNG of the largest sides", sized(png, 1<<31-1, 1<<31-1), "2147483647x2147483647 pixels (want sides up to 1048576)"},
		{"PNG bomb", sized(png, 16384, 16384), "16384x16384 pixels in 75 bytes"},
		{"PNG taller than its pixels", sized(png, 8, 9), "pixels of 72 bytes (want 81 for 8x9 pixels)"},

		{"JPEG cut after the magic", jpg[:2], "ends early"},
		{"JPEG cut in the tables", jpg[:40], "ends early"},
		{"JPEG cut in the frame header", jpg[:bytes.Index(jpg, []byte{0xff, 0xc0})+6], "ends early"},
		{"JPEG cut before the scan", jpg[:scan], "ends early"},
		{"JPEG cut in the scan header", jpg[:scan+6], "ends early"},
		{"JPEG of no height", jpegSized(jpg, 8, 0), "8x0 pixels (want one at least)"},
		{"JPEG bomb", jpegSized(jpg, 65535, 4096), "65535x4096 pixels in 376 bytes"},
		{"JPEG of the largest sides", jpegSized(jpg, 65535, 65535), "65535x65535 pixels (want 268435456 in all at most)"},

		{"WebP cut in the container", webp[:12], "ends early"},
		{"WebP cut in the chunk", webp[:20], "ends early"},
		{"WebP cut in the pixels", webp[:len(webp)-1], "ends early"},
		{"WebP bomb", webpOf(16384, 16384), "16384x16384 pixels in 28 bytes"},
		{"WebP of a large flat colour", webpOf(16384, 257), "16384x257 pixels in 28 bytes"},

		{"BMP cut after the magic", bmp[:2], "ends early"},
		{"BMP cut in the header", bmp[:30], "ends early"},
		{"BMP cut in the pixels", bmp[:100], "46 bytes of pixels (want 192)"},
		{"BMP bomb", bmpOf(16384, 16384, 24, 0, 0), "0 bytes of pixels (want 805306368)"},
		{"BMP bomb of runs", bmpOf(16384, 16384, 8, 1, 4), "16384x16384 pixels in 58 bytes"},
		{"BMP of a negative width", bmpOf(-8, 8, 24, 0, 192), "-8x8 pixels (want one at least)"},
		{"BMP of the least height", bmpOf(8, math.MinInt32, 24, 0, 192), "8x2147483648 pixels (want sides up to 1048576)"},

		{"TIFF cut after the magic", tiff[:4], "ends early"},
		{"TIFF cut in the directory", tiff[:50], "ends early"},
		{"TIFF cut in the pixels", tiff[:len(tiff)-1], "ends early"},
		{"TIFF bomb", tiffOf(16384, 16384, 64, nil), "16384x16384 pixels in 174 bytes"},
		{"TIFF of the largest sides", tiffOf(1<<32-1, 1<<32-1, 64, nil), "4294967295x4294967295 pixels (want sides up to 1048576)"},
		{"TIFF whose directory lies elsewhere", append([]byte("II*\x00\xff\xff\xff\x7f"), tiff[8:]...), "ends early"},
		{"TIFF whose strip lies elsewhere", tiffOf(8, 8, 64, map[uint16]uint32{273: 1 << 31}), "ends early"},
		{"TIFF of floats", tiffOf(8, 8, 64, map[uint16]uint32{258: 32}), "32 bits a sample (want 1, 2, 4, 8 or 16, of all the same)"},

		{"PNM cut in the header", []byte("P6\n8"), "ends early"},
		{"PNM cut in the pixels", []byte("P6\n8 8\n255\nabc"), "3 bytes of pixels (want 192)"},
		{"PNM bomb", []byte("P5\n16384 16384\n255\nabc"), "3 bytes of pixels (want 268435456)"},
		{"PNM bomb of text", []byte("P2\n16384 16384\n255\n1 2 3"), "5 bytes of pixels (want 536870911)"},
		{"PNM of a negative side", []byte("P5\n-8 8\n255\nabc"), `"-8" in the header (want a number)`},
		{"PNM of words", []byte("P2\n1 1\n255\nwhite\n"), "\"white\\n\" among the pixels (want numbers up to 255)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inFolder(t, map[string][]byte{"in/a.png": tc.data})
			requireCheapError(t, "image in/a.png: "+tc.want, func() error {
				_, err := ssrl.Source{Images: "in"}.Open("a.png")
				assert.ErrorIs(t, err, ssrl.ErrFormat)
				return err
			})
		})
	}
}

// TestBadDepth gives Source broken depth maps and masks, and depth that says nothing.
func TestBadDepth(t *testing.T) {
	png := counts(t, 2, 100, 200, 300, 400)
	npy := npyOf("<f4", 2, 2, []float32{1, 2, 3, 4})
	pfm := le("Pf\n2 2\n-1.0\n", []float32{1, 2, 3, 4})
	pgm := []byte("P5\n2 2\n65535\nabcdefgh")
	h5, err := os.ReadFile("internal/rgbd/testdata/h5/gzip.h5")
	require.NoError(t, err)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	type files = map[string][]byte
	one := func(ext string, data []byte) files { return files{"in/a.depth." + ext: data} }
	for _, tc := range []struct {
		name  string
		s     ssrl.Source
		files files
		want  string
	}{
		{"PNG cut in the header", ssrl.Source{}, one("png", png[:20]), "depth in/a.depth.png: ends early"},
		{"PNG cut in the pixels", ssrl.Source{}, one("png", png[:50]), "depth in/a.depth.png: ends early"},
		{"PNG of colour", ssrl.Source{}, one("png", pngOf(t, image.NewRGBA(image.Rect(0, 0, 2, 2)))), "depth in/a.depth.png: 4 channels (want 1)"},
		{"PNG of bytes", ssrl.Source{}, one("png", pngOf(t, image.NewGray(image.Rect(0, 0, 2, 2)))), "depth in/a.depth.png: 8 bits a pixel (want 16)"},
		{"PNG bomb", ssrl.Source{}, one("png", sized(png, 16384, 16384)), "depth in/a.depth.png: 16384x16384 pixels in 79 bytes"},
		{"PNG of zeros", ssrl.Source{}, one("png", counts(t, 2, 0, 0, 0, 0)), "depth in/a.depth.png: not one reading (want depths above 0)"},

		{"PGM cut in the header", ssrl.Source{}, one("pgm", pgm[:6]), "depth in/a.depth.pgm: ends early"},
		{"PGM cut in the pixels", ssrl.Source{}, one("pgm", pgm[:len(pgm)-1]), "depth in/a.depth.pgm: 7 bytes of pixels (want 8)"},
		{"PGM bomb", ssrl.Source{}, one("pgm", []byte("P5\n16384 16384\n65535\nab")), "depth in/a.depth.pgm: 2 bytes of pixels (want 536870912)"},
		{"PGM of bytes", ssrl.Source{}, one("pgm", []byte("P5\n2 2\n255\nabcd")), "depth in/a.depth.pgm: 8 bits a pixel (want 16)"},

		{"npy cut in the magic", ssrl.Source{}, one("npy", npy[:5]), "depth in/a.depth.npy: begins with \"\\x93NUM\" (want PNG, PGM, .npy, HDF5 or PFM)"},
		{"npy cut in the header", ssrl.Source{}, one("npy", npy[:60]), "depth in/a.depth.npy: ends early"},
		{"npy cut in the data", ssrl.Source{}, one("npy", npy[:len(npy)-1]), "depth in/a.depth.npy: 15 bytes of f4 (want 16 for 2x2 pixels)"},
		{"npy bomb", ssrl.Source{}, one("npy", npyOf("<f8", 16384, 16384, []float64{1})), "depth in/a.depth.npy: 8 bytes of f8 (want 2147483648 for 16384x16384 pixels)"},
		{"npy of absurd sides", ssrl.Source{}, one("npy", npyOf("<f4", 1<<40, 1<<40, []float32{1})), "depth in/a.depth.npy: 1099511627776x1099511627776 pixels (want sides up to 1048576)"},
		{"npy of negative sides", ssrl.Source{}, one("npy", npyOf("<f4", -2, 2, []float32{1})), `depth in/a.depth.npy: shape of "-2, 2" (want numbers)`},
		{"npy of objects", ssrl.Source{}, one("npy", npyOf("|O", 2, 2, []float32{1, 2, 3, 4})), `depth in/a.depth.npy: elements of "|O" (want f2, f4, f8, u1 to u8, i1 to i8 or b1)`},
		{"npy of NaN", ssrl.Source{}, one("npy", npyOf("<f4", 2, 2, []float32{nan, nan, nan, nan})), "depth in/a.depth.npy: not one reading (want depths above 0)"},
		{"npy of Inf", ssrl.Source{}, one("npy", npyOf("<f4", 2, 2, []float32{inf, -inf, inf, inf})), "depth in/a.depth.npy: not one reading (want depths above 0)"},
		{"npy of negative depth", ssrl.Source{}, one("npy", npyOf("<f4", 2, 2, []float32{-1, -2, -3, 0})), "depth in/a.depth.npy: not one reading (want depths above 0)"},

		{"PFM cut in the header", ssrl.Source{}, one("pfm", pfm[:8]), "depth in/a.depth.pfm: ends early"},
		{"PFM cut in the data", ssrl.Source{}, one("pfm", pfm[:len(pfm)-1]), "depth in/a.depth.pfm: 15 bytes of pixels (want 16)"},
		{"PFM bomb", ssrl.Source{}, one("pfm", le("Pf\n16384 16384\n-1.0\n", []float32{1})), "depth in/a.depth.pfm: 4 bytes of pixels (want 1073741824)"},
		{"PFM of colour", ssrl.Source{}, one("pfm", append([]byte("PF"), pfm[2:]...)), "depth in/a.depth.pfm: 3 channels (want Pf, 1 channel)"},
		{"PFM of scale NaN", ssrl.Source{}, one("pfm", le("Pf\n2 2\nnan\n", []float32{1, 2, 3, 4})), `depth in/a.depth.pfm: scale "nan" (want a number that is not 0)`},

		{"HDF5 cut in the superblock", ssrl.Source{}, one("h5", h5[:40]), "depth in/a.depth.h5: ends early"},
		{"HDF5 cut in the groups", ssrl.Source{}, one("h5", h5[:600]), "depth in/a.depth.h5: ends early"},
		{"HDF5 cut in the chunks", ssrl.Source{}, one("h5", h5[:len(h5)-100]), "depth in/a.depth.h5: ends early"},
		{"HDF5 without depth", ssrl.Source{}, one("h5", bytes.Replace(h5, []byte("depth\x00"), []byte("other\x00"), 1)), `depth in/a.depth.h5: no dataset "depth"`},
		{"HDF5 of garbage", ssrl.Source{}, one("h5", append(h5[:8:8], bytes.Repeat([]byte{0xff}, 500)...)), "depth in/a.depth.h5: HDF5 superblock 255 (want 0 to 3)"},

		{"a picture of another format", ssrl.Source{}, one("png", webpOf(2, 2)), `depth in/a.depth.png: begins with "RIFF" (want PNG, PGM, .npy, HDF5 or PFM)`},
		{"another size, refused", ssrl.Source{Mismatch: "refuse"}, one("png", counts(t, 1, 100)), "depth in/a.depth.png: 1x1 pixels (want the image's 2x2)"},
		{"SUN RGB-D of floats", ssrl.Source{Unit: "sunrgbd"}, one("npy", npy), "depth in/a.depth.npy: unit sunrgbd on f4 (want u2, 16-bit counts)"},
		{"unit beyond float32", ssrl.Source{Unit: "1e300"}, one("png", png), "depth in/a.depth.png: not one reading (want depths above 0)"},
		{"empty mask", ssrl.Source{}, files{"in/a.depth.png": png, "in/a.mask.npy": npyOf("|b1", 2, 2, []bool{false, false, false, false})}, "mask in/a.mask.npy: leaves not one reading"},
		{"mask of no bytes", ssrl.Source{}, files{"in/a.depth.png": png, "in/a.mask.npy": nil}, "mask in/a.mask.npy: empty file (want a .npy array)"},
		{"mask of another size", ssrl.Source{}, files{"in/a.depth.png": png, "in/a.mask.npy": npyOf("|b1", 1, 1, []bool{true})}, "mask in/a.mask.npy: 1x1 pixels (want the depth's 2x2)"},
		{"mask bomb", ssrl.Source{}, files{"in/a.depth.png": png, "in/a.mask.npy": npyOf("|b1", 16384, 16384, []bool{true})}, "mask in/a.mask.npy: 1 bytes of b1 (want 268435456 for 16384x16384 pixels)"},
		{"missing partner", ssrl.Source{Associations: "in/list.txt"}, files{"in/list.txt": []byte("1 a.png 1 a.depth.png\n")}, "depth in/a.depth.png: no such file or directory"},
		{"partner too late", ssrl.Source{Associations: "in/list.txt"}, files{"in/list.txt": []byte("1 a.png 2 a.depth.png\n"), "in/a.depth.png": png}, "associations in/list.txt: no image has depth within 0.02 s (the nearest is 1 s off)"},
		{"partner outside", ssrl.Source{Associations: "in/list.txt"}, files{"in/list.txt": []byte("1 a.png 1 ../../etc/passwd\n")}, `associations in/list.txt:1: file "../../etc/passwd" (want one below the folder)`},
		{"list of garbage", ssrl.Source{Associations: "in/list.txt"}, files{"in/list.txt": bytes.Repeat([]byte{0xff}, 1<<20)}, "associations in/list.txt:1: 1 fields (want time, image, time and depth, or time and file)"},
		{"depth that is a device", ssrl.Source{Depth: "devices"}, nil, "depth devices/a.png: not a regular file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inFolder(t, files{"in/a.png": pngOf(t, image.NewGray(image.Rect(0, 0, 2, 2)))})
			put(t, tc.files)
			require.NoError(t, os.Mkdir("devices", 0o777))
			require.NoError(t, os.Symlink("/dev/zero", "devices/a.png"))
			tc.s.Images = "in"
			requireCheapError(t, tc.want, func() error {
				_, err := tc.s.Open("a.png")
				return err
			})
		})
	}
}

// TestBadMemory gives NewFrame pixels that are not what they are said to be.
func TestBadMemory(t *testing.T) {
	colour := ssrl.Raw{Encoding: "rgb8", Width: 2, Height: 2, Data: make([]byte, 12)}
	with := func(r ssrl.Raw, change func(*ssrl.Raw)) ssrl.Raw { change(&r); return r }
	depth := ssrl.Raw{Encoding: "16UC1", Width: 2, Height: 2, Data: []byte{1, 0, 2, 0, 3, 0, 4, 0}}
	for _, tc := range []struct {
		name          string
		colour, depth ssrl.Raw
		want          string
	}{
		{"no encoding", ssrl.Raw{}, ssrl.Raw{}, `image camera: encoding "" (want rgb8, bgr8, rgba8, bgra8 or mono8)`},
		{"an unknown encoding", with(colour, func(r *ssrl.Raw) { r.Encoding = "nv12" }), ssrl.Raw{}, `image camera: encoding "nv12" (want rgb8, bgr8, rgba8, bgra8 or mono8)`},
		{"no pixels", with(colour, func(r *ssrl.Raw) { r.Width, r.Height = 0, 0 }), ssrl.Raw{}, "image camera: 0x0 pixels (want one at least)"},
		{"absurd sides", with(colour, func(r *ssrl.Raw) { r.Width, r.Height = math.MaxInt, math.MaxInt }), ssrl.Raw{}, "image camera: 9223372036854775807x9223372036854775807 pixels (want sides up to 1048576)"},
		{"a stride too small", with(colour, func(r *ssrl.Raw) { r.Stride = 5 }), ssrl.Raw{}, "image camera: 5 bytes from row to row (want 6 at least for 2 pixels of rgb8)"},
		{"an absurd stride", with(colour, func(r *ssrl.Raw) { r.Stride = math.MaxInt }), ssrl.Raw{}, "image camera: 12 bytes for 2x2 pixels of rgb8, 9223372036854775807 from row to row"},
		{"data too short", with(colour, func(r *ssrl.Raw) { r.Data = r.Data[:11] }), ssrl.Raw{}, "image camera: 11 bytes for 2x2 pixels of rgb8, 6 from row to row"},
		{"colour for depth", colour, colour, `depth camera: encoding "rgb8" (want 16UC1 or 32FC1)`},
		{"depth too short", colour, with(depth, func(r *ssrl.Raw) { r.Data = r.Data[:7] }), "depth camera: 7 bytes for 2x2 pixels of 16UC1, 4 from row to row"},
		{"depth of no reading", colour, with(depth, func(r *ssrl.Raw) { r.Data = make([]byte, 8) }), "depth camera: not one reading (want depths above 0)"},
		{"depth of an unknown unit", colour, with(depth, func(r *ssrl.Raw) { r.Unit = "inch" }), `depth camera: depth unit "inch" (want mm, m, tum, sunrgbd, relative or metres a count above 0)`},
		{"depth of another size, refused", colour, with(depth, func(r *ssrl.Raw) { r.Height, r.Mismatch = 1, "refuse" }), "depth camera: 2x1 pixels (want the image's 2x2)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			requireCheapError(t, tc.want, func() error {
				_, err := ssrl.NewFrame("camera", tc.colour, tc.depth)
				assert.ErrorIs(t, err, ssrl.ErrFormat)
				return err
			})
		})
	}
}

// TestBadOutputs writes where nothing can be written, and leaves nothing behind.
func TestBadOutputs(t *testing.T) {
	room := pngOf(t, drawing("a", 160, 120, false).Image)
	flip := ssrl.GenerateOptions{Tasks: []string{"flip"}, Workers: 1}
	for _, tc := range []struct {
		name, out string
		opts      ssrl.GenerateOptions
		want      string
	}{
		{"nowhere", "", flip, "generate: no output directory"},
		{"a file", "file", flip, "file: a file (want a new or empty directory)"},
		{"below a file", "file/out", flip, "mkdir file: not a directory"},
		{"a folder with something in it", "in", flip, "in: not empty, holds a.png (want a new or empty directory)"},
		{"a device", "/dev/full", flip, "/dev/full: a file (want a new or empty directory)"},
		{"a place where nobody may write", "/proc/out", flip, "mkdir /proc/out: no such file or directory"},
		{"a finished dataset", "finished", flip, "finished: a finished dataset (want a new or empty directory)"},
		{"no tasks", "out", ssrl.GenerateOptions{Tasks: []string{}}, "generate: no tasks (want shuffle, flip, crop, depth or position)"},
		{"an unknown task", "out", ssrl.GenerateOptions{Tasks: []string{"colour"}}, `task "colour" (want shuffle, flip, crop, depth or position; did you mean crop?)`},
		{"a shard that is none", "out", ssrl.GenerateOptions{Shard: 3, Shards: 3}, "generate: shard 3 of 3 (want 0 to below their number)"},
		{"more shards than frames", "out", ssrl.GenerateOptions{Shards: math.MaxInt}, "images in: shard 0 of 9223372036854775807 has no frame (want at most 1 shards)"},
		{"absurdly many questions", "out", ssrl.GenerateOptions{PerImage: math.MaxInt}, "generator: 9223372036854775807 questions of each task and frame (want 1 to 1000000)"},
		{"a validation split of NaN", "out", ssrl.GenerateOptions{Validation: math.NaN()}, "generate: validation NaN (want a part from 0 to below 1)"},
		{"an unknown format", "out", ssrl.GenerateOptions{Format: "csv"}, `generate: format "csv" (want dir, parquet, parquet-paths, alpaca, sharegpt or webdataset)`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inFolder(t, map[string][]byte{"in/a.png": room, "file": nil})
			src := ssrl.Source{Images: "in"}
			_, err := ssrl.GenerateDataset(context.Background(), src, "finished", flip)
			require.NoError(t, err)
			before := everything(t)
			requireCheapError(t, tc.want, func() error {
				_, err := ssrl.GenerateDataset(context.Background(), src, tc.out, tc.opts)
				return err
			})
			assert.Equal(t, before, everything(t), "what is there")
		})
	}
}

var fullDisk = flag.String("full-disk", "", "format that TestFullDisk writes where files cannot grow; it passes this to itself")

// TestFullDisk writes datasets in a process of its own, whose files cannot grow
// beyond a few bytes: what is told is the file, and nothing is left behind.
func TestFullDisk(t *testing.T) {
	room := map[string][]byte{"in/a.png": pngOf(t, drawing("a", 160, 120, false).Image)}
	wants := map[string]string{
		"dir":        "write out/images/a.png-flip-0.0.png: file too large",
		"parquet":    "write out/train.parquet.tmp: file too large",
		"webdataset": "write out/train-000000.tar.tmp: file too large",
	}
	if *fullDisk == "" {
		for format := range wants {
			t.Run(format, func(t *testing.T) {
				inFolder(t, room)
				self, err := os.Executable()
				require.NoError(t, err)
				out, err := exec.Command(self, "-test.run=^TestFullDisk$", "-full-disk="+format).CombinedOutput()
				require.NoError(t, err, "%s", out)
				assert.Equal(t, []string{".", "in", fmt.Sprintf("in/a.png %d", len(room["in/a.png"]))}, everything(t))
			})
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ) // writes fail instead
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 2000, Max: 2000}))
	requireCheapError(t, wants[*fullDisk], func() error {
		_, err := ssrl.GenerateDataset(context.Background(), ssrl.Source{Images: "in"}, "out", ssrl.GenerateOptions{Tasks: []string{"flip"}, Format: *fullDisk})
		return err
	})
}

// everything lists the files below the working directory with their sizes.
func everything(t *testing.T) (all []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && !d.IsDir() {
			path = fmt.Sprintf("%s %d", path, info.Size())
		}
		all = append(all, path)
		return err
	}))
	slices.Sort(all)
	return all
}
