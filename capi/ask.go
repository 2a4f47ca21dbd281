package main

// #include "front.h"
import "C"

import (
	"encoding/json"
	"strings"
	"unsafe"

	"ssrl"
)

// drawnAs is how the options draw answers. With recommended, what their text
// leaves out is the model's wish; a zero that is said counts.
func drawnAs(m *ssrl.Model, s ssrl.Sampling, recommended bool, text string) (ssrl.Sampling, error) {
	if !recommended {
		return s, nil
	}
	s, err := m.Recommended()
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(text), &s)
}

// question is how a prompt is put.
type question struct {
	Format   bool            `json:"format"`
	Messages json.RawMessage `json:"messages"`
}

// prompt makes a prompt of what a call was given. Pictures are looked at unless
// keep is set.
func (q question) prompt(prompt *C.ssrl__text, images *C.ssrl__image, n C.int32_t, keep bool) (p ssrl.Prompt, err error) {
	pictures, err := imagesOf(images, n, keep, "the prompt")
	if err != nil {
		return p, err
	}
	if q.Messages != nil {
		if prompt != nil || q.Format {
			return p, invalid("messages beside a prompt or format (want messages alone)")
		}
		p.Messages, err = ssrl.ParseMessages(q.Messages, "", pictures)
		return p, asArgument(err)
	}
	p.Images = pictures
	if p.Text, err = textOf(prompt, "prompt"); err == nil && q.Format {
		p.Text = ssrl.WithFormat(p.Text)
	}
	return p, err
}

//export libssrl_model_generate
func libssrl_model_generate(m *C.ssrl_model, prompt *C.ssrl__text, images *C.ssrl__image, n C.int32_t, opts *C.ssrl__text, fn C.ssrl_text_fn, user unsafe.Pointer, job **C.ssrl_job, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		var o struct {
			ssrl.Sampling
			Recommended bool `json:"recommended"`
			question
			Details bool `json:"details"`
		}
		if err := options(opts, &o); err != nil {
			return err
		}
		text := C.GoString((*C.char)(opts)) // which the caller may free
		if fn == nil {
			return invalid("fn is NULL")
		}
		p, err := o.prompt(prompt, images, n, job != nil)
		if err != nil {
			return err
		}
		return inModel(m, job, func(m *model, call *call) error {
			how, err := drawnAs(m.m, o.Sampling, o.Recommended, text)
			if err != nil {
				return err
			}
			if o.Details {
				return answer(m, call, p, how, fn, user)
			}
			limit := int64(how.MaxTokens)
			if limit == 0 {
				limit = defaultMaxTokens
			}
			call.at(0, limit)
			for piece, err := range m.m.Generate(call.ctx, p, how) {
				if err == nil {
					call.done.Add(1)
					err = handText(fn, user, piece)
				}
				if err != nil {
					return asArgument(err)
				}
			}
			return nil
		})
	})
}

// defaultMaxTokens is Sampling's.
const defaultMaxTokens = 256

// answer hands an answer over at its end, with its tokens.
func answer(m *model, call *call, p ssrl.Prompt, s ssrl.Sampling, fn C.ssrl_text_fn, user unsafe.Pointer) error {
	a, err := m.m.Answer(call.ctx, p, s)
	if err != nil {
		return asArgument(err)
	}
	return handJSON(fn, user, struct {
		Text     string    `json:"text"`
		Tokens   []int32   `json:"tokens"`
		LogProbs []float32 `json:"logprobs"`
		Finish   string    `json:"finish"`
	}{a.Text, a.Tokens, a.LogProbs, a.Finish})
}

