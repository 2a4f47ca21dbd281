package pretext_test

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/pretext"
	"ssrl/internal/rgbd"
)

// rounding allows for the order of float64 operations in a ratio near 1.
const rounding = 1e-9

// requireMarkers checks that the picture is the frame with exactly these
// markers on it, whole and apart.
func requireMarkers(t *testing.T, source, shown *rgbd.RGB, centres map[int][2]int) {
	t.Helper()
	r := rgbd.MarkerRadius(source.Width, source.Height)
	for label, c := range centres {
		require.True(t, c[0] >= r && c[1] >= r && c[0] < source.Width-r && c[1] < source.Height-r, "marker %d at %v is cut off", label, c)
		for other, o := range centres {
			if other != label {
				require.GreaterOrEqual(t, math.Hypot(float64(c[0]-o[0]), float64(c[1]-o[1])), float64(2*(2*r+1)), "markers apart")
			}
		}
	}
	for digit := range 4 {
		again := shown.Clone()
		for label, c := range centres {
			rgbd.DrawMarker(again, digit, c[0], c[1])
			there := [4]int{c[0] - r, c[1] - r, 2*r + 1, 2*r + 1}
			require.Equal(t, digit == label, samePixels(again, shown, there), "marker %d read as %d", label, digit)
		}
	}
	without := shown.Clone()
	for _, c := range centres {
		without.Paste(source.Crop(c[0]-r, c[1]-r, 2*r+1, 2*r+1), c[0]-r, c[1]-r)
	}
	require.True(t, string(without.Pix) == string(source.Pix), "a pixel outside the markers changed")
}

// samePixels compares a box of two pictures: a marker drawn once more over
// itself changes nothing.
func samePixels(a, b *rgbd.RGB, box [4]int) bool {
	return string(a.Crop(box[0], box[1], box[2], box[3]).Pix) == string(b.Crop(box[0], box[1], box[2], box[3]).Pix)
}

// readings returns the finite values of the square of the given side at c.
func readings(d *rgbd.Depth, c [2]int, side int) []float64 {
	var out []float64
	for y := c[1] - side/2; y <= c[1]+side/2; y++ {
		for x := c[0] - side/2; x <= c[0]+side/2; x++ {
			if x < 0 || y < 0 || x >= d.Width || y >= d.Height {
				continue
			}
			if v := float64(d.Metres[y*d.Width+x]); !math.IsNaN(v) && !math.IsInf(v, 0) {
				out = append(out, v)
			}
		}
	}
	slices.Sort(out)
	return out
}

// quantile is NumPy's percentile of sorted values.
func quantile(sorted []float64, p float64) float64 {
	at := p / 100 * float64(len(sorted)-1)
	i := int(math.Floor(at))
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (sorted[i+1]-sorted[i])*(at-float64(i))
}

func allReadings(d *rgbd.Depth) []float64 {
	var out []float64
	for _, v := range d.Metres {
		if w := float64(v); !math.IsNaN(w) && !math.IsInf(w, 0) {
			out = append(out, w)
		}
	}
	slices.Sort(out)
	return out
}

// solveDepth measures the regions under the markers and sorts them.
func solveDepth(t *testing.T, f *rgbd.Frame, s *pretext.Sample, raw []byte) {
	t.Helper()
	var meta struct {
		Regions []struct {
			Label    int
			Center   [2]int
			Size     int
			Depth    [2]float32
			Relative [2]float64
		}
	}
	decodeMeta(t, raw, &meta, "regions")
	require.Len(t, meta.Regions, 3)
	require.Len(t, s.Images, 1)
	all := allReadings(f.Depth)
	low, high := quantile(all, .5), quantile(all, 99.5)
	centres := map[int][2]int{}
	for i, r := range meta.Regions {
		require.Equal(t, i+1, r.Label)
		require.Equal(t, 1, r.Size%2)
		require.LessOrEqual(t, r.Size, 25)
		centres[r.Label] = r.Center
		in := readings(f.Depth, r.Center, r.Size)
		require.Len(t, in, r.Size*r.Size, "region %d has a reading everywhere", r.Label)
		least, most := in[0], in[len(in)-1]
		require.Equal(t, [2]float32{float32(least), float32(most)}, r.Depth)
		require.InDelta(t, (least-low)/(high-low), r.Relative[0], 1e-6)
		require.InDelta(t, (most-low)/(high-low), r.Relative[1], 1e-6)
		require.True(t, least >= low && most <= high, "region %d lies between the percentiles", r.Label)
		require.Less(t, (most-least)/(high-low), .15+rounding)
	}
	order := numbers(t, s.Answer)
	require.Len(t, order, 3)
	bands := [3][2]float64{{0, .3}, {.35, .65}, {.7, 1}}
	for rank, label := range order {
		r := meta.Regions[label-1]
		centre := (float64(f.Depth.Metres[r.Center[1]*f.Depth.Width+r.Center[0]]) - low) / (high - low)
		require.True(t, centre >= bands[rank][0]-rounding && centre <= bands[rank][1]+rounding, "rank %d at %g", rank, centre)
		if rank > 0 {
			nearer := readings(f.Depth, centres[order[rank-1]], r.Size)
			gap := readings(f.Depth, r.Center, r.Size)[0] - nearer[len(nearer)-1]
			require.Greater(t, gap/(high-low), .05-rounding)
		}
		for _, other := range order[:rank] {
			o := centres[other]
			require.GreaterOrEqual(t, max(abs(o[0]-r.Center[0]), abs(o[1]-r.Center[1])), r.Size, "regions overlap")
		}
	}
	requireMarkers(t, f.Image, s.Images[0], centres)
}

