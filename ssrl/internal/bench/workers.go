package bench

import (
	"context"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"ssrl"
)

// Workers compares one worker with one for each processor, at the same dataset.
type Workers struct {
	Count       int     `json:"count"` // of processors
	OneSeconds  float64 `json:"one_s"` // the best of some runs
	AllSeconds  float64 `json:"all_s"`
	TimesFaster float64 `json:"times_faster"`
}

// workerFrames is how many frames of 1024 x 768 the dataset is of.
const workerFrames = 16

// workers makes a dataset of some frames in dir with one worker and with all,
// in turns until the time is over, at least once.
func workers(ctx context.Context, dir string, frames int, length time.Duration) (*Workers, error) {
	src := ssrl.Source{Images: filepath.Join(dir, "frames")}
	if err := ssrl.WriteScenes(ctx, src.Images, ssrl.SceneOptions{Count: frames, Seed: 2, Width: 1024, Height: 768}); err != nil {
		return nil, err
	}
	w := &Workers{Count: runtime.GOMAXPROCS(0)}
	runs := 0
	run := func(count int) (float64, error) {
		runs++
		start := time.Now()
		_, err := ssrl.GenerateDataset(ctx, src, filepath.Join(dir, "run"+strconv.Itoa(runs)), ssrl.GenerateOptions{Seed: 1, Workers: count})
		return time.Since(start).Seconds(), err
	}
	begin := time.Now()
	for n := 0; n == 0 || time.Since(begin) < length; n++ {
		one, err := run(1)
		if err != nil {
			return nil, err
		}
		all, err := run(w.Count)
		if err != nil {
			return nil, err
		}
		if n == 0 || one < w.OneSeconds {
			w.OneSeconds = one
		}
		if n == 0 || all < w.AllSeconds {
			w.AllSeconds = all
		}
	}
	w.TimesFaster = w.OneSeconds / w.AllSeconds
	return w, nil
}
