package bpe

// Encode returns the ids of text. No token is put before or after.
//
// With special, every added token in text becomes its id, as in Hugging Face by
// default. Without, tokens that are flagged special (<|im_end|>, <|image_pad|>)
// are text like any other, so user text cannot forge them; added tokens without
// the flag (<think> of Qwen3-VL) are still found. That is transformers'
// split_special_tokens.
//
// Bytes that are not UTF-8 become the tokens of those bytes.
func (t *Tokenizer) Encode(text string, special bool) []int32 {
	return t.Append(make([]int32, 0, len(text)/3+4), text, special)
}

// Append appends the ids of text to dst. See Encode.
func (t *Tokenizer) Append(dst []int32, text string, special bool) []int32 {
	before, after := &t.rawPlain, &t.normPlain
	if special {
		before, after = &t.raw, &t.norm
	}
	for text != "" {
		start, end, id := before.find(text)
		if start < 0 {
			return t.normal(dst, text, after)
		}
		dst = append(t.normal(dst, text[:start], after), id)
		text = text[end:]
	}
	return dst
}

// normal encodes text without tokens that are matched before normalisation.
func (t *Tokenizer) normal(dst []int32, text string, m *matcher) []int32 {
	text = nfc(text)
	for text != "" {
		start, end, id := m.find(text)
		if start < 0 {
			return t.pieces(dst, text)
		}
		dst = append(t.pieces(dst, text[:start]), id)
		text = text[end:]
	}
	return dst
}

// pieces encodes normalised text without added tokens.
func (t *Tokenizer) pieces(dst []int32, text string) []int32 {
	for text != "" {
		n := t.classes.span(text)
		dst = t.word(dst, text[:n])
		text = text[n:]
	}
	return dst
}
