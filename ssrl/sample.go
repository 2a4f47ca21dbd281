package ssrl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	// Response is what SFT teaches as it stands; "" means one made of Answer.
	Response string
	Images   []image.Image
	Meta     json.RawMessage // geometry behind the answer; its keys depend on Task

	kept *pretext.Sample // what a Workspace made it of and may write over
}

// Task makes one kind of question.
type Task interface {
	// Name is a short word, the same for every sample of the task.
	Name() string
	// Make draws a question about f. Everything random comes from rng. It
	// returns an error that is ErrUnsuitable when f cannot carry the task.
	Make(rng *rand.Rand, f *Frame) (*Sample, error)
}

// Generator makes samples from frames. It is safe for concurrent use if its
// tasks and Skipped are.
type Generator struct {
	// Tasks are asked in this order; nil means AllTasks. Of tasks of one name
	// the later ones go on with the numbers of the questions.
	Tasks    []Task
	Seed     uint64
	PerFrame int // questions of each task and frame; 0 means 1
	Workers  int // 0 means one for each processor; more than 256 are not used
	// Skipped hears of frames that cannot carry a task, in order; nil: nobody does.
	Skipped func(frame, task string, why error)
	// Notice hears, in order, of what was done to a frame: its depth rescaled.
	Notice func(frame, text string)
}

const (
	// maxWorkers bounds the frames held at once, about two for each worker.
	maxWorkers = 256

	// atOnce is how many questions of a frame are made before they are handed
	// on, which bounds the pictures held at once however many are asked for.
	atOnce = 16
)

// Samples yields the samples of each frame in the order of frames and tasks.
//
// A sample depends only on Seed, the frame's name and pixels, the task and the
// number of the question: not on Workers, and not on which other frames are
// present. A frame that cannot carry a task is passed to Skipped and left out.
// An error ends the sequence.
func (g Generator) Samples(ctx context.Context, frames iter.Seq2[*Frame, error]) iter.Seq2[*Sample, error] {
	return func(yield func(*Sample, error) bool) {
		if err := g.check(); err != nil {
			yield(nil, err)
			return
		}
		made := parallel.Ordered(ctx, g.workers(), partsOf(g, frames), func(ctx context.Context, p part[*Frame]) ([]outcome, error) {
			return g.draw(ctx, p.of, p.from, p.to)
		})
		for outcomes, err := range made {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, o := range outcomes {
				if o.sample == nil {
					g.report(o)
				} else if !yield(o.sample, nil) {
					return
				}
			}
		}
	}
}

// check refuses what would end in a panic later.
func (g Generator) check() error {
	for i, t := range g.Tasks {
		if t == nil || t.Name() == "" {
			return fmt.Errorf("generator: task %d is nil or has no name", i)
		}
		if t, ok := t.(ours); ok {
			if err := t.internal().Check(); err != nil {
				return err
			}
		}
	}
	if g.PerFrame < 0 || g.PerFrame > maxPerFrame {
		return fmt.Errorf("generator: %d questions of each task and frame (want 1 to %d)", g.PerFrame, maxPerFrame)
	}
	return nil
}

// maxPerFrame bounds the questions of a task and frame.
const maxPerFrame = 1_000_000

// outcome is a sample, or why there is none, or what was done to the frame.
type outcome struct {
	sample      *Sample
	frame, task string
	why         error
	notice      string
}

// report hands on what is no sample.
func (g Generator) report(o outcome) {
	if o.why != nil && g.Skipped != nil {
		g.Skipped(o.frame, o.task, o.why)
	}
	if o.notice != "" && g.Notice != nil {
		g.Notice(o.frame, o.notice)
	}
}

func (g Generator) workers() int {
	if g.Workers > 0 {
		return min(g.Workers, maxWorkers)
	}
	return runtime.GOMAXPROCS(0)
}

func (g Generator) tasks() []Task {
	if g.Tasks == nil {
		return AllTasks()
	}
	return g.Tasks
}

// questions is the number of questions of a frame.
func (g Generator) questions() int { return len(g.tasks()) * max(g.PerFrame, 1) }

// part is the questions from to to-1 of a frame, counted over all its tasks.
type part[F any] struct {
	of       F
	from, to int
	last     bool // of this frame
}

// partsOf cuts frames into parts of at most atOnce questions.
func partsOf[F any](g Generator, frames iter.Seq2[F, error]) iter.Seq2[part[F], error] {
	n := g.questions()
	return func(yield func(part[F], error) bool) {
		for f, err := range frames {
			for from := 0; from == 0 || from < n; from += atOnce {
				if !yield(part[F]{f, from, min(from+atOnce, n), from+atOnce >= n}, err) {
					return
				}
				if err != nil {
					break
				}
			}
		}
	}
}

// make draws all samples of one frame.
func (g Generator) make(f *Frame) ([]outcome, error) {
	return g.draw(context.Background(), f, 0, g.questions())
}

// draw makes the questions from to to-1 of a frame, which is converted once for
// all of them.
func (g Generator) draw(ctx context.Context, f *Frame, from, to int) ([]outcome, error) {
	var w Workspace
	if err := w.Load(f); err != nil {
		return nil, err
	}
	tasks, per := g.tasks(), max(g.PerFrame, 1)
	var out []outcome
	if text := f.rescaled(); text != "" && from == 0 { // once a frame
		out = append(out, outcome{frame: f.Name, notice: text})
	}
	for q := from; q < to; q++ {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		task, k := tasks[q/per], q%per
		for _, earlier := range tasks[:q/per] {
			if earlier.Name() == task.Name() {
				k += per
			}
		}
		s := new(Sample)
		err := w.Make(s, task, seed.Rand(g.Seed, "sample", f.Name, task.Name(), strconv.Itoa(k)))
		switch {
		case errors.Is(err, ErrUnsuitable):
			out = append(out, outcome{frame: f.Name, task: task.Name(), why: err})
		case err != nil:
			return nil, err
		default:
			s.ID, s.Task, s.Source, s.kept = sampleID(f.Name, task.Name(), k), task.Name(), f.Name, nil
			out = append(out, outcome{sample: s})
		}
	}
	return out, nil
}

// sampleID names a sample by frame, task and number, in characters that are
// safe in a file name.
func sampleID(frame, task string, k int) string {
	return fileName(frame) + "-" + fileName(task) + "-" + strconv.Itoa(k)
}

// fileName keeps different names different: what is replaced or cut off is told
// apart by a hash of the name.
func fileName(name string) string {
	const longest = 70 // bytes
	clean := strings.Map(func(r rune) rune {
		if r < 128 && (r == '-' || r == '_' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') {
			return r
		}
		return '_'
	}, name)
	if clean != name || len(clean) > longest {
		clean = clean[:min(len(clean), longest)] + "-" + strconv.FormatUint(seed.Key(0, name), 16)
	}
	return clean
}

// unsuitable lets an internal error answer to ErrUnsuitable.
type unsuitable struct{ error }

func (u unsuitable) Is(target error) bool { return target == ErrUnsuitable }
func (u unsuitable) Unwrap() error        { return u.error }
