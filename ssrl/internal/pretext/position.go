package pretext

import (
	"math/rand/v2"
	"slices"

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
	Kinds    []string
	Brief    bool // ask in a few words
	Coloured bool // marker 1 is red, 2 green
	Parity   bool // ask as upstream does, without 1 to 3; far-depth and far-diagonal are one search
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
	Depth  float32 `json:"depth"` // median (with Parity the greatest), metres unless the frame's depth is Relative
}

// Name returns "position".
func (Position) Name() string { return "position" }

// Check implements Task.
func (t Position) Check() error {
	for _, k := range t.Kinds {
		if k != Near && k != FarDepth && k != FarDiagonal {
			return unknownKind(k)
		}
	}
	return nil
}

// Make implements Task.
func (t Position) Make(rng *rand.Rand, f *rgbd.Frame) (*Sample, error) { return fresh(t, rng, f) }

// MakeInto implements Task.
func (t Position) MakeInto(dst *Sample, w *Workspace, rng *rand.Rand, f *rgbd.Frame) error {
	if err := t.Check(); err != nil {
		return err
	}
	if err := checkDepth("position", f); err != nil {
		return err
	}
	t.drawKinds(w, rng)
	if t.Parity {
		return t.upstream(dst, w, rng, f)
	}
	if err := w.drawBlocks(rng, f.Depth); err != nil {
		return err
	}
	for _, kind := range w.kinds {
		w.pairs = pairsOf(w.pairs, kind, w.blocks, f.Depth.Width, f.Depth.Height)
		if len(w.pairs) == 0 {
			continue
		}
		pair := w.pairs[rng.IntN(len(w.pairs))]
		camera, target := w.blocks[pair[0]], w.blocks[pair[1]]
		if rng.IntN(2) == 1 {
			camera, target = target, camera
		}
		label := 1 + rng.IntN(2)
		t.ask(dst, w, rng, f.Image, kind, label, views[rng.IntN(len(views))], camera, target)
		return nil
	}
	return unsuitable("position", "no pair of even blocks is %s (%d blocks tried)", eitherOf(w.kinds), len(w.blocks))
}

// allKinds are the kinds of a Position that names none.
var allKinds = [...]string{Near, FarDepth, FarDiagonal}

// drawKinds sets w.kinds to the kinds to try, in order, each once.
func (t Position) drawKinds(w *Workspace, rng *rand.Rand) {
	listed := append(w.kinds[:0], t.Kinds...)
	if len(listed) == 0 {
		listed = append(listed, allKinds[:]...)
	}
	rng.Shuffle(len(listed), func(i, j int) { listed[i], listed[j] = listed[j], listed[i] })
	w.kinds = listed[:0]
	for _, k := range listed {
		if !slices.Contains(w.kinds, k) {
			w.kinds = append(w.kinds, k)
		}
	}
}

// ask draws the options, each equally often in each place, and writes the
// question.
func (t Position) ask(dst *Sample, w *Workspace, rng *rand.Rand, m *rgbd.RGB, kind string, label int, v view, camera, target block) {
	answer := v.direction(kind, target.centre[0]-camera.centre[0], float64(target.median)-float64(camera.median))
	meta := metaOf[PositionMeta](dst)
	*meta = PositionMeta{
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
	shown := dst.copied(m)
	for _, p := range [...]PositionPoint{meta.Camera, meta.Target} {
		mark(shown, p.Label, p.Center, t.Coloured)
	}
	dst.Task = "position"
	dst.Problem = w.problem(question{task: dst.Task, brief: t.Brief, parity: t.Parity, kind: kind, facing: v.facing,
		camera: label, options: meta.Options})
	dst.Answer = letters[right : right+1]
}
