package png

import (
	"bytes"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scenery is smooth with edges and a little noise, so that each filter is best
// somewhere; size is 3 for RGB and 2 for 16-bit grey.
func scenery(w, h, size int) []byte {
	r := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	pix := make([]byte, w*h*size)
	for i := range pix {
		x, y, k := i/size%w, i/size/w, i%size
		v := 120 + 80*math.Sin(float64(x*(k+1))/40) + 40*math.Cos(float64(y)/9)
		if (x/50+y/30)%3 == 0 {
			v = float64(40 * (x / 50))
		} else if y%60 > 20 {
			v += float64(r.IntN(5))
		}
		pix[i] = byte(v)
	}
	return pix
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestEncodedPicturesComeBack(t *testing.T) {
	var e, plain Encoder
	plain.portable = true
	var d Decoder
	for _, size := range [][2]int{{1, 1}, {1, 9}, {2, 2}, {11, 3}, {12, 3}, {21, 3}, {22, 5}, {43, 43}, {100, 80}, {300, 200}} {
		w, h := size[0], size[1]
		for name, pix := range map[string][]byte{"scenery": scenery(w, h, 3), "noise": noise(3 * w * h), "black": make([]byte, 3*w*h), "white": bytes.Repeat([]byte{255}, 3*w*h)} {
			file := e.Encode([]byte("before"), pix, w, h)
			require.Equal(t, "before", string(file[:6]))
			file = file[6:]
			require.True(t, bytes.Equal(file, plain.Encode(nil, pix, w, h)), "%s %dx%d: portable", name, w, h)
			im, err := standard(file)
			require.NoError(t, err)
			require.True(t, bytes.Equal(pix, wantRGB(im)), "%s %dx%d", name, w, h)
			got, head, err := d.Decode(nil, file)
			require.NoError(t, err)
			require.Equal(t, Header{Width: w, Height: h, Bits: 8, Colour: RGB}, head)
			require.True(t, bytes.Equal(pix, got), "%s %dx%d", name, w, h)
		}
		for name, grey := range map[string][]byte{"scenery": scenery(w, h, 2), "noise": noise(2 * w * h)} {
			file := e.EncodeGrey16(nil, grey, w, h)
			require.True(t, bytes.Equal(file, plain.EncodeGrey16(nil, grey, w, h)), "%s %dx%d: portable", name, w, h)
			im, err := standard(file)
			require.NoError(t, err)
			require.True(t, bytes.Equal(grey, wantGrey16(im)), "%s %dx%d", name, w, h)
			got, _, err := d.DecodeGrey16(nil, file)
			require.NoError(t, err)
			require.True(t, bytes.Equal(grey, got), "%s %dx%d", name, w, h)
		}
	}
}

// slack is what files may be longer than the standard library's fastest, whose
// choice of filters and search for matches are alike.
const slack = 1.02

func TestEncodedPicturesAreSmall(t *testing.T) {
	const w, h = 300, 200
	var e Encoder
	for name, pix := range map[string][]byte{"scenery": scenery(w, h, 3), "noise": noise(3 * w * h), "black": make([]byte, 3*w*h)} {
		m := image.NewNRGBA(image.Rect(0, 0, w, h))
		for i, v := range pix {
			m.Pix[i/3*4+i%3] = v
		}
		for i := 3; i < len(m.Pix); i += 4 {
			m.Pix[i] = 255
		}
		var b bytes.Buffer
		require.NoError(t, (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, m))
		const headers = 300 // of blocks, which are alike
		assert.LessOrEqual(t, float64(len(e.Encode(nil, pix, w, h))), slack*float64(b.Len())+headers, name)
	}
}

func TestEncodingDoesNotAllocate(t *testing.T) {
	pix := scenery(200, 100, 3)
	var e Encoder
	file := e.Encode(nil, pix, 200, 100)
	assert.Zero(t, testing.AllocsPerRun(3, func() { file = e.Encode(file[:0], pix, 200, 100) }))
}

func TestForwardAssemblyStaysInsideRows(t *testing.T) {
	for _, size := range []int{2, 3} {
		for n := size; n < 120; n += size {
			row, above, out := noise(n), noise(2 * n)[n:], make([]byte, n+64)
			for f := byte(filterSub); f <= filterPaeth; f++ {
				done, _ := forwardFast(f, out[:n:n], row, above, size)
				require.LessOrEqual(t, size+done, max(size, n))
				require.Equal(t, make([]byte, 64), out[n:])
			}
		}
	}
}

func TestEncodePanicsOnOtherShapes(t *testing.T) {
	var e Encoder
	assert.PanicsWithValue(t, "png: 2x2 pixels in 11 bytes", func() { e.Encode(nil, make([]byte, 11), 2, 2) })
	assert.PanicsWithValue(t, "png: 0x2 pixels in 0 bytes", func() { e.Encode(nil, nil, 0, 2) })
}
