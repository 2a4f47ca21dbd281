package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ssrl"
)

type evalCmd struct {
	modelFlags
	Bench string `required:"" enum:"pretext" help:"pretext: questions as generate makes them, each asked as it stands, scored by exact text."`
	Data  string `required:"" help:"Dataset: a directory, or a file or folder of Parquet, JSON or WebDataset; PATH@SPLIT takes one split."`
	columnFlags
	Out         string `help:"New or empty directory for answers.jsonl and result.json."`
	Instruction bool   `help:"Ask for a thought and a box behind every question, as training does."`
	MaxTokens   int    `default:"256" help:"Longest answer."`
	JSON        bool   `name:"json" help:"result.json on one line."`
}

// Help is an example.
func (c *evalCmd) Help() string {
	return `Example:
  ssrl eval --bench pretext --model trained --data questions --instruction --out result`
}

// evaluation is result.json of eval.
type evaluation struct {
	Bench string               `json:"bench"`
	Model string               `json:"model"`
	Data  string               `json:"data"`
	N     int                  `json:"samples"`
	All   scoreOf              `json:"all"`
	Tasks map[string]taskScore `json:"tasks"`
}

type scoreOf struct {
	Overall  float64 `json:"overall"`
	Format   float64 `json:"format"`
	Accuracy float64 `json:"accuracy"`
}

type taskScore struct {
	N int `json:"samples"`
	scoreOf
}

func (c *evalCmd) Run(ctx context.Context) error {
	if c.Out != "" {
		if err := ssrl.CheckOutput(c.Out, false); err != nil {
			return err
		}
	}
	d, err := openDataset(c.Data, c.columnFlags)
	if err != nil {
		return err
	}
	defer d.Close()
	m, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	rep, err := ssrl.Evaluate(ctx, m, d, ssrl.Exact, ssrl.Sampling{MaxTokens: c.MaxTokens}, !c.Instruction)
	if err != nil {
		return err
	}
	res := evaluation{Bench: c.Bench, Model: c.Model, Data: c.Data, N: rep.N, All: scoreOf{rep.Score.Overall, rep.Score.Format, rep.Score.Accuracy}, Tasks: map[string]taskScore{}}
	for name, t := range rep.ByTask {
		res.Tasks[name] = taskScore{t.N, scoreOf{t.Score.Overall, t.Score.Format, t.Score.Accuracy}}
	}
	if c.Out != "" {
		if err := writeEvaluation(c.Out, res, rep.Cases); err != nil {
			return err
		}
	}
	if c.JSON {
		return emit(res)
	}
	return res.print()
}

func (e evaluation) print() error {
	text := fmt.Sprintf("%-14s %8s %9s %8s\n", "task", "samples", "accuracy", "format")
	for _, name := range slices.Sorted(maps.Keys(e.Tasks)) {
		t := e.Tasks[name]
		text += fmt.Sprintf("%-14s %8d %8.1f%% %8.2f\n", name, t.N, 100*t.Accuracy, t.Format)
	}
	return show("%s%-14s %8d %8.1f%% %8.2f\n", text, "all", e.N, 100*e.All.Accuracy, e.All.Format)
}

// writeEvaluation leaves answers.jsonl, which `ssrl reward` reads, and, last,
// result.json.
func writeEvaluation(dir string, e evaluation, cases []ssrl.Case) error {
	var lines strings.Builder
	for _, k := range cases {
		line, err := json.Marshal(struct {
			ID       string  `json:"id"`
			Task     string  `json:"task"`
			Answer   string  `json:"answer"`
			Truth    string  `json:"truth"`
			Accuracy float64 `json:"accuracy"`
		}{k.ID, k.Task, k.Answer, k.Truth, k.Score.Accuracy})
		if err != nil {
			return err
		}
		lines.Write(append(line, '\n'))
	}
	text, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, f := range []struct{ name, text string }{{"answers.jsonl", lines.String()}, {"result.json", string(text) + "\n"}} {
		path := filepath.Join(dir, f.name)
		if err := os.WriteFile(path+".tmp", []byte(f.text), 0o666); err != nil {
			return err
		}
		if err := os.Rename(path+".tmp", path); err != nil {
			return err
		}
	}
	return nil
}
