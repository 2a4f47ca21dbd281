package ssrl

import (
	"context"
	"fmt"

	"ssrl/internal/decode"
)

// Report is how a model did on a dataset.
type Report struct {
	N      int
	Score  Score            // means
	ByTask map[string]Tally // by Sample.Task
	Cases  []Case           // in the order of the dataset
}

// Tally is the mean score over N samples.
type Tally struct {
	N     int
	Score Score
}

// Case is one question with the answer that was given.
type Case struct {
	ID, Task, Truth, Answer string
	Score                   Score
}

// evalBatch is how many questions are answered together.
const evalBatch = 64

// Evaluate answers every sample, each problem asked as it stands or, unless
// plain, with the instruction to think and box behind it, and scores the answers.
func Evaluate(ctx context.Context, m *Model, d *Dataset, r Reward, s Sampling, plain bool) (Report, error) {
	if r == nil {
		r = Exact
	}
	rep := Report{ByTask: map[string]Tally{}}
	for from := 0; from < d.Len(); from += evalBatch {
		var batch []*Sample
		for i := from; i < min(from+evalBatch, d.Len()); i++ {
			sample, err := d.At(i)
			if err != nil {
				return rep, err
			}
			batch = append(batch, sample)
		}
		answers, err := m.answerAll(ctx, batch, s, plain)
		if err != nil {
			return rep, err
		}
		for i, sample := range batch {
			rep.add(sample, answers[i], r(sample, answers[i]))
		}
	}
	return rep, nil
}

func (r *Report) add(s *Sample, answer string, score Score) {
	r.N++
	r.Score = r.Score.mean(score, r.N)
	t := r.ByTask[s.Task]
	t.N++
	t.Score = t.Score.mean(score, t.N)
	r.ByTask[s.Task] = t
	r.Cases = append(r.Cases, Case{s.ID, s.Task, s.Answer, answer, score})
}

// mean is the mean of n scores, when s is that of the first n-1.
func (s Score) mean(next Score, n int) Score {
	k := float64(n)
	return Score{s.Overall + (next.Overall-s.Overall)/k, s.Accuracy + (next.Accuracy-s.Accuracy)/k, s.Format + (next.Format-s.Format)/k}
}

// answerAll answers a batch, one answer a sample.
func (m *Model) answerAll(ctx context.Context, batch []*Sample, s Sampling, plain bool) ([]string, error) {
	release, err := m.use()
	if err != nil {
		return nil, err
	}
	defer release()
	sampling, err := s.internal()
	if err != nil {
		return nil, err
	}
	requests := make([]decode.Request, len(batch))
	for i, sample := range batch {
		prompt, err := m.prompt(ask(sample, plain))
		if err != nil {
			return nil, fmt.Errorf("sample %s: %w", sample.ID, err)
		}
		requests[i] = decode.Request{Prompt: prompt, Random: s.streams(sample.ID)}
	}
	answers, err := decode.Generate(ctx, m.net, requests, sampling, nil)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(batch))
	for i, a := range answers {
		out[i] = m.words.Decode(a[0].Tokens, true)
	}
	return out, nil
}
