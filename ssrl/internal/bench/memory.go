package bench

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"runtime"
	"time"

	"ssrl"
)

// MemoryFigures are the times of questions about a frame that lies in memory,
// made in memory that is kept: what a robot's camera waits for.
type MemoryFigures struct {
	Figures
	HeapBytes float64 `json:"heap_bytes"` // allocated for a question, once all memory is there
}

// memoryScenes is how many frames are tried for one that carries a task.
const memoryScenes = 16

// inMemory measures each task of one question on one frame.
func inMemory(ctx context.Context, size image.Point, length time.Duration) (map[string]MemoryFigures, error) {
	all := map[string]MemoryFigures{}
	for _, w := range timed {
		if len(w.tasks) > 1 {
			continue
		}
		f, err := memoryFigures(ctx, w.tasks[0], size, length)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		all[w.name] = f
	}
	return all, nil
}

func memoryFigures(ctx context.Context, task ssrl.Task, size image.Point, length time.Duration) (f MemoryFigures, err error) {
	var w ssrl.Workspace
	var s ssrl.Sample
	var source rand.PCG
	rng := rand.New(&source)
	ask := func(i int) error {
		source.Seed(1, uint64(i))
		return w.Make(&s, task, rng)
	}
	for index := range memoryScenes {
		frame, err := ssrl.Scene(1, index, size.X, size.Y)
		if err != nil {
			return f, err
		}
		if err := w.Load(frame); err != nil {
			return f, err
		}
		if err = ask(0); err == nil {
			break
		}
		if index == memoryScenes-1 || !errors.Is(err, ssrl.ErrUnsuitable) {
			return f, err
		}
	}
	suits := func(i int) error {
		// A draw that does not suit the frame is a question's work as well.
		if err := ask(i); !errors.Is(err, ssrl.ErrUnsuitable) {
			return err
		}
		return nil
	}
	if f.Figures, err = repeat(ctx, length, suits); err != nil {
		return f, err
	}
	f.HeapBytes, err = heapBytes(func() error { return ask(0) })
	return f, err
}

// heapBytes is what a call allocates. What other goroutines allocate, which the
// runtime counts as well, comes and goes: the least of several counts is the call's.
func heapBytes(call func() error) (least float64, err error) {
	const counts, calls = 5, 16
	for i := range counts {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range calls {
			if err := call(); err != nil {
				return 0, err
			}
		}
		runtime.ReadMemStats(&after)
		if n := float64(after.TotalAlloc-before.TotalAlloc) / calls; i == 0 || n < least {
			least = n
		}
	}
	return least, nil
}
