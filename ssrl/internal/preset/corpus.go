package preset

import (
	"fmt"

	"ssrl/internal/answer"
	"ssrl/internal/pretext"
	"ssrl/internal/scene"
	"ssrl/internal/seed"
)

// The corpus is drawn from this many scenes, under a seed of its own: a
// vocabulary does not depend on the seed of the weights.
const (
	corpusScenes = 40
	corpusSeed   = 1
	corpusPixels = 112
)

// corpus is what the vocabulary is trained on: conversations with questions of
// every kind, short and long, with the instruction and with answers.
func corpus() []string {
	var texts []string
	for i := range corpusScenes {
		f := scene.Render(corpusSeed, i, corpusPixels, corpusPixels)
		for _, t := range tasks() {
			s, err := t.Make(seed.Rand(corpusSeed, "corpus", t.Name(), f.Name), f)
			if err != nil { // a scene that cannot carry the task
				continue
			}
			texts = append(texts, "system\nYou are a helpful assistant.", "user\n", answer.WithFormat(s.Problem), "assistant\n",
				fmt.Sprintf(`<think></think>\boxed{%s}`, s.Answer))
		}
	}
	return texts
}

func tasks() []pretext.Task {
	var out []pretext.Task
	for _, brief := range []bool{true, false} {
		out = append(out, pretext.Shuffle{Brief: brief}, pretext.Shuffle{Rows: 1, Cols: 3, Brief: brief}, pretext.Shuffle{Rows: 3, Cols: 1, Brief: brief},
			pretext.Shuffle{Mask: true, Brief: brief}, pretext.Flip{Brief: brief}, pretext.Crop{Brief: brief},
			pretext.DepthOrder{Brief: brief}, pretext.Position{Brief: brief})
	}
	return out
}
