package jpeg

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refusedBytes bounds what a refused file may allocate: a Decoder, and room for
// the small picture that a header promises.
const refusedBytes = 2 << 20

// swap replaces the only occurrence of a part of a file of testdata.
func swap(t *testing.T, name, old, with string) []byte {
	t.Helper()
	data := good(t)[name]
	require.Equal(t, 1, bytes.Count(data, []byte(old)), "%s holds %x once", name, old)
	return bytes.Replace(data, []byte(old), []byte(with), 1)
}

// segment returns where the body of the first segment of a kind begins.
func segmentOf(t *testing.T, data []byte, mark byte) int {
	t.Helper()
	s, err := newSegments(data)
	require.NoError(t, err)
	for {
		m, body, err := s.next()
		require.NoError(t, err)
		if m == mark {
			return s.at - len(body)
		}
	}
}

// set returns a file of testdata with bytes of a segment's body replaced.
func set(t *testing.T, name string, mark byte, at int, with ...byte) []byte {
	data := slices.Clone(good(t)[name])
	copy(data[segmentOf(t, data, mark)+at:], with)
	return data
}

func TestBrokenFiles(t *testing.T) {
	files := good(t)
	grey := files["grey.jpg"]
	scan := segmentOf(t, grey, markSOS) + 6
	frame := func(at int, with ...byte) []byte { return set(t, "420.jpg", markSOF0, at, with...) }
	sos := func(at int, with ...byte) []byte { return set(t, "420.jpg", markSOS, at, with...) }
	progressive := func(at int, with ...byte) []byte { return set(t, "progressive-420.jpg", markSOS, at, with...) }
	dht := func(at int, with ...byte) []byte { return set(t, "grey.jpg", markDHT, at, with...) }
	for _, tc := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "no start marker"},
		{"one byte", []byte{0xff}, "no start marker"},
		{"another format", []byte("\x89PNG\r\n\x1a\n"), "no start marker"},
		{"start only", []byte("\xff\xd8"), "ends early"},
		{"no picture", []byte("\xff\xd8\xff\xd9"), "no picture before the end marker"},
		{"no end marker", grey[:len(grey)-2], "ends early"},
		{"half an end marker", grey[:len(grey)-1], "ends early"},
		{"arithmetic coding", frame(-3, 0xc9), "frame type 0xc9, arithmetic coding (want baseline or progressive)"},
		{"hierarchical", frame(-3, 0xc5), "frame type 0xc5, hierarchical (want baseline or progressive)"},
		{"lossless", frame(-3, 0xc3), "frame type 0xc3, lossless (want baseline or progressive)"},
		{"12 bits", frame(0, 12), "12 bits a sample (want 8)"},
		{"no height", frame(1, 0, 0), "75x0 pixels (want one at least)"},
		{"large", frame(1, 0xff, 0xff, 0xff, 0xff), "65535x65535 pixels (want 268435456 in all at most)"},
		{"bomb", frame(1, 0x3f, 0xff, 0x3f, 0xff), "16383x16383 pixels in 1993 bytes"},
		{"two components", frame(5, 2), "2 components (want 1, 3 or 4)"},
		{"four components", frame(5, 4), "a frame header of a wrong length"},
		{"factor 0", frame(7, 0x02), "sampling factors 0x2 (want 1 to 4)"},
		{"factor 5", frame(7, 0x51), "sampling factors 5x1 (want 1 to 4)"},
		{"factors 3 and 2", frame(7, 0x31, 0, 2, 0x21), "sampling factors 2x1 of 3x1 (want a divisor)"},
		{"blocks of a unit", frame(7, 0x44), "18 blocks in a unit (want 10 at most)"},
		{"same components", frame(9, 1), "two components 1"},
		{"table 4", frame(8, 4), "quantisation table 4 (want 0 to 3)"},
		{"no table", frame(8, 3), "no quantisation table 3"},
		{"quantisation kind", set(t, "420.jpg", markDQT, 0, 0x20), "a quantisation table of kind 0x20 (want 0 to 3 of 8 or 16 bits)"},
		{"quantisation words", set(t, "420.jpg", markDQT, 0, 0x10), "a quantisation table that ends early"},
		{"Huffman class", dht(0, 0x20), "a Huffman table of no class or number"},
		{"Huffman number", dht(0, 0x04), "a Huffman table of no class or number"},
		{"Huffman length", dht(16, 0xff), "a Huffman table that ends early"},
		{"no Huffman codes", dht(1, make([]byte, 16)...), "a Huffman table of 0 symbols (want 1 to 256)"},
		{"too many short codes", dht(1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), "a Huffman table of more codes than bits can tell apart"},
		{"a scan of no component", sos(0, 0), "a scan header of a wrong length"},
		{"a scan of four components", sos(0, 4), "a scan header of a wrong length"},
		{"a scan of another component", sos(1, 7), "a scan of component 7, which is not in the frame"},
		{"a scan of one component twice", sos(3, 1), "a scan of component 1 twice"},
		{"scan tables", sos(2, 0x40), "Huffman tables 4 and 0 (want 0 to 3)"},
		{"scan without its table", sos(2, 0x20), "a scan without its Huffman table"},
		{"progressive without a table", progressive(2, 0x20), "a scan without its Huffman table"},
		{"progressive band", progressive(8, 5), "a progressive scan of coefficients 0 to 5 of 3 components"},
		{"progressive beyond a block", progressive(7, 1, 64), "a progressive scan of coefficients 1 to 64 of 3 components"},
		{"progressive bits", progressive(9, 0x31), "a progressive scan from bit 3 to 1"},
		{"progressive bit 14", progressive(9, 0x0e), "a progressive scan from bit 0 to 14"},
		{"two frames", slices.Concat(grey[:2], grey[segmentOf(t, grey, markSOF0)-4:segmentOf(t, grey, markSOF0)+9], grey[2:]), "two frame headers"},
		{"a frame after the scan", slices.Concat(grey[:len(grey)-2], []byte("\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00\xff\xd9")), "two frame headers"},
		{"restart interval", set(t, "restart.jpg", markDRI, -1, 3), "a restart interval of a wrong length"},
		{"no restart marker", swap(t, "restart.jpg", "\xff\xd3", "\xff\x00"), "marker 0xd4 in a scan (want restart marker 0xd3)"},
		{"another restart marker", swap(t, "restart.jpg", "\xff\xd3", "\xff\xd5"), "marker 0xd5 in a scan (want restart marker 0xd3)"},
		{"the end in the place of a restart", swap(t, "restart.jpg", "\xff\xd3", "\xff\xd9"), "marker 0xd9 in a scan (want restart marker 0xd3)"},
		{"an empty scan", slices.Concat(grey[:scan], []byte("\xff\xd9")), "a scan that ends early"},
		{"half a scan", slices.Concat(grey[:scan+100], []byte("\xff\xd9")), "a scan that ends early"},
		{"no codes", slices.Concat(grey[:scan], bytes.Repeat([]byte("\xff\x00"), 900), []byte("\xff\xd9")), "bits that are no Huffman code"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			pix, h, err := new(Decoder).Decode(nil, tc.data)
			runtime.ReadMemStats(&after)
			require.EqualError(t, err, tc.want)
			assert.Nil(t, pix)
			assert.Zero(t, h)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(refusedBytes))
		})
	}
}

