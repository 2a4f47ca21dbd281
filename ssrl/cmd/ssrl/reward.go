package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"ssrl"
)

type rewardCmd struct {
	Dataset string `required:"" help:"Dataset: a directory, or a file or folder of Parquet, JSON or WebDataset; PATH@SPLIT takes one split."`
	Answers string `required:"" help:"File with a JSON object {\"id\",\"answer\"} on each line."`
	columnFlags
	JSON bool `name:"json" help:"One JSON object a line."`
}

// Help is an example.
func (c *rewardCmd) Help() string {
	return `Example:
  echo '{"id": "scene-000000.png-flip-0", "answer": "\\boxed{2}"}' > answers.jsonl
  ssrl reward --dataset questions --answers answers.jsonl`
}

// answersLine bounds a line of the answers' file.
const answersLine = 16 << 20

func (c *rewardCmd) Run(ctx context.Context) error {
	truth, err := answersOf(ctx, c.Dataset, c.columnFlags)
	if err != nil {
		return err
	}
	f, err := os.Open(c.Answers)
	if err != nil {
		return named("answers", c.Answers, err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, answersLine)
	var scores []scoreLine
	var sum ssrl.Score
	n := 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		id, text, err := parseAnswer(lines.Bytes())
		if err != nil {
			return fmt.Errorf("%s:%d: %w (want {\"id\": \"..\", \"answer\": \"..\"})", c.Answers, n, err)
		}
		want, ok := truth[id]
		if !ok {
			return fmt.Errorf("%s:%d: no sample %q in %s", c.Answers, n, id, c.Dataset)
		}
		s := ssrl.Exact(&ssrl.Sample{Answer: want}, text)
		sum.Overall, sum.Format, sum.Accuracy = sum.Overall+s.Overall, sum.Format+s.Format, sum.Accuracy+s.Accuracy
		scores = append(scores, scoreLine{id, s.Overall, s.Format, s.Accuracy})
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%s:%d: more than %d bytes in a line", c.Answers, n+1, answersLine)
	case err != nil:
		return named("answers", c.Answers, err)
	case len(scores) == 0:
		return fmt.Errorf("%s: no answers (want a JSON object on each line)", c.Answers)
	}
	for _, s := range scores {
		if err := s.print(c.JSON); err != nil {
			return err
		}
	}
	all := float64(len(scores))
	note("%s: overall %.4f, format %.4f, accuracy %.4f", count(len(scores), "answer"), sum.Overall/all, sum.Format/all, sum.Accuracy/all)
	return nil
}

// answersOf reads the true answers of a dataset, by id.
func answersOf(ctx context.Context, dir string, columns columnFlags) (map[string]string, error) {
	d, err := openDataset(dir, columns)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	truth := map[string]string{}
	for i := range d.Len() {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		s, err := d.Text(i)
		if err != nil {
			return nil, err
		}
		if _, ok := truth[s.ID]; ok {
			return nil, fmt.Errorf("dataset %s: two samples %q (want an id of its own for each)", dir, s.ID)
		}
		truth[s.ID] = s.Answer
	}
	return truth, nil
}

// parseAnswer reads a line of the answers' file. As in datasets, id and answer
// may be numbers, which are kept as they are written.
func parseAnswer(line []byte) (id, text string, err error) {
	var a struct {
		ID     json.RawMessage `json:"id"`
		Answer json.RawMessage `json:"answer"`
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return "", "", errors.New("not a JSON object")
	}
	if id, err = word(a.ID); err != nil {
		return "", "", fmt.Errorf("id %w", err)
	}
	if text, err = word(a.Answer); err != nil {
		return "", "", fmt.Errorf("answer %w", err)
	}
	return id, text, nil
}

// word reads a JSON string or number.
func word(raw json.RawMessage) (string, error) {
	if len(raw) == 0 {
		return "", errors.New("is missing")
	}
	switch c := raw[0]; {
	case c == '-' || '0' <= c && c <= '9':
		return string(raw), nil
	case c != '"':
		return "", errors.New("is no string")
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}

// scoreLine is the score of one answer.
type scoreLine struct {
	ID       string  `json:"id"`
	Overall  float64 `json:"overall"`
	Format   float64 `json:"format"`
	Accuracy float64 `json:"accuracy"`
}

func (s scoreLine) print(json bool) error {
	if json {
		return emit(s)
	}
	return show("%.1f %.0f %.0f %s\n", s.Overall, s.Format, s.Accuracy, s.ID)
}