//export libssrl_model_score
func libssrl_model_score(m *C.ssrl_model, prompt *C.ssrl__text, images *C.ssrl__image, n C.int32_t, answer, opts *C.ssrl__text, fn C.ssrl_text_fn, user unsafe.Pointer, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		var q question
		if err := options(opts, &q); err != nil {
			return err
		}
		if fn == nil {
			return invalid("fn is NULL")
		}
		text, err := textOf(answer, "answer")
		if err != nil {
			return err
		}
		p, err := q.prompt(prompt, images, n, false)
		if err != nil {
			return err
		}
		return inModel(m, nil, func(m *model, call *call) error {
			s, err := m.m.Score(call.ctx, p, text)
			if err != nil {
				return asArgument(err)
			}
			return handJSON(fn, user, struct {
				Prompt   []int32   `json:"prompt_tokens"`
				Answer   []int32   `json:"answer_tokens"`
				LogProbs []float32 `json:"logprobs"`
				Top      []int32   `json:"top1"`
			}{s.PromptTokens, s.AnswerTokens, s.LogProbs, s.Top})
		})
	})
}

// score is a Score as it is handed out.
type score struct {
	Overall  float64 `json:"overall"`
	Accuracy float64 `json:"accuracy"`
	Format   float64 `json:"format"`
}

type tally struct {
	N int `json:"n"`
	score
}

type testCase struct {
	ID     string `json:"id"`
	Task   string `json:"task"`
	Truth  string `json:"truth"`
	Answer string `json:"answer"`
	score
}

// reportOf is a Report as it is handed out.
func reportOf(r ssrl.Report) any {
	out := struct {
		tally
		Tasks map[string]tally `json:"tasks"`
		Cases []testCase       `json:"cases"`
	}{tally{r.N, score(r.Score)}, map[string]tally{}, []testCase{}}
	for name, t := range r.ByTask {
		out.Tasks[name] = tally{t.N, score(t.Score)}
	}
	for _, c := range r.Cases {
		out.Cases = append(out.Cases, testCase{c.ID, c.Task, c.Truth, c.Answer, score(c.Score)})
	}
	return out
}

//export libssrl_model_evaluate
func libssrl_model_evaluate(m *C.ssrl_model, d *C.ssrl__dataset, reward C.ssrl_reward_fn, opts *C.ssrl__text, fn C.ssrl_text_fn, user unsafe.Pointer, job **C.ssrl_job, err *C.ssrl_error) C.ssrl_status {
	return try(err, func() error {
		var o struct {
			ssrl.Sampling
			Recommended bool `json:"recommended"`
			Plain       bool `json:"plain"`
		}
		if err := options(opts, &o); err != nil {
			return err
		}
		text := C.GoString((*C.char)(opts)) // which the caller may free
		if fn == nil {
			return invalid("fn is NULL")
		}
		set, reading, err := enterDataset(d)
		if err != nil {
			return err
		}
		m, call, err := enterModel(m)
		if err != nil {
			reading.leave()
			return err
		}
		call.at(0, int64(set.Len()))
		judge := ssrl.Exact
		if reward != nil {
			judge = rewardOf(reward, user, call)
		}
		return begin(job, call, func() error {
			defer reading.leave()
			how, err := drawnAs(m.m, o.Sampling, o.Recommended, text)
			if err != nil {
				return err
			}
			report, err := ssrl.Evaluate(call.ctx, m.m, set, func(s *ssrl.Sample, answer string) ssrl.Score {
				call.done.Add(1)
				return judge(s, answer)
			}, how, o.Plain)
			if err == nil {
				err = call.stopped()
			}
			if err != nil {
				return asArgument(err)
			}
			return handJSON(fn, user, reportOf(report))
		})
	})
}

// handText shows the caller a piece of text.
func handText(fn C.ssrl_text_fn, user unsafe.Pointer, s string) error {
	var a arena
	defer a.free()
	if C.ssrl__call_text(fn, user, a.text(s), C.size_t(len(s))) != 0 {
		return errStopped
	}
	return nil
}

// handJSON shows the caller an object. Text stays as it is: < is no \u003c.
func handJSON(fn C.ssrl_text_fn, user unsafe.Pointer, v any) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	return handText(fn, user, strings.TrimSuffix(b.String(), "\n"))
}
