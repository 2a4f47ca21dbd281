// Package pretext turns RGB-D frames into spatial questions whose answers
// follow from the frame itself: the five self-supervised tasks of Spatial-SSRL
// (arXiv 2510.27606v2, section 3).
//
// A task is a pure function of a random stream and a frame. It returns a sample
// that a person can settle from the pictures alone, or ErrUnsuitable with the
// reason; upstream's scripts ask whatever comes. Every sample carries the
// geometry it was made from, so that anyone can check it against the frame.
//
// Limits: continuity is judged by colour along the cuts and not by meaning, so a
// scene that a person could only order by knowing what it shows is refused. A
// Relative depth map orders and compares regions but has no unit.
package pretext

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"ssrl/internal/rgbd"
)

// ErrUnsuitable says that a frame cannot carry a task: try another frame. The
// text around it gives the reason.
var ErrUnsuitable = errors.New("unsuitable")

// Task makes questions of one kind. Implementations are plain values, safe for
// concurrent use; the zero value of each asks upstream's standard question.
type Task interface {
	// Name is the task's name in samples, options and errors.
	Name() string
	// Make draws one question about f from rng. The sample depends on nothing
	// else and shares no memory with f. The error is ErrUnsuitable when f is
	// sound but cannot carry the question.
	Make(rng *rand.Rand, f *rgbd.Frame) (*Sample, error)
}

// Sample is one question. Problem holds one <image> for each of Images, in
// their order, and says how to write the answer; how to think aloud or mark the
// final answer is left to whoever builds the prompt.
type Sample struct {
	Task    string
	Problem string
	Answer  string
	Images  []*rgbd.RGB
	Meta    any // ShuffleMeta, FlipMeta, CropMeta, DepthMeta or PositionMeta
}

// Box is x, y, width, height in pixels, the origin at the top left.
type Box [4]int

// Point is x, y in pixels, the origin at the top left.
type Point [2]int

func unsuitable(task, format string, args ...any) error {
	return fmt.Errorf("%s: %w: %s", task, ErrUnsuitable, fmt.Sprintf(format, args...))
}

// checkImage reports a frame without a usable picture, which is the caller's
// mistake and no property of the scene.
func checkImage(task string, f *rgbd.Frame) error {
	if f == nil || f.Image == nil {
		return fmt.Errorf("%s: the frame has no image", task)
	}
	m := f.Image
	if m.Width < 1 || m.Height < 1 || len(m.Pix) != 3*m.Width*m.Height {
		return fmt.Errorf("%s: image of %dx%d has %d bytes (want 3 a pixel)", task, m.Width, m.Height, len(m.Pix))
	}
	return nil
}

// checkDepth is checkImage for the tasks that measure depth.
func checkDepth(task string, f *rgbd.Frame) error {
	if err := checkImage(task, f); err != nil {
		return err
	}
	d, m := f.Depth, f.Image
	if d == nil {
		return unsuitable(task, "has no depth")
	}
	if d.Width != m.Width || d.Height != m.Height || len(d.Metres) != d.Width*d.Height {
		return fmt.Errorf("%s: depth of %dx%d with %d readings (want one a pixel of the %dx%d image)",
			task, d.Width, d.Height, len(d.Metres), m.Width, m.Height)
	}
	return nil
}
