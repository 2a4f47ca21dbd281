package png

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// benchFiles are real files, or made ones of their sizes and kinds.
func benchFiles(b *testing.B) map[string][]byte {
	dir := os.Getenv("SSRL_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "..", "shared", "data")
	}
	r := rand.New(rand.NewPCG(1, 1))
	files := map[string][]byte{}
	for name, made := range map[string]file{
		"rgb/image.png":       {w: 902, h: 1186, bits: 8, colour: RGBA, smooth: true, idat: 1 << 16},
		"diode/img3.png":      {w: 1024, h: 768, bits: 8, colour: RGB, filter: filterPaeth, smooth: true, idat: 1 << 16},
		"redwood/depth_0.png": {w: 640, h: 480, bits: 16, colour: Grey, filter: 5, smooth: true, idat: 1 << 16},
	} {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			data = made.make(b, r)
		}
		files[name] = data
	}
	return files
}

func BenchmarkDecode(b *testing.B) {
	for name, data := range benchFiles(b) {
		b.Run(name+"/ours", func(b *testing.B) {
			var d Decoder
			decode := d.Decode
			if h, _ := ReadHeader(data); h.Bits == 16 {
				decode = d.DecodeGrey16
			}
			dst, _, err := decode(nil, data)
			require.NoError(b, err)
			b.ReportAllocs()
			b.SetBytes(int64(len(dst)))
			for b.Loop() {
				dst, _, err = decode(dst, data)
			}
			require.NoError(b, err)
		})
		b.Run(name+"/standard", func(b *testing.B) {
			for b.Loop() {
				_, err := standard(data)
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for name, data := range benchFiles(b) {
		b.Run(name, func(b *testing.B) {
			var d Decoder
			var e Encoder
			decode, encode := d.Decode, e.Encode
			if h, _ := ReadHeader(data); h.Bits == 16 {
				decode, encode = d.DecodeGrey16, e.EncodeGrey16
			}
			pix, h, err := decode(nil, data)
			require.NoError(b, err)
			file := encode(nil, pix, h.Width, h.Height)
			b.ReportAllocs()
			b.SetBytes(int64(len(pix)))
			for b.Loop() {
				file = encode(file[:0], pix, h.Width, h.Height)
			}
			b.ReportMetric(float64(len(file)), "B/file")
		})
	}
}
