package ssrl

import "ssrl/internal/answer"

// Score is what an answer is worth, each part between 0 and 1.
type Score struct {
	Overall  float64 // 0.9 Accuracy + 0.1 Format
	Accuracy float64 // 1 if the last \boxed{} holds exactly the sample's answer
	Format   float64 // 1 if the answer thinks between <think> and </think> first, then boxes
}

// Reward scores an answer to a sample. A closure of your own fits.
type Reward func(s *Sample, answer string) Score

// Exact is the reward that Spatial-SSRL is trained with (its math.py:img_score,
// with mathruler 0.1.0's extraction): no mathematics, exact text.
func Exact(s *Sample, text string) Score {
	g := answer.Grade(text, s.Answer)
	return Score{Overall: g.Overall, Accuracy: g.Accuracy, Format: g.Format}
}
