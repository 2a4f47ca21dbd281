package gallery

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/rgbd"
)

// sized is a PNG that says it is very large.
func sized(width, height uint32) Picture {
	body := []byte("IHDR")
	body = binary.BigEndian.AppendUint32(body, width)
	body = binary.BigEndian.AppendUint32(body, height)
	body = append(body, 8, 2, 0, 0, 0)
	data := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), body...)
	data = binary.BigEndian.AppendUint32(data, crc32.ChecksumIEEE(body))
	return Picture{Data: append(data, make([]byte, 1<<18)...)}
}

// inside decodes what a data URI holds.
func inside(t *testing.T, s shown) (*rgbd.RGB, []byte, string) {
	t.Helper()
	kind, body, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(string(s.Source), `src="data:`), `"`), ";base64,")
	require.True(t, ok)
	data, err := base64.StdEncoding.DecodeString(body)
	require.NoError(t, err)
	m, err := rgbd.DecodeImage(data, "inside")
	require.NoError(t, err)
	return m, data, kind
}

func TestEmbed(t *testing.T) {
	flat := rgbd.NewRGB(600, 300)
	rgbd.FillRect(flat, flat.Bounds(), rgbd.Colour{200, 100, 50})
	ppm := Picture{Data: append([]byte("P6\n4 3\n255\n"), bytes.Repeat([]byte{200, 100, 50}, 12)...)}
	turned := Picture{Data: pictureOf(t, flat).Data, Decode: func() (*rgbd.RGB, error) { return flat.Rotate90(true), nil }}
	for _, tc := range []struct {
		name          string
		picture       Picture
		kind          string
		exact         bool
		width, height int // of the picture
		inW, inH      int // of what is embedded
	}{
		{"small PNG as it is", encoded(t, 40, 30), "image/png", true, 40, 30, 40, 30},
		{"large side", pictureOf(t, flat), "image/jpeg", false, 600, 300, 100, 50},
		{"PNM, which no browser shows", ppm, "image/jpeg", false, 4, 3, 4, 3},
		{"decoded in another way", turned, "image/jpeg", false, 300, 600, 50, 100},
		{"a line", pictureOf(t, rgbd.NewRGB(900, 1)), "image/jpeg", false, 900, 1, 100, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := embed(tc.picture, 100)
			require.NoError(t, err)
			m, data, kind := inside(t, s)
			assert.Equal(t, tc.kind, kind)
			assert.Equal(t, tc.exact, bytes.Equal(data, tc.picture.Data))
			assert.Equal(t, [4]int{tc.width, tc.height, tc.inW, tc.inH}, [4]int{s.Width, s.Height, m.Width, m.Height})
		})
	}
}

func TestPicturesThatAreBroken(t *testing.T) {
	cut := encoded(t, 40, 30)
	cut.Data = cut.Data[:len(cut.Data)/2]
	for _, tc := range []struct {
		name    string
		picture Picture
		want    string
	}{
		{"empty", Picture{}, "image 0: empty file (want PNG, "},
		{"text", Picture{Data: []byte("hello")}, `image 0: begins with "hell" (want PNG, `},
		{"cut", cut, "image 0: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := newCard(Sample{Pictures: []Picture{tc.picture}}, 100, "")
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestPicturesTooLargeAreNamed(t *testing.T) {
	page := pageOf(t, Sample{Task: "flip", Problem: "<image>?", Answer: "1-0", Pictures: []Picture{sized(9000, 8000)}})
	assert.Contains(t, page, "9000 × 8000 pixels, too large to show here")
	assert.NotContains(t, page, "<img")
}
