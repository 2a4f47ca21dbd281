package ssrl_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

const (
	// relativeTolerance covers the order of float64 operations in percentiles.
	relativeTolerance = 1e-9

	// cellTolerance is how far, in levels, the mean of an eighth of a resampled
	// option may be from that of its box: rounding, and filters that look over
	// the side of a cell.
	cellTolerance = 12.0
)

// box is x, y, width, height; point is x, y.
type (
	box   [4]int
	point [2]int
)

// verify works the answer of a sample out again, from the frame and the meta
// that the sample carries, and compares every pixel that is not drawn over.
func verify(t *testing.T, f *ssrl.Frame, s *ssrl.Sample) {
	t.Helper()
	assert.Equal(t, len(s.Images), strings.Count(s.Problem, "<image>"), s.ID)
	switch s.Task {
	case "shuffle":
		verifyShuffle(t, f, s)
	case "flip":
		verifyFlip(t, f, s)
	case "crop":
		verifyCrop(t, f, s)
	case "depth":
		verifyDepth(t, f, s)
	case "position":
		verifyPosition(t, f, s)
	default:
		t.Errorf("%s: task %q", s.ID, s.Task)
	}
}

// keysOf decodes meta, which holds exactly these keys.
func keysOf(t *testing.T, raw json.RawMessage, into any, keys ...string) {
	t.Helper()
	var all map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(raw, &all))
	require.ElementsMatch(t, keys, slices.Collect(maps.Keys(all)))
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(into))
}

func pixel(m image.Image, x, y int) color.RGBA {
	if flat, ok := m.(*image.RGBA); ok { // fast
		return flat.RGBAAt(flat.Rect.Min.X+x, flat.Rect.Min.Y+y)
	}
	b := m.Bounds()
	return color.RGBAModel.Convert(m.At(b.Min.X+x, b.Min.Y+y)).(color.RGBA)
}

// overdrawn reports whether (x, y) of a grid picture may hold a border or a
// label: near a side of its patch, or in its top left quarter.
func overdrawn(x, y, w, h int) bool {
	x, y = x%w, y%h
	border := 2 + min(w, h)/40
	return x < border || y < border || x >= w-border || y >= h-border || x < 12+w/4 && y < 12+h/4
}

// verifyGrid compares the shown picture with the source, whose pixel for (x, y)
// of patch p is given by from.
func verifyGrid(t *testing.T, f *ssrl.Frame, s *ssrl.Sample, grid [2]int, area box, from func(p, x, y, w, h int) (int, int, bool)) {
	t.Helper()
	require.Len(t, s.Images, 1)
	shown, size := s.Images[0], f.Image.Bounds().Size()
	require.Equal(t, box{0, 0, size.X / grid[1] * grid[1], size.Y / grid[0] * grid[0]}, area, "the largest area that the grid divides")
	require.Equal(t, image.Pt(area[2], area[3]), shown.Bounds().Size())
	w, h, wrong := area[2]/grid[1], area[3]/grid[0], 0
	for y := range area[3] {
		for x := range area[2] {
			sx, sy, known := from(y/h*grid[1]+x/w, x%w, y%h, w, h)
			if known && !overdrawn(x, y, w, h) && pixel(shown, x, y) != pixel(f.Image, area[0]+sx, area[1]+sy) {
				wrong++
			}
		}
	}
	assert.Zero(t, wrong, "%s: pixels that are not the source's", s.ID)
}

func verifyShuffle(t *testing.T, f *ssrl.Frame, s *ssrl.Sample) {
	t.Helper()
	var m struct {
		Grid   [2]int
		Area   box
		Order  []int
		Masked *int
	}
	keysOf(t, s.Meta, &m, "grid", "area", "order", "masked")
	n := m.Grid[0] * m.Grid[1]
	require.Len(t, m.Order, n)
	labels := make([]string, n)
	for place, source := range m.Order {
		labels[source] = strconv.Itoa(place)
	}
	assert.Equal(t, strings.Join(labels, "-"), s.Answer, s.ID)
	white := 0
	verifyGrid(t, f, s, m.Grid, m.Area, func(p, x, y, w, h int) (int, int, bool) {
		if m.Masked != nil && *m.Masked == p {
			if px, py := p%m.Grid[1]*w+x, p/m.Grid[1]*h+y; !overdrawn(px, py, w, h) && pixel(s.Images[0], px, py) != (color.RGBA{255, 255, 255, 255}) {
				white++
			}
			return 0, 0, false
		}
		return m.Order[p]%m.Grid[1]*w + x, m.Order[p]/m.Grid[1]*h + y, true
	})
	assert.Zero(t, white, "%s: pixels of the mask that are not white", s.ID)
}

