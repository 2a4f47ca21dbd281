package patch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/rgbd"
)

// TestModesEqualPillow compares every kind of PNG with what Pillow 12 makes of
// it (_reference/make_modes.py).
func TestModesEqualPillow(t *testing.T) {
	type line struct {
		File, Mode, RGB string
		Resized         [][3]any
	}
	dir := filepath.Join("testdata", "modes")
	for _, c := range lines[line](t, filepath.Join(dir, "modes.jsonl")) {
		t.Run(c.File, func(t *testing.T) {
			p := open(t, filepath.Join(dir, c.File))
			assert.Equal(t, c.Mode, string(p.Mode))
			assert.Equal(t, c.RGB, hash(p.RGB().Pix))
			for _, r := range c.Resized {
				w, h := int(r[0].(float64)), int(r[1].(float64))
				assert.Equal(t, r[2], hash(p.Resize(w, h).RGB().Pix), "%dx%d", w, h)
			}
		})
	}
}

func TestOnWhitePastesOnlyRGBA(t *testing.T) {
	p := &Picture{Mode: Alpha, Width: 3, Height: 1, Pix: []byte{10, 20, 30, 0, 10, 20, 30, 255, 10, 20, 30, 128}}
	assert.Equal(t, []byte{255, 255, 255, 10, 20, 30, 132, 137, 142}, p.onWhite().Pix)
	p = &Picture{Mode: GreyAlpha, Width: 1, Height: 1, Pix: []byte{10, 0}}
	assert.Equal(t, []byte{10, 10, 10}, p.onWhite().Pix)
}

// resized returns a PNG whose header claims another size, with a good checksum.
func resized(t testing.TB, w, h uint32) []byte {
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))))
	data := b.Bytes()
	binary.BigEndian.PutUint32(data[16:], w)
	binary.BigEndian.PutUint32(data[20:], h)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

func TestDecodePNGRefusesBrokenFiles(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		data       []byte
	}{
		{"nothing", "no PNG header", nil},
		{"a JPEG", "no PNG header", []byte("\xff\xd8\xff\xe0 and more than twenty-six bytes")},
		{"cut after the signature", "no PNG header", []byte(pngSignature)},
		{"no columns", "0x2 pixels (want 1 to 268435456 in all)", resized(t, 0, 2)},
		{"an area that needs 16 GB", "65536x65536 pixels (want 1 to 268435456 in all)", resized(t, 1<<16, 1<<16)},
		{"sides whose product wraps", "4294967295x4294967295 pixels (want 1 to 268435456 in all)", resized(t, 1<<32-1, 1<<32-1)},
		{"an area that the file cannot hold", fmt.Sprintf("16384x16384 pixels in %d bytes (want a whole file)", len(resized(t, 1, 1))), resized(t, 1<<14, 1<<14)},
		{"more rows than data", "png: invalid format: not enough pixel data", resized(t, 2, 3)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := DecodePNG(tc.data)
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestDecodeNamesTheFile(t *testing.T) {
	_, err := Decode([]byte(pngSignature), "scans/0007.png")
	require.EqualError(t, err, "image scans/0007.png: no PNG header")
	_, err = Decode(nil, "scans/0008.png")
	require.ErrorContains(t, err, "image scans/0008.png: ")
	p, err := Decode([]byte("P6 1 1 255 abc"), "a.ppm")
	require.NoError(t, err)
	assert.Equal(t, &Picture{Mode: Colour, Width: 1, Height: 1, Pix: []byte("abc")}, p)
	data, err := os.ReadFile("testdata/modes/la8.png")
	require.NoError(t, err)
	p, err = Decode(data, "la8.png")
	require.NoError(t, err)
	assert.Equal(t, GreyAlpha, p.Mode)
}

// FuzzDecodePNG checks that no file makes the decoder or a resize panic.
func FuzzDecodePNG(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "modes", "*.png"))
	require.NoError(f, err)
	for _, path := range files {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= 24 && binary.BigEndian.Uint32(data[16:])>>10+binary.BigEndian.Uint32(data[20:])>>10 > 0 {
			return // large pictures only cost time
		}
		p, err := DecodePNG(data)
		if err != nil {
			return
		}
		m := p.Resize(5, 7).RGB()
		assert.Len(t, m.Pix, 3*5*7)
		assert.Len(t, p.RGB().Pix, 3*p.Width*p.Height)
	})
}

func TestFromRGBSharesPixels(t *testing.T) {
	m := rgbd.NewRGB(2, 1)
	assert.Equal(t, m, FromRGB(m).RGB())
	assert.Same(t, &m.Pix[0], &FromRGB(m).RGB().Pix[0])
}

// A PNG that says how it was held is turned for transformers alone.
func TestDecodeTurnsByOrientation(t *testing.T) {
	var b bytes.Buffer
	m := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	for i := range m.Pix {
		m.Pix[i] = byte(20 * i)
	}
	require.NoError(t, png.Encode(&b, m))
	const tiff = "MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00" // orientation 6
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(tiff)))
	chunk = append(chunk, "eXIf"+tiff...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	data := slices.Insert(b.Bytes(), 33, chunk...)
	turned, err := Decode(data, "a")
	require.NoError(t, err)
	stored, err := DecodeStored(data, "a")
	require.NoError(t, err)
	assert.Equal(t, [2]int{2, 3}, [2]int{turned.Width, turned.Height})
	assert.Equal(t, [2]int{3, 2}, [2]int{stored.Width, stored.Height})
	assert.Equal(t, stored.RGB().Pix[:3], turned.RGB().Pix[3:6], "the left top corner comes to the right")
}
