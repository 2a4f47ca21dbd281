package optim_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/cpu"
	"ssrl/internal/optim"
)

// TestRecipeRates has the rates of Spatial-SSRL's 75 SFT updates and a cosine by hand.
func TestRecipeRates(t *testing.T) {
	p := optim.Plan{Rows: 3597, Ranks: 8, PerDevice: 4, Accumulation: 8, Epochs: 5}
	require.NoError(t, p.Check())
	require.Equal(t, 75, p.Updates())
	sft := optim.Schedule{Kind: optim.Cosine, Base: 1e-5, Warmup: optim.WarmupCeil(.1, 75), Total: 75}
	for k, want := range map[int]float64{0: 0, 1: 1.25e-6, 4: 5e-6, 7: 8.75e-6, 8: 1e-5, 9: 9.9945e-6, 20: 9.22916e-6, 41: 5.11721e-6, 60: 1.18657e-6, 74: 5.49554e-9} {
		assert.InEpsilon(t, want+1, sft.Rate(k)+1, 1e-10, "update %d", k)
	}
	grpo := optim.Schedule{Kind: optim.Cosine, Base: 1e-6, Warmup: 10, Total: 100, MinRatio: .1}
	for k, want := range map[int]float64{0: 0, 5: 5e-7, 10: 1e-6, 55: 5.5e-7, 100: 1e-7} {
		assert.InDelta(t, want, grpo.Rate(k), 1e-18, "update %d", k)
	}
}

func TestSettingsAreRefused(t *testing.T) {
	for want, s := range map[string]optim.Schedule{
		`schedule "poly"`:   {Kind: "poly"},
		"learning rate NaN": {Kind: optim.Linear, Base: math.NaN()},
		"learning rate -1":  {Kind: optim.Linear, Base: -1},
		"warm-up of -1":     {Kind: optim.Linear, Warmup: -1},
		"schedule of -5":    {Kind: optim.Linear, Total: -5},
		"smallest ratio 2":  {Kind: optim.Cosine, MinRatio: 2},
	} {
		require.ErrorContains(t, s.Check(), want)
	}
	require.ErrorContains(t, optim.Plan{Rows: 1, Ranks: 1, PerDevice: 1, Epochs: 1}.Check(), "gradient accumulation 0")
	require.NoError(t, optim.RecipeOptions().Check())
	for want, change := range map[string]func(*optim.Options){
		"betas 1 and 0.999": func(o *optim.Options) { o.Beta1 = 1 },
		"eps 0":             func(o *optim.Options) { o.Eps = 0 },
		"weight decay -1":   func(o *optim.Options) { o.Decay = -1 },
		"gradient norm NaN": func(o *optim.Options) { o.MaxNorm = math.NaN() },
	} {
		o := optim.RecipeOptions()
		change(&o)
		require.ErrorContains(t, o.Check(), want)
	}
}

// TestAdamWByHand has numbers computed in float64.
func TestAdamWByHand(t *testing.T) {
	// The device computes in float32, whose unit at 1 is 6e-8.
	const tolerance = 1e-7
	for _, c := range []struct {
		start, lr, decay float64
		grads, want      []float64
	}{
		{1, 1e-2, 1e-2, []float64{.1, -.2, .3}, []float64{.989900001000, .993462046039, .989930289190}},
		{.5, 1e-2, 0, []float64{1e-9, 1e-9}, []float64{.499090909091, .498181818182}},
	} {
		dev := cpu.New(1)
		p := param(dev, "p", []float32{float32(c.start)})
		o := &optim.AdamW{Options: optim.Options{Beta1: .9, Beta2: .999, Eps: 1e-8, Decay: c.decay}}
		for k, g := range c.grads {
			dev.Upload(p[0].Grad, []float32{float32(g)})
			_, err := o.Step(dev, p, c.lr)
			require.NoError(t, err)
			assert.InDelta(t, c.want[k], download(dev, p[0].Value)[0], tolerance, "step %d", k)
			assert.Zero(t, download(dev, p[0].Grad)[0], "the gradient is used up")
		}
		assert.Equal(t, len(c.grads), o.Steps)
	}
}

