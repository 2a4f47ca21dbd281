package jpeg

import (
	"bytes"
	stdjpeg "image/jpeg"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fuzzBytes and fuzzPixels keep one decode below a tenth of a second.
const (
	fuzzBytes  = 16 << 10
	fuzzPixels = 1 << 18
)

// lenient are the reasons for which image/jpeg refuses files that libjpeg, and
// this package, decode.
var lenient = []string{
	"luma/chroma subsampling ratio", // factors that it has no type for
	"uninitialized Huffman table",   // the typical ones are meant
	"4-component JPEG doesn't have", // CMYK without a marker
	"bad Td value", "bad Ta value",  // tables 2 and 3 in a baseline file
	"unknown marker",                    // reserved segments are stepped over
	"SOS has wrong length",              // of a scan that libjpeg does not reach
	"DHT", "Huffman table", "DQT", "Tq", // the same of tables after the scan
	"short segment length",
	"total sampling factors too large",
	"excessive DC component", // in a scan that is not reached
}

// FuzzDecode holds what is decoded against image/jpeg: whatever we decode it
// decodes to the same size, but for the reasons in lenient. The portable code
// says the same of every file as assembly.
func FuzzDecode(f *testing.F) {
	for _, data := range good(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := ReadHeader(data)
		if len(data) > fuzzBytes || err == nil && h.area() > fuzzPixels {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		pix, got, err := new(Decoder).Decode(nil, data)
		runtime.ReadMemStats(&after)
		// 3 bytes a pixel, 2 for each coefficient of 4 components, padded to
		// units of 32x32.
		budget := 1<<20 + 16*uint64(h.Width+32)*uint64(h.Height+32) + 4*uint64(len(data))
		require.Less(t, after.TotalAlloc-before.TotalAlloc, budget)
		d := Decoder{portable: true}
		slow, _, slowErr := d.Decode(nil, data)
		require.Equal(t, slowErr, err)
		require.True(t, bytes.Equal(slow, pix))
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.Equal(t, h, got)
		require.Len(t, pix, 3*h.Width*h.Height)
		m, err := stdjpeg.Decode(bytes.NewReader(data))
		if err != nil {
			for _, reason := range lenient {
				if strings.Contains(err.Error(), reason) {
					return
				}
			}
			// In a scan of one component it counts blocks that are not coded
			// towards the restart interval.
			if d.frame.stored && bytes.Contains(data, []byte{0xff, markDRI}) {
				return
			}
			require.NoError(t, err)
		}
		require.Equal(t, []int{h.Width, h.Height}, []int{m.Bounds().Dx(), m.Bounds().Dy()})
	})
}

// FuzzEncode writes any picture and reads it again, the same in assembly.
func FuzzEncode(f *testing.F) {
	f.Add([]byte("some pixels of a picture that is twelve of them"), uint8(4), uint8(95), true)
	f.Add(bytes.Repeat([]byte("\x00\xff\x80"), 700), uint8(33), uint8(1), false)
	f.Fuzz(func(t *testing.T, pix []byte, width, quality uint8, full bool) {
		w := int(width)
		if w == 0 || len(pix) < 3*w || len(pix) > fuzzBytes {
			return
		}
		h, s := len(pix)/(3*w), Quarter
		if full {
			s = Full
		}
		pix = pix[:3*w*h]
		var fast Encoder
		slow := Encoder{portable: true}
		out, err := fast.Encode(nil, pix, w, h, int(quality), s)
		require.NoError(t, err)
		same, err := slow.Encode(nil, pix, w, h, int(quality), s)
		require.NoError(t, err)
		require.True(t, bytes.Equal(same, out))
		_, got, err := new(Decoder).Decode(nil, out)
		require.NoError(t, err)
		require.Equal(t, Header{Width: w, Height: h}, got)
	})
}
