package ssrl

import (
	"context"
	"math"
	"path/filepath"
	"slices"

	"ssrl/internal/exif"
	"ssrl/internal/parallel"
	"ssrl/internal/rgbd"
)

// FrameFacts say what is in a picture, with its depth if there is any, or in a
// depth map.
type FrameFacts struct {
	Format string       `json:"format"`
	Bytes  int          `json:"bytes"`
	Width  int          `json:"width"` // as it is shown
	Height int          `json:"height"`
	Camera *CameraFacts `json:"camera,omitempty"` // EXIF
	Depth  *DepthFacts  `json:"depth,omitempty"`
	Tasks  []TaskFit    `json:"tasks,omitempty"`
}

// CameraFacts are what a camera noted in a picture.
type CameraFacts exif.Tags

// DepthFacts say what a depth map holds. Depths are in metres unless Relative.
type DepthFacts struct {
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	Relative bool    `json:"relative"`
	Min      float32 `json:"min"`
	Median   float32 `json:"median"`
	Max      float32 `json:"max"`
	Missing  float64 `json:"missing"` // share of pixels without a reading
}

// TaskFit says whether a frame can carry a task; Why is empty if it can.
type TaskFit struct {
	Task string `json:"task"`
	Why  string `json:"why,omitempty"`
}

// FramesFacts say what is in a folder of frames.
type FramesFacts struct {
	Frames    int          `json:"frames"`
	WithDepth int          `json:"with_depth"`
	Relative  int          `json:"relative"` // of those, without a unit
	Pictures  PictureFacts `json:"pictures"`
	// Depth is that of all frames together, without Median and sizes.
	Depth *DepthFacts `json:"depth,omitempty"`
	// Carries counts the frames that can carry each task, as ssrl.GenerateDataset
	// with seed 0 finds; Unsuitable says why the others cannot, and which frames
	// are broken, under an empty task.
	Carries    map[string]int `json:"carries"`
	Unsuitable []ReasonFact   `json:"unsuitable"`
}

func inspectFrame(path string, src Source) (*FrameFacts, error) {
	data, err := readFile("image", path)
	if err != nil {
		return nil, err
	}
	src.Images = filepath.Dir(path)
	f, err := src.Open(filepath.Base(path))
	if err != nil {
		return nil, err
	}
	size := f.Image.Bounds().Size()
	facts := &FrameFacts{Format: fileFormat(data[:min(16, len(data))]), Bytes: len(data), Width: size.X, Height: size.Y}
	if tags := exif.Read(data); tags != (exif.Tags{}) {
		facts.Camera = (*CameraFacts)(&tags)
	}
	if f.Depth != nil {
		facts.Depth = depthFacts((*rgbd.Depth)(f.Depth))
	}
	made, err := Generator{}.make(f)
	if err != nil {
		return nil, err
	}
	for i, t := range AllTasks() {
		fit := TaskFit{Task: t.Name()}
		if made[i].why != nil {
			fit.Why = made[i].why.Error()
		}
		facts.Tasks = append(facts.Tasks, fit)
	}
	return facts, nil
}

func inspectDepth(path, unit string) (*FrameFacts, error) {
	u, err := rgbd.ParseUnit(unit)
	if err != nil {
		return nil, err
	}
	data, err := readFile("depth", path)
	if err != nil {
		return nil, err
	}
	d, err := rgbd.DecodeDepth(data, path, u)
	if err != nil {
		return nil, formatError{err}
	}
	return &FrameFacts{Format: fileFormat(data[:min(16, len(data))]), Bytes: len(data), Width: d.Width, Height: d.Height, Depth: depthFacts(d)}, nil
}

func depthFacts(d *rgbd.Depth) *DepthFacts {
	var there []float32
	for _, v := range d.Metres {
		if v == v {
			there = append(there, v)
		}
	}
	f := &DepthFacts{Width: d.Width, Height: d.Height, Relative: d.Relative, Missing: 1 - float64(len(there))/float64(len(d.Metres))}
	if len(there) > 0 {
		slices.Sort(there)
		f.Min, f.Median, f.Max = there[0], there[(len(there)-1)/2], there[len(there)-1]
	}
	return f
}

// looked is what a frame of a folder showed.
type looked struct {
	name          string
	width, height int
	bytes         int
	format        string
	depth         *DepthFacts
	made          []outcome
	err           error
}

func inspectFrames(ctx context.Context, src Source, progress func(done, total int)) (*FramesFacts, error) {
	names, err := src.Names()
	if err != nil {
		return nil, err
	}
	facts := &FramesFacts{Frames: len(names), Carries: map[string]int{}}
	for _, t := range AllTasks() {
		facts.Carries[t.Name()] = 0
	}
	all, why, sum := newSizes(), reasons{}, depthSum{low: math.Inf(1)}
	done := 0
	for l, err := range parallel.Ordered(ctx, Generator{}.workers(), listed(names), func(_ context.Context, name string) (looked, error) { return look(src, name), nil }) {
		if err != nil {
			return nil, err
		}
		if done++; progress != nil {
			progress(done, len(names))
		}
		if l.err != nil {
			why.add("", l.err.Error(), l.name)
			continue
		}
		all.note(l.width, l.height, l.bytes, l.format)
		sum.add(l.depth, facts)
		for _, o := range l.made {
			if o.why == nil {
				facts.Carries[o.sample.Task]++
			} else {
				why.add(o.task, o.why.Error(), l.name)
			}
		}
	}
	facts.Pictures, facts.Depth, facts.Unsuitable = all.facts(), sum.facts(), why.list()
	return facts, nil
}

// listed yields names as parallel.Ordered takes them.
func listed(names []string) func(yield func(string, error) bool) {
	return func(yield func(string, error) bool) {
		for _, n := range names {
			if !yield(n, nil) {
				return
			}
		}
	}
}

// look opens a frame and asks every task once.
func look(src Source, name string) looked {
	path := filepath.Join(src.Images, filepath.FromSlash(name))
	data, err := readFile("image", path)
	if err != nil {
		return looked{name: name, err: err}
	}
	f, err := src.Open(name)
	if err != nil {
		return looked{name: name, err: err}
	}
	size := f.Image.Bounds().Size()
	l := looked{name: name, width: size.X, height: size.Y, bytes: len(data), format: fileFormat(data[:min(16, len(data))])}
	if f.Depth != nil {
		l.depth = depthFacts((*rgbd.Depth)(f.Depth))
	}
	l.made, l.err = Generator{}.make(f)
	for _, o := range l.made {
		if o.sample != nil {
			o.sample.Images = nil // not held until it is this frame's turn
		}
	}
	return l
}

// depthSum joins the depth of frames.
type depthSum struct {
	low, high, missing float64
	frames             int
}

func (s *depthSum) add(d *DepthFacts, facts *FramesFacts) {
	if d == nil {
		return
	}
	facts.WithDepth++
	if d.Relative {
		facts.Relative++
	}
	s.frames++
	s.missing += d.Missing
	if !d.Relative {
		s.low, s.high = min(s.low, float64(d.Min)), max(s.high, float64(d.Max))
	}
}

func (s *depthSum) facts() *DepthFacts {
	if s.frames == 0 {
		return nil
	}
	f := &DepthFacts{Missing: s.missing / float64(s.frames), Relative: s.high == 0}
	if s.high > 0 {
		f.Min, f.Max = float32(s.low), float32(s.high)
	}
	return f
}
