package ssrl

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"ssrl/internal/config"
	"ssrl/internal/pretext"
)

// Shuffle asks for the order of the shuffled patches of a picture.
type Shuffle struct {
	Rows         int  `json:"rows"` // of the grid; both 0 means 2 x 2; 1 x N and N x 1 are strips
	Cols         int  `json:"cols"`
	Mask         bool `json:"mask"`          // one patch is shown white; needs two rows and two columns
	SkipIdentity bool `json:"skip_identity"` // the patches never stand in their original order
	NoBorder     bool `json:"no_border"`     // only labels are drawn
	Brief        bool `json:"brief"`         // asks in a few words
	Mix          bool `json:"mix"`           // draws grid and mask for each question, in the shares of Spatial-SSRL-81k
	Parity       bool `json:"parity"`        // asks as upstream's script, in its words, whatever the picture
}

// Flip asks which patch of a picture is mirrored, and how.
type Flip struct {
	Rows      int    `json:"rows"` // of the grid; both 0 means 2 x 2
	Cols      int    `json:"cols"`
	Direction string `json:"direction"` // up-down or left-right; "" draws one of the two
	NoBorder  bool   `json:"no_border"` // only labels are drawn
	Brief     bool   `json:"brief"`     // asks in a few words
	Parity    bool   `json:"parity"`    // asks as upstream's script, in its words, whatever the picture
}

// Crop asks which of four pictures fills a hole.
type Crop struct {
	Brief  bool `json:"brief"`  // asks in a few words
	Parity bool `json:"parity"` // asks as upstream's script, in its words, whatever the picture
}

// DepthOrder asks for the order of three marked regions by depth.
type DepthOrder struct {
	Brief    bool `json:"brief"`    // asks in a few words
	Coloured bool `json:"coloured"` // marker 1 is red, 2 green, 3 blue
	Parity   bool `json:"parity"`   // asks as upstream's script, in its words and by its wider limits
}

// Position asks where a marked region lies as seen by a camera that stands at
// another and faces left, right, toward the viewer or away.
type Position struct {
	// Kinds are drawn from, equally often: near, far-depth, far-diagonal; nil
	// means all three.
	Kinds    []string `json:"kinds"`
	Brief    bool     `json:"brief"`    // asks in a few words
	Coloured bool     `json:"coloured"` // marker 1 is red, 2 green
	Parity   bool     `json:"parity"`   // asks as upstream's script about the pair that it finds; one far kind stands for both
}

// AllTasks returns the five tasks of Spatial-SSRL as they are by default.
func AllTasks() []Task {
	return []Task{Shuffle{}, Flip{}, Crop{}, DepthOrder{}, Position{}}
}

const taskNames = "shuffle, flip, crop, depth or position"

// TaskByName returns the task that a command line or an options file names:
// shuffle, flip, crop, depth or position, by default or, after a colon, with
// options by their JSON names: "shuffle:rows=1,cols=3",
// "position:kinds=[near,far-depth],parity=true". An option that the task does not
// have is an error that names the nearest.
func TaskByName(name string) (Task, error) {
	name, options, some := strings.Cut(name, ":")
	t, err := decodeTask(name, cutOutside(options))
	switch {
	case err != nil:
		return nil, err
	case some && options == "":
		return nil, fmt.Errorf("task %s: no options after the colon (want key=value)", name)
	}
	return t, nil
}

func decodeTask(name string, options []string) (Task, error) {
	switch name {
	case "shuffle":
		return withOptions[Shuffle](options)
	case "flip":
		return withOptions[Flip](options)
	case "crop":
		return withOptions[Crop](options)
	case "depth":
		return withOptions[DepthOrder](options)
	case "position":
		return withOptions[Position](options)
	case "":
		return nil, fmt.Errorf("task %q (want %s)", name, taskNames)
	}
	near := config.Nearest(name, []string{"shuffle", "flip", "crop", "depth", "position"})
	return nil, fmt.Errorf("task %q (want %s; did you mean %s?)", name, taskNames, near)
}

// SplitTasks cuts a list of names for TaskByName at its commas. A comma before a
// key=value, or within brackets, is part of a name:
// "shuffle:rows=1,cols=3,flip" is two.
func SplitTasks(list string) []string {
	var names []string
	for _, word := range cutOutside(list) {
		key, _, option := strings.Cut(word, "=")
		if option && !strings.Contains(key, ":") && len(names) > 0 {
			names[len(names)-1] += "," + word
			continue
		}
		names = append(names, word)
	}
	if names == nil {
		return []string{""}
	}
	return names
}

// cutOutside cuts text at the commas that lie outside brackets; "" is nothing.
func cutOutside(text string) (words []string) {
	if text == "" {
		return nil
	}
	from, depth := 0, 0
	for i, c := range text {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ',' && depth <= 0:
			words = append(words, text[from:i])
			from = i + 1
		}
	}
	return append(words, text[from:])
}

// ours is one of the five tasks.
type ours interface {
	Task
	internal() pretext.Task
}

func withOptions[T ours](words []string) (Task, error) {
	var t T
	if err := config.Decode(nil, "", words, &t); err != nil {
		return nil, fmt.Errorf("task %s: %w", t.Name(), err)
	}
	if err := t.internal().Check(); err != nil {
		return nil, err
	}
	return t, nil
}

func (t Shuffle) internal() pretext.Task    { return pretext.Shuffle(t) }
func (t Flip) internal() pretext.Task       { return pretext.Flip(t) }
func (t Crop) internal() pretext.Task       { return pretext.Crop(t) }
func (t DepthOrder) internal() pretext.Task { return pretext.DepthOrder(t) }
func (t Position) internal() pretext.Task   { return pretext.Position(t) }

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
	return makeFresh(t, rng, f)
}

// Make implements Task.
func (t Flip) Make(rng *rand.Rand, f *Frame) (*Sample, error) {
	return makeFresh(t, rng, f)
}

// Make implements Task.
func (t Crop) Make(rng *rand.Rand, f *Frame) (*Sample, error) {
	return makeFresh(t, rng, f)
}

// Make implements Task.
func (t DepthOrder) Make(rng *rand.Rand, f *Frame) (*Sample, error) {
	return makeFresh(t, rng, f)
}

// Make implements Task.
func (t Position) Make(rng *rand.Rand, f *Frame) (*Sample, error) {
	return makeFresh(t, rng, f)
}

// makeFresh is Make of one of the five, in new memory.
func makeFresh(t ours, rng *rand.Rand, f *Frame) (*Sample, error) {
	var w Workspace
	s := new(Sample)
	if err := w.Load(f); err != nil {
		return nil, err
	}
	if err := w.Make(s, t, rng); err != nil {
		return nil, err
	}
	s.kept = nil
	return s, nil
}

// NewTask returns a task made of a function, such as one that asks a program in
// another language. It may be called at the same time on different frames.
func NewTask(name string, draw func(rng *rand.Rand, f *Frame) (*Sample, error)) Task {
	return drawn{name, draw}
}

type drawn struct {
	name string
	draw func(rng *rand.Rand, f *Frame) (*Sample, error)
}

func (t drawn) Name() string { return t.name }

func (t drawn) Make(rng *rand.Rand, f *Frame) (*Sample, error) { return t.draw(rng, f) }