// TestClippedStepEqualsScaledGradient: scaling inside the update is scaling
// before it.
func TestClippedStepEqualsScaledGradient(t *testing.T) {
	dev := cpu.New(1)
	grad := []float32{3, -4, 12}
	run := func(grad []float32, limit float64) []float32 {
		p := param(dev, "p", []float32{1, 2, 3})
		dev.Upload(p[0].Grad, grad)
		o := &optim.AdamW{Options: optim.RecipeOptions()}
		o.MaxNorm = limit
		norm, err := o.Step(dev, p, 1e-3)
		require.NoError(t, err)
		if limit > 0 {
			assert.InDelta(t, 13, norm, 1e-12)
		}
		return append(download(dev, p[0].M), download(dev, p[0].V)...)
	}
	clipped := run(grad, 1)
	scale := float32(optim.ClipScale(13, 1))
	assert.Equal(t, run([]float32{3 * scale, -4 * scale, 12 * scale}, 0), clipped)
	assert.Equal(t, 1.0, optim.ClipScale(.5, 1))
	assert.Equal(t, 1.0, optim.ClipScale(50, 0), "no limit")
}

// TestNotFiniteChangesNothing: neither weights, moments nor the step count.
func TestNotFiniteChangesNothing(t *testing.T) {
	for _, bad := range []float32{float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())} {
		dev := cpu.New(1)
		params := append(param(dev, "first", []float32{1, 2}), param(dev, "second", []float32{3, 4})...)
		params = append(params, param(dev, "third", []float32{5})...)
		o := &optim.AdamW{Options: optim.RecipeOptions()}
		a := &optim.AnyPrecision{Options: optim.RecipeOptions()}
		dev.Upload(params[1].Grad, []float32{1, bad})
		dev.Upload(params[2].Grad, []float32{bad})
		var notFinite *optim.NotFiniteError
		for _, step := range []func() (float64, error){
			func() (float64, error) { return o.Step(dev, params, 1) },
			func() (float64, error) { return a.Step(dev, params, 1) },
		} {
			_, err := step()
			require.ErrorAs(t, err, &notFinite)
			require.ErrorContains(t, err, "gradient of second is not finite")
			assert.Equal(t, []float32{1, 2}, download(dev, params[0].Value))
			assert.Equal(t, []float32{3, 4}, download(dev, params[1].Value))
			assert.Equal(t, []float32{0, 0}, download(dev, params[0].M))
		}
		assert.Zero(t, o.Steps)
		assert.Zero(t, a.Steps)

		optim.ZeroGrads(dev, params)
		_, err := o.Step(dev, params, 0)
		require.NoError(t, err, "the next step is free of it")
	}
}

// TestResumedStepsAreTheSame: a second optimiser that is given the step count
// and the moments goes on where the first stopped, bit for bit.
func TestResumedStepsAreTheSame(t *testing.T) {
	dev := cpu.New(1)
	grads := [][]float32{{1, -2}, {.5, .1}, {-3, 1}, {2, 2}}
	whole := param(dev, "p", []float32{1, -1})
	o := &optim.AdamW{Options: optim.RecipeOptions()}
	half := param(dev, "p", []float32{1, -1})
	first := &optim.AdamW{Options: optim.RecipeOptions()}
	for k, g := range grads {
		dev.Upload(whole[0].Grad, g)
		_, err := o.Step(dev, whole, 1e-2)
		require.NoError(t, err)
		if k == 2 {
			m, v := download(dev, half[0].M), download(dev, half[0].V)
			half = param(dev, "p", download(dev, half[0].Value))
			dev.Upload(half[0].M, m)
			dev.Upload(half[0].V, v)
			first = &optim.AdamW{Options: optim.RecipeOptions(), Steps: first.Steps}
		}
		dev.Upload(half[0].Grad, g)
		_, err = first.Step(dev, half, 1e-2)
		require.NoError(t, err)
	}
	assert.Equal(t, download(dev, whole[0].Value), download(dev, half[0].Value))
}

// TestKahanKeepsSmallSteps: steps far below bfloat16's resolution at 1 (1/128)
// are not lost in sum.
func TestKahanKeepsSmallSteps(t *testing.T) {
	dev := cpu.New(1)
	p := param(dev, "p", []float32{1})
	o := &optim.AnyPrecision{Options: optim.Options{Beta1: .9, Beta2: .999, Eps: 1e-8}}
	for range 200 {
		dev.Upload(p[0].Grad, []float32{1})
		_, err := o.Step(dev, p, 1e-3) // 200 steps of nearly 1e-3
		require.NoError(t, err)
	}
	assert.InDelta(t, .8, download(dev, p[0].Value)[0], 1./128+.01, "within resolution and the moments' own rounding")
}