func verifyFlip(t *testing.T, f *ssrl.Frame, s *ssrl.Sample) {
	t.Helper()
	var m struct {
		Grid             [2]int
		Area             box
		Patch, Direction int
	}
	keysOf(t, s.Meta, &m, "grid", "area", "patch", "direction")
	assert.Equal(t, fmt.Sprintf("%d-%d", m.Patch, m.Direction), s.Answer, s.ID)
	verifyGrid(t, f, s, m.Grid, m.Area, func(p, x, y, w, h int) (int, int, bool) {
		if p == m.Patch && m.Direction == 0 {
			y = h - 1 - y
		} else if p == m.Patch {
			x = w - 1 - x
		}
		return p%m.Grid[1]*w + x, p/m.Grid[1]*h + y, true
	})
}

func verifyCrop(t *testing.T, f *ssrl.Frame, s *ssrl.Sample) {
	t.Helper()
	var m struct {
		Hole    box
		Options [4]struct {
			Kind string
			Box  box
		}
	}
	keysOf(t, s.Meta, &m, "hole", "options")
	require.Len(t, s.Images, 5)
	size := f.Image.Bounds().Size()
	side := min(size.X, size.Y) / 2
	require.Equal(t, []int{side, side}, m.Hole[2:])
	require.Equal(t, size, s.Images[0].Bounds().Size())
	hole := image.Rect(m.Hole[0], m.Hole[1], m.Hole[0]+side, m.Hole[1]+side)
	require.True(t, hole.In(image.Rectangle{Max: size}))
	wrong := 0
	for y := range size.Y {
		for x := range size.X {
			want := color.RGBA{A: 255}
			if !image.Pt(x, y).In(hole) {
				want = pixel(f.Image, x, y)
			}
			if pixel(s.Images[0], x, y) != want {
				wrong++
			}
		}
	}
	assert.Zero(t, wrong, "%s: pixels around or in the hole", s.ID)
	truths := 0
	for i, o := range m.Options {
		picture := s.Images[1+i]
		require.Equal(t, image.Pt(side, side), picture.Bounds().Size())
		require.True(t, image.Rect(o.Box[0], o.Box[1], o.Box[0]+o.Box[2], o.Box[1]+o.Box[3]).In(image.Rectangle{Max: size}), "%s: %v", s.ID, o)
		require.Equal(t, o.Box[2], o.Box[3], "%s: a square", s.ID)
		if o.Kind == "truth" {
			truths++
			assert.Equal(t, string("ABCD"[i]), s.Answer, s.ID)
		}
		verifyOption(t, f, s.ID, picture, m.Hole, o.Kind, o.Box)
	}
	assert.Equal(t, 1, truths, s.ID)
}

func verifyOption(t *testing.T, f *ssrl.Frame, id string, picture image.Image, hole box, kind string, b box) {
	t.Helper()
	side := hole[2]
	at := map[string]func(x, y int) (int, int){
		"truth":     func(x, y int) (int, int) { return x, y },
		"rotate+90": func(x, y int) (int, int) { return y, side - 1 - x }, // clockwise: the left side becomes the top
		"rotate-90": func(x, y int) (int, int) { return side - 1 - y, x },
	}[kind]
	if at == nil {
		if kind == "interior" {
			require.Less(t, b[2], side, id)
		} else {
			require.Equal(t, "exterior", kind, id)
			require.Greater(t, b[2], side, id)
		}
		for cell := range 64 {
			got := meanOf(picture, box{cell % 8 * side / 8, cell / 8 * side / 8, side / 8, side / 8})
			want := meanOf(f.Image, box{b[0] + cell%8*b[2]/8, b[1] + cell/8*b[2]/8, b[2] / 8, b[2] / 8})
			for c := range 3 {
				require.InDelta(t, want[c], got[c], cellTolerance, "%s: %s %v, cell %d", id, kind, b, cell)
			}
		}
		return
	}
	require.Equal(t, hole, b, id)
	wrong := 0
	for y := range side {
		for x := range side {
			sx, sy := at(x, y)
			if pixel(picture, x, y) != pixel(f.Image, hole[0]+sx, hole[1]+sy) {
				wrong++
			}
		}
	}
	assert.Zero(t, wrong, "%s: pixels of %s", id, kind)
}

