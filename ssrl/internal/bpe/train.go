package bpe

import (
	"cmp"
	"container/heap"
	"fmt"
	"iter"
	"maps"
	"slices"
)

// Words of a training text above longWord bytes are left out: such runs teach no
// words, and cost their length with every merge.
const longWord = 256

// Train learns a vocabulary of size tokens, the 256 bytes included, and lets
// added follow it in order, under new ids. Texts are normalised and split as
// Encode does. The pair that occurs most often is merged first, of several the
// one whose bytes sort first: the same texts, in any order, give the same
// vocabulary. It stays smaller than size where no pair occurs twice any more.
//
// The algorithm is Sennrich et al., "Neural Machine Translation of Rare Words with
// Subword Units" (2016), section 3.2, over bytes.
func Train(texts iter.Seq[string], size int, added []Added) (*Tokenizer, error) {
	if size < 256 || size+len(added) > maxIDs {
		return nil, fmt.Errorf("vocabulary of %d tokens and %d added ones (want 256 or more, %d together at most)", size, len(added), maxIDs)
	}
	tr := newTrainer(countWords(texts, added))
	for len(tr.tokens) < size && tr.step() {
	}
	vocab := make(map[string]int32, len(tr.tokens))
	for id, token := range tr.tokens {
		vocab[alphabet(token)] = int32(id)
	}
	merges := make([][2]string, len(tr.merges))
	for i, m := range tr.merges {
		merges[i] = [2]string{alphabet(tr.tokens[m.a]), alphabet(tr.tokens[m.b])}
	}
	added = slices.Clone(added)
	for i := range added {
		added[i].ID = int32(len(tr.tokens) + i)
	}
	return New(vocab, merges, added)
}

// countWords splits texts and counts the words. Added tokens are no words.
func countWords(texts iter.Seq[string], added []Added) map[string]int {
	cut := newMatcher(slices.DeleteFunc(slices.Clone(added), func(a Added) bool { return a.Content == "" }), func(Added) bool { return true })
	words := map[string]int{}
	count := func(text string) {
		for text = nfc(text); text != ""; {
			n := basic().span(text)
			if n <= longWord {
				words[text[:n]]++
			}
			text = text[n:]
		}
	}
	for text := range texts {
		for {
			start, end, _ := cut.find(text)
			if start < 0 {
				break
			}
			count(text[:start])
			text = text[end:]
		}
		count(text)
	}
	return words
}

// couple is a pair of neighbouring tokens.
type couple struct{ a, b int32 }

// word is a distinct word of the texts as its tokens so far.
type word struct {
	ids   []int32
	count int
}

// trainer counts couples and keeps the counts right while words change.
type trainer struct {
	tokens []string // by id: bytes
	ids    map[string]int32
	merges []couple
	words  []word
	counts map[couple]int
	where  map[couple][]int32 // words that held the couple once, perhaps no more
	queue  candidates
}

func newTrainer(words map[string]int) *trainer {
	t := &trainer{ids: map[string]int32{}, counts: map[couple]int{}, where: map[couple][]int32{}}
	// Single bytes take the order of their runes in the alphabet, as in Qwen's files.
	var byByte [256]int32
	for _, r := range slices.Sorted(slices.Values(byteRune[:])) {
		b := byte(runeByte[r])
		byByte[b] = int32(len(t.tokens))
		t.add(string([]byte{b}))
	}
	for _, w := range slices.Sorted(maps.Keys(words)) {
		ids := make([]int32, len(w))
		for i := range ids {
			ids[i] = byByte[w[i]]
		}
		t.words = append(t.words, word{ids, words[w]})
		t.tally(int32(len(t.words)-1), 1, nil)
	}
	t.queue.less = t.better
	for c, n := range t.counts {
		t.queue.list = append(t.queue.list, candidate{c, n})
	}
	heap.Init(&t.queue)
	return t
}

