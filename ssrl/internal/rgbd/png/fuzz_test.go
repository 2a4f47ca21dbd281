package png

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// mend sets the checksums of chunks, so that fuzzing gets past them.
func mend(data []byte) []byte {
	data = bytes.Clone(data)
	for at := len(signature); len(data)-at >= 12; {
		size := binary.BigEndian.Uint32(data[at:])
		if int64(size) > int64(len(data)-at-12) {
			break
		}
		end := at + 8 + int(size)
		binary.BigEndian.PutUint32(data[end:], crc32.ChecksumIEEE(data[at+4:end]))
		at = end + 4
	}
	return data
}

// requireStandard holds both paths against the standard library. What it decodes
// is decoded here, to the same pixels; what it refuses is refused but for bytes
// behind the end of the packed pixels, which it passes over or not by how much
// it has read ahead.
func requireStandard(t *testing.T, data []byte) {
	h, err := ReadHeader(data)
	if err != nil || h.Width*h.Height > 1<<16 {
		return
	}
	im, standardErr := standard(data)
	for _, portable := range []bool{false, true} {
		d := Decoder{portable: portable}
		for range 2 { // the second time in buffers that are used
			pix, got, err := d.Decode(nil, data)
			if err != nil {
				require.Error(t, standardErr, "%v", err)
				require.NotContains(t, err.Error(), "\n")
				continue
			}
			require.Equal(t, h, got)
			require.Len(t, pix, 3*h.Width*h.Height)
			if standardErr == nil {
				require.True(t, bytes.Equal(wantRGB(im), pix))
			} else {
				require.EqualError(t, standardErr, "png: invalid format: too much pixel data")
			}
		}
		if grey, _, err := d.DecodeGrey16(nil, data); err == nil && standardErr == nil {
			require.True(t, bytes.Equal(wantGrey16(im), grey))
		}
	}
}

func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, v := range files() {
		if v.w < 10 {
			f.Add(v.make(f, r))
		}
	}
	f.Add(file{w: 40, h: 30, bits: 8, colour: RGBA, filter: 5, smooth: true, idat: 50}.make(f, r))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<14 {
			return
		}
		requireStandard(t, data)
		requireStandard(t, mend(data))
	})
}

// FuzzPixels packs what is fuzzed: filters, and bytes that they undo.
func FuzzPixels(f *testing.F) {
	f.Add(uint8(0), uint16(4), uint16(4), []byte("\x04abcd\x03efgh\x02ijkl\x01mnop"), uint16(7))
	f.Fuzz(func(t *testing.T, kind uint8, w, h uint16, raw []byte, step uint16) {
		kinds := []Header{
			{Bits: 1, Colour: Grey}, {Bits: 2, Colour: Grey}, {Bits: 4, Colour: Grey}, {Bits: 8, Colour: Grey}, {Bits: 16, Colour: Grey},
			{Bits: 8, Colour: RGB}, {Bits: 16, Colour: RGB}, {Bits: 8, Colour: GreyAlpha}, {Bits: 16, Colour: GreyAlpha}, {Bits: 8, Colour: RGBA}, {Bits: 16, Colour: RGBA},
			{Bits: 1, Colour: Palette}, {Bits: 2, Colour: Palette}, {Bits: 4, Colour: Palette}, {Bits: 8, Colour: Palette},
		}
		want := kinds[int(kind>>1)%len(kinds)]
		want.Width, want.Height, want.Interlaced = 1+int(w%200), 1+int(h%200), kind&1 != 0
		if size := int(want.rawSize()); len(raw) < size && len(raw) > 0 { // as often as it takes
			raw = bytes.Repeat(raw, 1+size/len(raw))[:size]
		}
		data := head(uint32(want.Width), uint32(want.Height), byte(want.Bits), want.Colour, kind&1)
		if want.Colour == Palette {
			data = append(data, chunk("PLTE", []byte("abcdef"))...)
		}
		for packed := deflated(t, raw, int(step)%10); len(packed) > 0; {
			n := min(1+int(step), len(packed))
			data = append(data, chunk("IDAT", packed[:n])...)
			packed = packed[n:]
		}
		requireStandard(t, append(data, chunk("IEND", nil)...))
	})
}
