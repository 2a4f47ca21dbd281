package ssrl

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"

	"ssrl/internal/seed"
)

// Stats is what one training step did.
type Stats struct {
	N        int // steps taken, this one included
	Tokens   int // tokens that went through the network
	Loss     float64
	Reward   float64 // mean over the answers; 0 in SFT
	KL       float64 // to the reference; 0 without one
	GradNorm float64 // before clipping
	// Metrics holds these and more under EasyR1's names, such as
	// actor/pg_loss and response_length/mean.
	Metrics map[string]float64
}

// Trainer takes steps on a model. It borrows the model: close the model last.
type Trainer interface {
	// Step learns from a batch. When it returns an error the weights are as before.
	Step(ctx context.Context, batch []*Sample) (Stats, error)
	// Done is the number of steps taken, those before a Resume included.
	Done() int
	// Save writes model and trainer state to dir, whole or not at all.
	Save(dir string) error
	// Resume continues from what Save wrote, bit for bit.
	Resume(dir string) error
}

// RunOptions configures Run.
type RunOptions struct {
	Steps int    `json:"steps"` // to take in all, those before a Resume included
	Batch int    `json:"batch"` // samples a step; 0 means 8
	Seed  uint64 `json:"seed"`  // of the order of samples
}

// Run takes steps over a dataset until opts.Steps are done, and yields what
// each did. Progress, early stops and saving are the caller's lines in the
// loop. An error is the last thing it yields.
//
// Every epoch is a new order of the samples; the last incomplete batch of an
// epoch is left out. The order depends on the seed and the step alone, so a
// resumed trainer goes on with the batch that would have come.
func Run(ctx context.Context, t Trainer, d *Dataset, opts RunOptions) iter.Seq2[Stats, error] {
	return func(yield func(Stats, error) bool) {
		if opts.Batch == 0 {
			opts.Batch = 8
		}
		if opts.Batch < 0 || opts.Steps < 0 || d.Len() < opts.Batch {
			yield(Stats{}, fmt.Errorf("run: %d steps in batches of %d from %d samples (want at least one batch)", opts.Steps, opts.Batch, d.Len()))
			return
		}
		for t.Done() < opts.Steps {
			batch, err := d.batch(opts, t.Done())
			if err != nil {
				yield(Stats{}, err)
				return
			}
			st, err := t.Step(ctx, batch)
			if !yield(st, err) || err != nil {
				return
			}
		}
	}
}

// batch reads the samples of a step.
func (d *Dataset) batch(opts RunOptions, step int) ([]*Sample, error) {
	perEpoch := d.Len() / opts.Batch
	order := epochOrder(opts.Seed, step/perEpoch, d.Len())
	batch := make([]*Sample, opts.Batch)
	for i, at := range order[step%perEpoch*opts.Batch:][:opts.Batch] {
		var err error
		if batch[i], err = d.At(at); err != nil {
			return nil, err
		}
	}
	return batch, nil
}

// epochOrder is the order of n samples in an epoch, from 0.
func epochOrder(s uint64, epoch, n int) []int { return epochRand(s, epoch).Perm(n) }

func epochRand(s uint64, epoch int) *rand.Rand { return seed.Rand(s, "epoch", strconv.Itoa(epoch)) }
