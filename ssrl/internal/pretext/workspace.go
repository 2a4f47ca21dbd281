package pretext

import (
	"math/rand/v2"

	"ssrl/internal/rgbd"
)

// Workspace is the memory that questions are made in. Made again and again in
// one workspace and into one Sample, questions about frames of one size cost no
// allocation. The zero value is ready; one goroutine at a time may use it.
type Workspace struct {
	resize   rgbd.Resizer
	arena    []byte // lines and thinned pictures of the question at hand
	used     int
	fits     fits
	edges    []edges
	orders   [2][]int // of patches
	maskable []int
	slide    slide
	ranks    ranks
	found    candidates
	blocks   []block
	pairs    [][2]uint16
	kinds    []string
	ranges   []span
	words    []byte
	texts    map[string]string   // short texts made before
	problems map[question]string // likewise
}

// maxTexts bounds the texts that a workspace remembers of each sort. The five
// tasks have some 1200 questions; answers only of large grids are more.
const maxTexts = 1 << 12

// text returns words as a string, the same one when it is not new.
func (w *Workspace) text(words []byte) string {
	w.words = words // grown, perhaps
	if s, ok := w.texts[string(words)]; ok {
		return s
	}
	if w.texts == nil || len(w.texts) >= maxTexts {
		w.texts = map[string]string{}
	}
	s := string(words)
	w.texts[s] = s
	return s
}

// problem returns the text of a question.
func (w *Workspace) problem(q question) string {
	if s, ok := w.problems[q]; ok {
		return s
	}
	if w.problems == nil || len(w.problems) >= maxTexts {
		w.problems = map[question]string{}
	}
	s := q.text()
	w.problems[q] = s
	return s
}

// bytes returns n bytes of any content, valid until the next question.
func (w *Workspace) bytes(n int) []byte {
	if len(w.arena)-w.used < n {
		w.arena, w.used = make([]byte, 2*len(w.arena)+n), 0
	}
	b := w.arena[w.used : w.used+n : w.used+n]
	w.used += n
	return b
}

// atLeast returns a slice of n elements, in the memory of s if it has room.
func atLeast[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// perm draws an order of n things into dst, as rng.Perm does.
func perm(rng *rand.Rand, dst []int, n int) []int {
	dst = atLeast(dst, n)
	for i := range dst {
		dst[i] = i
	}
	rng.Shuffle(n, func(i, j int) { dst[i], dst[j] = dst[j], dst[i] })
	return dst
}
