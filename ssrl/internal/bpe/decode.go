package bpe

import (
	"unicode/utf8"
)

// Decode returns the text of ids. The bytes of all tokens are joined first, so a
// character may be completed across a skipped token; then every maximal invalid
// part becomes one U+FFFD, as in Rust and Python. Ids without a token print
// nothing. With skipSpecial the tokens flagged special are left out.
func (t *Tokenizer) Decode(ids []int32, skipSpecial bool) string {
	var raw []byte
	for _, id := range ids {
		raw = append(raw, t.text(id, skipSpecial)...)
	}
	text, rest := valid(make([]byte, 0, len(raw)), raw)
	if len(rest) > 0 {
		text = utf8.AppendRune(text, utf8.RuneError)
	}
	return string(text)
}

// text returns the bytes that one id adds to a text.
func (t *Tokenizer) text(id int32, skipSpecial bool) string {
	if id < 0 || int(id) >= len(t.tokens) || skipSpecial && t.tokens[id].special {
		return ""
	}
	return t.tokens[id].bytes
}

// Pieces decodes ids one by one into whole characters. What Push and Flush
// return, joined, is what Decode returns for all ids. One call at a time.
type Pieces struct {
	t           *Tokenizer
	skipSpecial bool
	rest        []byte // the beginning of a character
}

// Pieces returns a decoder for one sequence of ids.
func (t *Tokenizer) Pieces(skipSpecial bool) *Pieces {
	return &Pieces{t: t, skipSpecial: skipSpecial}
}

// Push returns the text that id completes, which may be empty.
func (p *Pieces) Push(id int32) string {
	p.rest = append(p.rest, p.t.text(id, p.skipSpecial)...)
	text, rest := valid(nil, p.rest)
	p.rest = append(p.rest[:0], rest...)
	return string(text)
}

// Flush ends the sequence: a character that was never completed becomes U+FFFD.
func (p *Pieces) Flush() string {
	if len(p.rest) == 0 {
		return ""
	}
	p.rest = p.rest[:0]
	return string(utf8.RuneError)
}

// valid appends raw to dst with U+FFFD for every maximal invalid part (Unicode
// 16.0, 3.9, "Substitution of Maximal Subparts"), up to a character that more
// bytes could complete, which is returned.
func valid(dst, raw []byte) (text, rest []byte) {
	for len(raw) > 0 {
		if !utf8.FullRune(raw) {
			return dst, raw
		}
		r, n := utf8.DecodeRune(raw)
		if r == utf8.RuneError && n == 1 {
			// The invalid part is the longest prefix that could begin a character.
			for n < len(raw) && !utf8.FullRune(raw[:n+1]) {
				n++
			}
			dst = utf8.AppendRune(dst, utf8.RuneError)
		} else {
			dst = append(dst, raw[:n]...)
		}
		raw = raw[n:]
	}
	return dst, nil
}
