package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"ssrl"
)

// perception are the questions of the base stage: what the pictures of shuffle,
// flip and depth show, asked from the other end. None of them is a task's own
// question, none has its answer, and the base has never heard a task's words.
func perception() []ssrl.Task {
	var out []ssrl.Task
	for _, p := range []part{
		{"rows", shuffle, rowOfEach},
		{"places", shuffle, placeOfEach},
		{"flipped", flip, rowColumnWay},
		{"far to near", depth, farToNear},
	} {
		out = append(out, ssrl.NewTask(p.name, p.make))
	}
	return out
}

// part is a question about a task's picture.
type part struct {
	name string
	of   ssrl.Task
	ask  func(rng *rand.Rand, s *ssrl.Sample) (problem, answer string, err error)
}

func (p part) make(rng *rand.Rand, f *ssrl.Frame) (*ssrl.Sample, error) {
	s, err := p.of.Make(rng, f)
	if err != nil {
		return nil, err
	}
	problem, answer, err := p.ask(rng, s)
	return &ssrl.Sample{Task: p.name, Problem: "<image> " + problem, Answer: answer, Images: s.Images}, err
}

// placeOf inverts a shuffle's answer: where each patch belongs.
func placeOf(s *ssrl.Sample) (place [4]int) {
	for i, c := range strings.Split(s.Answer, "-") {
		place[c[0]-'0'] = i
	}
	return place
}

func rowOfEach(_ *rand.Rand, s *ssrl.Sample) (string, string, error) {
	p := placeOf(s)
	return "Row of each patch?", fmt.Sprintf("%d-%d-%d-%d", p[0]/2, p[1]/2, p[2]/2, p[3]/2), nil
}

func placeOfEach(_ *rand.Rand, s *ssrl.Sample) (string, string, error) {
	p := placeOf(s)
	return "Place of each patch?", fmt.Sprintf("%d-%d-%d-%d", p[0], p[1], p[2], p[3]), nil
}

func rowColumnWay(_ *rand.Rand, s *ssrl.Sample) (string, string, error) {
	k := s.Answer[0] - '0'
	return "Row, column, way of flip?", fmt.Sprintf("%d-%d-%c", k/2, k%2, s.Answer[2]), nil
}

func farToNear(_ *rand.Rand, s *ssrl.Sample) (string, string, error) {
	order := strings.Split(s.Answer, "-")
	slices.Reverse(order)
	return "Farthest to nearest?", strings.Join(order, "-"), nil
}
