package policy

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
)

// Partition splits the items into k parts of nearly equal sums by the
// Karmarkar-Karp differencing method; equal demands the same number of items in
// every part. Parts hold indices in ascending order; the order of the parts
// is that of verl's seqlen_balancing, largest sum first.
func Partition(lengths []int, k int, equal bool) ([][]int, error) {
	n := len(lengths)
	switch {
	case k < 1:
		return nil, fmt.Errorf("partition into %d parts (want >= 1)", k)
	case k > n:
		return nil, fmt.Errorf("partition of %d items into %d parts (want at least one each)", n, k)
	case equal && n%k != 0:
		return nil, fmt.Errorf("partition of %d items into %d equal parts (want a multiple)", n, k)
	}
	order := make([]item, n)
	for i, l := range lengths {
		order[i] = item{index: i, length: l}
	}
	slices.SortFunc(order, func(a, b item) int {
		return cmp.Or(cmp.Compare(a.length, b.length), cmp.Compare(a.index, b.index))
	})
	var states stateHeap
	if equal {
		for at := 0; at < n; at += k {
			states = append(states, newState(order[at:at+k], k))
		}
	} else {
		for at := range order {
			states = append(states, newState(order[at:at+1], k))
		}
	}
	heap.Init(&states)
	for len(states) > 1 {
		a := heap.Pop(&states).(state)
		b := heap.Pop(&states).(state)
		heap.Push(&states, a.merge(b))
	}
	parts := make([][]int, k)
	for p, s := range states[0] {
		for _, it := range s.items {
			parts[p] = append(parts[p], it.index)
		}
		slices.Sort(parts[p])
	}
	return parts, nil
}

type item struct{ index, length int }

// set is one part in the making, items in the order in which they came.
type set struct {
	sum   int
	items []item
}

func compareSets(a, b set) int {
	return cmp.Or(
		cmp.Compare(a.sum, b.sum),
		cmp.Compare(len(a.items), len(b.items)),
		slices.CompareFunc(a.items, b.items, func(x, y item) int {
			return cmp.Or(cmp.Compare(x.index, y.index), cmp.Compare(x.length, y.length))
		}),
	)
}

// state is k sets, largest first.
type state []set

func newState(items []item, k int) state {
	s := make(state, k)
	for i, it := range items {
		s[i] = set{it.length, []item{it}}
	}
	return s.sorted()
}

func (s state) sorted() state {
	slices.SortStableFunc(s, func(a, b set) int { return compareSets(b, a) })
	return s
}

func (s state) spread() int { return s[0].sum - s[len(s)-1].sum }

// merge joins the largest set of s with the smallest of o, and so on.
func (s state) merge(o state) state {
	for i := range s {
		other := o[len(o)-1-i]
		s[i] = set{s[i].sum + other.sum, append(s[i].items, other.items...)}
	}
	return s.sorted()
}

// stateHeap pops the state of the largest spread, then of the larger top set.
type stateHeap []state

func (h stateHeap) Len() int      { return len(h) }
func (h stateHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h stateHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[j].spread(), h[i].spread()), compareSets(h[j][0], h[i][0])) < 0
}
func (h *stateHeap) Push(x any) { *h = append(*h, x.(state)) }
func (h *stateHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

// MicroBatchCount is how many micro-batches of about budget tokens the rows need.
// Ranks that step together use the largest of their counts.
func MicroBatchCount(lengths []int, budget int) int {
	if budget < 1 {
		panic(fmt.Sprintf("policy: micro-batches of %d tokens", budget))
	}
	total := 0
	for _, l := range lengths {
		total += l
	}
	return min(len(lengths), max(1, (total+budget-1)/budget))
}

// MicroBatches packs rows of the given lengths into count parts of nearly equal
// tokens, most work (the sum of squared lengths) first. A part can be somewhat
// above total/count, since rows are not cut.
func MicroBatches(lengths []int, count int) ([][]int, error) {
	parts, err := Partition(lengths, count, false)
	if err != nil {
		return nil, err
	}
	work := func(part []int) (w int) {
		for _, i := range part {
			w += lengths[i] * lengths[i]
		}
		return w
	}
	slices.SortStableFunc(parts, func(a, b []int) int {
		return cmp.Or(cmp.Compare(work(b), work(a)), cmp.Compare(first(b), first(a)))
	})
	return parts, nil
}

func first(part []int) int {
	if len(part) == 0 {
		return 0
	}
	return part[0]
}

// MicroBatchesWithin is MicroBatches with as many parts as it takes for none to
// exceed budget, unless a single row does; upstream lets a part run over.
func MicroBatchesWithin(lengths []int, budget int) ([][]int, error) {
	for count := MicroBatchCount(lengths, budget); ; count++ {
		parts, err := MicroBatches(lengths, count)
		if err != nil || count == len(lengths) || fits(parts, lengths, budget) {
			return parts, err
		}
	}
}

func fits(parts [][]int, lengths []int, budget int) bool {
	for _, part := range parts {
		sum := 0
		for _, i := range part {
			sum += lengths[i]
		}
		if sum > budget && len(part) > 1 {
			return false
		}
	}
	return true
}
