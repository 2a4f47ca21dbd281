package png

import (
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
	File, SHA256  string
	Width, Height int
	Grey16        bool
}

// TestPeerFolder compares with the pixels that Pillow shows.
func TestPeerFolder(t *testing.T) {
	dir := os.Getenv("SSRL_PNG_PEER")
	if dir == "" {
		t.Skip("SSRL_PNG_PEER names no folder of _reference/peer.py")
	}
	data, err := os.ReadFile(filepath.Join(dir, "index.json"))
	require.NoError(t, err)
	var files []peerFile
	require.NoError(t, json.Unmarshal(data, &files))
	require.NotEmpty(t, files)
	each(t, func(t *testing.T, d *Decoder) {
		for _, f := range files {
			data, err := os.ReadFile(filepath.Join(dir, f.File))
			require.NoError(t, err)
			decode := d.Decode
			if f.Grey16 {
				decode = d.DecodeGrey16
			}
			pix, h, err := decode(nil, data)
			if assert.NoError(t, err, f.File) {
				assert.Equal(t, []int{f.Width, f.Height}, []int{h.Width, h.Height}, f.File)
				sum := sha256.Sum256(pix)
				assert.Equal(t, f.SHA256, hex.EncodeToString(sum[:]), f.File)
			}
		}
	})
}
