// Package pretext turns RGB-D frames into spatial questions whose answers
// follow from the frame itself: the five self-supervised tasks of Spatial-SSRL
// (arXiv 2510.27606v2, section 3).
//
// A task is a pure function of a random stream and a frame. It returns a sample
// that a person can settle from the pictures alone, or ErrUnsuitable with the
// reason; upstream's scripts ask whatever comes, and so does a task with Parity,
// in upstream's words. Every sample carries the geometry it was made from, so
// that anyone can check it against the frame.
//
// Limits: continuity is judged by colour along the cuts and not by meaning, so a
// scene that a person could only order by knowing what it shows is refused. A
// Relative depth map orders and compares regions but has no unit. Parity keeps
// our digits and the frame's own size: upstream draws with whatever font there
// is and renders depth questions anew with matplotlib.
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
	// Check reports options that no frame could satisfy.
	Check() error
	// Make draws one question about f from rng. The sample depends on nothing
	// else and shares no memory with f. The error is ErrUnsuitable when f is
	// sound but cannot carry the question.
	Make(rng *rand.Rand, f *rgbd.Frame) (*Sample, error)
	// MakeInto is Make in memory that is there: it works in w and replaces dst,
	// whose pictures and Meta it writes over. After an error dst is of no use but
	// to be made again.
	MakeInto(dst *Sample, w *Workspace, rng *rand.Rand, f *rgbd.Frame) error
}

// Sample is one question. Problem holds one <image> for each of Images, in
// their order, and says how to write
// the answer; how to think aloud or mark the final answer is left to whoever
// builds the prompt.
type Sample struct {
	Task    string
	Problem string
	Answer  string
	Images  []*rgbd.RGB
	Meta    Meta
}

// Meta tells how a sample was made: *ShuffleMeta, *FlipMeta, *CropMeta,
// *DepthMeta or *PositionMeta.
type Meta interface {
	// AppendJSON appends what json.Marshal returns.
	AppendJSON(b []byte) []byte
}

// Box is x, y, width, height in pixels, the origin at the top left.
type Box [4]int

// Point is x, y in pixels, the origin at the top left.
type Point [2]int

// fresh is Make in new memory.
func fresh(t Task, rng *rand.Rand, f *rgbd.Frame) (*Sample, error) {
	s := new(Sample)
	if err := t.MakeInto(s, new(Workspace), rng, f); err != nil {
		return nil, err
	}
	return s, nil
}

// pictures gives s n pictures of any content and size; those it had before, even
// beyond its length, are among them.
func (s *Sample) pictures(n int) {
	all := s.Images[:cap(s.Images)]
	if len(all) < n {
		all = append(all, make([]*rgbd.RGB, n-len(all))...)
	}
	s.Images = all[:n]
	for i, m := range s.Images {
		if m == nil {
			s.Images[i] = new(rgbd.RGB)
		}
	}
}

// picture returns picture i, of the size and any content.
func (s *Sample) picture(i, width, height int) *rgbd.RGB {
	m := s.Images[i]
	m.Width, m.Height, m.Pix = width, height, atLeast(m.Pix, 3*width*height)
	return m
}

// copied makes m the only picture of s.
func (s *Sample) copied(m *rgbd.RGB) *rgbd.RGB {
	s.pictures(1)
	shown := s.picture(0, m.Width, m.Height)
	copy(shown.Pix, m.Pix)
	return shown
}

// metaOf returns the meta of s to be filled in, in the memory it has if it is of
// that type.
func metaOf[T any, P interface {
	*T
	Meta
}](s *Sample) P {
	if m, ok := s.Meta.(P); ok {
		return m
	}
	m := P(new(T))
	s.Meta = m
	return m
}

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
