package pretext_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ssrl/internal/pretext"
	"ssrl/internal/seed"
)

// BenchmarkMake measures one question from a decoded frame, in memory that is
// kept.
func BenchmarkMake(b *testing.B) {
	for _, size := range [][2]int{{56, 56}, {640, 480}, {1024, 768}} {
		for _, task := range []pretext.Task{pretext.Shuffle{}, pretext.Flip{}, pretext.Crop{}, pretext.DepthOrder{}, pretext.Position{}} {
			b.Run(fmt.Sprintf("%s/%dx%d", task.Name(), size[0], size[1]), func(b *testing.B) { measure(b, size[0], size[1], task) })
		}
	}
}

func BenchmarkShuffle1080p(b *testing.B)  { measure(b, 1920, 1080, pretext.Shuffle{}) }
func BenchmarkFlip1080p(b *testing.B)     { measure(b, 1920, 1080, pretext.Flip{}) }
func BenchmarkCrop1080p(b *testing.B)     { measure(b, 1920, 1080, pretext.Crop{}) }
func BenchmarkDepth1080p(b *testing.B)    { measure(b, 1920, 1080, pretext.DepthOrder{}) }
func BenchmarkPosition1080p(b *testing.B) { measure(b, 1920, 1080, pretext.Position{}) }

// BenchmarkPositionParity1080p looks at every block.
func BenchmarkPositionParity1080p(b *testing.B) {
	measure(b, 1920, 1080, pretext.Position{Parity: true, Kinds: []string{pretext.FarDepth}})
}

// BenchmarkThree1080p asks three questions about each frame.
func BenchmarkThree1080p(b *testing.B) {
	measure(b, 1920, 1080, pretext.Shuffle{}, pretext.Flip{}, pretext.Crop{})
}

// measure makes a question of each task about frames that suit them, each frame
// with another stream, and reports the slowest of a hundred.
func measure(b *testing.B, width, height int, tasks ...pretext.Task) {
	f := suitable(b, tasks[0], width, height)
	var w pretext.Workspace
	samples := make([]pretext.Sample, len(tasks))
	pcg := rand.NewPCG(1, 1)
	rng := rand.New(pcg)
	made := 0
	frame := func(k uint64) {
		pcg.Seed(1, k)
		for i, task := range tasks {
			if task.MakeInto(&samples[i], &w, rng, f) == nil {
				made++
			}
		}
	}
	for k := range uint64(50) { // every buffer and text is there
		frame(k)
	}
	took := make([]time.Duration, 0, 1<<16)
	k := uint64(0)
	made = 0
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		frame(k % 50)
		k++
		if len(took) < cap(took) {
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1e6, "p99-ms")
	b.ReportMetric(float64(made)/float64(b.N), "samples/op")
}

// TestMakingInKeptMemoryAllocatesNothing holds the benchmarks' promise, for
// every task and form.
func TestMakingInKeptMemoryAllocatesNothing(t *testing.T) {
	for _, tc := range everyTask {
		f := suitable(t, tc.task, 160, 120)
		var w pretext.Workspace
		var s pretext.Sample
		pcg := rand.NewPCG(1, 1)
		rng := rand.New(pcg)
		k := uint64(0)
		ask := func() {
			pcg.Seed(1, k%20)
			k++
			_ = tc.task.MakeInto(&s, &w, rng, f)
		}
		for range 20 {
			ask()
		}
		made := 0
		for k := range uint64(20) { // all suit: an error is allowed to allocate
			pcg.Seed(1, k)
			if tc.task.MakeInto(&s, &w, rng, f) == nil {
				made++
			}
		}
		if made == 20 {
			require.Zero(t, testing.AllocsPerRun(20, ask), tc.name)
		}
	}
}

// TestKeptMemoryChangesNothing makes questions of all tasks about frames of
// several sizes in one workspace and one sample, and in new memory.
func TestKeptMemoryChangesNothing(t *testing.T) {
	var w pretext.Workspace
	var s pretext.Sample
	made := 0
	for i := range 24 {
		f := room(uint64(i), 60+i*7%90, 56+i*11%70)
		for _, tc := range everyTask {
			want, err := tc.task.Make(seed.Rand(3, f.Name), f)
			again := tc.task.MakeInto(&s, &w, seed.Rand(3, f.Name), f)
			if err != nil {
				require.EqualError(t, again, err.Error())
				continue
			}
			require.NoError(t, again)
			require.Equal(t, *want, s, "%s of %s", tc.name, f.Name)
			made++
		}
	}
	require.Greater(t, made, 200)
}
