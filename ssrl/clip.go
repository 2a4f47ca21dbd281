package ssrl

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ssrl/internal/patch"
	"ssrl/internal/rgbd"
)

// ClipOptions say which frames of a video file are taken; the zero value as
// qwen_vl_utils does.
type ClipOptions struct {
	Frames    int     `json:"nframes"`    // this many; 0: by rate
	FPS       float64 `json:"fps"`        // frames a second; 0 means 2
	MinFrames int     `json:"min_frames"` // 0 means 4
	MaxFrames int     `json:"max_frames"` // 0 means 768
}

// maxClipBytes bounds the frames of a clip in memory.
const maxClipBytes = 2 << 30

// ReadClip reads a clip: a folder of pictures, all of them in name order, or a
// video file, frames of which are taken as o says. Video files are decoded by
// the program ffmpeg, which is looked for in PATH; it may read this file only.
func ReadClip(ctx context.Context, path string, o ClipOptions) (Part, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Part{}, err
	}
	if info.IsDir() {
		return readFrames(path, o)
	}
	if !info.Mode().IsRegular() {
		return Part{}, fmt.Errorf("video %s: not a regular file", path)
	}
	p, err := decodeVideo(ctx, path, o)
	if err != nil {
		return Part{}, fmt.Errorf("video %s: %w", path, err)
	}
	return p, nil
}

// readFrames reads the pictures of a folder.
func readFrames(dir string, o ClipOptions) (Part, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Part{}, err
	}
	p := Part{FPS: o.FPS}
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") || !frameEndings[strings.ToLower(filepath.Ext(e.Name()))] {
			continue
		}
		img, err := readImage(filepath.Join(dir, e.Name()))
		if err != nil {
			return Part{}, err
		}
		p.Clip = append(p.Clip, img)
	}
	if len(p.Clip) == 0 {
		return Part{}, fmt.Errorf("video %s: no pictures in the folder: %w", dir, ErrFormat)
	}
	return p, nil
}

// frameEndings are those of pictures.
var frameEndings = map[string]bool{".png": true, ".jpg": true, ".jpeg": true, ".webp": true, ".bmp": true, ".tif": true, ".tiff": true, ".ppm": true, ".pgm": true}

func decodeVideo(ctx context.Context, path string, o ClipOptions) (Part, error) {
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		return Part{}, errors.New("ffmpeg is not installed (video files need it; a list or a folder of frames does not)")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return Part{}, err
	}
	v := video{ctx: ctx, program: program, path: absolute}
	times, err := v.frameTimes()
	if err != nil {
		return Part{}, err
	}
	rate := 1.0
	if n := len(times); n > 1 {
		rate = float64(n-1) / (times[n-1] - times[0])
	}
	chosen, sampled, err := patch.Sampling{Frames: o.Frames, Rate: o.FPS, MinFrames: o.MinFrames, MaxFrames: o.MaxFrames}.Utils(len(times), rate)
	if err != nil {
		return Part{}, formatError{err}
	}
	p := Part{FPS: sampled}
	if p.Clip, err = v.frames(chosen); err != nil {
		return Part{}, err
	}
	for _, i := range chosen {
		p.Times = append(p.Times, float64(i)/rate)
	}
	return p, nil
}

// video runs ffmpeg on a file.
type video struct {
	ctx           context.Context
	program, path string
}

// command prepares ffmpeg: it reads nothing but files that this one is.
func (v *video) command(ctx context.Context, output ...string) *exec.Cmd {
	args := append([]string{"-v", "error", "-nostdin", "-protocol_whitelist", "file", "-i", "file:" + v.path, "-map", "0:v:0"}, output...)
	return exec.CommandContext(ctx, v.program, args...)
}

// failure is what ffmpeg says of a file, in a line.
func (v *video) failure(err error, said []byte) error {
	if cause := context.Cause(v.ctx); cause != nil {
		return cause
	}
	const longest = 200
	line, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
	if line == "" {
		line = err.Error()
	}
	line = strings.ReplaceAll(line, "file:"+v.path, "the file")
	return formatError{fmt.Errorf("ffmpeg: %.*s", longest, line)}
}

