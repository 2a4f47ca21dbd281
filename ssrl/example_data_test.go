package ssrl_test

import (
	"context"
	"fmt"
	"image"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"

	"ssrl"
)

// Questions about the frames of a folder, in the order of frames and tasks.
// What a frame cannot carry is reported and left out.
func ExampleGenerator() {
	dir, err := os.MkdirTemp("", "ssrl")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := ssrl.WriteScenes(context.Background(), dir, ssrl.SceneOptions{Count: 1, Seed: 1, Width: 160, Height: 120}); err != nil {
		log.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "scene-000000.depth.png")); err != nil {
		log.Fatal(err)
	}
	g := ssrl.Generator{
		Tasks: []ssrl.Task{ssrl.Crop{Brief: true}, ssrl.DepthOrder{Brief: true}},
		Seed:  1,
		Skipped: func(frame, task string, why error) {
			fmt.Println("left out:", frame, why)
		},
	}
	for s, err := range g.Samples(context.Background(), ssrl.Source{Images: dir}.Frames()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(s.ID, len(s.Images), "images:", s.Problem)
	}
	// Output:
	// scene-000000.png-crop-0 5 images: <image> Missing part? A <image> B <image> C <image> D <image>
	// left out: scene-000000.png depth: unsuitable: has no depth
}

// brighter is a task of one's own: which half of a picture is brighter?
type brighter struct{}

func (brighter) Name() string { return "brighter" }

func (brighter) Make(rng *rand.Rand, f *ssrl.Frame) (*ssrl.Sample, error) {
	size := f.Image.Bounds().Size()
	sum := [2]uint32{}
	for range 1000 {
		x, y := rng.IntN(size.X), rng.IntN(size.Y)
		red, _, _, _ := f.Image.At(x, y).RGBA()
		sum[2*x/size.X] += red >> 8
	}
	if sum[0] == sum[1] {
		return nil, fmt.Errorf("brighter: both halves are alike: %w", ssrl.ErrUnsuitable)
	}
	answer := "left"
	if sum[1] > sum[0] {
		answer = "right"
	}
	return &ssrl.Sample{Problem: "<image>Which half is brighter, left or right?", Answer: answer, Images: []image.Image{f.Image}}, nil
}

// A task of one's own is drawn, numbered and stored as the others are.
func ExampleTask() {
	img := image.NewGray(image.Rect(0, 0, 40, 30))
	for y := range 30 {
		for x := range 20 {
			img.Pix[y*img.Stride+x] = 200
		}
	}
	frames := func(yield func(*ssrl.Frame, error) bool) { yield(&ssrl.Frame{Name: "a.png", Image: img}, nil) }
	for s, err := range (ssrl.Generator{Tasks: []ssrl.Task{brighter{}}}).Samples(context.Background(), frames) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(s.ID, s.Task, s.Source, s.Answer)
	}
	// Output: a.png-brighter-0 brighter a.png left
}

// An answer counts when its last box holds the sample's, to the letter.
func ExampleExact() {
	s := &ssrl.Sample{Answer: "2-0-1-3"}
	for _, answer := range []string{
		`<think>The sky is above.</think>\boxed{2-0-1-3}`,
		`\boxed{2-0-1-3}`,
		`<think>The sky is above.</think>\boxed{0-1-2-3}`,
		`2-0-1-3`,
	} {
		score := ssrl.Exact(s, answer)
		fmt.Println(score.Overall, score.Accuracy, score.Format)
	}
	// Output:
	// 1 1 1
	// 0.9 1 0
	// 0.1 0 1
	// 0 0 0
}

// A dataset is read sample by sample. Without its manifest, the mark of a run
// that did not end, it is refused.
func ExampleOpenDataset() {
	dir, err := os.MkdirTemp("", "ssrl")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	w, err := ssrl.CreateDataset(dir, 1, nil)
	if err != nil {
		log.Fatal(err)
	}
	err = w.Write(&ssrl.Sample{ID: "dot-0", Task: "dot", Problem: "<image>What colour is it?", Answer: "black",
		Images: []image.Image{image.NewGray(image.Rect(0, 0, 1, 1))}})
	if err != nil {
		log.Fatal(err)
	}
	_, early := ssrl.OpenDataset(dir)
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	data, err := ssrl.OpenDataset(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer data.Close()
	for i := range data.Len() {
		s, err := data.At(i)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(s.ID, s.Problem, s.Answer, s.Images[0].Bounds())
	}
	fmt.Println(early != nil)
	// Output:
	// dot-0 <image>What colour is it? black (0,0)-(1,1)
	// true
}
