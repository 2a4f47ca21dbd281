package formats

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"ssrl/internal/seed"
)

// Split chooses the frames whose questions are for validation, so that none is
// trained on and validated with. sources are the names of frames, in any order
// and as often as they come; fraction, from 0 to 1, is rounded to whole frames,
// of which both sides get one at least if there are two and it is neither 0 nor 1.
//
// The choice depends on the seed and the set of names alone. Frames keep their
// rank when others come or go, so a few more frames move only a few.
func Split(sources []string, fraction float64, seedOf uint64) (map[string]bool, error) {
	if !(fraction >= 0 && fraction <= 1) {
		return nil, fmt.Errorf("split %v (want a fraction from 0 to 1)", fraction)
	}
	frames := slices.Clone(sources)
	slices.Sort(frames)
	frames = Order(slices.Compact(frames), "split", seedOf)
	n := int(math.Round(fraction * float64(len(frames))))
	if len(frames) > 1 && fraction > 0 && fraction < 1 {
		n = min(max(n, 1), len(frames)-1)
	}
	held := map[string]bool{}
	for _, name := range frames[:n] {
		held[name] = true
	}
	return held, nil
}

// Order returns names, which are all different, by ranks drawn from a seed and a
// purpose: a name's rank does not depend on the others.
func Order(names []string, purpose string, seedOf uint64) []string {
	type ranked struct {
		name string
		rank uint64
	}
	all := make([]ranked, len(names))
	for i, name := range names {
		all[i] = ranked{name, seed.Rand(seedOf, purpose, name).Uint64()}
	}
	slices.SortFunc(all, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.name, b.name))
	})
	out := make([]string, len(all))
	for i, f := range all {
		out[i] = f.name
	}
	return out
}
