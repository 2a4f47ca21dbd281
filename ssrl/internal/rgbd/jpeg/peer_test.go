package jpeg

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// peerFile is a record of index.json, see _reference/peer.py.
type peerFile struct {
	File, SHA256, Pixels   string
	Width, Height, Quality int
	Full                   bool
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// both calls f for the portable code and for assembly.
func both(t *testing.T, f func(t *testing.T, portable bool)) {
	t.Run("portable", func(t *testing.T) { f(t, true) })
	t.Run("fast", func(t *testing.T) { f(t, false) })
}

// TestPeerFolder compares with a folder that Pillow made: every pixel and, for
// files that we can write, every byte.
func TestPeerFolder(t *testing.T) {
	dir := os.Getenv("SSRL_JPEG_PEER")
	if dir == "" {
		t.Skip("SSRL_JPEG_PEER names no folder of _reference/peer.py")
	}
	data, err := os.ReadFile(filepath.Join(dir, "index.json"))
	require.NoError(t, err)
	var files []peerFile
	require.NoError(t, json.Unmarshal(data, &files))
	both(t, func(t *testing.T, portable bool) {
		d := Decoder{portable: portable}
		e := Encoder{portable: portable}
		var pix, out []byte
		for _, f := range files {
			data, err := os.ReadFile(filepath.Join(dir, f.File))
			require.NoError(t, err)
			var h Header
			pix, h, err = d.Decode(pix, data)
			if assert.NoError(t, err, f.File) {
				require.Equal(t, []int{f.Width, f.Height}, []int{h.Width, h.Height}, f.File)
				assert.Equal(t, f.SHA256, sum(pix), f.File)
			}
			if f.Pixels == "" {
				continue
			}
			raw, err := os.ReadFile(filepath.Join(dir, f.Pixels))
			require.NoError(t, err)
			s := Quarter
			if f.Full {
				s = Full
			}
			out, err = e.Encode(out[:0], raw, f.Width, f.Height, f.Quality, s)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(data, out), "bytes of %s", f.File)
		}
	})
}
