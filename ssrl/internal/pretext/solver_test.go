package pretext_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/pretext"
	"ssrl/internal/rgbd"
)

// The solver checks samples from the outside: it sees the pictures, the source
// frame and the answer as text, and takes the geometry from the JSON of Meta, as
// another program would. It shares no code with the generator but the drawing of
// digits, with which it reads labels.

// verify settles one sample against its frame.
func verify(t *testing.T, f *rgbd.Frame, s *pretext.Sample) {
	t.Helper()
	require.Equal(t, len(s.Images), strings.Count(s.Problem, "<image>"), "placeholders of %q", s.Problem)
	require.NotContains(t, s.Problem, "\n")
	raw, err := json.Marshal(s.Meta)
	require.NoError(t, err)
	switch s.Task {
	case "shuffle":
		solveShuffle(t, f, s, raw)
	case "flip":
		solveFlip(t, f, s, raw)
	case "crop":
		solveCrop(t, f, s, raw)
	case "depth":
		solveDepth(t, f, s, raw)
	case "position":
		solvePosition(t, f, s, raw)
	default:
		require.Fail(t, "unknown task "+s.Task)
	}
}

// decodeMeta reads exactly the keys of the contract.
func decodeMeta(t *testing.T, raw []byte, into any, keys ...string) {
	t.Helper()
	var all map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(raw, &all))
	require.Len(t, all, len(keys), "%s", raw)
	for _, k := range keys {
		require.Contains(t, all, k)
	}
	require.NoError(t, json.Unmarshal(raw, into))
}

type pixel [3]byte

func at(m *rgbd.RGB, x, y int) pixel {
	i := 3 * (y*m.Width + x)
	return pixel{m.Pix[i], m.Pix[i+1], m.Pix[i+2]}
}

var (
	blackPixel = pixel{0, 0, 0}
	whitePixel = pixel{255, 255, 255}
	bluePixel  = pixel{0, 0, 255}
)

// lattice is the layout that a shuffle or flip sample shows.
type lattice struct {
	rows, cols, width, height int      // of a patch
	labels                    [][2]int // size of the label at each place
}

// newLattice checks the area against the picture and the frame.
func newLattice(t *testing.T, f *rgbd.Frame, shown *rgbd.RGB, grid [2]int, area [4]int) lattice {
	t.Helper()
	rows, cols := grid[0], grid[1]
	require.Equal(t, [2]int{shown.Width, shown.Height}, [2]int{area[2], area[3]}, "area is what is shown")
	require.Zero(t, shown.Width%cols)
	require.Zero(t, shown.Height%rows)
	require.GreaterOrEqual(t, area[0], 0)
	require.GreaterOrEqual(t, area[1], 0)
	require.LessOrEqual(t, area[0]+area[2], f.Image.Width)
	require.LessOrEqual(t, area[1]+area[3], f.Image.Height)
	require.Less(t, f.Image.Width-area[2], cols, "only the remainder is left out")
	require.Less(t, f.Image.Height-area[3], rows, "only the remainder is left out")
	l := lattice{rows: rows, cols: cols, width: shown.Width / cols, height: shown.Height / rows}
	for p := range rows * cols {
		w, h := rgbd.LabelSize(p, rgbd.LabelScale(l.width, l.height))
		l.labels = append(l.labels, [2]int{w, h})
	}
	return l
}

// overlay says whether the pixel (x, y) of the patch at place p may be covered
// by its border or its label.
func (l lattice) overlay(p, x, y int) bool {
	border := 1 + min(l.width*l.cols, l.height*l.rows)/300
	if x < border || y < border || x >= l.width-border || y >= l.height-border {
		return true
	}
	return x < border+l.labels[p][0] && y < border+l.labels[p][1]
}

// requireLabel reads the label of place p: digits drawn at the corner of the
// patch, inside its border.
func (l lattice) requireLabel(t *testing.T, shown *rgbd.RGB, p int) {
	t.Helper()
	x0, y0 := p%l.cols*l.width, p/l.cols*l.height
	border := 0
	for border < 8 && at(shown, x0+l.width/2, y0+border) == bluePixel {
		border++
	}
	read := -1 // the greatest that fits: 1 is also the start of 11
	for label := range l.rows * l.cols {
		if matchesLabel(shown, label, x0+border, y0+border, rgbd.LabelScale(l.width, l.height)) {
			read = label
		}
	}
	require.Equal(t, p, read, "the label that is read at a place")
}

