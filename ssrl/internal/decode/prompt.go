// Package decode runs a Qwen-VL network over prompts: it samples answers with a
// key-value cache, and computes the log-probabilities of given answers.
//
// Both share one layout: a prompt is computed once, and its answers attend to
// it as a common prefix. With the device's promise that a row never depends on
// the other rows of a call, the log-probability of a token while it is sampled
// equals, bit for bit, the one computed afterwards for training.
//
// Limits: the whole batch is in memory at once; the caller cuts it.
package decode

import (
	"fmt"
	"time"

	"ssrl/internal/qwen"
	"ssrl/internal/tensor"
)

// Prompt is a question in tokens.
type Prompt struct {
	IDs      []int32    // image places expanded
	Pos      [3][]int32 // time, height and width position of each token
	Next     int32      // position of the first answer token, on all three axes
	Pictures []qwen.Picture
}

// pack lays the prompts' rows one after the other.
type pack struct {
	ids      []int32
	pos      [3][]int32
	start    []int   // first row of each prompt
	places   []int32 // rows of image tokens, in the order of pictures
	pictures []qwen.Picture

	read      []int32       // rows that the head reads; nil: all
	readSpans []tensor.Span // what they see
	looking   time.Duration // time that the vision tower took
}

// reads adds rows [from, from+s.N), which see what s says, to those that the head
// reads, and returns the place of the first among them.
func (p *pack) reads(from int, s tensor.Span) (place int32) {
	place = int32(len(p.read))
	s.Q = len(p.read)
	for i := range s.N {
		p.read = append(p.read, int32(from+i))
	}
	p.readSpans = append(p.readSpans, s)
	return place
}

func (p *pack) add(ids []int32, pos [3][]int32) (first int) {
	first = len(p.ids)
	p.ids = append(p.ids, ids...)
	for a := range p.pos {
		p.pos[a] = append(p.pos[a], pos[a]...)
	}
	return first
}

// add1 appends one token at the same position on all axes.
func (p *pack) add1(id, pos int32) (row int) {
	return p.add([]int32{id}, [3][]int32{{pos}, {pos}, {pos}})
}

func (p *pack) prompt(q *Prompt, k qwen.Tokens) error {
	if len(q.IDs) == 0 {
		return fmt.Errorf("prompt without tokens")
	}
	for _, axis := range q.Pos {
		if len(axis) != len(q.IDs) {
			return fmt.Errorf("prompt of %d tokens with %d positions", len(q.IDs), len(axis))
		}
	}
	first := p.add(q.IDs, q.Pos)
	for i, id := range q.IDs {
		if id == k.Image || id == k.Video {
			p.places = append(p.places, int32(first+i))
		}
	}
	p.start = append(p.start, first)
	p.pictures = append(p.pictures, q.Pictures...)
	return nil
}