// maxFrames bounds the frames of a video file: 77 hours at 60 a second.
const maxFrames = 1 << 24

// frameTimes are the seconds at which frames are shown, in order, by their packets.
func (v *video) frameTimes() ([]float64, error) {
	c := v.command(v.ctx, "-c", "copy", "-f", "framecrc", "-")
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		return nil, v.failure(err, said.Bytes())
	}
	base := 0.0 // seconds of a tick
	var times []float64
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "#tb 0:"); ok {
			a, b, _ := strings.Cut(strings.TrimSpace(rest), "/")
			up, _ := strconv.ParseFloat(a, 64)
			down, _ := strconv.ParseFloat(b, 64)
			base = up / down
		}
		fields := strings.Split(line, ",")
		if strings.HasPrefix(line, "#") || len(fields) < 3 {
			continue
		}
		ticks, err := strconv.ParseInt(strings.TrimSpace(fields[2]), 10, 64)
		if err != nil {
			return nil, formatError{fmt.Errorf("ffmpeg: %.100q (want a packet)", line)}
		}
		times = append(times, float64(ticks)*base)
	}
	slices.Sort(times)
	n := len(times)
	switch {
	case n == 0:
		return nil, formatError{errors.New("no frames")}
	case n > maxFrames:
		return nil, formatError{fmt.Errorf("%d frames (want at most %d)", n, maxFrames)}
	case !(base > 0) || math.IsInf(base, 0) || n > 1 && !(times[n-1] > times[0]):
		return nil, formatError{errors.New("frames without times")}
	}
	return times, nil
}

// frames decodes the frames of the given numbers, which grow. Where the file
// ends early the last frame stands for those that are missing.
func (v *video) frames(chosen []int) ([]image.Image, error) {
	ctx, stop := context.WithCancel(v.ctx)
	defer stop()
	c := v.command(ctx, "-fps_mode", "passthrough", "-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "-")
	var said bytes.Buffer
	c.Stderr = &said
	pipe, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return nil, err
	}
	out, err := readPPMs(bufio.NewReaderSize(pipe, 1<<20), chosen)
	if err != nil || len(out) == len(chosen) {
		stop() // what follows is not wanted
	}
	ended := c.Wait()
	if err == nil && len(out) == 0 {
		if ended == nil {
			ended = errors.New("no frames")
		}
		return nil, v.failure(ended, said.Bytes())
	}
	if cause := context.Cause(v.ctx); cause != nil {
		return nil, cause
	}
	for len(out) > 0 && len(out) < len(chosen) {
		out = append(out, out[len(out)-1])
	}
	return out, err
}

// readPPMs reads pictures one after the other and keeps those chosen. It ends
// with the last of them, or with the stream.
func readPPMs(r *bufio.Reader, chosen []int) ([]image.Image, error) {
	var out []image.Image
	total := 0
	for n := 0; len(out) < len(chosen); n++ {
		var w, h, most int
		if _, err := fmt.Fscanf(r, "P6\n%d %d\n%d\n", &w, &h, &most); err == io.EOF || err == io.ErrUnexpectedEOF {
			return out, nil
		} else if err != nil || most != 255 || w < 1 || h < 1 || w > maxClipBytes/3/h {
			return nil, formatError{errors.New("ffmpeg: no pictures of 8 bits")}
		}
		if n < chosen[len(out)] {
			if _, err := r.Discard(3 * w * h); err != nil {
				return out, nil
			}
			continue
		}
		if total += 3 * w * h; total > maxClipBytes {
			return nil, fmt.Errorf("%d frames of %dx%d: more than %d bytes (want fewer frames)", len(chosen), w, h, maxClipBytes)
		}
		m := rgbd.NewRGB(w, h)
		if _, err := io.ReadFull(r, m.Pix); err != nil {
			return out, nil
		}
		for len(out) < len(chosen) && chosen[len(out)] == n { // one frame may be wanted twice
			out = append(out, m)
		}
	}
	return out, nil
}
