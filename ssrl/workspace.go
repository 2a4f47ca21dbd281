package ssrl

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"ssrl/internal/pretext"
	"ssrl/internal/rgbd"
)

// Workspace asks about frame after frame in memory that it keeps, for programs
// that cannot wait for a garbage collector: once it has seen a few frames of one
// size, the five tasks allocate nothing. Load a frame, then Make as many
// questions about it as wanted; its colour is converted once. The zero value is
// ready; one goroutine at a time may use it.
type Workspace struct {
	frame   Frame // as tasks of the caller's own see it
	loaded  rgbd.Frame
	scratch pretext.Workspace
}

// Load takes the frame that the next questions are about. It is read by Make and
// must not change before the next Load. Depth of another size than the colour is
// brought to it by nearest neighbour.
func (w *Workspace) Load(f *Frame) error {
	w.loaded = rgbd.Frame{}
	if f == nil || f.Image == nil {
		return fmt.Errorf("frame without an image: %w", ErrFormat)
	}
	in, err := f.internal()
	if err != nil {
		return err
	}
	w.loaded = *in
	w.frame = Frame{in.Name, in.Image, (*Depth)(in.Depth)}
	return nil
}

// Make replaces s by a question of a task about the loaded frame. Everything
// random comes from rng. The error is ErrUnsuitable when the frame cannot carry
// the task; s is then of no use but to be made again.
//
// Pictures and Meta of s are written over when s is given to Make again, and so
// are strings and pictures that its user took from them: keep a copy, or another
// Sample. ID and Source stay as they are. Any Task can be made; those that are
// not of this package allocate what they like.
func (w *Workspace) Make(s *Sample, task Task, rng *rand.Rand) error {
	if w.loaded.Image == nil {
		return errors.New("workspace: no frame is loaded")
	}
	if t, ok := task.(ours); ok {
		return w.make(s, t, rng)
	}
	made, err := task.Make(rng, &w.frame)
	if err != nil {
		return err
	}
	if made == nil {
		return fmt.Errorf("frame %s: task %s made neither a sample nor an error", w.frame.Name, task.Name())
	}
	if err := made.check(); err != nil {
		return fmt.Errorf("frame %s: task %s: %w", w.frame.Name, task.Name(), err)
	}
	id, source := s.ID, s.Source
	*s = *made
	s.ID, s.Source, s.Task, s.kept = id, source, task.Name(), nil
	return nil
}

// make is Make of one of the five.
func (w *Workspace) make(s *Sample, t ours, rng *rand.Rand) error {
	if s.kept == nil {
		s.kept, s.Images, s.Meta = new(pretext.Sample), nil, nil
	}
	err := makeInto(t, s.kept, &w.scratch, rng, &w.loaded)
	if errors.Is(err, pretext.ErrUnsuitable) {
		return unsuitable{err}
	}
	if err != nil {
		return err
	}
	s.Task, s.Problem, s.Answer = s.kept.Task, s.kept.Problem, s.kept.Answer
	s.Meta = s.kept.Meta.AppendJSON(s.Meta[:0])
	s.Images = s.Images[:0]
	for _, m := range s.kept.Images {
		s.Images = append(s.Images, m)
	}
	return nil
}

// makeInto calls the task without the allocation that an interface of a struct
// costs.
func makeInto(t ours, dst *pretext.Sample, w *pretext.Workspace, rng *rand.Rand, f *rgbd.Frame) error {
	switch t := t.(type) {
	case Shuffle:
		return pretext.Shuffle(t).MakeInto(dst, w, rng, f)
	case Flip:
		return pretext.Flip(t).MakeInto(dst, w, rng, f)
	case Crop:
		return pretext.Crop(t).MakeInto(dst, w, rng, f)
	case DepthOrder:
		return pretext.DepthOrder(t).MakeInto(dst, w, rng, f)
	case Position:
		return pretext.Position(t).MakeInto(dst, w, rng, f)
	}
	return t.internal().MakeInto(dst, w, rng, f)
}

// check refuses a sample that could not be asked.
func (s *Sample) check() error {
	for i, m := range s.Images {
		if m == nil || m.Bounds().Empty() {
			return fmt.Errorf("image %d is nil or empty", i)
		}
	}
	if n := strings.Count(s.Problem, "<image>"); n > 0 && n != len(s.Images) {
		return fmt.Errorf("%d <image> in its problem and %d images", n, len(s.Images))
	}
	if s.Meta != nil && !json.Valid(s.Meta) {
		return fmt.Errorf("meta %.40q (want JSON)", s.Meta)
	}
	return nil
}
