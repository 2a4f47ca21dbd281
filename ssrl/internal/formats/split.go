package formats

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"ssrl/internal/seed"
)

// Split chooses the frames whose questions are for testing, so that no picture
// is trained on and tested with. sources are the names of frames, in any order
// and as often as they come; fraction, from 0 to 1, is rounded to whole frames,
// of which both sides get one at least if there are two and it is neither 0 nor 1.
//
// The choice depends on the seed and the set of names alone. Frames keep their
// rank when others come or go, so a few more frames move only a few.
func Split(sources []string, fraction float64, seedOf uint64) (map[string]bool, error) {
	if !(fraction >= 0 && fraction <= 1) {
		return nil, fmt.Errorf("split %v (want a fraction from 0 to 1)", fraction)
	}
	type ranked struct {
		name string
		rank uint64
	}
	var frames []ranked
	seen := map[string]bool{}
	for _, name := range sources {
		if !seen[name] {
			seen[name] = true
			frames = append(frames, ranked{name, seed.Rand(seedOf, "split", name).Uint64()})
		}
	}
	slices.SortFunc(frames, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.name, b.name))
	})
	n := int(math.Round(fraction * float64(len(frames))))
	if len(frames) > 1 && fraction > 0 && fraction < 1 {
		n = min(max(n, 1), len(frames)-1)
	}
	test := map[string]bool{}
	for _, f := range frames[:n] {
		test[f.name] = true
	}
	return test, nil
}
