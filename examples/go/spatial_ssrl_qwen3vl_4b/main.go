// Command spatial_ssrl_qwen3vl_4b is the first program of Spatial-SSRL's README for
// Spatial-SSRL-Qwen3VL-4B: one question about one picture, asked with the prompt that the
// model was trained with.
//
//	go run ./examples/go/spatial_ssrl_qwen3vl_4b MODEL IMAGE [QUESTION]
//
// Without arguments it asks a small model of random weights about a synthetic
// room, which shows that everything is in place.
package main

import (
	"context"
	"fmt"
	"image"
	"log"
	"os"

	"ssrl"
)

// The question and the settings of upstream's program.
const (
	defaultQuestion = "Question: Consider the real-world 3D locations and orientations of the objects. If I stand at the man's position facing where it is facing, " +
		"is the menu on the left or right of me?\nOptions:\nA. on the left\nB. on the right\n" + choose
	choose       = "Please select the correct answer from the options above. \n"
	formatPrompt = "You FIRST think about the reasoning process as an internal monologue and then provide the final answer. " +
		"The reasoning process MUST BE enclosed within <think> </think> tags. The final answer MUST BE put in \\boxed{}."
	maxTokens = 4096
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string) error {
	var picture image.Image
	path, question := "", defaultQuestion
	switch len(args) {
	case 0:
		dir, err := os.MkdirTemp("", "ssrl")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		path = dir + "/nano3"
		if err := ssrl.CreateModel(path, "nano3", 1); err != nil {
			return err
		}
		room, err := ssrl.Scene(1, 0, 112, 112)
		if err != nil {
			return err
		}
		picture = room.Image
	case 2, 3:
		path = args[0]
		data, err := os.ReadFile(args[1])
		if err != nil {
			return err
		}
		if picture, err = ssrl.DecodeImage(data, args[1]); err != nil {
			return err
		}
		if len(args) == 3 {
			question = args[2] + "\n" + choose
		}
	default:
		return fmt.Errorf("%d arguments (want MODEL IMAGE [QUESTION])", len(args))
	}

	// Pictures are seen as upstream's program shows them, through qwen_vl_utils.
	model, err := ssrl.OpenModel(ctx, path, ssrl.ModelOptions{DType: "bf16", Pixels: ssrl.PixelOptions{Profile: "qwen_vl_utils"}})
	if err != nil {
		return err
	}
	defer model.Close()

	// The most probable answer; the penalty of generation_config.json still counts.
	settings, err := model.Recommended()
	if err != nil {
		return err
	}
	settings = ssrl.Sampling{MaxTokens: maxTokens, RepetitionPenalty: settings.RepetitionPenalty}
	if len(args) == 0 {
		settings.MaxTokens = 32 // random weights never come to an end
	}
	answer, err := model.Answer(ctx, ssrl.Prompt{Text: question + formatPrompt, Images: []image.Image{picture}}, settings)
	if err != nil {
		return err
	}
	fmt.Println("Model Response:", answer.Text)
	return nil
}
