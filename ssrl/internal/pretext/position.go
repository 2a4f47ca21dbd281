package pretext

import (
	"math/rand/v2"

	"ssrl/internal/rgbd"
)

// Kinds of Position questions.
const (
	Near        = "near"         // beside each other at one depth: answered by the sides of the picture
	FarDepth    = "far-depth"    // one behind the other: answered by depth
	FarDiagonal = "far-diagonal" // both
)

// Position asks where one marked region lies as seen from a camera that stands
// at another and faces a given way. It differs from upstream's Position.py on
// purpose:
//
//  1. Pairs are drawn by a seeded search of bounded length, not the pair
//     nearest the centre within a time limit; all three kinds occur.
//  2. What the answer ignores is small: sideways at most a 20th of the width
//     when depth decides, at most a tenth of the depth range when the sides do.
//  3. Blocks are nine tenths valid and compared by their medians; markers lie
//     whole inside the picture and apart.
type Position struct {
	// Kinds are drawn from, equally often; naming one twice doubles its share.
	// nil means each of the three. A frame without a pair of the kind drawn
	// first is asked one of the others listed.
	Kinds []string
	Brief bool // ask in a few words
}

// PositionMeta tells how a Position sample was made.
type PositionMeta struct {
	Kind    string        `json:"kind"`
	Camera  PositionPoint `json:"camera"`
	Target  PositionPoint `json:"target"`
	Facing  string        `json:"facing"` // left, right, toward or away, as seen in the picture
	Options [4]string     `json:"options"`
}

// PositionPoint is one marked block of 15 x 15 pixels.
type PositionPoint struct {
	Label  int     `json:"label"` // 1 or 2
	Center Point   `json:"center"`
	Depth  float32 `json:"depth"` // median, metres unless the frame's depth is Relative
}

// Name returns "position".
func (Position) Name() string { return "position" }

// Make implements Task.
func (t Position) Make(rng *rand.Rand, f *rgbd.Frame) (*Sample, error) {
	if err := checkDepth("position", f); err != nil {
		return nil, err
	}
	kinds, err := t.drawKinds(rng)
	if err != nil {
		return nil, err
	}
	blocks, err := drawBlocks(rng, f.Depth)
	if err != nil {
		return nil, err
	}
	for _, kind := range kinds {
		pairs := pairsOf(kind, blocks, f.Depth.Width, f.Depth.Height)
		if len(pairs) == 0 {
			continue
		}
		pair := pairs[rng.IntN(len(pairs))]
		return t.ask(rng, f.Image, kind, blocks[pair[0]], blocks[pair[1]]), nil
	}
	return nil, unsuitable("position", "no pair of even blocks is %s (%d blocks tried)", eitherOf(kinds), len(blocks))
}

// drawKinds returns the kinds to try, in order, each once.
func (t Position) drawKinds(rng *rand.Rand) ([]string, error) {
	listed := append([]string(nil), t.Kinds...)
	if len(listed) == 0 {
		listed = []string{Near, FarDepth, FarDiagonal}
	}
	rng.Shuffle(len(listed), func(i, j int) { listed[i], listed[j] = listed[j], listed[i] })
	var kinds []string
	seen := map[string]bool{}
	for _, k := range listed {
		if k != Near && k != FarDepth && k != FarDiagonal {
			return nil, unknownKind(k)
		}
		if !seen[k] {
			kinds, seen[k] = append(kinds, k), true
		}
	}
	return kinds, nil
}

// ask draws who is the camera, the labels, the facing and the options, each
// equally often, and writes the question.
func (t Position) ask(rng *rand.Rand, m *rgbd.RGB, kind string, camera, target block) *Sample {
	if rng.IntN(2) == 1 {
		camera, target = target, camera
	}
	label := 1 + rng.IntN(2)
	v := views[rng.IntN(len(views))]
	answer := v.direction(kind, target.centre[0]-camera.centre[0], float64(target.median)-float64(camera.median))
	meta := PositionMeta{
		Kind:    kind,
		Camera:  PositionPoint{label, camera.centre, camera.median},
		Target:  PositionPoint{3 - label, target.centre, target.median},
		Facing:  v.facing,
		Options: optionsOf(kind),
	}
	rng.Shuffle(4, func(i, j int) { meta.Options[i], meta.Options[j] = meta.Options[j], meta.Options[i] })
	right := 0
	for meta.Options[right] != answer {
		right++
	}
	shown := m.Clone()
	for _, p := range []PositionPoint{meta.Camera, meta.Target} {
		rgbd.DrawMarker(shown, p.Label, p.Center[0], p.Center[1])
	}
	return &Sample{
		Task:    "position",
		Problem: positionProblem(meta, t.Brief),
		Answer:  letters[right : right+1],
		Images:  []*rgbd.RGB{shown},
		Meta:    meta,
	}
}
