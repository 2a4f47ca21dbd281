package jpeg

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pillow is testdata/pillow.json, see _reference/make.py.
type pillow struct {
	Decoded []peerFile
	Encoded []peerFile
}

func readPillow(t *testing.T) (p pillow) {
	data, err := os.ReadFile("testdata/pillow.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &p))
	require.NotEmpty(t, p.Decoded)
	require.NotEmpty(t, p.Encoded)
	return p
}

// good returns the files of testdata that decode, by name.
func good(t testing.TB) map[string][]byte {
	paths, err := filepath.Glob("testdata/*.jpg")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	files := map[string][]byte{}
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "refused-") {
			continue
		}
		files[name], err = os.ReadFile(path)
		require.NoError(t, err)
	}
	return files
}

func TestDecodedPixelsEqualPillow(t *testing.T) {
	files := good(t)
	both(t, func(t *testing.T, portable bool) {
		d := Decoder{portable: portable} // one for all: nothing stays behind
		seen := 0
		for range 2 {
			for _, want := range readPillow(t).Decoded {
				pix, h, err := d.Decode(nil, files[want.File])
				require.NoError(t, err, want.File)
				assert.Equal(t, []int{want.Width, want.Height}, []int{h.Width, h.Height}, want.File)
				assert.Equal(t, want.SHA256, sum(pix), want.File)
				seen++
			}
		}
		assert.Equal(t, 2*len(files), seen, "each file of testdata")
	})
}

func TestEncodedBytesEqualPillow(t *testing.T) {
	both(t, func(t *testing.T, portable bool) {
		e := Encoder{portable: portable}
		for _, want := range readPillow(t).Encoded {
			s := Quarter
			if want.Full {
				s = Full
			}
			pix := scenery(want.Width, want.Height)
			out, err := e.Encode([]byte("before"), pix, want.Width, want.Height, want.Quality, s)
			require.NoError(t, err)
			assert.Equal(t, "before", string(out[:6]))
			assert.Equal(t, want.SHA256, sum(out[6:]), "%dx%d quality %d full %v", want.Width, want.Height, want.Quality, want.Full)
		}
	})
}

func TestReadHeader(t *testing.T) {
	files := good(t)
	for name, data := range files {
		h, err := ReadHeader(data)
		require.NoError(t, err, name)
		_, decoded, err := new(Decoder).Decode(nil, data)
		require.NoError(t, err)
		assert.Equal(t, decoded, h, name)
		assert.Equal(t, strings.HasPrefix(name, "progressive"), h.Progressive, name)
		assert.Equal(t, name == "exif.jpg", h.EXIF != nil, name)
	}
}

func TestEncodeRefusesSizes(t *testing.T) {
	var e Encoder
	for _, size := range [][2]int{{0, 1}, {1, 0}, {65536, 1}, {1, 70000}, {-1, 2}} {
		out, err := e.Encode([]byte("kept"), nil, size[0], size[1], 90, Quarter)
		require.ErrorContains(t, err, "pixels (want sides of 1 to 65535)")
		assert.Equal(t, "kept", string(out))
	}
	assert.PanicsWithValue(t, "jpeg: 5 bytes for 2x1 pixels", func() { _, _ = e.Encode(nil, make([]byte, 5), 2, 1, 90, Full) })
}

func TestQualityIsCut(t *testing.T) {
	var e Encoder
	pix := scenery(20, 20)
	encode := func(quality int) []byte {
		out, err := e.Encode(nil, pix, 20, 20, quality, Quarter)
		require.NoError(t, err)
		return out
	}
	assert.Equal(t, encode(1), encode(-5))
	assert.Equal(t, encode(100), encode(1000))
	assert.NotEqual(t, encode(100), encode(99))
}

// A kept Decoder and Encoder allocate nothing.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	var d Decoder
	var e Encoder
	for name, data := range good(t) {
		pix, h, err := d.Decode(nil, data)
		require.NoError(t, err)
		out, err := e.Encode(nil, pix, h.Width, h.Height, 95, Quarter)
		require.NoError(t, err)
		assert.Zero(t, testing.AllocsPerRun(2, func() {
			pix, _, err = d.Decode(pix, data)
			out, err = e.Encode(out[:0], pix, h.Width, h.Height, 95, Quarter)
		}), name)
	}
}