// meanOf is the mean colour of a part of m.
func meanOf(m image.Image, b box) (mean [3]float64) {
	for y := range b[3] {
		for x := range b[2] {
			p := pixel(m, b[0]+x, b[1]+y)
			for c, v := range []uint8{p.R, p.G, p.B} {
				mean[c] += float64(v) / float64(b[2]*b[3])
			}
		}
	}
	return mean
}

// verifyMarkers requires the frame's own pixels except in whole markers that
// are centred on the points and apart.
func verifyMarkers(t *testing.T, f *ssrl.Frame, s *ssrl.Sample, centres ...point) {
	t.Helper()
	require.Len(t, s.Images, 1)
	size := f.Image.Bounds().Size()
	require.Equal(t, size, s.Images[0].Bounds().Size())
	reach := make([]int, len(centres)) // of what is drawn around each
	wrong := 0
	for y := range size.Y {
		for x := range size.X {
			if pixel(s.Images[0], x, y) == pixel(f.Image, x, y) {
				continue
			}
			nearest, least := 0, math.MaxInt
			for i, c := range centres {
				if d := max(abs(x-c[0]), abs(y-c[1])); d < least {
					nearest, least = i, d
				}
			}
			if least > 6+min(size.X, size.Y)/30 {
				wrong++
			}
			reach[nearest] = max(reach[nearest], least)
		}
	}
	assert.Zero(t, wrong, "%s: pixels away from the markers", s.ID)
	for i, c := range centres {
		assert.GreaterOrEqual(t, reach[i], 3, "%s: a marker at %v", s.ID, c)
		assert.True(t, image.Rect(c[0]-reach[i], c[1]-reach[i], c[0]+reach[i]+1, c[1]+reach[i]+1).In(image.Rectangle{Max: size}), "%s: a whole marker at %v", s.ID, c)
		for _, other := range centres[:i] {
			assert.Greater(t, math.Hypot(float64(c[0]-other[0]), float64(c[1]-other[1])), float64(4*reach[i]), "%s: markers apart", s.ID)
		}
	}
}

func abs(v int) int { return max(v, -v) }

// square returns the readings of a square of odd size around a point, sorted.
func square(d *ssrl.Depth, c point, size int) (readings []float64) {
	for y := c[1] - size/2; y <= c[1]+size/2; y++ {
		for x := c[0] - size/2; x <= c[0]+size/2; x++ {
			if v := float64(d.Metres[y*d.Width+x]); !math.IsNaN(v) {
				readings = append(readings, v)
			}
		}
	}
	slices.Sort(readings)
	return readings
}

func allReadings(d *ssrl.Depth) []float64 {
	var all []float64
	for _, v := range d.Metres {
		if !math.IsNaN(float64(v)) {
			all = append(all, float64(v))
		}
	}
	slices.Sort(all)
	return all
}

// percentile is NumPy's linear interpolation of sorted values.
func percentile(sorted []float64, p float64) float64 {
	at := p / 100 * float64(len(sorted)-1)
	below := int(at)
	if below+1 == len(sorted) {
		return sorted[below]
	}
	return sorted[below] + (at-float64(below))*(sorted[below+1]-sorted[below])
}

