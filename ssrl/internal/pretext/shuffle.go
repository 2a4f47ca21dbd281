package pretext

import (
	"fmt"
	"math/rand/v2"
	"strconv"

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
//  4. Borders and labels grow with the picture.
//
// Every arrangement is drawn equally often, the original one included: without
// it a model could rule an answer out without looking.
type Shuffle struct {
	Rows, Cols   int  // both 0 means 2 x 2; 1 x N and N x 1 are strips
	Mask         bool // paint one patch white; needs two rows and two columns
	SkipIdentity bool // never show the patches in their original order
	NoBorder     bool // draw labels only
	Brief        bool // ask in a few words
	Mix          bool // draw grid and mask anew each time, in the shares of Spatial-SSRL-81k
	Parity       bool // ask as upstream does, whatever the picture: see 1 to 4
}

// mix is how many samples of each form Spatial-SSRL-81k has; strips are three or
// four, which is drawn.
var mix = [...]struct{ rows, cols, mask, samples int }{
	{2, 2, 0, 4000}, {2, 2, 1, 4028}, {1, 0, 0, 4991}, {0, 1, 0, 3009},
}

// ShuffleMeta tells how a Shuffle sample was made.
type ShuffleMeta struct {
	Grid   [2]int `json:"grid"`   // rows, columns
	Area   Box    `json:"area"`   // of the source, shown
	Order  []int  `json:"order"`  // Order[p] is the source patch shown at place p
	Masked *int   `json:"masked"` // the place painted white, nil for none

	place int // where Masked points
}

// Name returns "shuffle".
func (Shuffle) Name() string { return "shuffle" }

// Check implements Task.
func (t Shuffle) Check() error {
	if t.Mix {
		if t.Rows != 0 || t.Cols != 0 || t.Mask {
			return fmt.Errorf("shuffle: a mix of grids and a grid or mask (want one of the two)")
		}
		return nil
	}
	rows, cols, err := gridOf("shuffle", t.Rows, t.Cols)
	if err == nil && t.Mask && !t.Parity && (rows < 2 || cols < 2) {
		// Without a strip the others could stand at either side of the gap.
		return fmt.Errorf("shuffle: a mask in %d row(s) and %d column(s) (want two of each)", rows, cols)
	}
	return err
}

// drawForm draws the form of a mixed question.
func (t Shuffle) drawForm(rng *rand.Rand) Shuffle {
	all := 0
	for _, m := range mix {
		all += m.samples
	}
	at := rng.IntN(all)
	for _, m := range mix {
		if at -= m.samples; at >= 0 {
			continue
		}
		t.Rows, t.Cols, t.Mask = m.rows, m.cols, m.mask == 1
		if t.Rows == 0 {
			t.Rows = 3 + rng.IntN(2)
		}
		if t.Cols == 0 {
			t.Cols = 3 + rng.IntN(2)
		}
		break
	}
	return t
}

// Make implements Task.
func (t Shuffle) Make(rng *rand.Rand, f *rgbd.Frame) (*Sample, error) { return fresh(t, rng, f) }

// MakeInto implements Task.
func (t Shuffle) MakeInto(dst *Sample, w *Workspace, rng *rand.Rand, f *rgbd.Frame) error {
	if err := t.Check(); err != nil {
		return err
	}
	if err := checkImage("shuffle", f); err != nil {
		return err
	}
	if t.Mix {
		t = t.drawForm(rng)
	}
	g, err := newGrid("shuffle", t.Rows, t.Cols, f.Image, style{noBorder: t.NoBorder, parity: t.Parity})
	if err != nil {
		return err
	}
	w.used = 0
	if !t.Parity {
		if err := distinctPatches(w, g, f.Image, t.Mask); err != nil {
			return err
		}
	}
	meta := metaOf[ShuffleMeta](dst)
	meta.Grid, meta.Area, meta.Masked, meta.place = [2]int{g.rows, g.cols}, g.area(), nil, 0
	meta.Order = drawOrder(rng, meta.Order, g.count(), t.SkipIdentity)
	maskable, err := t.maskable(w, g, f.Image)
	if err != nil {
		return err
	}
	w.orders[1] = restoring(w.orders[1], meta.Order)
	if t.Mask {
		meta.place = w.orders[1][maskable[rng.IntN(len(maskable))]]
		meta.Masked = &meta.place
	}
	dst.pictures(1)
	shown := dst.picture(0, meta.Area[2], meta.Area[3])
	for p, source := range meta.Order {
		g.place(shown, p, f.Image, source)
	}
	if meta.Masked != nil {
		rgbd.FillRect(shown, g.patch(*meta.Masked), rgbd.Colour{255, 255, 255})
	}
	g.annotate(shown)
	dst.Task = "shuffle"
	dst.Problem = w.problem(question{task: dst.Task, rows: g.rows, cols: g.cols, mask: t.Mask, brief: t.Brief, parity: t.Parity})
	dst.Answer = w.text(appendJoined(w.words[:0], w.orders[1]))
	return nil
}

// distinctPatches refuses plain patches and pairs that look alike.
func distinctPatches(w *Workspace, g grid, m *rgbd.RGB, mask bool) error {
	var thinned [maxPatches][]byte
	for i := range g.count() {
		thinned[i] = g.part(m, i).thin(w)
		mean, deviation := brightness(thinned[i])
		if deviation < minTexture {
			return unsuitable("shuffle", "patch %d is plain (deviation %.1f, want %g)", i, deviation, minTexture)
		}
		if mask && mean > whitest {
			return unsuitable("shuffle", "patch %d is white like a mask (mean %.0f, want at most %g)", i, mean, whitest)
		}
		for j := range i {
			if d := meanDifference(thinned[i], thinned[j]); d < minPatchDifference {
				return unsuitable("shuffle", "patches %d and %d look alike (mean difference %.1f, want %g)",
					j, i, d, minPatchDifference)
			}
		}
	}
	return nil
}

// maskable refuses a picture that can be put together in another way with cuts
// that differ about as little as the true ones. With a mask it returns the
// source patches that may be hidden.
func (t Shuffle) maskable(w *Workspace, g grid, m *rgbd.RGB) ([]int, error) {
	w.maskable = w.maskable[:0]
	if !t.Parity {
		w.fits.measure(w, g, m)
	}
	if !t.Mask {
		if t.Parity {
			return nil, nil
		}
		if rival := w.fits.rival(-1); rival != nil {
			return nil, unsuitable("shuffle", "the patches fit as well in the order %s", appendJoined(nil, rival))
		}
		return nil, nil
	}
	for hidden := range g.count() {
		if t.Parity || w.fits.rival(hidden) == nil {
			w.maskable = append(w.maskable, hidden)
		}
	}
	if len(w.maskable) == 0 {
		return nil, unsuitable("shuffle", "whichever patch is masked, the others fit in another order as well")
	}
	return w.maskable, nil
}

// drawOrder draws into dst which source patch is shown at each place.
func drawOrder(rng *rand.Rand, dst []int, n int, skipIdentity bool) []int {
	for {
		dst = perm(rng, dst, n)
		for i, v := range dst {
			if i != v || !skipIdentity {
				return dst
			}
		}
	}
}

// restoring inverts an order into dst: element s is the place, and so the
// label, of source patch s. NumPy calls it argsort.
func restoring(dst, order []int) []int {
	dst = atLeast(dst, len(order))
	for place, source := range order {
		dst[source] = place
	}
	return dst
}

// appendJoined writes numbers as answers do: 1-3-0-2.
func appendJoined(b []byte, numbers []int) []byte {
	for i, n := range numbers {
		if i > 0 {
			b = append(b, '-')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return b
}
