package rgbd

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stdRGB converts through image.Image with alpha ignored, independently of own
// and FromImage.
func stdRGB(t *testing.T, path string) *RGB {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	im, err := png.Decode(f)
	require.NoError(t, err)
	out := NewRGB(im.Bounds().Dx(), im.Bounds().Dy())
	for y := range out.Height {
		for x := range out.Width {
			r, g, b, _ := im.At(x, y).RGBA()
			copy(out.Pix[3*(y*out.Width+x):], []byte{byte(r >> 8), byte(g >> 8), byte(b >> 8)})
		}
	}
	return out
}

// difference returns the largest and the mean difference of samples.
func difference(t *testing.T, a, b *RGB) (largest int, mean float64) {
	t.Helper()
	require.Equal(t, []int{b.Width, b.Height}, []int{a.Width, a.Height})
	sum := 0
	for i, v := range a.Pix {
		d := abs(int(v) - int(b.Pix[i]))
		sum += d
		largest = max(largest, d)
	}
	return largest, float64(sum) / float64(len(a.Pix))
}

func TestImagesEqualPillow(t *testing.T) {
	for _, kind := range []string{"png", "jpeg", "webp", "bmp", "tiff", "pnm"} {
		files, err := filepath.Glob("testdata/" + kind + "/*")
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			if strings.HasSuffix(file, ".want.png") {
				continue
			}
			name := filepath.Base(file)
			want := strings.TrimSuffix(file, filepath.Ext(file)) + ".want.png"
			t.Run(name, func(t *testing.T) {
				data, err := os.ReadFile("testdata/" + kind + "/" + name)
				require.NoError(t, err)
				got, err := DecodeImage(data, name)
				require.NoError(t, err)
				w, h, err := ImageSize(data, name)
				require.NoError(t, err)
				assert.Equal(t, []int{got.Width, got.Height}, []int{w, h})
				largest, mean := difference(t, got, stdRGB(t, want))
				t.Logf("largest difference %d, mean %.3f", largest, mean)
				assert.Zero(t, largest)
			})
		}
	}
}

// What is stored is the same whatever the tag says; in JPEG, where each file was
// encoded anew from the same pixels, as well.
func TestDecodeStoredIgnoresTheOrientation(t *testing.T) {
	for kind, ext := range map[string]string{"jpeg": ".jpg", "tiff": ".tiff", "webp": ".webp"} {
		var first *RGB
		for _, turn := range []string{"1", "3", "6", "8"} {
			data, err := os.ReadFile("testdata/" + kind + "/turn" + turn + ext)
			require.NoError(t, err)
			m, err := DecodeStored(data, "a")
			require.NoError(t, err)
			if first == nil {
				first = m
			}
			assert.Equal(t, first, m, "%s turned %s", kind, turn)
		}
	}
	shown, err := ReadImage(os.DirFS("testdata"), "png/turned.png")
	require.NoError(t, err)
	data, err := os.ReadFile("testdata/png/turned.png")
	require.NoError(t, err)
	stored, err := DecodeStored(data, "a")
	require.NoError(t, err)
	assert.Equal(t, shown, stored.Rotate90(true))
}

func TestFromImageAgreesWithAt(t *testing.T) {
	box := image.Rect(3, 5, 14, 12) // an origin that is not (0, 0)
	plain := func(m image.Image, x, y int) Colour {
		n := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
		return Colour{n.R, n.G, n.B}
	}
	fill := func(pix []byte) {
		for i := range pix {
			pix[i] = byte(i * 31)
		}
	}
	nrgba, rgba, gray, gray16 := image.NewNRGBA(box), image.NewRGBA(box), image.NewGray(box), image.NewGray16(box)
	nrgba64, cmyk, full := image.NewNRGBA64(box), image.NewCMYK(box), image.NewYCbCr(box, image.YCbCrSubsampleRatio444)
	rgba64, alpha := image.NewRGBA64(box), image.NewAlpha(box)
	paletted := image.NewPaletted(box, color.Palette{color.NRGBA{1, 2, 3, 9}, color.Gray{200}, color.RGBA{9, 8, 7, 255}})
	for _, pix := range [][]byte{nrgba.Pix, gray.Pix, gray16.Pix, nrgba64.Pix, cmyk.Pix, full.Y, full.Cb, full.Cr, alpha.Pix} {
		fill(pix)
	}
	for i := range paletted.Pix {
		paletted.Pix[i] = byte(i % 3)
	}
	for i := 0; i < len(rgba.Pix); i += 4 {
		rgba.Pix[i], rgba.Pix[i+1], rgba.Pix[i+2], rgba.Pix[i+3] = byte(i/8), byte(i/16), byte(i/9), 255-byte(i%2)*100
	}
	for i := 0; i < len(rgba64.Pix); i += 8 {
		rgba64.Pix[i], rgba64.Pix[i+2], rgba64.Pix[i+4] = byte(i/16), byte(i/32), byte(i/20)
		rgba64.Pix[i+6], rgba64.Pix[i+7] = 255, 255-byte(i%16)
	}
	for _, tc := range []struct {
		name    string
		image   image.Image
		largest int
	}{
		{"NRGBA", nrgba, 0}, {"RGBA", rgba, 0}, {"Gray", gray, 0}, {"Gray16", gray16, 0},
		{"RGBA64", rgba64, 0}, {"Alpha", alpha, 0}, {"Paletted", paletted, 0},
		{"CMYK", cmyk, 1},        // Go truncates where Pillow rounds
		{"YCbCr 4:4:4", full, 1}, // Go rounds the constants otherwise
		{"sub", nrgba.SubImage(image.Rect(4, 6, 9, 9)), 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, b := FromImage(tc.image), tc.image.Bounds()
			require.Equal(t, []int{b.Dx(), b.Dy()}, []int{got.Width, got.Height})
			for y := range got.Height {
				for x := range got.Width {
					want := plain(tc.image, b.Min.X+x, b.Min.Y+y)
					n, isNRGBA := tc.image.At(b.Min.X+x, b.Min.Y+y).(color.NRGBA)
					if isNRGBA {
						want = Colour{n.R, n.G, n.B}
					}
					for k, v := range got.Pix[3*(y*got.Width+x):][:3] {
						require.InDelta(t, want[k], v, float64(tc.largest), "(%d, %d) channel %d", x, y, k)
					}
				}
			}
		})
	}
	t.Run("NRGBA64 keeps the high byte whatever alpha is", func(t *testing.T) {
		got := FromImage(nrgba64)
		assert.Equal(t, []byte{nrgba64.Pix[0], nrgba64.Pix[2], nrgba64.Pix[4]}, got.Pix[:3])
	})
	t.Run("RGB is not copied", func(t *testing.T) {
		m := NewRGB(2, 2)
		assert.Same(t, m, FromImage(m))
	})
	t.Run("empty", func(t *testing.T) {
		assert.Empty(t, FromImage(image.NewYCbCr(image.Rectangle{}, image.YCbCrSubsampleRatio420)).Pix)
		assert.Empty(t, FromImage(image.NewNRGBA(image.Rectangle{})).Pix)
	})
}

