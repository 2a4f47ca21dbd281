package zlib

import (
	"bytes"
	"compress/flate"
	stdzlib "compress/zlib"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// samples are what deflate treats differently: literals with short and with long
// codes, matches near and far, runs, and what cannot be packed.
func samples() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	fill := func(n int, of func(i int) byte) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = of(i)
		}
		return b
	}
	all := map[string][]byte{
		"nothing":  nil,
		"one":      {7},
		"zeros":    make([]byte, 100000),
		"noise":    fill(70000, func(int) byte { return byte(r.Uint32()) }),
		"few":      fill(70000, func(int) byte { return byte(r.IntN(3)) }),
		"skewed":   fill(90000, func(int) byte { return byte(min(r.ExpFloat64()*9, 255)) }),
		"steep":    fill(90000, func(int) byte { return byte(min(r.ExpFloat64()*1.5, 255)) }),
		"opaque":   fill(80000, func(i int) byte { return byte(r.IntN(40)) | byte(i%4/3*255) }),
		"sentence": bytes.Repeat([]byte("the quick brown fox jumps over the lazy dog. "), 2000),
	}
	for d := 1; d <= 40; d++ { // every distance that is copied in a way of its own
		period := fill(d, func(int) byte { return byte(r.Uint32()) })
		all["periods"] = append(all["periods"], bytes.Repeat(period, 1+600/d)...)
	}
	far := all["noise"][:32<<10]
	all["far"] = append(append([]byte(nil), far...), far...)
	return all
}

