package bpe

import (
	"slices"
	"strings"
)

// matcher finds added tokens: the leftmost, and of those the longest.
type matcher struct {
	ids    map[string]int32
	starts [256][]int // by first byte: the lengths of tokens that start so, longest first
	only   int        // the only first byte, or -1: tokens start in several ways
}

func newMatcher(added []Added, keep func(Added) bool) matcher {
	m := matcher{ids: map[string]int32{}, only: -1}
	for _, a := range added {
		if !keep(a) {
			continue
		}
		first := a.Content[0]
		if len(m.ids) == 0 {
			m.only = int(first)
		} else if m.only != int(first) {
			m.only = -1
		}
		m.ids[a.Content] = a.ID
		if n := len(a.Content); !slices.Contains(m.starts[first], n) {
			m.starts[first] = append(m.starts[first], n)
		}
	}
	for _, lengths := range m.starts {
		slices.SortFunc(lengths, func(a, b int) int { return b - a })
	}
	return m
}

// find returns where the first added token of s starts and ends, and its id.
// It returns -1 when there is none.
func (m *matcher) find(s string) (start, end int, id int32) {
	if len(m.ids) == 0 {
		return -1, 0, 0
	}
	for i := 0; i < len(s); i++ {
		if m.only >= 0 {
			skip := strings.IndexByte(s[i:], byte(m.only))
			if skip < 0 {
				break
			}
			i += skip
		}
		for _, n := range m.starts[s[i]] {
			if i+n > len(s) {
				continue
			}
			if id, ok := m.ids[s[i:i+n]]; ok {
				return i, i + n, id
			}
		}
	}
	return -1, 0, 0
}
