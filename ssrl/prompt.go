package ssrl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ssrl/internal/answer"
	"ssrl/internal/chat"
	"ssrl/internal/decode"
	"ssrl/internal/patch"
	"ssrl/internal/qwen"
	"ssrl/internal/rgbd"
)

// Prompt is what a model is asked: a text with images, or a whole conversation.
//
// Each <image> in Text stands for one of Images; without any, the images come
// before the text. Markup such as <|im_end|> in a text stays text.
type Prompt struct {
	Text   string
	Images []image.Image
	// Messages, when there are any, is asked instead of Text and Images. A
	// system message comes first; without one Qwen2.5-VL has its own, Qwen3-VL none.
	Messages []Message
	// Tools describe functions that Qwen3-VL may call, each a JSON object as
	// transformers' apply_chat_template takes it.
	Tools []json.RawMessage
}

// Message is one turn of a conversation.
type Message struct {
	Role  string // "system", "user", "assistant" or, in Qwen3-VL, "tool"
	Parts []Part

	calls []chat.Call // of an assistant, as messages in JSON hold them
}

// Part is a text, an image or a clip; the other fields are zero.
type Part struct {
	Text  string
	Image image.Image
	Clip  []image.Image // frames of one size, in order
	FPS   float64       // of Clip, frames a second; 0 means 2
	// Times are the seconds of the frames of Clip, where they are not spread
	// evenly; Qwen3-VL is told them.
	Times []float64

	minPixels, maxPixels int // an image's own limits, both or none
}

// defaultFPS is the rate at which Qwen-VL's tools sample a video.
const defaultFPS = 2

// WithFormat returns the problem followed by the instruction that Spatial-SSRL
// trains with: to think between <think> and </think>, then to box the answer.
func WithFormat(problem string) string { return answer.WithFormat(problem) }

// ReadMessages reads a JSON file of Hugging Face chat messages. Image items
// name a file; video items list the files of their frames, or name a folder or a
// video file (see ReadClip; fps is then the rate at which frames are taken). A
// relative name is looked for in the working directory, then beside the messages.
func ReadMessages(path string) ([]Message, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	messages, err := ParseMessages(data, filepath.Dir(path), nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return messages, nil
}

// ParseMessages reads Hugging Face chat messages in JSON as ReadMessages does,
// with dir in place of the folder of the file. An image item that names no file
// stands for the next of images.
func ParseMessages(data []byte, dir string, images []image.Image) ([]Message, error) {
	parsed, err := chat.ParseMessages(data)
	if err != nil {
		return nil, formatError{err}
	}
	given := len(images)
	messages := make([]Message, len(parsed))
	for i, m := range parsed {
		messages[i].Role, messages[i].calls = m.Role, m.Calls
		for _, p := range m.Parts {
			if p.Kind == chat.Image && len(p.Paths) == 0 {
				if len(images) == 0 {
					return nil, formatError{fmt.Errorf("message %d: an image without a file, beyond the %d images given", i, given)}
				}
				part := Part{Image: images[0], minPixels: p.MinPixels, maxPixels: p.MaxPixels}
				messages[i].Parts, images = append(messages[i].Parts, part), images[1:]
				continue
			}
			part, err := readPart(p, dir)
			if err != nil {
				return nil, fmt.Errorf("message %d: %w", i, err)
			}
			messages[i].Parts = append(messages[i].Parts, part)
		}
	}
	if len(images) > 0 {
		return nil, formatError{fmt.Errorf("%d images, %d of them in messages (want as many)", given, given-len(images))}
	}
	return messages, nil
}

func readPart(p chat.Part, dir string) (Part, error) {
	out := Part{Text: p.Text, FPS: p.FPS}
	if p.Kind == chat.Video && len(p.Paths) == 1 {
		if path := located(p.Paths[0], dir); !isPicture(path) {
			clip, err := ReadClip(context.Background(), path, ClipOptions{FPS: p.FPS, Frames: p.Frames, MinFrames: p.MinFrames, MaxFrames: p.MaxFrames})
			clip.Text = p.Text
			return clip, err
		}
	}
	var images []image.Image
	for _, name := range p.Paths {
		img, err := readImage(located(name, dir))
		if err != nil {
			return out, err
		}
		images = append(images, img)
	}
	switch {
	case p.Kind == chat.Image && len(images) == 1:
		out.Image, out.minPixels, out.maxPixels = images[0], p.MinPixels, p.MaxPixels
	case p.Kind == chat.Image:
		return out, fmt.Errorf("image of %d files (want 1): %w", len(images), ErrFormat)
	case p.Kind == chat.Video && len(images) > 0:
		out.Clip = images
	case p.Kind == chat.Video:
		return out, fmt.Errorf("video without frames (want a list of image files, a folder or a video file): %w", ErrFormat)
	}
	return out, nil
}

// located is where a file of a message is: where its name says, or in dir.
func located(name, dir string) string {
	name = strings.TrimPrefix(name, "file://")
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) && !filepath.IsAbs(name) {
		if beside := filepath.Join(dir, name); there(beside) {
			return beside
		}
	}
	return name
}

