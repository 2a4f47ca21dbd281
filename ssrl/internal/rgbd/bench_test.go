package rgbd

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

const benchWidth, benchHeight = 640, 480

// benchPicture is smooth with a little noise, as photographs are to encoders.
func benchPicture() *RGB {
	m, r := picture(benchWidth, benchHeight), rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = byte(min(255, int(m.Pix[i])/2+r.IntN(12)))
	}
	return m
}

func benchDepth() []uint16 {
	mm := make([]uint16, benchWidth*benchHeight)
	for i := range mm {
		x, y := i%benchWidth, i/benchWidth
		mm[i] = uint16(2000 + 900*math.Sin(float64(x)/70) + float64(2*y))
	}
	return mm
}

func BenchmarkDecodeImage(b *testing.B) {
	m := benchPicture()
	var png, jpeg bytes.Buffer
	require.NoError(b, EncodePNG(&png, m))
	require.NoError(b, EncodeJPEG(&jpeg, m, 90))
	for _, file := range [][]byte{png.Bytes(), jpeg.Bytes()} {
		b.Run(formatOf(file), func(b *testing.B) {
			b.SetBytes(int64(len(m.Pix)))
			b.ReportAllocs()
			for b.Loop() {
				_, err := DecodeImage(file, "bench")
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkDecodeDepth(b *testing.B) {
	mm := benchDepth()
	metres := make([]float32, len(mm))
	for i, v := range mm {
		metres[i] = float32(v) / 1000
	}
	f4 := npy("<f4", "(480, 640)", floats(binary.LittleEndian, metres...))
	for _, data := range [][]byte{grey16(b, benchWidth, mm...), f4, fixtures(b)["testdata/h5/many-chunks.h5"]} {
		name := formatOf(data)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := DecodeDepth(data, name, Unit{})
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkDecodeMegaDepth is the 1600x1064 file, 64x64 chunks through gzip 9.
func BenchmarkDecodeMegaDepth(b *testing.B) {
	data, err := readFile(realData(b), "megadepth/depth1.h5")
	if err != nil {
		b.Skip(err)
	}
	b.SetBytes(1600 * 1064 * 4)
	b.ReportAllocs()
	for b.Loop() {
		_, err := DecodeDepth(data, "depth1.h5", Unit{})
		require.NoError(b, err)
	}
}

func BenchmarkEncode(b *testing.B) {
	m := benchPicture()
	b.Run("png", func(b *testing.B) {
		b.SetBytes(int64(len(m.Pix)))
		for b.Loop() {
			require.NoError(b, EncodePNG(io.Discard, m))
		}
	})
	b.Run("jpeg", func(b *testing.B) {
		b.SetBytes(int64(len(m.Pix)))
		for b.Loop() {
			require.NoError(b, EncodeJPEG(io.Discard, m, 90))
		}
	})
}

func BenchmarkResizeBilinear(b *testing.B) {
	m := benchPicture()
	var r Resizer
	for _, box := range []image.Rectangle{image.Rect(100, 50, 220, 170), image.Rect(100, 50, 460, 410), image.Rect(0, 0, 480, 480)} {
		b.Run(fmt.Sprintf("%d-to-240", box.Dx()), func(b *testing.B) {
			out := NewRGB(240, 240)
			b.ReportAllocs()
			for b.Loop() {
				r.Bilinear(out, m, box)
			}
		})
	}
}

func BenchmarkDrawMarker(b *testing.B) {
	m := benchPicture()
	b.ReportAllocs()
	for b.Loop() {
		DrawMarker(m, 3, 300, 200)
	}
}