func verifyDepth(t *testing.T, f *ssrl.Frame, s *ssrl.Sample) {
	t.Helper()
	var m struct {
		Regions [3]struct {
			Label    int
			Center   point
			Size     int
			Depth    [2]float64
			Relative [2]float64
		}
	}
	keysOf(t, s.Meta, &m, "regions")
	all := allReadings(f.Depth)
	low, high := percentile(all, .5), percentile(all, 99.5)
	byDepth := []int{0, 1, 2}
	for i, r := range m.Regions {
		assert.Equal(t, i+1, r.Label, s.ID)
		require.Equal(t, 1, r.Size%2, s.ID)
		in := square(f.Depth, r.Center, r.Size)
		require.Len(t, in, r.Size*r.Size, "%s: every pixel of a region has a reading", s.ID)
		for k, v := range []float64{in[0], in[len(in)-1]} {
			assert.Equal(t, float32(v), float32(r.Depth[k]), s.ID)
			assert.InDelta(t, (v-low)/(high-low), r.Relative[k], relativeTolerance, s.ID)
		}
		assert.Less(t, r.Relative[1]-r.Relative[0], .15, "%s: an even region", s.ID)
		for _, o := range m.Regions[:i] {
			assert.True(t, r.Relative[0]-o.Relative[1] > .05 || o.Relative[0]-r.Relative[1] > .05, "%s: regions apart in depth", s.ID)
			assert.False(t, abs(r.Center[0]-o.Center[0]) < r.Size && abs(r.Center[1]-o.Center[1]) < r.Size, "%s: regions apart", s.ID)
		}
	}
	slices.SortFunc(byDepth, func(a, b int) int { return int(math.Copysign(1, m.Regions[a].Depth[0]-m.Regions[b].Depth[0])) })
	assert.Equal(t, fmt.Sprintf("%d-%d-%d", byDepth[0]+1, byDepth[1]+1, byDepth[2]+1), s.Answer, s.ID)
	verifyMarkers(t, f, s, m.Regions[0].Center, m.Regions[1].Center, m.Regions[2].Center)
}

// positionPoint is a marked block of 15 x 15 pixels.
type positionPoint struct {
	Label  int
	Center point
	Depth  float64
}

func verifyPosition(t *testing.T, f *ssrl.Frame, s *ssrl.Sample) {
	t.Helper()
	var m struct {
		Kind           string
		Camera, Target positionPoint
		Facing         string
		Options        [4]string
	}
	keysOf(t, s.Meta, &m, "kind", "camera", "target", "facing", "options")
	assert.Equal(t, 3, m.Camera.Label+m.Target.Label, s.ID)
	all := allReadings(f.Depth)
	span := all[len(all)-1] - all[0]
	var extremes [2][2]float64
	for i, p := range []positionPoint{m.Camera, m.Target} {
		in := square(f.Depth, p.Center, 15)
		require.GreaterOrEqual(t, len(in), 203, "%s: nine tenths of a block have a reading", s.ID)
		extremes[i] = [2]float64{in[0], in[len(in)-1]}
		assert.LessOrEqual(t, (in[len(in)-1]-in[0])/span, .15+relativeTolerance, "%s: an even block", s.ID)
		assert.Equal(t, float32((in[(len(in)-1)/2]+in[len(in)/2])/2), float32(p.Depth), "%s: the median", s.ID)
		assert.Contains(t, s.Problem, fmt.Sprint(p.Label), s.ID)
	}
	width := f.Depth.Width
	dx, dz := m.Target.Center[0]-m.Camera.Center[0], m.Target.Depth-m.Camera.Depth
	gap := max(extremes[0][0]-extremes[1][1], extremes[1][0]-extremes[0][1]) / span
	x, z := float64(dx), math.Copysign(1, dz)
	switch m.Kind {
	case "near":
		z = 0
		assert.GreaterOrEqual(t, 10*abs(dx), width, s.ID)
		assert.LessOrEqual(t, math.Abs(dz)/span, .1+relativeTolerance, s.ID)
	case "far-depth":
		x = 0
		assert.LessOrEqual(t, 20*abs(dx), width, s.ID)
		assert.GreaterOrEqual(t, gap, .25-relativeTolerance, s.ID)
	case "far-diagonal":
		x = math.Copysign(1, x)
		assert.GreaterOrEqual(t, 10*abs(dx), width, s.ID)
		assert.GreaterOrEqual(t, gap, .25-relativeTolerance, s.ID)
	default:
		t.Errorf("%s: kind %q", s.ID, m.Kind)
	}
	want := seenFrom(t, m.Facing, x, z)
	require.Contains(t, "ABCD", s.Answer)
	assert.Equal(t, want, m.Options[strings.Index("ABCD", s.Answer)], s.ID)
	for i, o := range m.Options {
		assert.Contains(t, s.Problem, fmt.Sprintf("%c. %s", "ABCD"[i], o), s.ID)
	}
	verifyMarkers(t, f, s, m.Camera.Center, m.Target.Center)
}

