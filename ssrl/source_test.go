package ssrl_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

// put writes files below the working directory.
func put(t testing.TB, files map[string][]byte) {
	t.Helper()
	for name, data := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
		require.NoError(t, os.WriteFile(name, data, 0o666))
	}
}

// inFolder makes a new folder the working directory, so that errors name
// relative files.
func inFolder(t testing.TB, files map[string][]byte) {
	t.Helper()
	t.(interface{ Chdir(string) }).Chdir(t.TempDir())
	put(t, files)
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	return b.Bytes()
}

// counts is a 16-bit grey PNG of depth counts.
func counts(t testing.TB, width int, values ...uint16) []byte {
	m := image.NewGray16(image.Rect(0, 0, width, len(values)/width))
	for i, v := range values {
		m.SetGray16(i%width, i/width, color.Gray16{Y: v})
	}
	return pngOf(t, m)
}

// npyOf is a little-endian .npy file of rows and columns.
func npyOf(kind string, rows, cols int, values any) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d), }", kind, rows, cols)
	header += strings.Repeat(" ", (64-(10+len(header)+1)%64)%64) + "\n"
	var b bytes.Buffer
	b.WriteString("\x93NUMPY\x01\x00")
	_ = binary.Write(&b, binary.LittleEndian, uint16(len(header)))
	b.WriteString(header)
	_ = binary.Write(&b, binary.LittleEndian, values)
	return b.Bytes()
}

var nan = math.NaN()

func TestSourceNames(t *testing.T) {
	picture := pngOf(t, image.NewGray(image.Rect(0, 0, 2, 2)))
	inFolder(t, map[string][]byte{
		"in/b.png": picture, "in/a.JPG": picture, "in/sub/c.jpeg": picture, "in/B.ppm": picture, "in/a b.png": picture,
		"in/b.depth.png": picture, "in/b.mask.npy": nil, "in/notes.txt": nil, "in/b.npy": nil, "in/png": nil,
		"in/depth/b.png": picture, "in/depth.png/x.png": picture, "in/.hidden.png": picture,
	})
	require.NoError(t, os.Symlink("b.png", "in/link.png"))
	require.NoError(t, os.Symlink("in", "folder"))
	all := []string{".hidden.png", "B.ppm", "a b.png", "a.JPG", "b.png", "depth.png/x.png", "link.png", "sub/c.jpeg"}
	for _, tc := range []struct {
		name string
		s    ssrl.Source
		more []string
	}{
		{"every image, in name order", ssrl.Source{Images: "in"}, []string{"depth/b.png"}},
		{"with a slash", ssrl.Source{Images: "in/"}, []string{"depth/b.png"}},
		{"through a link", ssrl.Source{Images: "folder"}, []string{"depth/b.png"}},
		{"depth maps below the images are none", ssrl.Source{Images: "in", Depth: "./in/depth/"}, nil},
		{"depth maps through a link", ssrl.Source{Images: "in", Depth: "folder/depth"}, nil},
		{"depth maps among the images", ssrl.Source{Images: "in", Depth: "in"}, []string{"depth/b.png"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			names, err := tc.s.Names()
			require.NoError(t, err)
			assert.ElementsMatch(t, append(tc.more, all...), names)
			assert.IsIncreasing(t, names)
		})
	}
}

