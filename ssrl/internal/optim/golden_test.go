package optim_test

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/cpu"
	"ssrl/internal/golden"
	"ssrl/internal/optim"
	"ssrl/internal/tensor"
)

const (
	// rateTolerance is the golden README's, relative. Rates are cut to 9 digits.
	rateTolerance = 1e-8
	// adamTolerance is the README's 1e-6, relative to the weight or, where that
	// is smaller, to the step's size: a step itself is rounded to float32.
	adamTolerance = 1e-6
	// clipTolerance is the README's general one, absolute and relative.
	clipAbs, clipRel = 1e-6, 1e-5
)

// leftOut lists sections and cases that no test here runs, with the reason.
var leftOut = map[string]string{
	"made_with": "a note, not a section",
}

// num is a JSON number, or the text "inf" or "nan".
type num float64

func (n *num) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		f, err := strconv.ParseFloat(s, 64)
		*n = num(f)
		return err
	}
	return json.Unmarshal(b, (*float64)(n))
}

type scheduleCase struct {
	Name         string
	Source       string
	Scheduler    string
	Base         float64   `json:"base_lr"`
	Warmup       int       `json:"warmup_steps"`
	Total        int       `json:"total_steps"`
	MinRatio     *float64  `json:"min_lr_ratio"`
	Rates        []float64 `json:"lr"`
	Ratio        float64
	Transformers int
	EasyR1       int

	Rows, Ranks, Epochs int
	PerDevice           int `json:"per_device_batch"`
	Accumulation        int
	MicroSteps          int `json:"micro_steps_per_epoch"`
	PerEpoch            int `json:"updates_per_epoch"`
	Updates             int
	WarmupTenth         int       `json:"warmup_at_ratio_0_1"`
	WarmupRatio         float64   `json:"warmup_ratio"`
	Used                []float64 `json:"lr_used"`
	Logged              []float64 `json:"lr_logged"`
}

func (c scheduleCase) plan() optim.Plan {
	return optim.Plan{Rows: c.Rows, Ranks: c.Ranks, PerDevice: c.PerDevice, Accumulation: c.Accumulation, Epochs: c.Epochs}
}

var runners = map[string]func(*testing.T, scheduleCase){
	"table": func(t *testing.T, c scheduleCase) {
		kind := c.Scheduler
		if kind == "constant_with_warmup" {
			kind = "constant"
		}
		s := optim.Schedule{Kind: optim.Kind(kind), Base: c.Base, Warmup: c.Warmup, Total: c.Total}
		if c.MinRatio != nil {
			s.MinRatio = *c.MinRatio
		}
		sameRates(t, s, c.Rates)
	},
	"warmup": func(t *testing.T, c scheduleCase) {
		assert.Equal(t, c.Transformers, optim.WarmupCeil(c.Ratio, c.Total))
		assert.Equal(t, c.EasyR1, optim.WarmupFloor(c.Ratio, c.Total))
	},
	"plan": func(t *testing.T, c scheduleCase) {
		p := c.plan()
		require.NoError(t, p.Check())
		assert.Equal(t, c.MicroSteps, p.MicroStepsPerEpoch())
		assert.Equal(t, c.PerEpoch, p.UpdatesPerEpoch())
		assert.Equal(t, c.Updates, p.Updates())
		assert.Equal(t, c.WarmupTenth, optim.WarmupCeil(0.1, p.Updates()))
	},
	"sft_recipe": trainerCase,
	"trainer":    trainerCase,
}

func trainerCase(t *testing.T, c scheduleCase) {
	total := c.plan().Updates()
	require.Equal(t, c.Updates, total)
	s := optim.Schedule{Kind: optim.Kind(c.Scheduler), Base: c.Base, Warmup: optim.WarmupCeil(c.WarmupRatio, total), Total: total}
	sameRates(t, s, c.Used)
	sameRates(t, s, c.Logged)
}

func sameRates(t *testing.T, s optim.Schedule, want []float64) {
	t.Helper()
	require.NoError(t, s.Check())
	for k, w := range want {
		got := s.Rate(k)
		if math.Abs(got-w) > rateTolerance*math.Abs(w) {
			t.Errorf("rate %d = %.10g, want %.10g", k, got, w)
		}
	}
}

func TestGoldenSchedules(t *testing.T) {
	var sections map[string]json.RawMessage
	golden.JSON(t, golden.Dir(t, "rl", "schedules.json"), &sections)
	for section, raw := range sections {
		if leftOut[section] != "" {
			continue
		}
		run := runners[section]
		if run == nil {
			t.Errorf("section %s has no runner and is not left out", section)
			continue
		}
		var cases []scheduleCase
		if raw[0] != '[' {
			raw = append(append(json.RawMessage("["), raw...), ']')
		}
		require.NoError(t, json.Unmarshal(raw, &cases))
		for _, c := range cases {
			if c.Name == "" {
				c.Name = section
			}
			if leftOut[c.Name] == "" {
				t.Run(c.Name, func(t *testing.T) { run(t, c) })
			}
		}
	}
}

