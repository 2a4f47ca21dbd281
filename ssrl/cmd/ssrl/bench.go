package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ssrl"
	"ssrl/internal/bench"
)

// benchCmd holds the measurements; every one prints JSON.
type benchCmd struct {
	Data benchDataCmd `cmd:"" help:"Questions: a frame's files in, JPEG files out, on one processor."`
}

type benchDataCmd struct {
	Images    string   `help:"Folder of frames; synthetic scenes of 1024 x 768 by default."`
	DepthDir  string   `help:"Folder of depth maps, as in generate."`
	DepthUnit string   `help:"mm, m, tum, sunrgbd, relative, or the metres of one count."`
	Tasks     []string `help:"shuffle, flip, crop, depth, position_far, position_near and together; all by default."`
	Seconds   float64  `default:"5" help:"Time for each task."`
	JSON      bool     `name:"json" help:"One JSON object instead of a table."`
}

// longestBench bounds the time of one task.
const longestBench = 24 * time.Hour

func (c *benchDataCmd) Run(ctx context.Context) error {
	if !(c.Seconds > 0 && c.Seconds <= longestBench.Seconds()) {
		return usageError{fmt.Errorf("--seconds %g (want above 0, at most %g)", c.Seconds, longestBench.Seconds())}
	}
	if err := bench.CheckTasks(c.Tasks); err != nil {
		return usageError{fmt.Errorf("--tasks %s: %w", strings.Join(c.Tasks, ","), err)}
	}
	m := newMeter("task")
	said := int64(0)
	report, err := bench.Data(ctx, bench.DataOptions{
		Source: ssrl.Source{Images: c.Images, Depth: c.DepthDir, Unit: c.DepthUnit}, Tasks: c.Tasks,
		Seconds: time.Duration(c.Seconds * float64(time.Second)),
		Say:     func(what string, total int) { said++; m.at(said-1, int64(total), " "+what) },
	})
	m.clear()
	if err != nil {
		return err
	}
	for _, task := range slices.Sorted(maps.Keys(report.Unsuitable)) {
		note("left out: %s: %s", task, report.Unsuitable[task])
	}
	if c.JSON {
		return emit(report)
	}
	return show("%s", report)
}