func TestSourceReadsDepth(t *testing.T) {
	picture := pngOf(t, image.NewGray(image.Rect(0, 0, 2, 2)))
	pfm, err := binary.Append([]byte("Pf\n2 2\n-1.0\n"), binary.LittleEndian, []float32{.3, .4, .1, .2})
	require.NoError(t, err)
	pgm := append([]byte("P5 2 2 65535\n"), 0, 100, 0, 200, 1, 44, 0, 0)
	grey := counts(t, 2, 100, 200, 300, 0)
	for _, tc := range []struct {
		name     string
		s        ssrl.Source
		files    map[string][]byte
		want     []float64
		relative bool
	}{
		{"none", ssrl.Source{}, nil, nil, false},
		{"PNG is millimetres", ssrl.Source{}, map[string][]byte{"in/a.depth.png": grey}, []float64{.1, .2, .3, nan}, false},
		{"PGM is millimetres", ssrl.Source{}, map[string][]byte{"in/a.depth.pgm": pgm}, []float64{.1, .2, .3, nan}, false},
		{"TUM", ssrl.Source{Unit: "tum"}, map[string][]byte{"in/a.depth.png": grey}, []float64{.02, .04, .06, nan}, false},
		{"metres a count", ssrl.Source{Unit: "0.25"}, map[string][]byte{"in/a.depth.png": grey}, []float64{25, 50, 75, nan}, false},
		{"relative", ssrl.Source{Unit: "relative"}, map[string][]byte{"in/a.depth.png": grey}, []float64{100, 200, 300, nan}, true},
		{"SUN RGB-D", ssrl.Source{Unit: "sunrgbd"}, map[string][]byte{"in/a.depth.png": counts(t, 2, 800, 1600, 2400, 0)}, []float64{.1, .2, .3, nan}, false},
		{"npy is metres", ssrl.Source{}, map[string][]byte{"in/a.depth.npy": npyOf("<f4", 2, 2, []float32{.1, .2, .3, 0})}, []float64{.1, .2, .3, nan}, false},
		{"npy of millimetres", ssrl.Source{Unit: "mm"}, map[string][]byte{"in/a.depth.npy": npyOf("<u2", 2, 2, []uint16{100, 200, 300, 0})}, []float64{.1, .2, .3, nan}, false},
		{"PFM is metres, from the bottom", ssrl.Source{}, map[string][]byte{"in/a.depth.pfm": pfm}, []float64{.1, .2, .3, .4}, false},
		{"a mask", ssrl.Source{}, map[string][]byte{"in/a.depth.png": grey, "in/a.mask.npy": npyOf("|u1", 2, 2, []uint8{1, 0, 1, 1})}, []float64{.1, nan, .3, nan}, false},
		{"another folder", ssrl.Source{Depth: "deep"}, map[string][]byte{"deep/a.png": grey, "in/a.depth.png": []byte("not looked at")}, []float64{.1, .2, .3, nan}, false},
		{"another folder and a mask", ssrl.Source{Depth: "deep"}, map[string][]byte{"deep/a.png": grey, "deep/a.mask.npy": npyOf("|b1", 2, 2, []bool{false, true, true, true})},
			[]float64{nan, .2, .3, nan}, false},
		{"a folder without it", ssrl.Source{Depth: "deep"}, map[string][]byte{"deep/b.png": grey}, nil, false},
		{"another size", ssrl.Source{}, map[string][]byte{"in/a.depth.png": counts(t, 4, 100, 1, 200, 2, 3, 4, 5, 6, 300, 7, 0, 8, 9, 9, 9, 9)}, []float64{.1, .2, .3, nan}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inFolder(t, map[string][]byte{"in/a.png": picture})
			put(t, tc.files)
			tc.s.Images = "in"
			f, err := tc.s.Open("a.png")
			require.NoError(t, err)
			assert.Equal(t, "a.png", f.Name)
			assert.Equal(t, image.Rect(0, 0, 2, 2), f.Image.Bounds())
			if tc.want == nil {
				assert.Nil(t, f.Depth)
				return
			}
			require.NotNil(t, f.Depth)
			assert.Equal(t, tc.relative, f.Depth.Relative)
			require.Len(t, f.Depth.Metres, 4)
			for i, want := range tc.want {
				if got := f.Depth.Metres[i]; math.IsNaN(want) {
					assert.True(t, got != got, "reading %d is %v, want none", i, got)
				} else {
					assert.Equal(t, float32(want), got, "reading %d", i)
				}
			}
		})
	}
}

