package jpeg

import (
	"bytes"
	"image"
	stdjpeg "image/jpeg"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// photograph returns the 1600x1064 file that performance figures are about, or a
// generated one of its size.
func photograph(tb testing.TB) []byte {
	dir := os.Getenv("SSRL_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "..", "shared", "data")
	}
	if data, err := os.ReadFile(filepath.Join(dir, "megadepth", "img1.jpg")); err == nil {
		return data
	}
	const w, h = 1600, 1064
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i, v := range scenery(w, h) {
		m.Pix[i/3*4+i%3] = v
	}
	var b bytes.Buffer
	require.NoError(tb, stdjpeg.Encode(&b, m, &stdjpeg.Options{Quality: 85}))
	return b.Bytes()
}

// scenery is a picture with edges and a little noise, the same everywhere.
func scenery(w, h int) []byte {
	pix := make([]byte, 3*w*h)
	noise := uint32(1)
	for i := range pix {
		x, y, k := i/3%w, i/3/w, i%3
		noise = noise*1664525 + 1013904223
		v := (x*(k+1)/3 + y*(3-k)/2 + 90*(x/37+y/23)) % 256
		pix[i] = byte(max(0, min(255, v+int(noise>>29)-4)))
	}
	return pix
}

func BenchmarkDecode(b *testing.B) {
	file := photograph(b)
	for _, portable := range []bool{false, true} {
		b.Run(map[bool]string{false: "fast", true: "portable"}[portable], func(b *testing.B) {
			d := Decoder{portable: portable}
			pix, _, err := d.Decode(nil, file)
			require.NoError(b, err)
			b.SetBytes(int64(len(pix)))
			b.ReportAllocs()
			for b.Loop() {
				if pix, _, err = d.Decode(pix, file); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("image/jpeg", func(b *testing.B) {
		m, err := stdjpeg.Decode(bytes.NewReader(file))
		require.NoError(b, err)
		b.SetBytes(3 * int64(m.Bounds().Dx()) * int64(m.Bounds().Dy()))
		for b.Loop() {
			_, err := stdjpeg.Decode(bytes.NewReader(file))
			require.NoError(b, err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	var d Decoder
	pix, h, err := d.Decode(nil, photograph(b))
	require.NoError(b, err)
	for _, portable := range []bool{false, true} {
		b.Run(map[bool]string{false: "fast", true: "portable"}[portable], func(b *testing.B) {
			e := Encoder{portable: portable}
			out, err := e.Encode(nil, pix, h.Width, h.Height, 95, Quarter)
			require.NoError(b, err)
			b.SetBytes(int64(len(pix)))
			b.ReportAllocs()
			for b.Loop() {
				if out, err = e.Encode(out[:0], pix, h.Width, h.Height, 95, Quarter); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("image/jpeg", func(b *testing.B) {
		m := image.NewRGBA(image.Rect(0, 0, h.Width, h.Height))
		for i, v := range pix {
			m.Pix[i/3*4+i%3] = v
		}
		b.SetBytes(int64(len(pix)))
		for b.Loop() {
			require.NoError(b, stdjpeg.Encode(io.Discard, m, &stdjpeg.Options{Quality: 95}))
		}
	})
}
