package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"ssrl"
)

type rewardCmd struct {
	Dataset string `required:"" help:"Dataset directory."`
	Answers string `required:"" help:"File with a JSON object {\"id\",\"answer\"} on each line."`
	JSON    bool   `name:"json" help:"One JSON object a line."`
}

// answersLine bounds a line of the answers' file.
const answersLine = 16 << 20

func (c *rewardCmd) Run(ctx context.Context) error {
	d, err := ssrl.OpenDataset(c.Dataset)
	if err != nil {
		return err
	}
	defer d.Close()
	truth := map[string]string{}
	for i := range d.Len() {
		s, err := d.Text(i)
		if err != nil {
			return err
		}
		truth[s.ID] = s.Answer
	}
	f, err := os.Open(c.Answers)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, answersLine)
	var scores []scoreLine
	var sum ssrl.Score
	for n := 1; lines.Scan(); n++ {
		var a struct{ ID, Answer *string }
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil || a.ID == nil || a.Answer == nil {
			return fmt.Errorf("%s:%d: not an answer (want {\"id\": \"..\", \"answer\": \"..\"})", c.Answers, n)
		}
		want, ok := truth[*a.ID]
		if !ok {
			return fmt.Errorf("%s:%d: no sample %q in %s", c.Answers, n, *a.ID, c.Dataset)
		}
		s := ssrl.Exact(&ssrl.Sample{Answer: want}, *a.Answer)
		sum.Overall, sum.Format, sum.Accuracy = sum.Overall+s.Overall, sum.Format+s.Format, sum.Accuracy+s.Accuracy
		scores = append(scores, scoreLine{*a.ID, s.Overall, s.Format, s.Accuracy})
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w (want lines of at most %d bytes)", c.Answers, err, answersLine)
	}
	if len(scores) == 0 {
		return fmt.Errorf("%s: no answers", c.Answers)
	}
	for _, s := range scores {
		if err := s.print(c.JSON); err != nil {
			return err
		}
	}
	n := float64(len(scores))
	note("%d answers: overall %.4f, format %.4f, accuracy %.4f", len(scores), sum.Overall/n, sum.Format/n, sum.Accuracy/n)
	return nil
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
	_, err := fmt.Printf("%.1f %.0f %.0f %s\n", s.Overall, s.Format, s.Accuracy, s.ID)
	return err
}
