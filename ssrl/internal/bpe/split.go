package bpe

// span returns the length in bytes of the first piece of s, which is not empty,
// under Qwen2's split rule
//
//	(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
//
// Go's regexp has no look-ahead and is 20 times slower than this scanner.
func (t *classes) span(s string) int {
	if s[0] == '\'' {
		if n := contraction(s); n > 0 {
			return n
		}
	}
	c, n := t.at(s)
	switch c {
	case letter:
		return n + t.run(s[n:], letter)
	case number:
		return n
	case other, space:
		if m := t.run(s[n:], letter); m > 0 {
			return n + m
		}
	}
	start := 0
	if s[0] == ' ' {
		start = 1
	}
	if m := t.run(s[start:], other); m > 0 {
		return start + m + t.run(s[start+m:], newline)
	}
	return t.blank(s)
}

// blank returns the length of the first piece of s, which starts with white space:
// up to the last CR or LF of the run if there is one; else the whole run at the
// end of the text; else all but its last character, which goes with what follows.
func (t *classes) blank(s string) int {
	end, last, lineEnd := 0, 0, 0
	for end < len(s) {
		c, n := t.at(s[end:])
		if c != space && c != newline {
			break
		}
		last = end
		end += n
		if c == newline {
			lineEnd = end
		}
	}
	switch {
	case lineEnd > 0:
		return lineEnd
	case end == len(s) || last == 0:
		return end
	}
	return last
}

// run returns the length of the longest prefix of s of one class.
func (t *classes) run(s string, want class) int {
	i := 0
	for i < len(s) {
		c, n := t.at(s[i:])
		if c != want {
			break
		}
		i += n
	}
	return i
}

// contraction returns the length of an English contraction at the apostrophe s
// starts with, or 0. Under case folding U+017F (long s) is an s; no other
// character outside ASCII folds into these letters.
func contraction(s string) int {
	if len(s) > 2 && s[1:3] == "ſ" {
		return 3
	}
	if len(s) < 2 {
		return 0
	}
	a := s[1] | 0x20
	switch a {
	case 's', 't', 'm', 'd':
		return 2
	}
	if len(s) < 3 {
		return 0
	}
	b := s[2] | 0x20
	if a == 'r' && b == 'e' || a == 'v' && b == 'e' || a == 'l' && b == 'l' {
		return 3
	}
	return 0
}
