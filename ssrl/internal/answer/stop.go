package answer

import "strings"

// Stopper cuts a text that comes in pieces before the first of some strings.
type Stopper struct {
	stops []string
	held  string // may be the beginning of a stop string
	done  bool
}

// NewStopper returns a Stopper for strings that are not empty.
func NewStopper(stops []string) *Stopper { return &Stopper{stops: stops} }

// Push returns what of the text so far is certain to stand before any stop
// string and was not returned yet, and whether a stop string was met. After
// that it returns nothing more.
func (s *Stopper) Push(piece string) (text string, stopped bool) {
	if s.done {
		return "", true
	}
	all := s.held + piece
	if at := s.first(all); at >= 0 {
		s.held, s.done = "", true
		return all[:at], true
	}
	keep := 0 // longest end of all that begins a stop string
	for _, stop := range s.stops {
		for n := min(len(stop)-1, len(all)); n > keep; n-- {
			if strings.HasSuffix(all, stop[:n]) {
				keep = n
			}
		}
	}
	s.held = all[len(all)-keep:]
	return all[:len(all)-keep], false
}

// first is where the first stop string of text begins, or -1.
func (s *Stopper) first(text string) int {
	first := -1
	for _, stop := range s.stops {
		if at := strings.Index(text, stop); at >= 0 && (first < 0 || at < first) {
			first = at
		}
	}
	return first
}

// Flush returns what was held back, at the end of the text.
func (s *Stopper) Flush() string {
	rest := s.held
	s.held = ""
	return rest
}
