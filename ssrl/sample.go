package ssrl

import (
	"context"
	"encoding/json"
	"errors"
	"image"
	"iter"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"

	"ssrl/internal/parallel"
	"ssrl/internal/pretext"
	"ssrl/internal/seed"
)

// Sample is one question with its answer.
type Sample struct {
	ID     string
	Task   string
	Source string // name of the frame it was made from
	// Problem holds one <image> for each of Images, where the picture belongs.
	Problem string
	Answer  string
	Images  []image.Image
	Meta    json.RawMessage // geometry behind the answer; its keys depend on Task
}

// Task makes one kind of question.
type Task interface {
	// Name is a short word, the same for every sample of the task.
	Name() string
	// Make draws a question about f. Everything random comes from rng. It
	// returns an error that is ErrUnsuitable when f cannot carry the task.
	Make(rng *rand.Rand, f *Frame) (*Sample, error)
}

// Generator makes samples from frames.
type Generator struct {
	Tasks    []Task // nil: AllTasks
	Seed     uint64
	PerFrame int // questions of each task and frame; 0 means 1
	Workers  int // 0 means one for each processor
	// Skipped hears of frames that cannot carry a task, in order; nil: nobody does.
	Skipped func(frame, task string, why error)
}

// Samples yields the samples of each frame in the order of frames and tasks.
//
// A sample depends only on Seed, the frame's name and pixels, the task and the
// number of the question: not on Workers, and not on which other frames are
// present. A frame that cannot carry a task is passed to Skipped and left out.
// An error ends the sequence.
func (g Generator) Samples(ctx context.Context, frames iter.Seq2[*Frame, error]) iter.Seq2[*Sample, error] {
	made := parallel.Ordered(ctx, g.workers(), frames, func(_ context.Context, f *Frame) ([]outcome, error) { return g.make(f) })
	return func(yield func(*Sample, error) bool) {
		for outcomes, err := range made {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, o := range outcomes {
				if o.why != nil {
					g.skip(o)
				} else if !yield(o.sample, nil) {
					return
				}
			}
		}
	}
}

// outcome is a sample, or why there is none.
type outcome struct {
	sample      *Sample
	frame, task string
	why         error
}

func (g Generator) skip(o outcome) {
	if g.Skipped != nil {
		g.Skipped(o.frame, o.task, o.why)
	}
}

func (g Generator) workers() int {
	if g.Workers > 0 {
		return g.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// make draws all samples of one frame. The frame is converted once and handed
// to every task.
func (g Generator) make(f *Frame) ([]outcome, error) {
	in, err := f.internal()
	if err != nil {
		return nil, err
	}
	f = &Frame{in.Name, in.Image, (*Depth)(in.Depth)}
	tasks := g.Tasks
	if tasks == nil {
		tasks = AllTasks()
	}
	var out []outcome
	for _, task := range tasks {
		for k := range max(g.PerFrame, 1) {
			s, err := task.Make(seed.Rand(g.Seed, "sample", f.Name, task.Name(), strconv.Itoa(k)), f)
			switch {
			case errors.Is(err, ErrUnsuitable):
				out = append(out, outcome{frame: f.Name, task: task.Name(), why: err})
			case err != nil:
				return nil, err
			default:
				s.ID, s.Source = sampleID(f.Name, task.Name(), k), f.Name
				out = append(out, outcome{sample: s})
			}
		}
	}
	return out, nil
}

// sampleID names a sample by frame, task and number, in characters that are
// safe in a file name. Different frames have different ids: what is replaced
// is told apart by a hash of the name.
func sampleID(frame, task string, k int) string {
	clean := strings.Map(func(r rune) rune {
		if r < 128 && (r == '-' || r == '_' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') {
			return r
		}
		return '_'
	}, frame)
	if clean != frame || len(clean) > 100 {
		clean = clean[:min(len(clean), 100)] + "-" + strconv.FormatUint(seed.Key(0, frame), 16)
	}
	return clean + "-" + task + "-" + strconv.Itoa(k)
}

// fromPretext makes a public sample of an internal one.
func fromPretext(s *pretext.Sample, err error) (*Sample, error) {
	if errors.Is(err, pretext.ErrUnsuitable) {
		return nil, unsuitable{err}
	}
	if err != nil {
		return nil, err
	}
	meta, err := json.Marshal(s.Meta)
	if err != nil {
		return nil, err
	}
	out := &Sample{Task: s.Task, Problem: s.Problem, Answer: s.Answer, Meta: meta}
	for _, m := range s.Images {
		out.Images = append(out.Images, m)
	}
	return out, nil
}

// unsuitable lets an internal error answer to ErrUnsuitable.
type unsuitable struct{ error }

func (u unsuitable) Is(target error) bool { return target == ErrUnsuitable }
func (u unsuitable) Unwrap() error        { return u.error }