// seenFrom turns a step of x to the right and z away into the camera's view, by
// the rotation of the paper's section 3.2.
func seenFrom(t *testing.T, facing string, x, z float64) string {
	angle, ok := map[string]float64{"away": 0, "left": 90, "toward": 180, "right": 270}[facing]
	require.True(t, ok, facing)
	sin, cos := math.Sincos(angle * math.Pi / 180)
	sideways, ahead := cos*x+sin*z, -sin*x+cos*z
	var words []string
	for _, w := range []struct {
		v           float64
		plus, minus string
	}{{sideways, "Right", "Left"}, {ahead, "Front", "Back"}} {
		if w.v > .5 {
			words = append(words, w.plus)
		} else if w.v < -.5 {
			words = append(words, w.minus)
		}
	}
	return strings.Join(words, "-")
}

func TestAnswersFollowFromTheFrame(t *testing.T) {
	kinds := map[string]int{}
	for _, f := range drawings() {
		for _, s := range collect(t, ssrl.Generator{Seed: 11, PerFrame: 6}, f) {
			verify(t, f, s)
			var m struct{ Kind string }
			_ = json.Unmarshal(s.Meta, &m)
			kinds[s.Task+" "+m.Kind]++
		}
	}
	for _, kind := range []string{"shuffle ", "flip ", "crop ", "depth ", "position near", "position far-depth", "position far-diagonal"} {
		assert.NotZero(t, kinds[kind], kind)
	}
}

func TestOptionsOfTasks(t *testing.T) {
	f := drawings()[0]
	for _, tc := range []struct {
		name    string
		task    ssrl.Task
		holds   string // the meta
		problem string
	}{
		{"three columns", ssrl.Shuffle{Rows: 1, Cols: 3}, `"grid":[1,3],"area":[0,0,318,240]`, "3 shuffled strips, placed side by side and labeled 0, 1, and 2."},
		{"rows", ssrl.Shuffle{Rows: 2, Cols: 1}, `"grid":[2,1],"area":[0,0,320,240]`, "'Top-Bottom'"},
		{"three by three", ssrl.Shuffle{Rows: 3, Cols: 3, NoBorder: true}, `"grid":[3,3],"area":[0,0,318,240]`, "9 shuffled patches in 3 rows of 3,"},
		{"masked", ssrl.Shuffle{Mask: true}, `"masked":`, "One of the four patches is masked completely by white pixels."},
		{"brief shuffle", ssrl.Shuffle{Brief: true}, `"masked":null`, "<image> Order of patches?"},
		{"flip of nine", ssrl.Flip{Rows: 3, Cols: 3}, `"grid":[3,3]`, "9 patches"},
		{"brief flip", ssrl.Flip{Brief: true, NoBorder: true}, `"grid":[2,2]`, "<image> Which patch is flipped?"},
		{"one kind", ssrl.Position{Kinds: []string{"far-depth"}}, `"kind":"far-depth"`, "ignore the height difference"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			samples := collect(t, ssrl.Generator{Tasks: []ssrl.Task{tc.task}, PerFrame: 3}, f)
			require.Len(t, samples, 3)
			for _, s := range samples {
				verify(t, f, s)
				assert.Contains(t, string(s.Meta), tc.holds)
				assert.Contains(t, s.Problem, tc.problem)
			}
		})
	}
	for _, s := range collect(t, ssrl.Generator{Tasks: []ssrl.Task{ssrl.Shuffle{Rows: 1, Cols: 2, SkipIdentity: true}}, PerFrame: 8}, f) {
		assert.Equal(t, "1-0", s.Answer)
	}
}

