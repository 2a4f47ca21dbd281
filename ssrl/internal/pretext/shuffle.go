package pretext

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"ssrl/internal/rgbd"
)

// A patch must show something and no two may look alike. A deviation of 2 of
// 255 levels is the noise of a good camera; two patches whose pixels differ by
// 4 levels in the mean are the same wall twice.
const (
	minTexture         = 2.0
	minPatchDifference = 4.0
)

// whitest is how near to pure white (mean level) a visible patch may be when
// another one is masked in white.
const whitest = 248.0

// Shuffle asks for the order of a picture's patches that restores it. It
// differs from upstream's Shuffle.py on purpose:
//
//  1. A frame is refused when a patch is plain, when two look alike, or when
//     another arrangement continues about as well across the visible cuts.
//  2. The masked patch is one without which the rest is still unambiguous.
//  3. Strips name the labels that exist.
//
// Every arrangement is drawn equally often, the original one included: without
// it a model could rule an answer out without looking.
type Shuffle struct {
	Rows, Cols   int  // both 0 means 2 x 2; 1 x N and N x 1 are strips
	Mask         bool // paint one patch white; needs two rows and two columns
	SkipIdentity bool // never show the patches in their original order
	NoBorder     bool // draw labels only
	Brief        bool // ask in a few words
}

// ShuffleMeta tells how a Shuffle sample was made.
type ShuffleMeta struct {
	Grid   [2]int `json:"grid"`   // rows, columns
	Area   Box    `json:"area"`   // of the source, shown
	Order  []int  `json:"order"`  // Order[p] is the source patch shown at place p
	Masked *int   `json:"masked"` // the place painted white, nil for none
}

// Name returns "shuffle".
func (Shuffle) Name() string { return "shuffle" }

// Make implements Task.
func (t Shuffle) Make(rng *rand.Rand, f *rgbd.Frame) (*Sample, error) {
	if err := checkImage("shuffle", f); err != nil {
		return nil, err
	}
	g, err := newGrid("shuffle", t.Rows, t.Cols, !t.NoBorder, f.Image)
	if err != nil {
		return nil, err
	}
	if t.Mask && (g.rows < 2 || g.cols < 2) {
		// Without a strip the others could stand at either side of the gap.
		return nil, fmt.Errorf("shuffle: a mask in %d row(s) and %d column(s) (want two of each)", g.rows, g.cols)
	}
	patches := make([]*rgbd.RGB, g.count())
	for i := range patches {
		patches[i] = g.cut(f.Image, i)
	}
	if err := distinctPatches(patches, t.Mask); err != nil {
		return nil, err
	}
	order := drawOrder(rng, g.count(), t.SkipIdentity)
	meta := ShuffleMeta{Grid: [2]int{g.rows, g.cols}, Area: g.area(), Order: order}
	maskable, err := uniqueArrangement(g, f.Image, t.Mask)
	if err != nil {
		return nil, err
	}
	restore := restoring(order)
	if t.Mask {
		place := restore[maskable[rng.IntN(len(maskable))]]
		meta.Masked = &place
	}
	shown := rgbd.NewRGB(meta.Area[2], meta.Area[3])
	for p, source := range order {
		g.paste(shown, patches[source], p)
	}
	if meta.Masked != nil {
		rgbd.FillRect(shown, g.patch(*meta.Masked), rgbd.Colour{255, 255, 255})
	}
	g.annotate(shown)
	return &Sample{
		Task:    "shuffle",
		Problem: shuffleProblem(g, t.Mask, t.Brief),
		Answer:  joined(restore),
		Images:  []*rgbd.RGB{shown},
		Meta:    meta,
	}, nil
}

// distinctPatches refuses plain patches and pairs that look alike.
func distinctPatches(patches []*rgbd.RGB, mask bool) error {
	for i, p := range patches {
		mean, deviation := brightness(p)
		if deviation < minTexture {
			return unsuitable("shuffle", "patch %d is plain (deviation %.1f, want %g)", i, deviation, minTexture)
		}
		if mask && mean > whitest {
			return unsuitable("shuffle", "patch %d is white like a mask (mean %.0f, want at most %g)", i, mean, whitest)
		}
		for j := range i {
			if d := meanDifference(p, patches[j]); d < minPatchDifference {
				return unsuitable("shuffle", "patches %d and %d look alike (mean difference %.1f, want %g)",
					j, i, d, minPatchDifference)
			}
		}
	}
	return nil
}

// uniqueArrangement refuses a picture that can be put together in another way
// with cuts that differ about as little as the true ones. With a mask it
// returns the source patches that may be hidden.
func uniqueArrangement(g grid, m *rgbd.RGB, mask bool) (maskable []int, err error) {
	fits := newFits(g, m)
	if !mask {
		if rival := fits.rival(-1); rival != nil {
			return nil, unsuitable("shuffle", "the patches fit as well in the order %s", joined(rival))
		}
		return nil, nil
	}
	for hidden := range g.count() {
		if fits.rival(hidden) == nil {
			maskable = append(maskable, hidden)
		}
	}
	if maskable == nil {
		return nil, unsuitable("shuffle", "whichever patch is masked, the others fit in another order as well")
	}
	return maskable, nil
}

// drawOrder draws which source patch is shown at each place.
func drawOrder(rng *rand.Rand, n int, skipIdentity bool) []int {
	for {
		order := rng.Perm(n)
		for i, v := range order {
			if i != v || !skipIdentity {
				return order
			}
		}
	}
}

// restoring inverts an order: element s is the place, and so the label, of
// source patch s. NumPy calls it argsort.
func restoring(order []int) []int {
	out := make([]int, len(order))
	for place, source := range order {
		out[source] = place
	}
	return out
}

// joined writes numbers as answers do: 1-3-0-2.
func joined(numbers []int) string {
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, "-")
}
