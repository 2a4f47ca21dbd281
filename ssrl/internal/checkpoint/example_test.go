package checkpoint_test

import (
	"fmt"
	"os"

	"ssrl/internal/checkpoint"
)

func Example() {
	root, err := os.MkdirTemp("", "run")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(root)

	type state struct {
		Step   int
		KLCoef float64
	}
	for step := 1; step <= 3; step++ {
		err := checkpoint.Save(checkpoint.Dir(root, step), step, func(w *checkpoint.Writer) error {
			return w.JSON("trainer.json", state{step, 0.01})
		})
		if err != nil {
			panic(err)
		}
		if err := checkpoint.Prune(root, 2); err != nil {
			panic(err)
		}
	}
	steps, _ := checkpoint.Steps(root)
	dir, _ := checkpoint.Latest(root)
	c, err := checkpoint.Open(dir)
	if err != nil {
		panic(err)
	}
	var s state
	if err := c.JSON("trainer.json", &s); err != nil {
		panic(err)
	}
	fmt.Println(steps, s)
	// Output: [2 3] {3 0.01}
}
