package pretext_test

import (
	"errors"
	"fmt"

	"ssrl/internal/pretext"
	"ssrl/internal/rgbd"
	"ssrl/internal/seed"
)

// Ask every task about a frame; a frame that does not suit one says why.
func Example() {
	frame := room(12, 160, 120)
	frame.Depth = nil
	for _, task := range []pretext.Task{pretext.Shuffle{}, pretext.Flip{}, pretext.Crop{}, pretext.DepthOrder{}, pretext.Position{}} {
		s, err := task.Make(seed.Rand(1, frame.Name, task.Name()), frame)
		if errors.Is(err, pretext.ErrUnsuitable) {
			fmt.Println(err)
			continue
		}
		fmt.Println(s.Task, len(s.Images))
	}
	// Output:
	// shuffle 1
	// flip 1
	// crop 5
	// depth: unsuitable: has no depth
	// position: unsuitable: has no depth
}

// A plain picture has no order to restore.
func ExampleShuffle() {
	_, err := pretext.Shuffle{}.Make(seed.Rand(1), &rgbd.Frame{Image: rgbd.NewRGB(112, 112)})
	fmt.Println(err)
	// Output:
	// shuffle: unsuitable: patch 0 is plain (deviation 0.0, want 2)
}
