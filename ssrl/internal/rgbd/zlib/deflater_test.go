package zlib

import (
	"bytes"
	stdzlib "compress/zlib"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// requireComesBack unpacks with the standard library and with an Inflater.
func requireComesBack(t testing.TB, want, stream []byte) {
	t.Helper()
	r, err := stdzlib.NewReader(bytes.NewReader(stream))
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got))
	var z Inflater
	z.Reset(stream, nil)
	buf := make([]byte, len(want))
	_, err = z.Fill(buf, 0)
	require.Equal(t, io.EOF, err)
	require.True(t, bytes.Equal(want, buf))
}

func TestPackedStreamsComeBack(t *testing.T) {
	var d Deflater
	for name, want := range samples() {
		for _, n := range []int{len(want), 0, 1, 11, 12, 13, 300, blockSize - 1, blockSize, blockSize + 1} {
			want := want[:min(n, len(want))]
			stream := d.Append([]byte("before"), want)
			require.Equal(t, "before", string(stream[:6]))
			requireComesBack(t, want, stream[6:])
			again := d.Append(nil, want)
			assert.Equal(t, stream[6:], again, "%s: another time", name)
		}
	}
}

// slack is what streams may be longer than the fastest of compress/flate, which
// searches as little, and headerSlack for the codes of each block of ours.
const (
	slack       = 1.1
	headerSlack = 80
)

func TestPackedStreamsAreSmall(t *testing.T) {
	var d Deflater
	for name, b := range samples() {
		most := slack*float64(len(packed(t, b, 1))) + headerSlack*float64(1+len(b)/blockSize)
		assert.LessOrEqual(t, float64(len(d.Append(nil, b))), most, name)
		assert.LessOrEqual(t, len(d.Append(nil, b)), len(b)+2+4+(5+5)*(1+len(b)/blockSize), name)
	}
}

// TestHuffmanCodes checks that codes are whole and no longer than they may be.
func TestHuffmanCodes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	fibonacci := []int{1, 1}
	for len(fibonacci) < 40 {
		fibonacci = append(fibonacci, fibonacci[len(fibonacci)-1]+fibonacci[len(fibonacci)-2])
	}
	for _, often := range [][]int{{0, 0, 0}, {5, 0, 0}, {0, 0, 5}, {1, 1}, fibonacci, slices.Repeat([]int{1}, 286), {1, 1000, 1, 1, 100000, 1, 1, 0, 1}} {
		for _, most := range []int{9, 15} {
			codes := make([]code, len(often))
			huffman(codes, often, most)
			full := 0
			for s, c := range codes {
				if often[s] > 0 {
					require.NotZero(t, c.n)
				}
				require.LessOrEqual(t, int(c.n), most)
				if c.n > 0 {
					full += 1 << (maxBits - c.n)
				}
			}
			require.Equal(t, 1<<maxBits, full, "%v", often)
		}
	}
	for range 200 {
		often := make([]int, 2+r.IntN(280))
		for s := range often {
			often[s] = int(r.ExpFloat64() * r.ExpFloat64() * 9)
		}
		lens := make([]uint8, len(often))
		codes := make([]code, len(often))
		huffman(codes, often, maxBits)
		for s, c := range codes {
			lens[s] = c.n
		}
		var table [litSize]uint32
		require.NoError(t, build(table[:], litBits, lens, literalEntry))
	}
}

func TestPackingDoesNotAllocate(t *testing.T) {
	want := samples()["skewed"]
	var d Deflater
	out := d.Append(nil, want)
	assert.Zero(t, testing.AllocsPerRun(3, func() { out = d.Append(out[:0], want) }))
}

func FuzzDeflater(f *testing.F) {
	for _, b := range samples() {
		f.Add(b[:min(len(b), 2000)], uint16(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, times uint16) {
		if len(data) > 1<<12 {
			return
		}
		data = bytes.Repeat(data, 1+int(times%40))
		var d Deflater
		requireComesBack(t, data, d.Append(nil, data))
	})
}
