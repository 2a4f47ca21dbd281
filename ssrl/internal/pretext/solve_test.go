package pretext_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/pretext"
	"ssrl/internal/rgbd"
	"ssrl/internal/seed"
)

// everyTask lists the tasks in the forms that are tested.
var everyTask = []struct {
	name string
	task pretext.Task
}{
	{"shuffle", pretext.Shuffle{}},
	{"shuffle masked", pretext.Shuffle{Mask: true}},
	{"shuffle moved", pretext.Shuffle{SkipIdentity: true}},
	{"shuffle without borders", pretext.Shuffle{NoBorder: true}},
	{"shuffle 1x3", pretext.Shuffle{Rows: 1, Cols: 3}},
	{"shuffle 1x4", pretext.Shuffle{Rows: 1, Cols: 4}},
	{"shuffle 3x1", pretext.Shuffle{Rows: 3, Cols: 1}},
	{"shuffle 4x1", pretext.Shuffle{Rows: 4, Cols: 1}},
	{"shuffle 2x3 masked", pretext.Shuffle{Rows: 2, Cols: 3, Mask: true}},
	{"shuffle 3x3", pretext.Shuffle{Rows: 3, Cols: 3}},
	{"shuffle 3x4", pretext.Shuffle{Rows: 3, Cols: 4}},
	{"flip", pretext.Flip{}},
	{"flip without borders", pretext.Flip{NoBorder: true}},
	{"flip 2x3", pretext.Flip{Rows: 2, Cols: 3}},
	{"crop", pretext.Crop{}},
	{"depth", pretext.DepthOrder{}},
	{"position", pretext.Position{}},
	{"position near", pretext.Position{Kinds: []string{pretext.Near}}},
	{"position far-depth", pretext.Position{Kinds: []string{pretext.FarDepth}}},
	{"position far-diagonal", pretext.Position{Kinds: []string{pretext.FarDiagonal}}},
}

// askAll verifies samples of a task on a frame and returns how many there were.
// A frame may be unsuitable; nothing else may go wrong.
func askAll(t *testing.T, task pretext.Task, f *rgbd.Frame, draws int) (made int) {
	t.Helper()
	askEach(t, task, f, draws, func(*pretext.Sample) { made++ })
	return made
}

// askEach is askAll that hands the samples on.
func askEach(t *testing.T, task pretext.Task, f *rgbd.Frame, draws int, made func(*pretext.Sample)) {
	t.Helper()
	for k := range draws {
		s, err := task.Make(seed.Rand(7, f.Name, task.Name(), fmt.Sprint(k)), f)
		if err != nil {
			require.True(t, errors.Is(err, pretext.ErrUnsuitable), "%s: %v", f.Name, err)
			continue
		}
		require.Equal(t, task.Name(), s.Task)
		verify(t, f, s)
		made(s)
	}
}

func TestSolverConfirmsSamplesOfRooms(t *testing.T) {
	sizes := []struct{ width, height, rooms, draws int }{
		{56, 56, 24, 1}, {57, 83, 12, 1}, {112, 112, 8, 1}, {201, 64, 8, 1}, {320, 240, 2, 1}, {333, 511, 2, 1}, {1201, 803, 1, 1},
	}
	made := map[string]int{}
	for _, size := range sizes {
		for i := range size.rooms {
			f := room(uint64(i), size.width, size.height)
			for _, tc := range everyTask {
				made[tc.name] += askAll(t, tc.task, f, size.draws)
			}
		}
	}
	for _, tc := range everyTask {
		require.GreaterOrEqual(t, made[tc.name], 10, "samples of %s", tc.name)
	}
	t.Log(made)
}