// isPicture reports whether a name is that of a picture's file.
func isPicture(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && frameEndings[strings.ToLower(filepath.Ext(path))]
}

func readImage(path string) (image.Image, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return DecodeImage(data, path)
}

// DecodeImage decodes a PNG or JPEG picture; name is for errors. EXIF
// orientation is honoured, alpha dropped.
func DecodeImage(data []byte, name string) (image.Image, error) {
	img, err := rgbd.DecodeImage(data, name)
	if err != nil {
		return nil, formatError{err}
	}
	return img, nil
}

// parts are the turns of p as chat takes them, and its pictures in order.
func (p Prompt) turns() ([]chat.Message, []Part, error) {
	if len(p.Messages) > 0 {
		if p.Text != "" || len(p.Images) > 0 {
			return nil, nil, errors.New("prompt: messages and a text with images (want one of them)")
		}
		return turns(p.Messages)
	}
	var pictures []Part
	for i, img := range p.Images {
		if img == nil {
			return nil, nil, fmt.Errorf("prompt: image %d is nil", i)
		}
		pictures = append(pictures, Part{Image: img})
	}
	text := p.Text
	if !strings.Contains(text, "<image") {
		text = strings.Repeat("<image>", len(pictures)) + text
	}
	m, err := chat.User(text, len(pictures))
	return []chat.Message{m}, pictures, err
}

func turns(messages []Message) ([]chat.Message, []Part, error) {
	var pictures []Part
	var out []chat.Message
	for _, m := range messages {
		turn := chat.Message{Role: m.Role, Calls: m.calls}
		for _, p := range m.Parts {
			switch {
			case p.Image != nil:
				turn.Parts, pictures = append(turn.Parts, chat.Part{Kind: chat.Image}), append(pictures, p)
			case len(p.Clip) > 0:
				turn.Parts, pictures = append(turn.Parts, chat.Part{Kind: chat.Video}), append(pictures, p)
			default:
				turn.Parts = append(turn.Parts, chat.Part{Kind: chat.Text, Text: p.Text})
			}
		}
		out = append(out, turn)
	}
	return out, pictures, nil
}

