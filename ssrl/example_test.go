package ssrl_test

import (
	"context"
	"fmt"
	"image"
	"log"
	"os"
	"path/filepath"

	"ssrl"
)

// A question about a frame in memory, and how answers to it are scored.
func Example() {
	frame, err := ssrl.Scene(1, 0, 112, 112)
	if err != nil {
		log.Fatal(err)
	}
	frames := func(yield func(*ssrl.Frame, error) bool) { yield(frame, nil) }
	questions := ssrl.Generator{Tasks: []ssrl.Task{ssrl.DepthOrder{Brief: true}}, Seed: 1}
	for s, err := range questions.Samples(context.Background(), frames) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(s.Problem)
		fmt.Println(ssrl.Exact(s, `<think>The lamp is nearer.</think>\boxed{`+s.Answer+`}`).Overall)
		fmt.Println(ssrl.Exact(s, "no idea").Overall)
	}
	// Output:
	// <image> Nearest to farthest?
	// 1
	// 0
}

// A fresh small model learns from questions: a step of SFT, then GRPO.
func ExampleRun() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "ssrl")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := train(ctx, dir); err != nil {
		log.Fatal(err)
	}
	// Output:
	// sft step 1
	// sft step 2
	// grpo step 1: 2 answers a question
}

func train(ctx context.Context, dir string) error {
	scenes, questions := filepath.Join(dir, "scenes"), filepath.Join(dir, "questions")
	if err := ssrl.WriteScenes(ctx, scenes, ssrl.SceneOptions{Count: 4, Seed: 1, Width: 56, Height: 56}); err != nil {
		return err
	}
	if _, err := ssrl.GenerateDataset(ctx, ssrl.Source{Images: scenes}, questions, ssrl.GenerateOptions{Tasks: []string{"flip", "crop"}}); err != nil {
		return err
	}
	data, err := ssrl.OpenDataset(questions)
	if err != nil {
		return err
	}
	defer data.Close()

	if err := ssrl.CreateModel(filepath.Join(dir, "nano"), "nano", 1); err != nil {
		return err
	}
	model, err := ssrl.OpenModel(ctx, filepath.Join(dir, "nano"), ssrl.ModelOptions{})
	if err != nil {
		return err
	}
	defer model.Close()

	sft, err := ssrl.NewSFT(model, ssrl.SFTOptions{LearningRate: 1e-3})
	if err != nil {
		return err
	}
	for st, err := range ssrl.Run(ctx, sft, data, ssrl.RunOptions{Steps: 2, Batch: 4}) {
		if err != nil {
			return err
		}
		fmt.Println("sft step", st.N)
	}

	grpo, err := ssrl.NewGRPO(model, ssrl.Exact, ssrl.GRPOOptions{Group: 2, MaxTokens: 8})
	if err != nil {
		return err
	}
	sample, err := data.At(0)
	if err != nil {
		return err
	}
	rollouts, err := grpo.Rollouts(ctx, []*ssrl.Sample{sample})
	if err != nil {
		return err
	}
	st, err := grpo.Update(ctx, rollouts)
	if err != nil {
		return err
	}
	fmt.Printf("grpo step %d: %d answers a question\n", st.N, len(rollouts))
	return nil
}

// Any model directory in Hugging Face's layout can be asked.
func ExampleModel_Answer() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "ssrl")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := ssrl.CreateModel(filepath.Join(dir, "nano"), "nano", 1); err != nil {
		log.Fatal(err)
	}
	model, err := ssrl.OpenModel(ctx, filepath.Join(dir, "nano"), ssrl.ModelOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	frame, err := ssrl.Scene(1, 0, 112, 112)
	if err != nil {
		log.Fatal(err)
	}
	answer, err := model.Answer(ctx, ssrl.Prompt{Text: "What is in front of the wall?", Images: []image.Image{frame.Image}}, ssrl.Sampling{MaxTokens: 4})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(answer.Tokens), answer.Finish)
	// Output: 4 length
}
