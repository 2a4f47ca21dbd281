// Command learn goes from a frame in memory to questions, a step of SFT, a step
// of GRPO and an answer, on a small model that it makes itself.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"ssrl"
)

func main() {
	if err := learn(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func learn(ctx context.Context) error {
	// A frame is any image.Image with depth in metres; here a synthetic room.
	frame, err := ssrl.Scene(1, 0, 112, 112)
	if err != nil {
		return err
	}
	frames := func(yield func(*ssrl.Frame, error) bool) { yield(frame, nil) }
	var questions []*ssrl.Sample
	for q, err := range (ssrl.Generator{Seed: 1}).Samples(ctx, frames) {
		if err != nil {
			return err
		}
		fmt.Printf("%s: the answer is %s\n", q.Task, q.Answer)
		questions = append(questions, q)
	}

	dir, err := os.MkdirTemp("", "ssrl")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := ssrl.CreateModel(dir+"/nano", "nano", 1); err != nil {
		return err
	}
	model, err := ssrl.OpenModel(ctx, dir+"/nano", ssrl.ModelOptions{})
	if err != nil {
		return err
	}
	defer model.Close()

	sft, err := ssrl.NewSFT(model, ssrl.SFTOptions{LearningRate: 1e-3})
	if err != nil {
		return err
	}
	taught, err := sft.Step(ctx, questions)
	if err != nil {
		return err
	}
	fmt.Printf("SFT: loss %.3f\n", taught.Loss)

	grpo, err := ssrl.NewGRPO(model, ssrl.Exact, ssrl.GRPOOptions{Group: 4, MaxTokens: 16, KL: 0.01})
	if err != nil {
		return err
	}
	learned, err := grpo.Step(ctx, questions)
	if err != nil {
		return err
	}
	fmt.Printf("GRPO: reward %.3f\n", learned.Reward)

	q := questions[0]
	answer, err := model.Answer(ctx, ssrl.Prompt{Text: q.Problem, Images: q.Images}, ssrl.Sampling{MaxTokens: 16})
	if err != nil {
		return err
	}
	fmt.Printf("answer: %q, worth %.1f\n", answer.Text, ssrl.Exact(q, answer.Text).Overall)
	return nil
}
