// Package bpe is Qwen's byte-level byte-pair tokenizer: text to ids and back.
//
// It reads the tokenizer files of a Hugging Face model directory, gives the ids
// of the Rust tokenizers library (0.22) for them, trains small vocabularies and
// writes them in the same form. Special tokens are cut out of a text only when
// the caller asks for it, so that user text cannot forge them.
//
// Limits: one split rule and one normaliser, Qwen2's and NFC. Any other
// tokenizer is refused by name, never guessed at.
package bpe

import (
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
)

// maxIDs bounds the size of a vocabulary, and so what a broken file can allocate.
const maxIDs = 1 << 21

// Added is a token that is matched as a whole, before and outside of the merges.
type Added struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"` // must be false
	LStrip     bool   `json:"lstrip"`      // must be false
	RStrip     bool   `json:"rstrip"`      // must be false
	Normalized bool   `json:"normalized"`  // matched after NFC instead of before
	Special    bool   `json:"special"`     // control token: skipped by Decode, and by Encode in user text
}

// Tokenizer turns text into ids and ids into text. It is immutable and safe for
// concurrent use.
type Tokenizer struct {
	tokens []token          // by id; text "" where an id has no token
	ids    map[string]int32 // by text, added tokens included
	vocab  map[string]int32 // the base vocabulary, in the byte alphabet
	merges [][2]string      // in rank order
	added  []Added          // by id

	bytes [256]int32 // ids of the single bytes
	pairs pairTable

	// Matchers of added tokens before and after normalisation: all of them, and
	// only those that user text may contain.
	raw, rawPlain, norm, normPlain matcher

	classes *classes
	seed    maphash.Seed
	cache   *cache
}

// token is one entry of the vocabulary.
type token struct {
	text    string // as the files write it: byte alphabet, or an added token's content
	bytes   string // what it stands for
	special bool
}

// New builds a tokenizer from a base vocabulary in the byte alphabet, its merges
// in rank order, and the added tokens. The arguments are not kept.
func New(vocab map[string]int32, merges [][2]string, added []Added) (*Tokenizer, error) {
	t := &Tokenizer{
		vocab:  maps.Clone(vocab),
		merges: slices.Clone(merges),
		pairs:  newPairTable(len(merges)),
		seed:   maphash.MakeSeed(),
		cache:  new(cache),

		classes: basic(),
	}
	if err := t.fillBase(); err != nil {
		return nil, err
	}
	for i := range t.bytes {
		id, ok := t.vocab[string(byteRune[i])]
		if !ok {
			return nil, fmt.Errorf("vocabulary: no token for byte 0x%02x (want all 256)", i)
		}
		t.bytes[i] = id
	}
	for rank, m := range t.merges {
		a, okA := t.vocab[m[0]]
		b, okB := t.vocab[m[1]]
		id, ok := t.vocab[m[0]+m[1]]
		if !okA || !okB || !ok {
			return nil, fmt.Errorf("merge %d: %q and %q: not in the vocabulary, or not their union", rank, m[0], m[1])
		}
		t.pairs.put(a, b, merge{int32(rank), id})
	}
	if err := t.setAdded(added); err != nil {
		return nil, err
	}
	return t, nil
}

// With returns a tokenizer with further added tokens. It shares the base
// vocabulary of t, which stays as it is.
func (t *Tokenizer) With(added ...Added) (*Tokenizer, error) {
	c := *t
	c.tokens = slices.Clone(t.tokens)
	if err := c.setAdded(slices.Concat(t.added, added)); err != nil {
		return nil, err
	}
	return &c, nil
}

// Added returns the added tokens in order of their ids.
func (t *Tokenizer) Added() []Added { return slices.Clone(t.added) }

// Size is one more than the largest id that has a token. A model's embedding may
// have more rows.
func (t *Tokenizer) Size() int { return len(t.tokens) }

// ID returns the id of a token: an added token's content, or a token of the base
// vocabulary in the byte alphabet ("Ġthe").
func (t *Tokenizer) ID(text string) (int32, bool) {
	id, ok := t.ids[text]
	return id, ok
}

// Token returns the token of an id as the files write it. It is the inverse of ID.
func (t *Tokenizer) Token(id int32) (string, bool) {
	if id < 0 || int(id) >= len(t.tokens) || t.tokens[id].text == "" {
		return "", false
	}
	return t.tokens[id].text, true
}

// Special tells whether an id is a control token, one that user text must not forge.
func (t *Tokenizer) Special(id int32) bool {
	return id >= 0 && int(id) < len(t.tokens) && t.tokens[id].special
}

// fillBase enters the base vocabulary into tokens.
func (t *Tokenizer) fillBase() error {
	size := 0
	for text, id := range t.vocab {
		if id < 0 || id >= maxIDs {
			return fmt.Errorf("vocabulary: token %q has id %d (want 0..%d)", text, id, maxIDs-1)
		}
		if text == "" {
			return fmt.Errorf("vocabulary: empty token with id %d", id)
		}
		size = max(size, int(id)+1)
	}
	t.tokens = make([]token, size)
	for text, id := range t.vocab {
		if old := t.tokens[id].text; old != "" {
			return fmt.Errorf("vocabulary: %q and %q share id %d", min(old, text), max(old, text), id)
		}
		t.tokens[id] = token{text: text, bytes: unalphabet(text)}
	}
	return nil
}

// setAdded enters all added tokens and rebuilds what depends on them.
func (t *Tokenizer) setAdded(added []Added) error {
	added = slices.Clone(added)
	slices.SortStableFunc(added, func(a, b Added) int { return int(a.ID) - int(b.ID) })
	t.ids = maps.Clone(t.vocab)
	for i, a := range added {
		if err := t.checkAdded(a); err != nil {
			return err
		}
		if i > 0 && added[i-1].ID == a.ID {
			return fmt.Errorf("added tokens %q and %q share id %d", added[i-1].Content, a.Content, a.ID)
		}
		if id, ok := t.ids[a.Content]; ok && id != a.ID {
			return fmt.Errorf("added token %q: id %d and id %d", a.Content, a.ID, id)
		}
		for int(a.ID) >= len(t.tokens) {
			t.tokens = append(t.tokens, token{})
		}
		if old := t.tokens[a.ID].text; old != "" && old != a.Content {
			return fmt.Errorf("added token %q: id %d belongs to %q", a.Content, a.ID, old)
		}
		t.ids[a.Content] = a.ID
		if t.tokens[a.ID].text == "" { // else a token of the base vocabulary, which stands for its bytes
			t.tokens[a.ID] = token{text: a.Content, bytes: a.Content}
		}
		t.tokens[a.ID].special = a.Special
	}
	t.added = added
	t.raw = newMatcher(added, func(a Added) bool { return !a.Normalized })
	t.rawPlain = newMatcher(added, func(a Added) bool { return !a.Normalized && !a.Special })
	t.norm = newMatcher(added, func(a Added) bool { return a.Normalized })
	t.normPlain = newMatcher(added, func(a Added) bool { return a.Normalized && !a.Special })
	return nil
}

// checkAdded refuses what Encode does not do.
func (t *Tokenizer) checkAdded(a Added) error {
	switch {
	case a.Content == "":
		return fmt.Errorf("added token with id %d is empty", a.ID)
	case a.ID < 0 || a.ID >= maxIDs:
		return fmt.Errorf("added token %q has id %d (want 0..%d)", a.Content, a.ID, maxIDs-1)
	case a.SingleWord || a.LStrip || a.RStrip:
		return fmt.Errorf("added token %q: single_word, lstrip or rstrip is set (want false)", a.Content)
	}
	return nil
}
