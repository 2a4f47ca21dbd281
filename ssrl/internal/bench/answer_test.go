package bench

import (
	"image"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnswersAreMeasured(t *testing.T) {
	r, err := Answer(t.Context(), AnswerOptions{DType: "bf16", Prompt: 150, Tokens: 4, Runs: 1, Size: image.Pt(60, 60)})
	require.NoError(t, err)
	assert.InDelta(t, 150, r.PromptTokens, 3)
	assert.Positive(t, r.PromptPS)
	assert.Positive(t, r.ImageS.Median)
	assert.Positive(t, r.FirstS)
	assert.Contains(t, r.String(), "picture of 60 x 60")
	_, err = Answer(t.Context(), AnswerOptions{Model: "nowhere"})
	assert.Error(t, err)
}
