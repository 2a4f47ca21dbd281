package pretext

import "ssrl/internal/rgbd"

// maxExhaustive is the largest number of patches for which all arrangements are
// compared (9! = 362,880 before cutting off). Above it, the exchanges of two
// patches and the shifts of whole rows and columns are.
const maxExhaustive = 9

// fits holds how well each patch continues each other one.
type fits struct {
	g       grid
	beside  []int  // [a*n+b]: the cut with b to the right of a
	below   []int  // [a*n+b]: the cut with b under a
	samples [2]int // channel values along one cut of each kind

	truth, at, swapped [maxPatches]int // arrangements looked at
}

// measure fills f in for a picture.
func (f *fits) measure(w *Workspace, g grid, m *rgbd.RGB) {
	n := g.count()
	all := g.allEdges(w, m, false)
	f.g, f.beside, f.below = g, atLeast(f.beside, n*n), atLeast(f.below, n*n)
	for a := range n {
		for b := range n {
			f.beside[a*n+b], f.samples[0] = g.beside(all[a], all[b])
			f.below[a*n+b], f.samples[1] = g.below(all[a], all[b])
		}
	}
}

// rival returns an arrangement other than the true one that is not clearly
// worse, or nil; it is valid until the next call. Source patch hidden (-1 for none) is out of sight: its cuts
// count as the mean of the true ones, neither for nor against.
func (f *fits) rival(hidden int) []int {
	n := f.g.count()
	truth := f.truth[:n]
	for i := range truth {
		truth[i] = i
	}
	sum, samples, cuts := 0, 0, [2]int{}
	f.eachCut(truth, func(kind, a, b int) {
		if a != hidden && b != hidden {
			sum += f.cost(kind, a, b)
			samples += f.samples[kind]
			cuts[kind]++
		}
	})
	if samples == 0 {
		return truth // nothing to go by
	}
	var neutral [2]int
	for kind := range neutral {
		neutral[kind] = sum * f.samples[kind] / samples
	}
	s := search{f: f, hidden: hidden, neutral: neutral, samples: samples}
	f.eachCut(truth, func(kind, a, b int) { s.truth += s.cost(kind, a, b) })
	if n > maxExhaustive {
		return s.neighbours(truth)
	}
	s.at = f.at[:0]
	if s.extend(0, false) {
		return s.at
	}
	return nil
}

// cost is the difference along a cut: kind 0 beside, 1 below.
func (f *fits) cost(kind, a, b int) int {
	if kind == 0 {
		return f.beside[a*f.g.count()+b]
	}
	return f.below[a*f.g.count()+b]
}

// eachCut calls do for every pair of neighbours when at[p] lies at place p.
func (f *fits) eachCut(at []int, do func(kind, a, b int)) {
	for p := range at {
		f.cutsBefore(at, p, do)
	}
}

// cutsBefore calls do for the cuts of place p with the places before it.
func (f *fits) cutsBefore(at []int, p int, do func(kind, a, b int)) {
	if p%f.g.cols != 0 {
		do(0, at[p-1], at[p])
	}
	if p >= f.g.cols {
		do(1, at[p-f.g.cols], at[p])
	}
}

// search looks for an arrangement that is not clearly worse than the truth.
type search struct {
	f       *fits
	hidden  int
	neutral [2]int
	truth   int // sum over the cuts of the true arrangement
	samples int // visible channel values of the true arrangement
	at      []int
	used    [maxPatches]bool
}

func (s *search) cost(kind, a, b int) int {
	if a == s.hidden || b == s.hidden {
		return s.neutral[kind]
	}
	return s.f.cost(kind, a, b)
}

// extend fills the places after len(s.at), whose cuts add up to sum so far, and
// leaves the rival in s.at. Sums only grow, so a bad start is cut off.
func (s *search) extend(sum int, moved bool) bool {
	if clearlyWorse(sum, s.truth, s.samples) {
		return false
	}
	p := len(s.at)
	if p == s.f.g.count() {
		return moved
	}
	for i := range s.f.g.count() {
		if s.used[i] {
			continue
		}
		s.used[i] = true
		s.at = append(s.at, i)
		added := 0
		s.f.cutsBefore(s.at, p, func(kind, a, b int) { added += s.cost(kind, a, b) })
		if s.extend(sum+added, moved || i != p) {
			return true
		}
		s.at = s.at[:p]
		s.used[i] = false
	}
	return false
}

// neighbours tries the exchanges of two patches and the shifts of all rows or
// columns.
func (s *search) neighbours(truth []int) []int {
	rows, cols := s.f.g.rows, s.f.g.cols
	for i := range truth {
		for j := range i {
			at := append(s.f.swapped[:0], truth...)
			at[i], at[j] = at[j], at[i]
			if s.fitting(at) {
				return at
			}
		}
	}
	for down := range rows {
		for right := range cols {
			at := s.f.swapped[:len(truth)]
			for p := range at {
				at[p] = (p/cols+down)%rows*cols + (p%cols+right)%cols
			}
			if down+right > 0 && s.fitting(at) {
				return at
			}
		}
	}
	return nil
}

func (s *search) fitting(at []int) bool {
	sum := 0
	s.f.eachCut(at, func(kind, a, b int) { sum += s.cost(kind, a, b) })
	return !clearlyWorse(sum, s.truth, s.samples)
}