func TestSourceRefuses(t *testing.T) {
	picture := pngOf(t, image.NewGray(image.Rect(0, 0, 2, 2)))
	grey := counts(t, 2, 100, 200, 300, 0)
	for _, tc := range []struct {
		name  string
		s     ssrl.Source // Images "" means in
		files map[string][]byte
		want  string
		is    error
	}{
		{"a folder that is not there", ssrl.Source{Images: "none"}, nil, "images none: no such file or directory", fs.ErrNotExist},
		{"no folder", ssrl.Source{Images: "\x00"}, nil, "images \x00: invalid argument", nil},
		{"a file for a folder", ssrl.Source{Images: "in/a.png"}, nil, "images in/a.png: a file (want a folder of images)", nil},
		{"an empty folder", ssrl.Source{Images: "empty"}, map[string][]byte{"empty/a.txt": nil}, "images empty: no image (want .png, .jpg, .webp, .bmp, .tif or .ppm files)", nil},
		{"a depth folder that is not there", ssrl.Source{Depth: "none"}, nil, "depth none: no such file or directory", fs.ErrNotExist},
		{"a file for a depth folder", ssrl.Source{Depth: "in/a.png"}, nil, "depth in/a.png: a file (want a folder of depth maps)", nil},
		{"an unknown unit", ssrl.Source{Unit: "foot"}, nil, `depth unit "foot" (want mm, m, tum, sunrgbd, relative or metres a count above 0)`, nil},
		{"a negative unit", ssrl.Source{Unit: "-1"}, nil, `depth unit "-1" (want mm, m, tum, sunrgbd, relative or metres a count above 0)`, nil},
		{"a unit that is no number", ssrl.Source{Unit: "NaN"}, nil, `depth unit "NaN" (want mm, m, tum, sunrgbd, relative or metres a count above 0)`, nil},
		{"an empty image", ssrl.Source{}, map[string][]byte{"in/a.png": nil}, "image in/a.png: empty file (want PNG, JPEG, WebP, BMP, TIFF or PNM)", ssrl.ErrFormat},
		{"text for an image", ssrl.Source{}, map[string][]byte{"in/a.png": []byte("hello")}, `image in/a.png: begins with "hell" (want PNG, JPEG, WebP, BMP, TIFF or PNM)`, ssrl.ErrFormat},
		{"half an image", ssrl.Source{}, map[string][]byte{"in/a.png": picture[:len(picture)-20]}, "image in/a.png: ends early", ssrl.ErrFormat},
		{"an absurd image", ssrl.Source{}, map[string][]byte{"in/a.png": sized(picture, 1<<30, 1<<30)}, "image in/a.png: 1073741824x1073741824 pixels (want sides up to 1048576)", ssrl.ErrFormat},
		{"a bomb", ssrl.Source{}, map[string][]byte{"in/a.png": sized(picture, 20000, 20000)}, "image in/a.png: 20000x20000 pixels (want 268435456 in all at most)", ssrl.ErrFormat},
		{"a picture for depth", ssrl.Source{}, map[string][]byte{"in/a.depth.png": picture}, "depth in/a.depth.png: 8 bits a pixel (want 16)", ssrl.ErrFormat},
		{"an empty depth map", ssrl.Source{}, map[string][]byte{"in/a.depth.npy": nil}, "depth in/a.depth.npy: empty file (want PNG, PGM, .npy, HDF5 or PFM)", ssrl.ErrFormat},
		{"half a depth map", ssrl.Source{}, map[string][]byte{"in/a.depth.npy": npyOf("<f4", 2, 2, []float32{1})}, "depth in/a.depth.npy: 4 bytes of f4 (want 16 for 2x2 pixels)", ssrl.ErrFormat},
		{"depth without readings", ssrl.Source{}, map[string][]byte{"in/a.depth.png": counts(t, 2, 0, 0, 0, 0)}, "depth in/a.depth.png: not one reading (want depths above 0)", ssrl.ErrFormat},
		{"the wrong unit", ssrl.Source{Unit: "sunrgbd"}, map[string][]byte{"in/a.depth.npy": npyOf("<f4", 1, 1, []float32{1})},
			"depth in/a.depth.npy: unit sunrgbd on f4 (want u2, 16-bit counts)", ssrl.ErrFormat},
		{"depth elsewhere that is text", ssrl.Source{Depth: "deep"}, map[string][]byte{"deep/a.png": []byte("text")},
			`depth deep/a.png: begins with "text" (want PNG, PGM, .npy, HDF5 or PFM)`, ssrl.ErrFormat},
		{"a mask of another size", ssrl.Source{}, map[string][]byte{"in/a.depth.png": grey, "in/a.mask.npy": npyOf("|u1", 1, 2, []uint8{1, 1})},
			"mask in/a.mask.npy: 2x1 pixels (want the depth's 2x2)", ssrl.ErrFormat},
		{"a mask that leaves nothing", ssrl.Source{}, map[string][]byte{"in/a.depth.png": grey, "in/a.mask.npy": npyOf("|u1", 2, 2, []uint8{0, 0, 0, 1})},
			"mask in/a.mask.npy: leaves not one reading", ssrl.ErrFormat},
		{"a mask that is a picture", ssrl.Source{}, map[string][]byte{"in/a.depth.png": grey, "in/a.mask.npy": grey},
			`mask in/a.mask.npy: begins with "\x89PNG" (want a .npy array)`, ssrl.ErrFormat},
		{"a folder for a depth map", ssrl.Source{}, map[string][]byte{"in/a.depth.png/x": nil}, "depth in/a.depth.png: not a regular file", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inFolder(t, map[string][]byte{"in/a.png": picture})
			put(t, tc.files)
			if tc.s.Images == "" {
				tc.s.Images = "in"
			}
			n := 0
			for f, err := range tc.s.Frames() {
				n++
				assert.Nil(t, f)
				assert.EqualError(t, err, tc.want)
				if tc.is != nil {
					assert.ErrorIs(t, err, tc.is)
				}
			}
			assert.Equal(t, 1, n)
		})
	}
	t.Run("no folder", func(t *testing.T) {
		_, err := ssrl.Source{}.Names()
		assert.EqualError(t, err, "no images (want a folder of images)")
	})
	t.Run("a name that is not there", func(t *testing.T) {
		inFolder(t, map[string][]byte{"in/a.png": picture})
		_, err := ssrl.Source{Images: "in"}.Open("b.png")
		assert.EqualError(t, err, "image in/b.png: no such file or directory")
		assert.ErrorIs(t, err, fs.ErrNotExist)
	})
}

