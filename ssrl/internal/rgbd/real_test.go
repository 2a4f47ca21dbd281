package rgbd

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cellMean bounds the difference of the mean of a cell of a JPEG from Pillow's:
// rounding differences of at most jpegLargest cancel over thousands of pixels.
const cellMean = 0.25

// realFrame is a record of testdata/real.json, see _reference/real.py.
type realFrame struct {
	File, Unit, SHA256, Mask string
	Width, Height            int
	Valid                    int
	MaskedValid              int `json:"masked_valid"`
	Min, Max, Sum            float64
	Cells                    [][3]float64
}

// realData returns the folder of real frames, or skips.
func realData(t testing.TB) fs.FS {
	dir := os.Getenv("SSRL_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no real frames: SSRL_DATA names no folder")
	}
	return os.DirFS(dir)
}

func realFrames(t *testing.T) (depth, images map[string]realFrame) {
	data, err := os.ReadFile("testdata/real.json")
	require.NoError(t, err)
	var all struct{ Depth, Image []realFrame }
	require.NoError(t, json.Unmarshal(data, &all))
	depth, images = map[string]realFrame{}, map[string]realFrame{}
	for _, f := range all.Depth {
		depth[f.File] = f
	}
	for _, f := range all.Image {
		images[f.File] = f
	}
	return depth, images
}

// Every file of the folder decodes; those that h5py, numpy and Pillow were asked
// about have the same pixels.
func TestRealFrames(t *testing.T) {
	fsys := realData(t)
	depths, images := realFrames(t)
	err := fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		base := path.Base(name)
		switch ext := path.Ext(name); {
		case strings.Contains(base, "mask"):
		case strings.HasPrefix(base, "depth"):
			t.Run(name, func(t *testing.T) { realDepth(t, fsys, name, depths[name]) })
		case ext == ".png" || ext == ".jpg" || ext == ".jpeg":
			t.Run(name, func(t *testing.T) { realImage(t, fsys, name, images[name]) })
		}
		return nil
	})
	require.NoError(t, err)
}

func realDepth(t *testing.T, fsys fs.FS, name string, want realFrame) {
	unit, err := ParseUnit(want.Unit)
	require.NoError(t, err)
	d, err := ReadDepth(fsys, name, "", unit)
	require.NoError(t, err)
	require.Len(t, d.Metres, d.Width*d.Height)
	if want.File == "" {
		t.Log("decoded; not in testdata/real.json")
		return
	}
	assert.Equal(t, []int{want.Width, want.Height}, []int{d.Width, d.Height})
	assert.Equal(t, path.Ext(name) == ".h5", d.Relative)
	raw := make([]byte, 4*len(d.Metres))
	valid, sum, least, most := 0, 0.0, math.Inf(1), 0.0
	for i, v := range d.Metres {
		if v == v {
			valid++
			sum += float64(v)
			least, most = min(least, float64(v)), max(most, float64(v))
			binary.LittleEndian.PutUint32(raw[4*i:], math.Float32bits(v))
		}
	}
	assert.Equal(t, want.Valid, valid)
	assert.Equal(t, []float64{want.Min, want.Max}, []float64{least, most})
	assert.InEpsilon(t, want.Sum, sum, 1e-12, "numpy adds in another order")
	assert.Equal(t, want.SHA256, hash(raw))
	if want.Mask == "" {
		return
	}
	d, err = ReadDepth(fsys, name, want.Mask, unit)
	require.NoError(t, err)
	left := 0
	for _, v := range d.Metres {
		if v == v {
			left++
		}
	}
	assert.Equal(t, want.MaskedValid, left)
}

func realImage(t *testing.T, fsys fs.FS, name string, want realFrame) {
	m, err := ReadImage(fsys, name)
	require.NoError(t, err)
	require.Len(t, m.Pix, 3*m.Width*m.Height)
	if want.File == "" {
		t.Log("decoded; not in testdata/real.json")
		return
	}
	require.Equal(t, []int{want.Width, want.Height}, []int{m.Width, m.Height})
	if path.Ext(name) == ".png" {
		assert.Equal(t, want.SHA256, hash(m.Pix))
	}
	for i, cell := range want.Cells {
		x0, x1 := m.Width*(i%4)/4, m.Width*(i%4+1)/4
		y0, y1 := m.Height*(i/4)/4, m.Height*(i/4+1)/4
		var sum [3]float64
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				for k, v := range m.Pix[3*(y*m.Width+x):][:3] {
					sum[k] += float64(v)
				}
			}
		}
		for k, w := range cell {
			assert.InDelta(t, w, sum[k]/float64((x1-x0)*(y1-y0)), cellMean, "cell %d channel %d", i, k)
		}
	}
}

func hash(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