// Every part of a file that is cut off is missed.
func TestFilesThatEndEarly(t *testing.T) {
	var d Decoder
	for name, data := range good(t) {
		for n := range len(data) {
			_, _, err := d.Decode(nil, data[:n:n])
			require.Error(t, err, "%s cut to %d of %d bytes", name, n, len(data))
			require.NotContains(t, err.Error(), "\n")
		}
	}
}

// Whatever a byte becomes, decoding ends without a panic, and what stays of the
// Decoder's state harms no later picture.
func TestWrongBytes(t *testing.T) {
	var d Decoder
	check := readPillow(t).Decoded
	files := good(t)
	for name, data := range files {
		data = slices.Clone(data)
		for i := 0; i < len(data); i += 3 {
			was := data[i]
			for _, v := range []byte{0, 0xff, was ^ 0x80, was ^ 1} {
				data[i] = v
				if h, err := ReadHeader(data); err == nil && h.area() > 1<<20 {
					continue // a picture as large as the length allows
				}
				_, _, _ = d.Decode(nil, data)
			}
			data[i] = was
		}
		want := check[len(name)%len(check)]
		pix, _, err := d.Decode(nil, files[want.File])
		require.NoError(t, err)
		require.Equal(t, want.SHA256, sum(pix), "after %s", name)
	}
}

// A few bytes that let hundreds of scans walk through a large picture are
// refused before that takes long.
func TestScansThatVisitTooOften(t *testing.T) {
	data := []byte("\xff\xd8\xff\xdb\x00\x43\x00" + strings.Repeat("\x01", 64) + "\xff\xc2\x00\x0b\x08\x04\x00\x04\x00\x01\x01\x11\x00")
	// One code for DC, a bit; and one for a run of 2^14 blocks and more.
	data = append(data, "\xff\xc4\x00\x14\x00\x01"+strings.Repeat("\x00", 15)+"\x00"...)
	data = append(data, "\xff\xc4\x00\x14\x10\x01"+strings.Repeat("\x00", 15)+"\xe0"...)
	data = append(data, "\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00"+strings.Repeat("\x00", 2100)...)
	for range 2000 {
		data = append(data, "\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00\x00\x00\x00"...)
	}
	data = append(data, 0xff, markEOI)
	_, _, err := new(Decoder).Decode(nil, data)
	require.EqualError(t, err, "scans that visit each block too often")
}

// As libjpeg does: bytes between segments, scans that nobody needs and what
// follows the end marker are not looked at.
func TestWhatIsSteppedOver(t *testing.T) {
	grey := good(t)["grey.jpg"]
	want, _, err := new(Decoder).Decode(nil, grey)
	require.NoError(t, err)
	scan := segmentOf(t, grey, markSOS) - 4
	for name, data := range map[string][]byte{
		"stray bytes":        slices.Concat(grey[:scan], []byte("stray\xff\x00\xff\xff"), grey[scan:]),
		"a restart marker":   slices.Concat(grey[:len(grey)-2], []byte("\xff\xd5\xff\xd9")),
		"a second scan":      slices.Concat(grey[:len(grey)-2], grey[scan:]),
		"bytes in the end":   slices.Concat(grey, []byte("more")),
		"a tail of the scan": slices.Concat(grey[:len(grey)-2], []byte("\x12\x34\xff\x00\xff\xd9")),
	} {
		got, _, err := new(Decoder).Decode(nil, data)
		require.NoError(t, err, name)
		assert.Equal(t, want, got, name)
	}
}
