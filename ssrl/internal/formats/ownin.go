package formats

import (
	"path/filepath"

	"ssrl/internal/shard"
)

// ownPart is our own directory.
type ownPart struct {
	name string
	r    *shard.Reader
}

func openOwn(dir string) (part, error) {
	r, err := shard.Open(dir)
	if err != nil {
		return nil, err
	}
	return &ownPart{filepath.Join(dir, "samples.jsonl"), r}, nil
}

func (p *ownPart) len() int { return p.r.Len() }

func (p *ownPart) row(i int) (Row, error) {
	s, err := p.r.At(i)
	if err != nil {
		return Row{}, err
	}
	out := Row{File: p.name, Number: i, Own: true, ID: s.ID, Task: s.Task, Source: s.Source, Problem: s.Problem, Answer: s.Answer, Meta: s.Meta}
	for _, path := range s.Images {
		out.Images = append(out.Images, Image{Path: path})
	}
	return out, nil
}

func (p *ownPart) image(i, n int) ([]byte, error) {
	s, err := p.r.At(i)
	if err != nil {
		return nil, err
	}
	return p.r.Image(s.Images[n]) // an error names the file
}

func (p *ownPart) close() error { return p.r.Close() }
