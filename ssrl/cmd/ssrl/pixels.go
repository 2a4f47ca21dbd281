package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"ssrl"
)

type pixelsCmd struct {
	pixelFlags
	Model string   `required:"" help:"Model directory; preprocessor_config.json is enough."`
	JSON  bool     `name:"json" help:"One JSON object a picture."`
	Image []string `arg:"" help:"Picture files."`
}

// Help is an example.
func (c *pixelsCmd) Help() string {
	return `Example:
  ssrl pixels --model MODEL --profile easyr1 photo.jpg
  photo.jpg: 640x480, grid 1x34x46, 391 tokens, mean -0.017316, sha256 6a0f..`
}

// firstValues is how many values of a picture are printed.
const firstValues = 16

func (c *pixelsCmd) Run(ctx context.Context) error {
	options, err := c.options()
	if err != nil {
		return err
	}
	p, err := ssrl.OpenImageProcessor(c.Model, options)
	if err != nil {
		return err
	}
	var broken []error // the others are printed
	for _, path := range c.Image {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		data, err := readPicture(path)
		var v *ssrl.Pixels
		if err == nil {
			v, err = p.Process(data, path)
		}
		if err != nil {
			broken = append(broken, err)
		} else if err := c.print(path, v); err != nil {
			return err
		}
	}
	return errors.Join(broken...)
}

func (c *pixelsCmd) print(path string, v *ssrl.Pixels) error {
	if !c.JSON {
		return show("%s: %dx%d, grid %dx%dx%d, %s, mean %.6f, sha256 %s\n", path, v.Size.X, v.Size.Y,
			v.Grid[0], v.Grid[1], v.Grid[2], count(v.Tokens, "token"), v.Mean(), v.SHA256())
	}
	return emit(struct {
		Image  string    `json:"image"`
		Size   [2]int    `json:"size"`
		Grid   [3]int    `json:"grid_thw"`
		SHA256 string    `json:"sha256"`
		First  []float32 `json:"first"`
		Mean   float64   `json:"mean"`
		Tokens int       `json:"tokens"`
	}{path, [2]int{v.Size.X, v.Size.Y}, v.Grid, v.SHA256(), v.Values[:min(firstValues, len(v.Values))], v.Mean(), v.Tokens})
}

// readPicture reads a picture's file whole.
func readPicture(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("image %s: not a regular file", path)
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, named("image", path, err)
	}
	return data, nil
}