// A part of a subsampled picture has the pixels of the whole, except in the two
// columns and rows at its edge, which interpolate into samples that are cut off.
func TestFromImageOfPartOfSubsampledPicture(t *testing.T) {
	whole := image.NewYCbCr(image.Rect(0, 0, 40, 30), image.YCbCrSubsampleRatio420)
	for i := range whole.Y {
		whole.Y[i] = byte(i * 7)
	}
	for i := range whole.Cb {
		whole.Cb[i], whole.Cr[i] = byte(i*11), byte(i*5)
	}
	all := FromImage(whole)
	for _, box := range []image.Rectangle{image.Rect(0, 0, 40, 30), image.Rect(7, 9, 32, 27), image.Rect(8, 4, 31, 29)} {
		part := FromImage(whole.SubImage(box))
		const edge = 2
		want := all.Crop(box.Min.X+edge, box.Min.Y+edge, box.Dx()-2*edge, box.Dy()-2*edge)
		assert.Equal(t, want.Pix, part.Crop(edge, edge, want.Width, want.Height).Pix, box)
	}
}

func TestDecodePNM(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		want       []byte
	}{
		{"grey with a comment", "P5 # two pixels\n2 1\n255\n\x10\x20", []byte{16, 16, 16, 32, 32, 32}},
		{"colour", "P6\n1\n1\n255\n\x01\x02\x03", []byte{1, 2, 3}},
		{"white is 3", "P5 2 1 3\n\x01\x03", []byte{85, 85, 85, 255, 255, 255}},
		{"16 bit", "P5 1 1 65535\n\x80\x00", []byte{128, 128, 128}},
		{"above white is white", "P5 1 1 9\n\x0b", []byte{255, 255, 255}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := DecodeImage([]byte(tc.data), "a.pgm")
			require.NoError(t, err)
			assert.Equal(t, tc.want, m.Pix)
			w, h, err := ImageSize([]byte(tc.data), "a.pgm")
			require.NoError(t, err)
			assert.Equal(t, []int{m.Width, m.Height}, []int{w, h})
		})
	}
}

func TestReadImage(t *testing.T) {
	m, err := ReadImage(os.DirFS("testdata"), "jpeg/turn6.jpg")
	require.NoError(t, err)
	assert.Equal(t, []int{23, 37}, []int{m.Width, m.Height})
	_, err = ReadImage(os.DirFS("testdata"), "none.png")
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.EqualError(t, err, "image none.png: no such file or directory")
	_, err = ReadImage(os.DirFS("testdata"), "jpeg")
	assert.EqualError(t, err, "image jpeg: a directory (want a file)")
}

func TestEncodedPNGDecodesToTheSamePixels(t *testing.T) {
	m := picture(31, 17)
	var a, b bytes.Buffer
	require.NoError(t, EncodePNG(&a, m))
	require.NoError(t, EncodePNG(&b, m))
	assert.Equal(t, a.Bytes(), b.Bytes())
	got, err := DecodeImage(a.Bytes(), "a.png")
	require.NoError(t, err)
	assert.Equal(t, m, got)
	a.Reset()
	require.NoError(t, EncodeJPEG(&a, m, 95))
	got, err = DecodeImage(a.Bytes(), "a.jpg")
	require.NoError(t, err)
	assert.Equal(t, []int{31, 17}, []int{got.Width, got.Height})
}

// picture is smooth, with every pixel different from its neighbours.
func picture(width, height int) *RGB {
	m := NewRGB(width, height)
	for y := range height {
		for x := range width {
			copy(m.Pix[3*(y*width+x):], []byte{byte(255 * x / width), byte(255 * y / height), byte(3*x + 5*y)})
		}
	}
	return m
}