// add returns the id of a token, a new one if it is not there.
func (t *trainer) add(token string) int32 {
	id, ok := t.ids[token]
	if !ok {
		id = int32(len(t.tokens))
		t.ids[token] = id
		t.tokens = append(t.tokens, token)
	}
	return id
}

// tally adds the couples of a word to the counts, or takes them away (sign -1).
// It enters those that touched accepts into touched.
func (t *trainer) tally(at int32, sign int, touched map[couple]bool) {
	w := t.words[at]
	for i := range len(w.ids) - 1 {
		c := couple{w.ids[i], w.ids[i+1]}
		t.counts[c] += sign * w.count
		if sign < 0 {
			if t.counts[c] == 0 {
				delete(t.counts, c)
			}
			continue
		}
		if list := t.where[c]; len(list) == 0 || list[len(list)-1] != at {
			t.where[c] = append(list, at)
		}
		if touched != nil {
			touched[c] = true
		}
	}
}

// step makes one merge. It returns false when no couple occurs twice.
func (t *trainer) step() bool {
	c, ok := t.best()
	if !ok {
		return false
	}
	id := t.add(t.tokens[c.a] + t.tokens[c.b])
	t.merges = append(t.merges, c)
	touched := map[couple]bool{}
	places := t.where[c]
	delete(t.where, c)
	for _, at := range places {
		w := &t.words[at]
		if !holds(w.ids, c) {
			continue
		}
		t.tally(at, -1, nil)
		w.ids = replace(w.ids, c, id)
		t.tally(at, 1, touched)
	}
	for n := range touched {
		if n.a == id || n.b == id { // no other count has grown
			heap.Push(&t.queue, candidate{n, t.counts[n]})
		}
	}
	return true
}

// best takes the most frequent couple off the queue. Counts that have shrunk
// since they were queued are put right on the way.
func (t *trainer) best() (couple, bool) {
	for t.queue.Len() > 0 {
		top := t.queue.list[0]
		now := t.counts[top.couple]
		switch {
		case now == top.count && now >= 2:
			heap.Pop(&t.queue)
			return top.couple, true
		case now < 2:
			heap.Pop(&t.queue)
		default:
			t.queue.list[0].count = now
			heap.Fix(&t.queue, 0)
		}
	}
	return couple{}, false
}

// better orders candidates: the larger count, then the bytes of the first token,
// then those of the second.
func (t *trainer) better(x, y candidate) bool {
	return cmp.Or(cmp.Compare(y.count, x.count),
		cmp.Compare(t.tokens[x.a], t.tokens[y.a]),
		cmp.Compare(t.tokens[x.b], t.tokens[y.b])) < 0
}

func holds(ids []int32, c couple) bool {
	for i := range len(ids) - 1 {
		if ids[i] == c.a && ids[i+1] == c.b {
			return true
		}
	}
	return false
}

// replace merges every occurrence of c, left to right, in place.
func replace(ids []int32, c couple, id int32) []int32 {
	out := ids[:0]
	for i := 0; i < len(ids); i++ {
		if i+1 < len(ids) && ids[i] == c.a && ids[i+1] == c.b {
			out = append(out, id)
			i++
		} else {
			out = append(out, ids[i])
		}
	}
	return out
}

// candidate is a couple with the count it had when it was queued.
type candidate struct {
	couple
	count int
}

// candidates is a heap, best first.
type candidates struct {
	list []candidate
	less func(a, b candidate) bool
}

func (q *candidates) Len() int           { return len(q.list) }
func (q *candidates) Less(i, j int) bool { return q.less(q.list[i], q.list[j]) }
func (q *candidates) Swap(i, j int)      { q.list[i], q.list[j] = q.list[j], q.list[i] }
func (q *candidates) Push(x any)         { q.list = append(q.list, x.(candidate)) }
func (q *candidates) Pop() any {
	last := q.list[len(q.list)-1]
	q.list = q.list[:len(q.list)-1]
	return last
}