func TestTaskByName(t *testing.T) {
	for i, task := range ssrl.AllTasks() {
		got, err := ssrl.TaskByName(taskNames[i])
		require.NoError(t, err)
		assert.Equal(t, task, got)
		assert.Equal(t, taskNames[i], task.Name())
	}
	for name, near := range map[string]string{"Shuffle": "shuffle", "shuffle ": "shuffle", "depthorder": "depth", "flop": "flip"} {
		_, err := ssrl.TaskByName(name)
		assert.EqualError(t, err, fmt.Sprintf("task %q (want shuffle, flip, crop, depth or position; did you mean %s?)", name, near))
	}
	for name, want := range map[string]ssrl.Task{
		"shuffle:rows=1,cols=3":                           ssrl.Shuffle{Rows: 1, Cols: 3},
		"shuffle:mask=true,skip_identity=true":            ssrl.Shuffle{Mask: true, SkipIdentity: true},
		"shuffle:mix=true,brief=true":                     ssrl.Shuffle{Mix: true, Brief: true},
		"flip:direction=up-down,no_border=true":           ssrl.Flip{Direction: "up-down", NoBorder: true},
		"crop:parity=true":                                ssrl.Crop{Parity: true},
		"depth:brief=true":                                ssrl.DepthOrder{Brief: true},
		"position:kinds=[near, far-diagonal],parity=true": ssrl.Position{Kinds: []string{"near", "far-diagonal"}, Parity: true},
	} {
		got, err := ssrl.TaskByName(name)
		require.NoError(t, err, name)
		assert.Equal(t, want, got)
	}
	for name, want := range map[string]string{
		"":                           `task "" (want shuffle, flip, crop, depth or position)`,
		":rows=2":                    `task "" (want shuffle, flip, crop, depth or position)`,
		"flip:":                      "task flip: no options after the colon (want key=value)",
		"flip:rows":                  `task flip: "rows" (want key=value)`,
		"flip:row=2":                 "task flip: unknown option row (did you mean rows?)",
		"crop:rows=2":                "task crop: unknown option rows (did you mean brief?)",
		"shuffle:rows=two":           "task shuffle: option rows: a string (want int)",
		"shuffle:rows=5,cols=4":      "shuffle: a grid of 5 rows and 4 columns (want 2 to 16 patches)",
		"shuffle:cols=3":             "shuffle: a grid of 0 rows and 3 columns (want 2 to 16 patches)",
		"shuffle:mix=true,rows=2":    "shuffle: a mix of grids and a grid or mask (want one of the two)",
		"flip:direction=up":          `flip: direction "up" (want up-down or left-right)`,
		"position:kinds=[near, far]": `position: unknown kind "far" (want near or far-depth or far-diagonal)`,
	} {
		_, err := ssrl.TaskByName(name)
		assert.EqualError(t, err, want, name)
	}
}

func TestSplitTasks(t *testing.T) {
	for list, want := range map[string][]string{
		"":                             {""},
		"flip":                         {"flip"},
		"flip,":                        {"flip", ""},
		"shuffle:rows=1,cols=3,flip":   {"shuffle:rows=1,cols=3", "flip"},
		"flip,shuffle:mask=true,crop":  {"flip", "shuffle:mask=true", "crop"},
		"shuffle,shuffle:mask=true":    {"shuffle", "shuffle:mask=true"},
		"position:kinds=[near,x],flip": {"position:kinds=[near,x]", "flip"},
		"rows=2":                       {"rows=2"},
		"position:kinds=[near,x":       {"position:kinds=[near,x"},
	} {
		assert.Equal(t, want, ssrl.SplitTasks(list), list)
	}
}

// A sample shares no memory with its frame.
func TestTasksLeaveTheFrameAlone(t *testing.T) {
	f := drawings()[0]
	before := digest(&ssrl.Sample{Images: []image.Image{f.Image}})
	depth := slices.Clone(f.Depth.Metres)
	collect(t, ssrl.Generator{PerFrame: 2}, f)
	assert.Equal(t, before, digest(&ssrl.Sample{Images: []image.Image{f.Image}}))
	for i, v := range f.Depth.Metres {
		if v != depth[i] && !math.IsNaN(float64(v)) {
			t.Fatalf("depth %d is %v, was %v", i, v, depth[i])
		}
	}
}

// Depth of another size than the image counts by its nearest readings.
func TestDepthOfAnotherSize(t *testing.T) {
	f := drawings()[0]
	half := &ssrl.Depth{Width: 160, Height: 120, Metres: make([]float32, 160*120)}
	for i := range half.Metres {
		half.Metres[i] = f.Depth.Metres[i/160*2*320+i%160*2]
	}
	full := &ssrl.Depth{Width: 320, Height: 240, Metres: make([]float32, 320*240)}
	for i := range full.Metres {
		full.Metres[i] = half.Metres[i/320/2*160+i%320/2]
	}
	for _, s := range collect(t, ssrl.Generator{Seed: 2, PerFrame: 3}, &ssrl.Frame{Name: "half", Image: f.Image, Depth: half}) {
		verify(t, &ssrl.Frame{Image: f.Image, Depth: full}, s)
	}
}
