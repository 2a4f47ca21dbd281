package main

import (
	"context"

	"ssrl"
)

type inspectCmd struct {
	Path      string `arg:"" help:"Model, checkpoint, dataset, folder of frames, picture or depth map."`
	DepthDir  string `help:"Folder of depth maps with the images' names; otherwise NAME.depth.EXT beside each image."`
	DepthUnit string `help:"mm, m, tum, sunrgbd, relative, or the metres of one count."`
	columnFlags
	JSON bool `name:"json" help:"One JSON object with everything."`
}

// Help is an example.
func (c *inspectCmd) Help() string {
	return `Example:
  ssrl inspect questions
  ssrl inspect vqa.parquet --prompt-key question --image-key image
  ssrl inspect MODEL --json | jq .model.parameters`
}

func (c *inspectCmd) Run(ctx context.Context) error {
	m := newMeter("read")
	in, err := ssrl.Inspect(ctx, c.Path, ssrl.InspectOptions{Source: ssrl.Source{Depth: c.DepthDir, Unit: c.DepthUnit}, Dataset: c.columnFlags.options(),
		Progress: func(done, total int) { m.at(int64(done), int64(total), "") }})
	m.clear()
	if err != nil {
		return err
	}
	if c.JSON {
		return emit(in)
	}
	return show("%s", in)
}
