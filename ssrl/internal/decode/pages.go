package decode

import "ssrl/internal/tensor"

// pages counts who uses each page of a cache. A page that several answers use
// holds keys of their prompt and is not written to.
type pages struct {
	users []int
	free  []int32
}

func newPages(n int) pages {
	p := pages{users: make([]int, n)}
	for i := n - 1; i >= 0; i-- {
		p.free = append(p.free, int32(i))
	}
	return p
}

// pagesOf is the number of pages that rows keys take.
func pagesOf(rows int) int { return (rows + tensor.PageRows - 1) / tensor.PageRows }

// take hands out n free pages, which must be there.
func (p *pages) take(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = p.free[len(p.free)-1]
		p.free = p.free[:len(p.free)-1]
		p.users[out[i]] = 1
	}
	return out
}

// share counts one more user of each page.
func (p *pages) share(list []int32) {
	for _, page := range list {
		p.users[page]++
	}
}

// drop counts one user less; pages without one are free.
func (p *pages) drop(list ...int32) {
	for _, page := range list {
		if p.users[page]--; p.users[page] == 0 {
			p.free = append(p.free, page)
		}
	}
}
