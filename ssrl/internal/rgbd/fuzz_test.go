package rgbd

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fuzzBytes bounds inputs, so that one decode stays below a second: a byte of
// deflate unpacks to a thousand.
const fuzzBytes = 16 << 10

// addFixtures seeds f with the fixtures whose path contains part.
func addFixtures(f *testing.F, part string) {
	for path, data := range fixtures(f) {
		if strings.Contains(path, part) && len(data) <= fuzzBytes {
			f.Add(data)
		}
	}
}

// fuzzDepth checks what is promised of every map that decodes.
func fuzzDepth(f *testing.F, magic string) {
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > fuzzBytes || !bytes.HasPrefix(data, []byte(magic)) {
			return
		}
		for _, s := range []string{"", "sunrgbd", "relative"} {
			unit, err := ParseUnit(s)
			require.NoError(t, err)
			d, err := DecodeDepth(data, "x", unit)
			if err != nil {
				require.NotContains(t, err.Error(), "\n")
				continue
			}
			require.Len(t, d.Metres, d.Width*d.Height)
			readings := 0
			for _, v := range d.Metres {
				if v == v {
					require.True(t, v > 0 && v <= math.MaxFloat32)
					readings++
				}
			}
			require.NotZero(t, readings)
			again, err := DecodeDepth(npyOf(d), "x", unit.or(metres))
			if s != "sunrgbd" {
				require.NoError(t, err)
				requireSame(t, d.Metres, again.Metres)
			}
		}
	})
}

// npyOf writes d as a .npy file.
func npyOf(d *Depth) []byte {
	shape := "(" + strconv.Itoa(d.Height) + ", " + strconv.Itoa(d.Width) + ")"
	return npy("<f4", shape, floats(binary.LittleEndian, d.Metres...))
}

func requireSame(t *testing.T, a, b []float32) {
	require.Len(t, b, len(a))
	for i, v := range a {
		require.True(t, v == b[i] || v != v && b[i] != b[i], "pixel %d: %v and %v", i, v, b[i])
	}
}

func FuzzNPY(f *testing.F) {
	addFixtures(f, ".npy")
	f.Add(npy("|b1", "(2, 2)", []byte{1, 0, 1, 1}))
	fuzzDepth(f, magicNPY)
}

func FuzzHDF5(f *testing.F) {
	addFixtures(f, ".h5")
	fuzzDepth(f, magicHDF5)
}

func FuzzPFM(f *testing.F) {
	addFixtures(f, ".pfm")
	fuzzDepth(f, "P")
}

func FuzzPNGDepth(f *testing.F) {
	addFixtures(f, "d.png")
	addFixtures(f, "grey16")
	fuzzDepth(f, magicPNG)
}

// FuzzImage decodes, encodes and decodes again.
func FuzzImage(f *testing.F) {
	addFixtures(f, ".png")
	addFixtures(f, ".jpg")
	addFixtures(f, ".pgm")
	f.Add([]byte("P6\n2 1\n255\nabcdef"))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, h, err := ImageSize(data, "x")
		if err != nil || w*h > 1<<18 {
			return
		}
		m, err := DecodeImage(data, "x")
		if err != nil {
			return
		}
		require.Equal(t, []int{w, h}, []int{m.Width, m.Height})
		var b bytes.Buffer
		require.NoError(t, EncodePNG(&b, m))
		again, err := DecodeImage(b.Bytes(), "x")
		require.NoError(t, err)
		require.True(t, bytes.Equal(m.Pix, again.Pix))
	})
}
