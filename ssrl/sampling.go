package ssrl

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"ssrl/internal/decode"
	"ssrl/internal/seed"
)

// Sampling says how answers are drawn.
type Sampling struct {
	MaxTokens         int     `json:"max_tokens"`         // 0 means 256
	Temperature       float64 `json:"temperature"`        // 0: always the most probable token
	TopK              int     `json:"top_k"`              // 0: all
	TopP              float64 `json:"top_p"`              // 0: all
	MinP              float64 `json:"min_p"`              // share of the best token's probability; 0: all
	RepetitionPenalty float64 `json:"repetition_penalty"` // 0: none
	// Order is that of the steps: "transformers", which "" means (repetition
	// penalty, temperature, top-k, top-p, min-p), or "vllm" (min-p before top-k).
	Order string `json:"order"`
	// Stop are strings that end an answer, which ends before the first of them.
	Stop []string `json:"stop"`
	Seed uint64   `json:"seed"`
}

func (s Sampling) internal() (decode.Sampling, error) {
	if s.MaxTokens == 0 {
		s.MaxTokens = 256
	}
	switch {
	case s.MaxTokens < 0:
		return decode.Sampling{}, fmt.Errorf("max tokens %d (want at least 1)", s.MaxTokens)
	case !(s.Temperature >= 0 && s.Temperature <= 100):
		return decode.Sampling{}, fmt.Errorf("temperature %g (want 0 to 100)", s.Temperature)
	case s.TopK < 0:
		return decode.Sampling{}, fmt.Errorf("top-k %d (want 0 or more)", s.TopK)
	case !(s.TopP >= 0 && s.TopP <= 1):
		return decode.Sampling{}, fmt.Errorf("top-p %g (want 0 to 1)", s.TopP)
	case !(s.MinP >= 0 && s.MinP <= 1):
		return decode.Sampling{}, fmt.Errorf("min-p %g (want 0 to 1)", s.MinP)
	case !(s.RepetitionPenalty >= 0 && s.RepetitionPenalty <= 100):
		return decode.Sampling{}, fmt.Errorf("repetition penalty %g (want 0 to 100)", s.RepetitionPenalty)
	case s.Order != "" && s.Order != "transformers" && s.Order != "vllm":
		return decode.Sampling{}, fmt.Errorf("order %q (want transformers or vllm)", s.Order)
	}
	for _, stop := range s.Stop {
		if stop == "" {
			return decode.Sampling{}, fmt.Errorf("stop string that is empty (want some text)")
		}
	}
	return decode.Sampling{MaxTokens: s.MaxTokens, Temperature: s.Temperature, TopK: s.TopK, TopP: s.TopP, MinP: s.MinP,
		MinPFirst: s.Order == "vllm", RepetitionPenalty: s.RepetitionPenalty}, nil
}

// streams are the random numbers of one answer, named apart by name.
func (s Sampling) streams(name string) []*rand.Rand {
	return []*rand.Rand{seed.Rand(s.Seed, "answer", name)}
}

// defaultTopK is what transformers takes where a generation_config.json that
// samples has no top_k.
const defaultTopK = 50

// Recommended is how the model's generation_config.json wants answers to be
// drawn, as transformers would read it; the zero Sampling if there is none.
// Temperature is 0 unless do_sample is true.
func (m *Model) Recommended() (Sampling, error) {
	var s Sampling
	data := m.files["generation_config.json"]
	if data == nil {
		return s, nil
	}
	var file struct {
		Sample      bool     `json:"do_sample"`
		Temperature *float64 `json:"temperature"`
		TopK        *int     `json:"top_k"`
		TopP        float64  `json:"top_p"`
		MinP        float64  `json:"min_p"`
		Penalty     float64  `json:"repetition_penalty"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return s, formatError{fmt.Errorf("generation_config.json: %w", err)}
	}
	s.RepetitionPenalty = file.Penalty
	if file.Sample {
		s.Temperature, s.TopK, s.TopP, s.MinP = 1, defaultTopK, file.TopP, file.MinP
		if file.Temperature != nil {
			s.Temperature = *file.Temperature
		}
		if file.TopK != nil {
			s.TopK = *file.TopK
		}
	}
	if _, err := s.internal(); err != nil {
		return Sampling{}, formatError{fmt.Errorf("generation_config.json: %w", err)}
	}
	return s, nil
}
