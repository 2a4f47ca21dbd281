package bench

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl"
)

func TestTrainingIsMeasured(t *testing.T) {
	r, err := SFT(t.Context(), TrainOptions{Batch: 4, Steps: 2, LearningRate: 1e-3})
	require.NoError(t, err)
	require.Len(t, r.Losses, 3)
	assert.Less(t, r.Losses[2], r.Losses[0])
	assert.Positive(t, r.TokensPS)
	assert.Zero(t, r.RolloutsPS)
	assert.Contains(t, r.String(), "samples/s")
	assert.Positive(t, r.GEMMGflops)
	assert.True(t, r.GEMMShare > 0 && r.GEMMShare < 1)

	r, err = GRPO(t.Context(), TrainOptions{Batch: 2, Steps: 1, GRPO: ssrl.GRPOOptions{Group: 3, MaxTokens: 4}, Drawn: true})
	require.NoError(t, err)
	require.Len(t, r.Drawn, 2, "steps")
	for _, step := range r.Drawn {
		require.Len(t, step, 6, "answers")
		for _, tokens := range step {
			assert.NotEmpty(t, tokens)
		}
	}
	assert.Positive(t, r.GenS)
	assert.InEpsilon(t, 6/r.StepS, r.RolloutsPS, 1e-9)
	assert.Contains(t, r.String(), "rollouts/s")
}

func TestTrainingSaysWhatItLacks(t *testing.T) {
	_, err := SFT(t.Context(), TrainOptions{Model: "nowhere", Batch: 2, Steps: 1})
	assert.Error(t, err)
	_, err = SFT(t.Context(), TrainOptions{Data: "nowhere", Steps: 1})
	assert.Error(t, err)
}
