package pretext

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/rgbd"
)

// The numbers of testdata/upstream.json are those of _reference/upstream.py,
// plain NumPy and OpenCV after upstream's formulas, on the same maps and pictures.

// percentileTolerance covers a percentile that NumPy rounds to float32.
const percentileTolerance = 1e-6

type upstreamMap struct {
	Seed, Width, Height int
	Position            struct {
		Blocks    int
		Near, Far []Point
	}
	Depth struct {
		Low, High          float64
		Counts25, Counts11 [3]int
	}
}

type upstreamResize struct {
	Seed, Width, Height int
	Box                 Box
	Side                int
	SHA256              string
}

func upstreamGoldens(t *testing.T) (maps []upstreamMap, resizes []upstreamResize) {
	t.Helper()
	data, err := os.ReadFile("testdata/upstream.json")
	require.NoError(t, err)
	all := struct {
		Maps    []upstreamMap
		Resizes []upstreamResize
	}{}
	require.NoError(t, json.Unmarshal(data, &all))
	require.NotEmpty(t, all.Maps)
	require.NotEmpty(t, all.Resizes)
	return all.Maps, all.Resizes
}

// hashed mixes numbers as the reference does.
func hashed(numbers ...int) int {
	h := uint32(2166136261)
	for _, n := range numbers {
		h = (h ^ uint32(n)) * 16777619
	}
	return int(h >> 8 & 0xffff)
}

// shelves is the reference's depth map: slanted shelves with holes.
func shelves(seed, width, height int) *rgbd.Frame {
	d := &rgbd.Depth{Width: width, Height: height, Metres: make([]float32, width*height)}
	for y := range height {
		for x := range width {
			shelf := hashed(seed, x*5/width, y*4/height) % 9
			mm := 800 + 700*shelf + x*(seed%3)/4 + y/3
			d.Metres[y*width+x] = float32(mm) / 1000
			if hashed(seed, x/3, y/3, 7)%23 == 0 {
				d.Metres[y*width+x] = float32(math.NaN())
			}
		}
	}
	return &rgbd.Frame{Image: hashPicture(seed, width, height), Depth: d}
}

func hashPicture(seed, width, height int) *rgbd.RGB {
	m := rgbd.NewRGB(width, height)
	for i := range m.Pix {
		m.Pix[i] = byte(hashed(seed, i/3%width, i/3/width, i%3))
	}
	return m
}

func TestExhaustionIsUpstreams(t *testing.T) {
	maps, _ := upstreamGoldens(t)
	var w Workspace
	for _, m := range maps {
		e, ok := newExhaustion(&w, shelves(m.Seed, m.Width, m.Height).Depth)
		require.True(t, ok)
		assert.Equal(t, m.Position.Blocks, e.count, "even blocks of map %d", m.Seed)
		for near, want := range map[bool][]Point{true: m.Position.Near, false: m.Position.Far} {
			a, b, ok := e.pair(near)
			require.Equal(t, want != nil, ok)
			if ok {
				assert.Equal(t, want, []Point{a, b}, "map %d near %v", m.Seed, near)
			}
		}
	}
}

func TestRegionsAreUpstreams(t *testing.T) {
	maps, _ := upstreamGoldens(t)
	var w Workspace
	for _, m := range maps {
		f := shelves(m.Seed, m.Width, m.Height)
		low, high, err := depthRange(&w, f.Depth)
		require.NoError(t, err)
		assert.InDelta(t, m.Depth.Low, low, percentileTolerance)
		assert.InDelta(t, m.Depth.High, high, percentileTolerance)
		for size, want := range map[int][3]int{25: m.Depth.Counts25, 11: m.Depth.Counts11} {
			c := candidates{d: f.Depth, low: m.Depth.Low, high: m.Depth.High, slide: &w.slide, size: size, spread: .15}
			if size == 11 {
				c.spread = .2
			}
			c.find(size/2, 1, [2]int{})
			assert.Equal(t, want, [3]int{len(c.in[0]), len(c.in[1]), len(c.in[2])}, "regions of %d pixels of map %d", size, m.Seed)
		}
	}
}

func TestLinearIsOpenCVs(t *testing.T) {
	_, resizes := upstreamGoldens(t)
	for _, r := range resizes {
		out := rgbd.NewRGB(r.Side, r.Side)
		linear(out, hashPicture(r.Seed, r.Width, r.Height), image.Rect(r.Box[0], r.Box[1], r.Box[0]+r.Box[2], r.Box[1]+r.Box[3]))
		sum := sha256.Sum256(out.Pix)
		assert.Equal(t, r.SHA256, hex.EncodeToString(sum[:]), "%v of a %dx%d picture to %d", r.Box, r.Width, r.Height, r.Side)
	}
}

// The frame of MegaDepth that comes with upstream: performance.md's figures.
func TestExhaustionOfAMegaDepthFrame(t *testing.T) {
	dir := os.Getenv("SSRL_DATA")
	if dir == "" {
		dir = "../../../../shared/data"
	}
	fsys := os.DirFS(dir)
	if _, err := os.Stat(dir + "/megadepth/depth1.h5"); err != nil {
		t.Skip("no MegaDepth frame: SSRL_DATA names no folder with megadepth/depth1.h5")
	}
	relative, err := rgbd.ParseUnit("relative")
	require.NoError(t, err)
	d, err := rgbd.ReadDepth(fsys, "megadepth/depth1.h5", "", relative)
	require.NoError(t, err)
	e, ok := newExhaustion(new(Workspace), d)
	require.True(t, ok)
	assert.Equal(t, 1235463, e.count)
	a, b, ok := e.pair(false)
	require.True(t, ok)
	assert.Equal(t, []Point{{800, 532}, {864, 162}}, []Point{a, b}, "upstream prints rows first")
	assert.Less(t, e.visits, maxVisits)
}