// matchesLabel reports whether exactly this label stands at (x, y): drawn over
// black and over white it changes nothing.
func matchesLabel(m *rgbd.RGB, label, x, y, scale int) bool {
	w, h := rgbd.LabelSize(label, scale)
	if x+w > m.Width || y+h > m.Height {
		return false
	}
	there := m.Crop(x, y, w, h)
	drawn := there.Clone()
	rgbd.DrawLabel(drawn, label, 0, 0, scale)
	return string(there.Pix) == string(drawn.Pix)
}

// numbers parses an answer like 1-3-0-2.
func numbers(t *testing.T, answer string) []int {
	t.Helper()
	var out []int
	for _, w := range strings.Split(answer, "-") {
		var n int
		_, err := fmt.Sscanf(w, "%d", &n)
		require.NoError(t, err, "answer %q", answer)
		require.Equal(t, fmt.Sprint(n), w, "answer %q", answer)
		out = append(out, n)
	}
	return out
}

// solveShuffle puts the patches where the answer says and expects the source.
func solveShuffle(t *testing.T, f *rgbd.Frame, s *pretext.Sample, raw []byte) {
	t.Helper()
	var meta struct {
		Grid   [2]int
		Area   [4]int
		Order  []int
		Masked *int
	}
	decodeMeta(t, raw, &meta, "grid", "area", "order", "masked")
	require.Len(t, s.Images, 1)
	shown := s.Images[0]
	l := newLattice(t, f, shown, meta.Grid, meta.Area)
	arrangement := numbers(t, s.Answer)
	require.Len(t, arrangement, l.rows*l.cols)
	seen := map[int]bool{}
	for source, place := range arrangement {
		require.False(t, seen[place], "label %d twice", place)
		seen[place] = true
		require.Equal(t, source, meta.Order[place])
		masked := meta.Masked != nil && *meta.Masked == place
		l.requireLabel(t, shown, place)
		for y := range l.height {
			for x := range l.width {
				got := at(shown, place%l.cols*l.width+x, place/l.cols*l.height+y)
				want := at(f.Image, meta.Area[0]+source%l.cols*l.width+x, meta.Area[1]+source/l.cols*l.height+y)
				if masked {
					want = whitePixel
				}
				if got != want && !annotation(l, place, x, y, got) {
					require.Fail(t, "restored picture differs", "%s patch %d pixel %d,%d: %v, want %v", f.Name, source, x, y, got, want)
				}
			}
		}
	}
	require.Equal(t, meta.Masked != nil, strings.Contains(s.Problem, "masked"))
}

func annotation(l lattice, place, x, y int, p pixel) bool {
	return (p == blackPixel || p == whitePixel || p == bluePixel) && l.overlay(place, x, y)
}

// solveFlip undoes the flip of the answer and expects the source; no other
// answer may restore it.
func solveFlip(t *testing.T, f *rgbd.Frame, s *pretext.Sample, raw []byte) {
	t.Helper()
	var meta struct {
		Grid             [2]int
		Area             [4]int
		Patch, Direction int
	}
	decodeMeta(t, raw, &meta, "grid", "area", "patch", "direction")
	require.Len(t, s.Images, 1)
	shown := s.Images[0]
	l := newLattice(t, f, shown, meta.Grid, meta.Area)
	answer := numbers(t, s.Answer)
	require.Equal(t, []int{meta.Patch, meta.Direction}, answer)
	for p := range l.rows * l.cols {
		l.requireLabel(t, shown, p)
		for direction := range 2 {
			many := l.width * l.height / 50
			wrong := l.wrongAfterUndoing(f, shown, meta.Area, p, direction, many)
			if p == answer[0] && direction == answer[1] {
				require.Zero(t, wrong, "%s: undoing %s does not restore the picture", f.Name, s.Answer)
			} else {
				require.Equal(t, many, wrong, "%s: undoing %d-%d restores it as well", f.Name, p, direction)
			}
		}
	}
}

// wrongAfterUndoing counts the pixels that differ from the source, up to many.
func (l lattice) wrongAfterUndoing(f *rgbd.Frame, shown *rgbd.RGB, area [4]int, patch, direction, many int) int {
	wrong := 0
	for p := range l.rows * l.cols {
		for y := range l.height {
			for x := range l.width {
				sx, sy := x, y
				if p == patch && direction == 0 {
					sy = l.height - 1 - y
				}
				if p == patch && direction == 1 {
					sx = l.width - 1 - x
				}
				got := at(shown, p%l.cols*l.width+x, p/l.cols*l.height+y)
				want := at(f.Image, area[0]+p%l.cols*l.width+sx, area[1]+p/l.cols*l.height+sy)
				if got != want && !annotation(l, p, x, y, got) {
					if wrong++; wrong == many {
						return wrong
					}
				}
			}
		}
	}
	return wrong
}