// prompt brings p into the form that the network takes.
func (m *Model) prompt(p Prompt) (*decode.Prompt, error) {
	messages, parts, err := p.turns()
	if err != nil {
		return nil, err
	}
	rendered, err := m.markup.Render(messages, chat.Options{Tools: p.Tools})
	if err != nil {
		return nil, err
	}
	out := &decode.Prompt{}
	v, err := m.look(parts, out)
	if err != nil {
		return nil, err
	}
	clips := m.places(v.clips)
	if m.net.Family == qwen.Qwen3VL { // time is text, and every pair of frames has places of its own
		if rendered, err = rendered.Clips(v.times); err != nil {
			return nil, err
		}
		clips = clips[:0]
		for _, g := range v.clips {
			clips = append(clips, slices.Repeat(m.places([][3]int{{1, g[1], g[2]}}), g[0])...)
		}
	}
	ids, err := rendered.IDs(m.words)
	if err != nil {
		return nil, err
	}
	k := m.net.Tokens
	if out.IDs, err = chat.Expand(ids, k.Image, k.Video, m.places(v.images), clips); err != nil {
		return nil, err
	}
	rope := patch.Rope{ImagePad: k.Image, VideoPad: k.Video, VisionStart: k.VisionStart, Merge: m.view.processor.Merge,
		TokensPerSecond: float64(m.net.Config.Vision.TokensPerSecond)}
	out.Pos, out.Next, err = rope.Positions(out.IDs, v.images, v.clips, v.seconds)
	return out, err
}

// views are the grids of a prompt's pictures and clips, in its order.
type views struct {
	images, clips [][3]int
	seconds       []float64   // of a step of each clip
	times         [][]float64 // of each pair of frames of each clip
}

// look cuts pictures and clips into patches, which go to out.
func (m *Model) look(parts []Part, out *decode.Prompt) (v views, err error) {
	for i, part := range parts {
		cut, err := m.patches(part)
		if err != nil {
			return v, fmt.Errorf("image %d: %w", i+1, err)
		}
		out.Pictures = append(out.Pictures, qwen.Picture{Patches: cut.Pixels, Grid: cut.Grid})
		if part.Image != nil {
			v.images = append(v.images, cut.Grid)
			continue
		}
		v.clips = append(v.clips, cut.Grid)
		rate := part.FPS
		if rate == 0 {
			rate = defaultFPS
		}
		if !(rate > 0) || math.IsInf(rate, 1) {
			return v, fmt.Errorf("image %d: clip: %g frames a second (want more than 0)", i+1, rate)
		}
		v.seconds = append(v.seconds, float64(m.view.processor.Temporal)/rate)
		times := part.Times
		if times == nil {
			for k := range part.Clip {
				times = append(times, float64(k)/rate)
			}
		}
		if len(times) != len(part.Clip) {
			return v, fmt.Errorf("image %d: %d times of %d frames", i+1, len(times), len(part.Clip))
		}
		pairs, err := chat.PairTimes(times)
		if err != nil {
			return v, fmt.Errorf("image %d: %w", i+1, err)
		}
		v.times = append(v.times, pairs)
	}
	return v, nil
}

// places are the tokens that grids take in a prompt.
func (m *Model) places(grids [][3]int) (n []int) {
	for _, g := range grids {
		n = append(n, m.view.processor.Tokens(g))
	}
	return n
}

// utilsPatch is the side of a patch that EasyR1, VLMEvalKit and the quick start let
// qwen_vl_utils take for clips, whatever the model.
const utilsPatch = 14

// patches cuts an image or a clip for the vision tower.
func (m *Model) patches(p Part) (patch.Patches, error) {
	if p.Image != nil {
		view := m.view
		if p.minPixels > 0 && p.maxPixels > 0 {
			view = view.limited(p.minPixels, p.maxPixels)
		}
		cut, _, err := view.patches(patch.FromRGB(rgbd.FromImage(p.Image)))
		return cut, err
	}
	frames := make([]*rgbd.RGB, len(p.Clip))
	for i, f := range p.Clip {
		frames[i] = rgbd.FromImage(f)
	}
	if m.view.caller.Rule == patch.Area || m.view.caller.Rule == patch.Utils {
		var err error
		if frames, err = patch.FetchFrames(frames, utilsPatch, patch.ClipLimits{}); err != nil {
			return patch.Patches{}, err
		}
	}
	return m.clips.Process(frames)
}

// taught are the tokens that SFT trains: the response, the end of the turn and
// the new line that follows it in the markup.
func (m *Model) taught(response string) []int32 {
	ids := append(m.words.Encode(response, false), m.end)
	return m.words.Append(ids, "\n", false)
}
