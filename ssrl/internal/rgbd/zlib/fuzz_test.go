package zlib

import (
	"bytes"
	stdzlib "compress/zlib"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// fuzzOut bounds what a fuzzed stream unpacks to.
const fuzzOut = 1 << 17

// FuzzInflater holds both loops, whole and in pieces, against the standard
// library: the same bytes, and errors for the same streams. Of a stream that
// is wrong at its very end, which of the two it is may differ.
func FuzzInflater(f *testing.F) {
	for _, data := range samples() {
		data = data[:min(len(data), 3000)]
		for _, level := range []int{0, 1, 9, -2} {
			f.Add(packed(f, data, level), uint16(100))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, piece uint16) {
		if len(data) > 1<<14 {
			return
		}
		var want []byte
		r, wantErr := stdzlib.NewReader(bytes.NewReader(data))
		if wantErr == nil {
			want, wantErr = io.ReadAll(io.LimitReader(r, fuzzOut+1))
		}
		if len(want) > fuzzOut {
			return
		}
		for _, portable := range []bool{false, true} {
			z := Inflater{portable: portable}
			z.Reset(data, nil)
			buf := make([]byte, fuzzOut)
			end, err := z.Fill(buf, 0)
			if wantErr == nil {
				require.Equal(t, io.EOF, err)
				require.True(t, bytes.Equal(want, buf[:end]))
			} else {
				require.Error(t, err)
				require.NotEqual(t, io.EOF, err)
			}
			z.Reset(inPieces(data, 1+int(piece)))
			got, again := all(&z, 40+int(piece)%5000)
			require.Equal(t, err == io.EOF, again == io.EOF, "%v in pieces, %v whole", again, err)
			if err == io.EOF {
				require.True(t, bytes.Equal(want, got))
			}
		}
	})
}
