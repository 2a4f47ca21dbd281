package bpe

// byteRune maps a byte to the rune that stands for it in vocabulary files: the
// printable bytes of Latin-1 stand for themselves, the other 68 for U+0100 and
// up in increasing order (GPT-2, encoder.py, bytes_to_unicode).
var byteRune = func() (table [256]rune) {
	next := rune(256)
	for b := range rune(256) {
		if b >= 33 && b <= 126 || b >= 161 && b <= 172 || b >= 174 {
			table[b] = b
		} else {
			table[b] = next
			next++
		}
	}
	return table
}()

// runeByte is the inverse of byteRune, -1 where a rune stands for no byte.
var runeByte = func() (table [256 + 68]int16) {
	for i := range table {
		table[i] = -1
	}
	for b, r := range byteRune {
		table[r] = int16(b)
	}
	return table
}()

// alphabet writes bytes in the byte alphabet.
func alphabet(raw string) string {
	out := make([]rune, len(raw))
	for i := range len(raw) {
		out[i] = byteRune[raw[i]]
	}
	return string(out)
}

// unalphabet returns the bytes that a token stands for. A token with a rune
// outside the alphabet stands for its own UTF-8, as in tokenizers 0.22.
func unalphabet(text string) string {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if int(r) >= len(runeByte) || runeByte[r] < 0 {
			return text
		}
		out = append(out, byte(runeByte[r]))
	}
	return string(out)
}