func packed(t testing.TB, data []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := stdzlib.NewWriterLevel(&b, level)
	require.NoError(t, err)
	_, err = w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// each runs f with and without assembly.
func each(t *testing.T, f func(t *testing.T, z *Inflater)) {
	for _, portable := range []bool{false, true} {
		t.Run(fmt.Sprintf("portable=%v", portable), func(t *testing.T) { f(t, &Inflater{portable: portable}) })
	}
}

// inPieces returns what Reset takes to see data in pieces of n bytes.
func inPieces(data []byte, n int) (first []byte, more func() ([]byte, error)) {
	next := func() ([]byte, error) {
		piece := data[:min(n, len(data)):min(n, len(data))]
		data = data[len(piece):]
		return piece, nil
	}
	first, _ = next()
	return first, next
}

// all unpacks through a buffer that holds step bytes besides the window.
func all(z *Inflater, step int) ([]byte, error) {
	var out []byte
	buf := make([]byte, Window+step)
	at := 0
	for {
		end, err := z.Fill(buf, at)
		out = append(out, buf[at:end]...)
		if err != nil {
			return out, err
		}
		at = end
		if at > Window {
			at = copy(buf, buf[at-Window:at])
		}
	}
}

func TestStreamsComeBack(t *testing.T) {
	each(t, func(t *testing.T, z *Inflater) {
		for name, want := range samples() {
			for _, level := range []int{flate.NoCompression, flate.BestSpeed, flate.DefaultCompression, flate.BestCompression, flate.HuffmanOnly} {
				data := packed(t, want, level)
				z.Reset(data, nil)
				got := make([]byte, len(want))
				at, err := z.Fill(got, 0)
				require.Equal(t, io.EOF, err, "%s, level %d", name, level)
				require.Equal(t, len(want), at, "%s, level %d", name, level)
				require.True(t, bytes.Equal(want, got), "%s, level %d", name, level)
				_, err = z.Fill(got, at)
				require.Equal(t, io.EOF, err, "again")
			}
		}
	})
}

func TestPiecesAndBuffersDoNotMatter(t *testing.T) {
	each(t, func(t *testing.T, z *Inflater) {
		for name, want := range samples() {
			data := packed(t, want, flate.DefaultCompression)
			for _, piece := range []int{1, 7, 61, 5000} {
				for _, step := range []int{1, 13, 300, 4099, 100000} {
					if step == 1 && len(want) > 1000 && piece != 61 {
						continue // slow
					}
					if step < 300 && len(want) > 1000 {
						continue
					}
					z.Reset(inPieces(data, piece))
					got, err := all(z, step)
					require.Equal(t, io.EOF, err, "%s by %d and %d", name, piece, step)
					require.True(t, bytes.Equal(want, got), "%s by %d and %d", name, piece, step)
				}
			}
		}
	})
}

func TestFullBufferIsNoEnd(t *testing.T) {
	each(t, func(t *testing.T, z *Inflater) {
		want := samples()["skewed"]
		z.Reset(packed(t, want, 6), nil)
		buf := make([]byte, len(want)-1, len(want))
		at, err := z.Fill(buf, 0)
		require.NoError(t, err)
		require.Equal(t, len(buf), at)
		at, err = z.Fill(buf[:len(want)], at)
		require.Equal(t, io.EOF, err)
		require.Equal(t, len(want), at)
		require.True(t, bytes.Equal(want, buf[:at]))
	})
}

func TestStreamsThatEndEarly(t *testing.T) {
	each(t, func(t *testing.T, z *Inflater) {
		for name, want := range samples() {
			want = want[:min(len(want), 3000)]
			for _, level := range []int{0, 1, 9} {
				data := packed(t, want, level)
				buf := make([]byte, len(want))
				for n := range data {
					z.Reset(data[:n:n], nil)
					_, err := z.Fill(buf, 0)
					require.Equal(t, io.ErrUnexpectedEOF, err, "%s: %d of %d bytes", name, n, len(data))
				}
			}
		}
	})
}

// raw returns a stream of the bits that are listed, "1 01" being three, with
// zeros enough behind them for the fast loop.
func raw(bits string) []byte {
	b := []byte{0x78, 0x9c}
	n := 0
	for _, c := range bits {
		if c == ' ' {
			continue
		}
		if n%8 == 0 {
			b = append(b, 0)
		}
		b[len(b)-1] |= byte(c-'0') << (n % 8)
		n++
	}
	return append(b, make([]byte, 64)...)
}

func TestWrongStreams(t *testing.T) {
	sum := packed(t, []byte("abc"), 6)
	sum[len(sum)-1]++
	for _, tc := range []struct {
		name string
		data []byte
		want string
	}{
		{"no header", make([]byte, 40), "zlib: invalid header"},
		{"large window", []byte{0x88, 0x1c, 0, 0}, "zlib: invalid header"},
		{"dictionary", []byte{0x78, 0xbb, 0, 0}, "zlib: a preset dictionary (want none)"},
		{"checksum", sum, "zlib: checksum 024d0127 (want 024d0128)"},
		{"type 3", raw("1 11"), "zlib: a block of type 3 (want 0 to 2)"},
		{"stored", append([]byte{0x78, 0x9c}, 1, 5, 0, 5, 0), "zlib: a stored block of 5 or 65530 bytes"},
		{"fixed symbol 286", raw("1 10 11000110"), "zlib: a code that stands for nothing"},
		{"fixed distance 30", raw("1 10 00110000 0000001 11110"), "zlib: a code that stands for nothing"},
		{"match before the start", raw("1 10 00110000 0000001 00001"), "zlib: a match 2 bytes back (want 1 at most)"},
		{"many literals", raw("1 01 11111 00000 0000"), "zlib: 288 and 1 codes (want 286 and 30 at most)"},
		{"many distances", raw("1 01 00000 01111 0000"), "zlib: 257 and 31 codes (want 286 and 30 at most)"},
		{"lengths make no code", raw("1 01 00000 00000 0000 100 100 100 100"), "zlib: code lengths that make no code"},
		{"repeat first", raw("1 01 00000 00000 0000 100 000 000 000 0"), "zlib: a length repeated before the first"},
		{"too many lengths", raw("1 01 00000 00000 0000 000 000 100 100 1 1111111 1 1111111 1 1111111"), "zlib: more than 258 lengths of codes"},
		{"no code for a length", raw("1 01 00000 00000 0000 000 000 100 000 1"), "zlib: a code that stands for nothing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.want[6:] == "a block of type 3 (want 0 to 2)" {
				require.Equal(t, byte(7), tc.data[2])
			}
			each(t, func(t *testing.T, z *Inflater) {
				z.Reset(tc.data, nil)
				_, err := z.Fill(make([]byte, 1<<10), 0)
				assert.EqualError(t, err, tc.want)
			})
		})
	}
}

func TestErrorsOfMoreComeThrough(t *testing.T) {
	data := packed(t, samples()["noise"], 6)
	var z Inflater
	z.Reset(data[:500], func() ([]byte, error) { return nil, io.ErrNoProgress })
	_, err := z.Fill(make([]byte, 70000), 0)
	assert.Equal(t, io.ErrNoProgress, err)
}

func TestAdler(t *testing.T) {
	for name, b := range samples() {
		for _, n := range []int{0, 1, 31, 32, 33, 5553, 65536, 65569, len(b)} {
			part := b[:min(n, len(b))]
			assert.Equal(t, adlerPortable(0xfff0fff0, part), adler(0xfff0fff0, part), "%s, %d bytes", name, n)
		}
	}
	full := bytes.Repeat([]byte{255}, 200000)
	assert.Equal(t, adlerPortable(0xfff0fff0, full), adler(0xfff0fff0, full))
}

func TestUnpackingDoesNotAllocate(t *testing.T) {
	want := samples()["skewed"]
	data := packed(t, want, 6)
	buf := make([]byte, len(want))
	var z Inflater
	assert.Zero(t, testing.AllocsPerRun(3, func() {
		z.Reset(data, nil)
		_, _ = z.Fill(buf, 0)
	}))
}
