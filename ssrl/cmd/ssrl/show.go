package main

import (
	"context"
	"fmt"

	"ssrl"
)

type showCmd struct {
	Dataset string `arg:"" help:"Dataset: a directory, or a file or folder of Parquet, JSON or WebDataset; PATH@SPLIT takes one split."`
	Out     string `required:"" help:"HTML file to write."`
	Limit   int    `default:"200" help:"Samples shown, spread over tasks and frames."`
	Title   string `help:"Heading of the page; the dataset's name by default."`
	columnFlags
	JSON bool `name:"json" help:"One JSON object at the end."`
}

// Help is an example.
func (c *showCmd) Help() string {
	return `Example:
  ssrl show questions --limit 50 --out questions.html`
}

func (c *showCmd) Run(ctx context.Context) error {
	if c.Limit < 1 {
		return usageError{fmt.Errorf("--limit %d (want at least 1)", c.Limit)}
	}
	m := newMeter("sample")
	shown, total, err := ssrl.Show(ctx, c.Dataset, c.Out, ssrl.ShowOptions{Limit: c.Limit, Title: c.Title, Dataset: c.columnFlags.options(),
		Progress: func(done, total int) { m.at(int64(done), int64(total), "") }})
	m.end()
	if err != nil {
		return err
	}
	if c.JSON {
		return emit(map[string]any{"shown": shown, "samples": total, "out": c.Out})
	}
	if shown < total {
		note("%d of %s in %s", shown, count(total, "sample"), c.Out)
		return nil
	}
	note("%s in %s", count(total, "sample"), c.Out)
	return nil
}