func abs(v int) int { return max(v, -v) }

type place struct {
	Label  int
	Center [2]int
	Depth  float32
}

// facings are the angles of the paper's rotation.
var facings = map[string]float64{
	"away from me": 0, "to the left of the image": 90, "toward me": 180, "to the right of the image": 270,
}

var positionQuestion = regexp.MustCompile(`^<image>I've taken an image and there are two regions marked as 1 and 2 on the image\. ` +
	`Assume that there is a camera at position '([12])' and it is facing (.+?)\. ` +
	`According to the camera, where is the region marked '([12])'\? A\. (\S+) B\. (\S+) C\. (\S+) D\. (\S+)\. ` +
	`Consider cues such as depth, orientation, and 3D spatial relationship( and ignore the height difference between the two regions)?\. ` +
	`The final answer should be chosen from 'A', 'B', 'C', and 'D'\.$`)

// solvePosition reads the question, measures depth under the markers and turns
// the difference by the camera's angle.
func solvePosition(t *testing.T, f *rgbd.Frame, s *pretext.Sample, raw []byte) {
	t.Helper()
	var meta struct {
		Kind           string
		Camera, Target place
		Facing         string
		Options        []string
	}
	decodeMeta(t, raw, &meta, "kind", "camera", "target", "facing", "options")
	require.Len(t, s.Images, 1)
	q := positionQuestion.FindStringSubmatch(s.Problem)
	require.NotNil(t, q, "question %q", s.Problem)
	require.Equal(t, meta.Options, q[4:8])
	require.Equal(t, []string{string(rune('0' + meta.Camera.Label)), string(rune('0' + meta.Target.Label))}, []string{q[1], q[3]})
	require.NotEqual(t, q[1], q[3])
	require.Equal(t, meta.Kind == "far-depth", q[8] != "")
	requireMarkers(t, f.Image, s.Images[0], map[int][2]int{meta.Camera.Label: meta.Camera.Center, meta.Target.Label: meta.Target.Center})

	least, greatest := math.Inf(1), math.Inf(-1)
	for _, v := range f.Depth.Metres {
		if w := float64(v); !math.IsInf(w, 0) && w == w {
			least, greatest = math.Min(least, w), math.Max(greatest, w)
		}
	}
	span := greatest - least
	camera, target := readings(f.Depth, meta.Camera.Center, 15), readings(f.Depth, meta.Target.Center, 15)
	for _, b := range [][]float64{camera, target} {
		require.GreaterOrEqual(t, len(b)*10, 9*225, "nine tenths valid")
		require.LessOrEqual(t, (b[len(b)-1]-b[0])/span, .15+rounding)
	}
	dx := meta.Target.Center[0] - meta.Camera.Center[0]
	dy := meta.Target.Center[1] - meta.Camera.Center[1]
	dz := quantile(target, 50) - quantile(camera, 50)
	require.Equal(t, [2]float32{float32(quantile(camera, 50)), float32(quantile(target, 50))}, [2]float32{meta.Camera.Depth, meta.Target.Depth})
	// The gap between the blocks: positive when their depths do not overlap.
	gap := max(target[0]-camera[len(camera)-1], camera[0]-target[len(target)-1]) / span
	spread := max(target[len(target)-1]-camera[0], camera[len(camera)-1]-target[0]) / span
	width := float64(f.Image.Width)
	sideways, deep := float64(dx)/width, dz/span
	far := math.Hypot(float64(dx), float64(dy)) >= float64(min(f.Image.Width, f.Image.Height))/8
	switch {
	case meta.Kind == "near" && spread <= .25+rounding && math.Abs(deep) <= .1+rounding && abs(dy) < 30 && math.Abs(sideways) >= .1:
		deep = 0
	case meta.Kind == "far-depth" && gap >= .25-rounding && math.Abs(sideways) <= .05 && far:
		sideways = 0
	case meta.Kind == "far-diagonal" && gap >= .25-rounding && math.Abs(sideways) >= .1 && far:
	default:
		require.Fail(t, "no question of its kind", "%+v dx %d dy %d gap %g spread %g", meta, dx, dy, gap, spread)
	}
	angle, known := facings[q[2]]
	require.True(t, known, "facing %q", q[2])
	require.Equal(t, seenFrom(angle, sideways, deep), q[4+strings.Index("ABCD", s.Answer)], "%+v", meta)
	require.True(t, slices.Contains([]string{"left", "right", "toward", "away"}, meta.Facing))
}

// seenFrom is the paper's rotation (section 3.2): x to the right and z into the
// picture become right and front of a camera turned by angle from looking away.
func seenFrom(degrees, x, z float64) string {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	across, ahead := cos*x+sin*z, -sin*x+cos*z
	var words []string
	const nothing = 1e-6 // a component that the question leaves out
	if across > nothing {
		words = append(words, "Right")
	} else if across < -nothing {
		words = append(words, "Left")
	}
	if ahead > nothing {
		words = append(words, "Front")
	} else if ahead < -nothing {
		words = append(words, "Back")
	}
	return strings.Join(words, "-")
}
