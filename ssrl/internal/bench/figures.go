package bench

import (
	"context"
	"math"
	"slices"
	"time"
)

// Figures are the times of one repeated piece of work. Rates are of the median.
type Figures struct {
	Iters        int     `json:"iters"`
	ImagesPerS   float64 `json:"images_per_s"`
	ImagesPerCPU float64 `json:"images_per_cpu_s"`
	Wall         Spread  `json:"wall_s"`
	CPU          Centre  `json:"cpu_s"` // of the whole process
	PeakRSS      float64 `json:"peak_rss_mb"`
}

// Centre is the middle and the best of some times in seconds.
type Centre struct {
	Median float64 `json:"median"`
	Mean   float64 `json:"mean"`
	Min    float64 `json:"min"`
}

// Spread is a Centre with what lies around it.
type Spread struct {
	Centre
	P10   float64 `json:"p10"`
	P90   float64 `json:"p90"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
	Stdev float64 `json:"stdev"` // of the sample, n-1
}

// fewest is how often a piece of work is done however long it takes.
const fewest = 3

// repeat does work again and again, once unmeasured, until the time is over,
// and at least fewest times.
func repeat(ctx context.Context, length time.Duration, work func(i int) error) (Figures, error) {
	if err := work(0); err != nil {
		return Figures{}, err
	}
	resetPeak()
	var wall, cpu []float64
	for begin := time.Now(); len(wall) < fewest || time.Since(begin) < length; {
		if err := ctx.Err(); err != nil {
			return Figures{}, context.Cause(ctx)
		}
		start, used := time.Now(), cpuSeconds()
		if err := work(len(wall) + 1); err != nil {
			return Figures{}, err
		}
		wall, cpu = append(wall, time.Since(start).Seconds()), append(cpu, cpuSeconds()-used)
	}
	f := Figures{Iters: len(wall), Wall: spreadOf(wall), CPU: centreOf(cpu), PeakRSS: peakMB()}
	f.ImagesPerS, f.ImagesPerCPU = rate(f.Wall.Median), rate(f.CPU.Median)
	return f, nil
}

// rate is how often something of so many seconds happens in one. The clock of
// the processor's time may be too coarse to see it: then it is 0.
func rate(seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return 1 / seconds
}

func centreOf(x []float64) Centre {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return Centre{quantile(x, 0.5), sum / float64(len(x)), slices.Min(x)}
}

func spreadOf(x []float64) Spread {
	s := Spread{Centre: centreOf(x), P10: quantile(x, 0.1), P90: quantile(x, 0.9), P99: quantile(x, 0.99), Max: slices.Max(x)}
	for _, v := range x {
		s.Stdev += (v - s.Mean) * (v - s.Mean)
	}
	s.Stdev = math.Sqrt(s.Stdev / float64(max(len(x)-1, 1)))
	return s
}

// quantile interpolates linearly between the order statistics, at q (n-1).
func quantile(x []float64, q float64) float64 {
	x = slices.Sorted(slices.Values(x))
	at := q * float64(len(x)-1)
	low := int(at)
	high := min(low+1, len(x)-1)
	return x[low] + (at-float64(low))*(x[high]-x[low])
}
