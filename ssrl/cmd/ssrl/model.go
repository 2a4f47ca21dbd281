package main

import (
	"context"
	"errors"
	"fmt"
	"image"

	"ssrl"
)

type newCmd struct {
	Preset string `required:"" enum:"nano,nano3,qwen2.5-vl-3b,qwen2.5-vl-7b,qwen3-vl-4b" help:"nano or nano3: the architecture of Qwen2.5-VL or Qwen3-VL at under two million weights. The others have the shape of a published model, 7 to 17 GB of random bfloat16, for measuring."`
	Seed   uint64 `help:"The same seed gives the same weights."`
	Out    string `required:"" help:"New or empty directory."`
	JSON   bool   `name:"json" help:"One JSON object at the end."`
}

// Help is an example.
func (c *newCmd) Help() string {
	return `Example:
  ssrl new --preset nano --seed 1 --out nano`
}

func (c *newCmd) Run() error {
	if err := ssrl.CheckOutput(c.Out, false); err != nil {
		return err
	}
	if err := ssrl.CreateModel(c.Out, c.Preset, c.Seed); err != nil {
		return err
	}
	if c.JSON {
		return emit(map[string]any{"model": c.Out})
	}
	note("model in %s", c.Out)
	return nil
}

// modelFlags open a model.
type modelFlags struct {
	Model    string `required:"" help:"Model directory in Hugging Face's layout."`
	Device   string `default:"cpu" help:"cpu."`
	Dtype    string `default:"f32" enum:"f32,bf16" help:"Type that weights are stored in: f32, or bf16 in half the memory."`
	Rounding string `default:"none" enum:"none,hf" help:"hf rounds intermediate results to bfloat16 where transformers does; slow."`
	Products string `default:"f32" enum:"f32,bf16" help:"bf16 rounds activations where they meet bfloat16 weights: faster, less exact."`
	Adapter  string `help:"LoRA adapter directory in PEFT's layout."`
	Threads  int    `help:"One for each processor by default."`

	Pixels ssrl.PixelOptions `kong:"-"` // set before open
}

func (f *modelFlags) open(ctx context.Context) (*ssrl.Model, error) {
	if f.Threads < 0 {
		return nil, usageError{fmt.Errorf("--threads %d (want 0, for one a processor, or more)", f.Threads)}
	}
	if f.Rounding == "none" {
		f.Rounding = ""
	}
	if f.Products == "f32" {
		f.Products = ""
	}
	m := newMeter("weights")
	model, err := ssrl.OpenModel(ctx, f.Model, ssrl.ModelOptions{Device: f.Device, Threads: f.Threads, DType: f.Dtype, Adapter: f.Adapter, Rounding: f.Rounding, Products: f.Products, Pixels: f.Pixels,
		Progress: func(read, total int64) { m.at(read, total, "") }})
	m.end()
	if err == nil && model.Notice() != "" {
		note("%s: %s", f.Model, model.Notice())
	}
	return model, err
}

// pixelFlags say how pictures are seen.
type pixelFlags struct {
	Profile   string `default:"hf" enum:"hf,easyr1,llamafactory,vlmeval,qwen_vl_utils" help:"Program whose treatment of pictures comes first: hf (none), easyr1, llamafactory, vlmeval or qwen_vl_utils."`
	MinPixels int    `help:"Least area, instead of the profile's; with --max-pixels."`
	MaxPixels int    `help:"Largest area, instead of the profile's; with --min-pixels."`
	Slow      bool   `help:"Resize as Pillow, not as torchvision."`
}

func (f *pixelFlags) options() (o ssrl.PixelOptions, err error) {
	if (f.MinPixels == 0) != (f.MaxPixels == 0) || f.MinPixels < 0 || f.MaxPixels < f.MinPixels {
		return o, usageError{fmt.Errorf("--min-pixels %d --max-pixels %d (want both above 0, the first at most the second)", f.MinPixels, f.MaxPixels)}
	}
	return ssrl.PixelOptions{Profile: f.Profile, MinPixels: f.MinPixels, MaxPixels: f.MaxPixels, Slow: f.Slow}, nil
}

// promptFlags say what a model is asked.
type promptFlags struct {
	Image    []string `sep:"none" help:"Image file; may be given several times."`
	Messages string   `help:"File of Hugging Face chat messages, instead of images and a question."`
}

func (f *promptFlags) prompt(text string) (p ssrl.Prompt, err error) {
	if f.Messages != "" {
		if text != "" || len(f.Image) > 0 {
			return p, usageError{errors.New("--messages replaces the question and --image")}
		}
		p.Messages, err = ssrl.ReadMessages(f.Messages)
		return p, err
	}
	if text == "" {
		return p, usageError{errors.New("no question (want one, or --messages FILE)")}
	}
	p.Text = text
	for _, path := range f.Image {
		img, err := readImage(path)
		if err != nil {
			return p, err
		}
		p.Images = append(p.Images, img)
	}
	return p, nil
}

func readImage(path string) (image.Image, error) {
	data, err := readPicture(path)
	if err != nil {
		return nil, err
	}
	return ssrl.DecodeImage(data, path)
}

type exportCmd struct {
	modelFlags
	Out  string `required:"" help:"New or empty directory."`
	JSON bool   `name:"json" help:"One JSON object at the end."`
}

// Help is an example.
func (c *exportCmd) Help() string {
	return `Example:
  ssrl export --model MODEL --adapter ADAPTER --out merged`
}

// Run writes a plain model directory, the adapter merged.
func (c *exportCmd) Run(ctx context.Context) error {
	if err := ssrl.CheckOutput(c.Out, false); err != nil {
		return err
	}
	m, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	if err := m.MergeAdapter(); err != nil {
		return err
	}
	if err := m.Save(c.Out); err != nil {
		return err
	}
	if c.JSON {
		return emit(map[string]any{"model": c.Out})
	}
	note("model in %s", c.Out)
	return nil
}
