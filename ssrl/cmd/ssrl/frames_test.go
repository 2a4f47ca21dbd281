package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// slope is a picture that is lighter to the right and below, of an EXIF orientation.
func slope(t *testing.T, width, height int, orientation uint16) string {
	m := image.NewGray(image.Rect(0, 0, width, height))
	for i := range m.Pix {
		x, y := i%width, i/width
		m.Pix[i] = byte(60 + x + y + x*y%7)
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	if orientation < 2 {
		return b.String()
	}
	exif := append([]byte("eXIfMM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01"), byte(orientation>>8), byte(orientation), 0, 0, 0, 0, 0, 0)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(exif)-4))
	chunk = binary.BigEndian.AppendUint32(append(chunk, exif...), crc32.ChecksumIEEE(exif))
	const header = 33 // signature and IHDR
	return string(b.Bytes()[:header]) + string(chunk) + string(b.Bytes()[header:])
}

func depthPNG(t *testing.T, width, height int) string {
	m := image.NewGray16(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.SetGray16(x, y, color.Gray16{Y: uint16(1000 + 10*x + y)})
		}
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	return b.String()
}

func TestGenerateSaysWhatItDoesToFrames(t *testing.T) {
	workspace(t, map[string]string{
		"in/a.png": slope(t, 96, 64, 1), "in/a.depth.png": depthPNG(t, 48, 32), "in/b.png": slope(t, 64, 96, 1), "in/b.depth.png": depthPNG(t, 64, 96),
		"in/list.txt": "1 b.png 1.01 a.depth.png\n2 a.png 3 b.depth.png\n",
	})
	const said, refused = "a.png: depth 48x32 rescaled to 96x64\n", "depth in/a.depth.png: 48x32 pixels (want the image's 96x64)"
	for _, tc := range []struct {
		name, flags, out string
		code, samples    int
		err              string
	}{
		{"said", "", "o0", 0, 4, said},
		{"left out", "--mismatch refuse", "o1", 0, 2, "left out: " + refused + "\n"},
		{"associations", "--associations in/list.txt", "o2", 0, 2,
			"1 of 2 images left out: no depth within 0.02 s\nb.png: depth 48x32 rescaled to 64x96\n"},
		{"a longer difference", "--associations in/list.txt --max-difference 1", "o3", 0, 4,
			"a.png: depth 64x96 rescaled to 96x64\nb.png: depth 48x32 rescaled to 64x96\n"},
		{"all refused", "--associations in/list.txt --mismatch refuse", "none", 1, 0, "1 of 2 images left out: no depth within 0.02 s\nssrl: depth in/a.depth.png: 48x32 pixels (want the image's 64x96)\n"},
		{"no list", "--associations none.txt", "none", 1, 0, "ssrl: associations none.txt: no such file or directory\n"},
		{"no difference", "--max-difference NaN", "none", 1, 0, "ssrl: difference of NaN seconds (want 0, for 0.02, or more)\n"},
		{"no mismatch", "--mismatch stretch", "none", 2, 0, `ssrl: --mismatch must be one of "rescale","refuse" but got "stretch" (see ssrl --help)` + "\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			line := "generate --json --images in --tasks flip --per-image 2 --out " + tc.out
			if tc.flags != "" {
				line += " " + tc.flags
			}
			want := result{tc.code, "", tc.err}
			if tc.code == 0 {
				want.out = fmt.Sprintf("{\"out\":%q,\"samples\":%d}\n", tc.out, tc.samples)
			}
			assert.Equal(t, want, capture(words(line)))
		})
	}
}

func TestGenerateTurnsImagesUnlessToldNot(t *testing.T) {
	workspace(t, map[string]string{"in/a.png": slope(t, 96, 64, 6), "in/a.depth.png": depthPNG(t, 64, 96)})
	r := capture(words("generate --json --images in --tasks flip --out turned"))
	assert.Equal(t, result{0, `{"out":"turned","samples":1}` + "\n", ""}, r)
	r = capture(words("generate --json --images in --tasks flip --out stored --ignore-orientation"))
	assert.Equal(t, result{0, `{"out":"stored","samples":1}` + "\n", "a.png: depth 64x96 rescaled to 96x64\n"}, r)
}
