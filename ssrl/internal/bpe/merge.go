package bpe

import (
	"hash/maphash"
	"math"
	"math/bits"
	"strings"
	"sync/atomic"
)

// merge says that a pair of tokens becomes the token id; lower ranks go first.
type merge struct{ rank, id int32 }

// noMerge is the rank of a pair that does not merge.
const noMerge = math.MaxInt32

// Words up to shortWord bytes are merged in place and remembered. Longer ones,
// rare and of any length, go through a heap: n log n, where scanning is n².
const shortWord = 48

// cache remembers the ids of words in slots chosen by hash. A slot is
// overwritten by the next word that falls on it, so memory is bounded (below 3 MB) and
// readers never wait.
type cache [1 << 14]atomic.Pointer[cached]

type cached struct {
	word string
	ids  []int32
}

// pairTable is an open-addressed hash table from pairs of ids to merges, a third
// to two thirds full. Go's map takes half as long again here.
type pairTable struct {
	slots []pairSlot // a power of two
	shift uint       // 64 - log2(len(slots))
}

type pairSlot struct {
	key uint64 // 0: empty; see pairKey
	merge
}

// pairKey is never 0.
func pairKey(a, b int32) uint64 { return uint64(uint32(a+1))<<32 | uint64(uint32(b)) }

func newPairTable(pairs int) pairTable {
	log := bits.Len(uint(pairs + pairs/2))
	return pairTable{make([]pairSlot, 1<<log), uint(64 - log)}
}

// at returns the slot of a key, or the empty one that it would take.
func (p *pairTable) at(key uint64) *pairSlot {
	const golden = 0x9E3779B97F4A7C15 // 2^64 over the golden ratio: Fibonacci hashing
	for i := key * golden >> p.shift; ; i++ {
		s := &p.slots[i&uint64(len(p.slots)-1)]
		if s.key == key || s.key == 0 {
			return s
		}
	}
}

func (p *pairTable) put(a, b int32, m merge) { *p.at(pairKey(a, b)) = pairSlot{pairKey(a, b), m} }

func (t *Tokenizer) pair(a, b int32) merge {
	if s := t.pairs.at(pairKey(a, b)); s.key != 0 {
		return s.merge
	}
	return merge{noMerge, 0}
}

// word appends the ids of one piece.
func (t *Tokenizer) word(dst []int32, w string) []int32 {
	if len(w) == 1 {
		return append(dst, t.bytes[w[0]])
	}
	if len(w) > shortWord {
		return t.mergeLong(dst, w)
	}
	slot := &t.cache[maphash.String(t.seed, w)%uint64(len(t.cache))]
	if c := slot.Load(); c != nil && c.word == w {
		return append(dst, c.ids...)
	}
	start := len(dst)
	dst = t.mergeShort(dst, w)
	slot.Store(&cached{strings.Clone(w), append([]int32(nil), dst[start:]...)})
	return dst
}

// mergeShort merges the leftmost pair of the lowest rank until none is left.
// len(w) is 1..shortWord.
func (t *Tokenizer) mergeShort(dst []int32, w string) []int32 {
	var idBuf [shortWord]int32
	var mergeBuf [shortWord]merge
	ids, merges := idBuf[:len(w)], mergeBuf[:len(w)-1] // merges[i] is that of ids[i] and ids[i+1]
	for i := range ids {
		ids[i] = t.bytes[w[i]]
	}
	for i := range merges {
		merges[i] = t.pair(ids[i], ids[i+1])
	}
	for len(merges) > 0 {
		best := 0
		for i, m := range merges {
			if m.rank < merges[best].rank {
				best = i
			}
		}
		if merges[best].rank == noMerge {
			break
		}
		ids[best] = merges[best].id
		ids = append(ids[:best+1], ids[best+2:]...)
		merges = append(merges[:best], merges[best+1:]...)
		if best < len(merges) {
			merges[best] = t.pair(ids[best], ids[best+1])
		}
		if best > 0 {
			merges[best-1] = t.pair(ids[best-1], ids[best])
		}
	}
	return append(dst, ids...)
}

// mergeLong gives the ids of mergeShort in time n log n: a linked list of tokens,
// and a heap of merges ordered by rank, then place. A merge whose pair has changed
// since it was pushed is dropped when it comes up.
func (t *Tokenizer) mergeLong(dst []int32, w string) []int32 {
	n := len(w)
	ids := make([]int32, n)
	next := make([]int32, n+1) // next[i] == n: i is the last
	prev := make([]int32, n+1)
	var heap minHeap // rank<<32 | place of the left token
	push := func(i int32) {
		if j := next[i]; int(j) < n {
			if m := t.pair(ids[i], ids[j]); m.rank != noMerge {
				heap.push(uint64(m.rank)<<32 | uint64(i))
			}
		}
	}
	for i := range ids {
		ids[i] = t.bytes[w[i]]
		next[i], prev[i] = int32(i+1), int32(i-1)
	}
	for i := range ids {
		push(int32(i))
	}
	for len(heap) > 0 {
		top := heap.pop()
		i, rank := int32(uint32(top)), int32(top>>32)
		j := next[i]
		if ids[i] < 0 || int(j) >= n {
			continue
		}
		m := t.pair(ids[i], ids[j])
		if m.rank != rank {
			continue
		}
		ids[i], ids[j] = m.id, -1
		next[i] = next[j]
		prev[next[j]] = i
		push(i)
		if prev[i] >= 0 {
			push(prev[i])
		}
	}
	for i := int32(0); int(i) < n; i = next[i] {
		dst = append(dst, ids[i])
	}
	return dst
}

// minHeap is a binary heap, smallest first.
type minHeap []uint64

func (h *minHeap) push(v uint64) {
	*h = append(*h, v)
	s := *h
	i := len(s) - 1
	for i > 0 {
		up := (i - 1) / 2
		if s[up] <= v {
			break
		}
		s[i] = s[up]
		i = up
	}
	s[i] = v
}

func (h *minHeap) pop() uint64 {
	s := *h
	top, v := s[0], s[len(s)-1]
	s = s[:len(s)-1]
	*h = s
	if len(s) == 0 {
		return top
	}
	i := 0
	for {
		down := 2*i + 1
		if down >= len(s) {
			break
		}
		if down+1 < len(s) && s[down+1] < s[down] {
			down++
		}
		if s[down] >= v {
			break
		}
		s[i] = s[down]
		i = down
	}
	s[i] = v
	return top
}