type optimizerCase struct {
	Name     string
	Strategy string
	LR       float64
	Decay    float64 `json:"weight_decay"`
	Betas    [2]float64
	Eps      float64
	Start    []float32
	Steps    []struct{ Grad, Param []float32 }
}

func TestGoldenOptimizer(t *testing.T) {
	var file struct{ Optimizer []optimizerCase }
	golden.JSON(t, golden.Dir(t, "rl", "algos.json"), &file)
	for _, c := range file.Optimizer {
		if leftOut[c.Name] != "" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			dev := cpu.New(1)
			o := optim.Options{Beta1: c.Betas[0], Beta2: c.Betas[1], Eps: c.Eps, Decay: c.Decay}
			require.NoError(t, o.Check())
			p := param(dev, "p", c.Start)
			var step func() (float64, error)
			within := func(want, got float32) bool {
				return math.Abs(float64(want-got)) <= adamTolerance*max(math.Abs(float64(want)), c.LR)
			}
			switch c.Strategy {
			case "adamw":
				a := &optim.AdamW{Options: o}
				step = func() (float64, error) { return a.Step(dev, p, c.LR) }
			case "adamw_bf16":
				a := &optim.AnyPrecision{Options: o}
				step = func() (float64, error) { return a.Step(dev, p, c.LR) }
				within = func(want, got float32) bool { // one unit in the last place
					return math.Abs(float64(want-got)) <= math.Abs(float64(want))/128 && math.Float32bits(got)&0xffff == 0
				}
			default:
				t.Fatalf("unknown strategy %q", c.Strategy)
			}
			for k, s := range c.Steps {
				dev.Upload(p[0].Grad, s.Grad)
				_, err := step()
				require.NoError(t, err)
				got := download(dev, p[0].Value)
				for i := range got {
					if !within(s.Param[i], got[i]) {
						t.Errorf("step %d: weight %d = %.9g, want %.9g", k, i, got[i], s.Param[i])
					}
				}
			}
		})
	}
}

func TestGoldenClip(t *testing.T) {
	var file struct {
		Clip []struct {
			Name    string
			MaxNorm float64 `json:"max_norm"`
			Grads   [2]json.RawMessage
			Norm    num
			Taken   bool `json:"step_taken"`
			Clipped *[2]json.RawMessage
		} `json:"clip_grad"`
	}
	golden.JSON(t, golden.Dir(t, "rl", "algos.json"), &file)
	for _, c := range file.Clip {
		if leftOut[c.Name] != "" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			dev := cpu.New(1)
			var params []optim.Param
			for i, raw := range c.Grads {
				p := param(dev, "grad"+strconv.Itoa(i), flat(t, raw))
				dev.Copy(p[0].Grad, p[0].Value)
				params = append(params, p...)
			}
			norm, err := optim.Norm(dev, params)
			if !c.Taken {
				var bad *optim.NotFiniteError
				require.ErrorAs(t, err, &bad)
				assert.Equal(t, "grad0", bad.Name)
				return
			}
			require.NoError(t, err)
			assert.InDelta(t, float64(c.Norm), norm, clipAbs+clipRel*float64(c.Norm))
			scale := optim.ClipScale(norm, c.MaxNorm)
			for i, raw := range c.Clipped {
				got := download(dev, params[i].Grad)
				for j, want := range flat(t, raw) {
					w := float64(want)
					assert.InDelta(t, w, scale*float64(got[j]), clipAbs+clipRel*math.Abs(w))
				}
			}
		})
	}
}

// flat reads nested lists of numbers row by row.
func flat(t *testing.T, raw json.RawMessage) (out []float32) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		for _, e := range list {
			out = append(out, flat(t, e)...)
		}
		return out
	}
	var n num
	require.NoError(t, json.Unmarshal(raw, &n))
	return []float32{float32(n)}
}

func param(dev tensor.Device, name string, values []float32) []optim.Param {
	p := optim.Param{Name: name, Value: dev.New(1, len(values)), Grad: dev.New(1, len(values))}
	dev.Upload(p.Value, values)
	params := []optim.Param{p}
	optim.Moments(dev, params)
	return params
}

func download(dev tensor.Device, x *tensor.Tensor) []float32 {
	out := make([]float32, x.Len())
	dev.Download(out, x)
	return out
}
