package demo

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"ssrl"
	"ssrl/internal/seed"
)

// weights of the base in bfloat16, as Base leaves them.
//
//go:embed base.safetensors
var weights []byte

// The base is of one seed; the demo's own seed changes everything after it.
const baseSeed = 1

// Schooling is how a base is taught.
type Schooling struct {
	Pixels, Steps, Batch int
	Rate                 float64
}

// schooling of the base that is shipped; LOG.md has the others.
var schooling = Schooling{Pixels: 56, Steps: 11000, Batch: 24, Rate: 1e-3}

// Base makes the base again: a fresh model of its seed, taught questions of
// perception about scenes that no other stage sees. It takes ten minutes on
// two cores and gives the same bytes again on a processor of the same kind.
func Base(ctx context.Context, out string, say func(stage string, done, total int, about string)) error {
	return school(ctx, out, schooling, say)
}

func school(ctx context.Context, out string, s Schooling, say func(stage string, done, total int, about string)) (err error) {
	if err := ssrl.CheckOutput(out, false); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "ssrl-base-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	fresh, taught := filepath.Join(tmp, "new"), filepath.Join(tmp, "taught")
	if err := ssrl.CreateModel(fresh, "nano", baseSeed); err != nil {
		return err
	}
	m, err := ssrl.OpenModel(ctx, fresh, ssrl.ModelOptions{})
	if err != nil {
		return err
	}
	err = s.teach(ctx, m, say)
	if err == nil {
		err = m.Save(taught)
	}
	if err := errors.Join(err, m.Close()); err != nil {
		return err
	}
	half, err := ssrl.OpenModel(ctx, taught, ssrl.ModelOptions{DType: "bf16"})
	if err != nil {
		return err
	}
	return errors.Join(half.Save(out), half.Close())
}

func (s Schooling) teach(ctx context.Context, m *ssrl.Model, say func(stage string, done, total int, about string)) error {
	t, err := ssrl.NewSFT(m, ssrl.SFTOptions{LearningRate: s.Rate, Plain: true, Schedule: ssrl.Schedule{Kind: "cosine", Warmup: min(50, s.Steps/2), Steps: s.Steps}})
	if err != nil {
		return err
	}
	var questions []*ssrl.Sample
	step := 0
	for q, err := range draw(ctx, perception(), seed.Key(baseSeed, "demo", "base"), s.Pixels) {
		if err != nil {
			return err
		}
		if questions = append(questions, q); len(questions) < s.Batch {
			continue
		}
		st, err := t.Step(ctx, questions)
		if err != nil {
			return err
		}
		step, questions = step+1, nil
		say("base", step, s.Steps, fmt.Sprintf("loss %.3f", st.Loss))
		if step == s.Steps {
			break
		}
	}
	return nil
}

// WriteBase writes the base as a model directory.
func WriteBase(dir string) error {
	if err := ssrl.CreateModel(dir, "nano", baseSeed); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "model.safetensors"), weights)
}