// A pipe would block for ever and a device never end.
func TestSourceRefusesPipesAndDevices(t *testing.T) {
	inFolder(t, map[string][]byte{"in/a.png": pngOf(t, image.NewGray(image.Rect(0, 0, 2, 2)))})
	require.NoError(t, syscall.Mkfifo("in/b.png", 0o666))
	require.NoError(t, os.Symlink("/dev/zero", "in/c.png"))
	require.NoError(t, syscall.Mkfifo("in/d.depth.png", 0o666))
	require.NoError(t, os.Symlink("a.png", "in/d.png"))
	require.NoError(t, os.Symlink("nothing", "in/e.png"))
	var got []string
	for f, err := range (ssrl.Source{Images: "in"}).Frames() {
		if err == nil {
			got = append(got, f.Name)
		} else {
			got = append(got, err.Error())
		}
	}
	assert.Equal(t, []string{"a.png", "image in/b.png: not a regular file", "image in/c.png: not a regular file",
		"depth in/d.depth.png: not a regular file", "image in/e.png: no such file or directory"}, got)
}

// sized is a PNG whose header tells another size.
func sized(file []byte, width, height uint32) []byte {
	out := bytes.Clone(file)
	binary.BigEndian.PutUint32(out[16:], width)
	binary.BigEndian.PutUint32(out[20:], height)
	return fixCRC(out)
}

// Frames can be ranged again, and left early.
func TestSourceFramesAgain(t *testing.T) {
	picture := pngOf(t, image.NewGray(image.Rect(0, 0, 2, 2)))
	inFolder(t, map[string][]byte{"in/a.png": picture, "in/b.png": []byte("broken"), "in/c.png": picture})
	frames := ssrl.Source{Images: "in"}.Frames()
	for range frames {
		break
	}
	for range 2 {
		sound, broken := 0, 0
		for _, err := range frames {
			if err != nil {
				broken++
			} else {
				sound++
			}
		}
		assert.Equal(t, []int{2, 1}, []int{sound, broken}, "a broken file does not end the frames")
	}
}

// fixCRC makes the checksum of a PNG's header right again.
func fixCRC(file []byte) []byte {
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
	return file
}
