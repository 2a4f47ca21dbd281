package ssrl

import (
	"fmt"
	"math/rand/v2"

	"ssrl/internal/pretext"
	"ssrl/internal/rgbd"
)

// Shuffle asks for the order of the shuffled patches of a picture.
type Shuffle struct {
	Rows, Cols   int  // of the grid, both 0 means 2 x 2; 1 x N and N x 1 are strips
	Mask         bool // one patch is shown white; needs two rows and two columns
	SkipIdentity bool // the patches never stand in their original order
	NoBorder     bool // only labels are drawn
	Brief        bool // asks in a few words
}

// Flip asks which patch of a picture is mirrored, and how.
type Flip struct {
	Rows, Cols int  // of the grid, both 0 means 2 x 2
	NoBorder   bool // only labels are drawn
	Brief      bool // asks in a few words
}

// Crop asks which of four pictures fills a hole.
type Crop struct {
	Brief bool // asks in a few words
}

// DepthOrder asks for the order of three marked regions by depth.
type DepthOrder struct {
	Brief bool // asks in a few words
}

// Position asks where a marked region lies as seen by a camera that stands at
// another and faces left, right, toward the viewer or away.
type Position struct {
	// Kinds are drawn from, equally often: near, far-depth, far-diagonal; nil
	// means all three.
	Kinds []string
	Brief bool // asks in a few words
}

// AllTasks returns the five tasks of Spatial-SSRL as they are by default.
func AllTasks() []Task {
	return []Task{Shuffle{}, Flip{}, Crop{}, DepthOrder{}, Position{}}
}

// TaskByName returns the task that a command line names: shuffle, flip, crop,
// depth or position.
func TaskByName(name string) (Task, error) {
	for _, t := range AllTasks() {
		if t.Name() == name {
			return t, nil
		}
	}
	return nil, fmt.Errorf("task %q (want shuffle, flip, crop, depth or position)", name)
}

// Name is "shuffle".
func (t Shuffle) Name() string { return pretext.Shuffle(t).Name() }

// Name is "flip".
func (t Flip) Name() string { return pretext.Flip(t).Name() }

// Name is "crop".
func (t Crop) Name() string { return pretext.Crop(t).Name() }

// Name is "depth".
func (t DepthOrder) Name() string { return pretext.DepthOrder(t).Name() }

// Name is "position".
func (t Position) Name() string { return pretext.Position(t).Name() }

// Make implements Task.
func (t Shuffle) Make(rng *rand.Rand, f *Frame) (*Sample, error) {
	return makeBy(pretext.Shuffle(t).Make, rng, f)
}

// Make implements Task.
func (t Flip) Make(rng *rand.Rand, f *Frame) (*Sample, error) {
	return makeBy(pretext.Flip(t).Make, rng, f)
}

// Make implements Task.
func (t Crop) Make(rng *rand.Rand, f *Frame) (*Sample, error) {
	return makeBy(pretext.Crop(t).Make, rng, f)
}

// Make implements Task.
func (t DepthOrder) Make(rng *rand.Rand, f *Frame) (*Sample, error) {
	return makeBy(pretext.DepthOrder(t).Make, rng, f)
}

// Make implements Task.
func (t Position) Make(rng *rand.Rand, f *Frame) (*Sample, error) {
	return makeBy(pretext.Position(t).Make, rng, f)
}

func makeBy(draw func(*rand.Rand, *rgbd.Frame) (*pretext.Sample, error), rng *rand.Rand, f *Frame) (*Sample, error) {
	in, err := f.internal()
	if err != nil {
		return nil, err
	}
	return fromPretext(draw(rng, in))
}
