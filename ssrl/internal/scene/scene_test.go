package scene

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/rgbd"
)

var update = flag.Bool("update", false, "rewrite testdata/frames.txt")

func hash(f *rgbd.Frame) string {
	h := sha256.New()
	h.Write(f.Image.Pix)
	b := make([]byte, 4)
	for _, z := range f.Depth.Metres {
		binary.LittleEndian.PutUint32(b, math.Float32bits(z))
		h.Write(b)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// goldenFrames are seed, index, width and height of the frames in testdata.
var goldenFrames = [][4]int{
	{1, 0, 56, 56}, {1, 1, 56, 56}, {1, 2, 112, 112}, {2, 0, 112, 112}, {7, 123456, 112, 112},
	{7, 3, 96, 128}, {1, 0, 640, 480}, {3, 9, 1, 1}, {3, 9, 5, 3},
}

// The promise "same seed, same bytes, on every machine", as a file.
func TestFramesAreThoseOfTestdata(t *testing.T) {
	const name = "testdata/frames.txt"
	var now strings.Builder
	for _, g := range goldenFrames {
		f := Render(uint64(g[0]), g[1], g[2], g[3])
		fmt.Fprintf(&now, "seed %d index %d size %dx%d %s\n", g[0], g[1], g[2], g[3], hash(f))
	}
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o777))
		require.NoError(t, os.WriteFile(name, []byte(now.String()), 0o666))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	lines := bufio.NewScanner(strings.NewReader(now.String()))
	for _, line := range strings.Split(strings.TrimSpace(string(want)), "\n") {
		require.True(t, lines.Scan())
		assert.Equal(t, line, lines.Text())
	}
	assert.False(t, lines.Scan())
}

func TestFramesDiffer(t *testing.T) {
	seen := map[string]string{}
	for s := range uint64(6) {
		for i := range 10 {
			f := Render(s, i, 28, 28)
			h := hash(f)
			assert.Empty(t, seen[h], "seed %d index %d", s, i)
			seen[h] = fmt.Sprintf("seed %d index %d", s, i)
			assert.Equal(t, fmt.Sprintf("scene-%06d", i), f.Name)
		}
	}
}

// Good material spans near and far and has something to see in every quadrant.
func TestFramesAreGoodMaterial(t *testing.T) {
	const n, side = 200, 56
	const quadrant = side / 2
	spans, flat := 0, 0
	for i := range n {
		f := Render(11, i, side, side)
		lo, hi := float32(math.Inf(1)), float32(0)
		for _, z := range f.Depth.Metres {
			require.False(t, math.IsNaN(float64(z)) || math.IsInf(float64(z), 0), "index %d", i)
			lo, hi = min(lo, z), max(hi, z)
		}
		require.Greater(t, lo, float32(0.4), "index %d", i)
		require.Less(t, hi, float32(12), "index %d", i)
		if hi > 3*lo {
			spans++
		}
		for y := 0; y < side; y += quadrant {
			for x := 0; x < side; x += quadrant {
				if spread(f.Image, x, y, quadrant) < 12 {
					flat++
				}
			}
		}
	}
	assert.Equal(t, n, spans, "frames whose farthest point is three times as far as the nearest")
	assert.LessOrEqual(t, flat, n*4/50, "quadrants whose brightness spreads by less than 12 of 255")
}

// spread is the standard deviation of the brightness of a square.
func spread(m *rgbd.RGB, x0, y0, side int) float64 {
	var sum, squares float64
	for y := y0; y < y0+side; y++ {
		for x := x0; x < x0+side; x++ {
			p := m.Pix[3*(y*m.Width+x):]
			v := (float64(p[0]) + float64(p[1]) + float64(p[2])) / 3
			sum += v
			squares += v * v
		}
	}
	n := float64(side * side)
	return math.Sqrt(squares/n - sum/n*sum/n)
}

func TestRoomDoesNotDependOnSize(t *testing.T) {
	a, b := Describe(5, 4, 56, 56), Describe(5, 4, 640, 480)
	assert.Equal(t, a.Bodies, b.Bodies)
	assert.Equal(t, a.Room, b.Room)
	assert.InEpsilon(t, a.Camera.Fx/56, b.Camera.Fx/640, 1e-15, "one rounding")
	// Depth is that of a pixel's centre: compare pixels whose centres coincide.
	small, large := Render(5, 4, 64, 64), Render(5, 4, 192, 192)
	for y := range 64 {
		for x := range 64 {
			i, j := y*64+x, (3*y+1)*192+3*x+1
			// The centres differ by rounding alone; at an edge that may decide.
			if math.Abs(float64(small.Depth.Metres[i]-large.Depth.Metres[j])) > 1e-5 {
				t.Errorf("pixel (%d, %d): %v and %v", x, y, small.Depth.Metres[i], large.Depth.Metres[j])
			}
		}
	}
}

func TestDescriptionIsJSONWithoutLoss(t *testing.T) {
	d := Describe(1, 0, 640, 480)
	data, err := json.Marshal(d)
	require.NoError(t, err)
	var back Description
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Equal(t, d, back)
	assert.NotEmpty(t, d.Bodies)
	assert.Len(t, d.Room.Walls, 6)
}

func TestRenderRefusesNoPixels(t *testing.T) {
	assert.PanicsWithValue(t, "scene: 0x5 pixels", func() { Render(1, 0, 0, 5) })
	assert.PanicsWithValue(t, "scene: 1048576x1048576 pixels", func() { Render(1, 0, 1<<20, 1<<20) })
}

func BenchmarkRender(b *testing.B) {
	for _, s := range [][2]int{{56, 56}, {112, 112}, {640, 480}} {
		b.Run(fmt.Sprintf("%dx%d", s[0], s[1]), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				Render(1, i%50, s[0], s[1])
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
		})
	}
}

func ExampleRender() {
	f := Render(1, 0, 640, 480)
	fmt.Println(f.Name, f.Image.Width, f.Image.Height, len(f.Depth.Metres))
	// Output: scene-000000 640 480 307200
}
