package ssrl

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shades writes n pictures of one shade each, 10 times their number, as PNG and
// as the PPM stream that ffmpeg writes.
func shades(t *testing.T, n int) (dir string, stream []byte) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "frames")
	require.NoError(t, os.Mkdir(dir, 0o777))
	for i := range n {
		m := image.NewRGBA(image.Rect(0, 0, 64, 48))
		for p := range m.Pix {
			m.Pix[p] = byte(10 * i)
		}
		for p := 3; p < len(m.Pix); p += 4 {
			m.Pix[p] = 255
		}
		var b bytes.Buffer
		require.NoError(t, png.Encode(&b, m))
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.png", i)), b.Bytes(), 0o666))
		stream = append(stream, "P6\n64 48\n255\n"...)
		stream = append(stream, bytes.Repeat([]byte{byte(10 * i)}, 3*64*48)...)
	}
	return dir, stream
}

// shadesOf tells the pictures of a clip by their shade.
func shadesOf(p Part) (out []int) {
	for _, m := range p.Clip {
		out = append(out, int(color.GrayModel.Convert(m.At(5, 5)).(color.Gray).Y)/10)
	}
	return out
}

func TestReadClipOfAFolder(t *testing.T) {
	dir, _ := shades(t, 5)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("notes"), 0o666))
	p, err := ReadClip(t.Context(), dir, ClipOptions{FPS: 4})
	require.NoError(t, err)
	assert.Equal(t, []int{0, 1, 2, 3, 4}, shadesOf(p))
	assert.Equal(t, 4.0, p.FPS)
	file := filepath.Join(t.TempDir(), "m.json")
	require.NoError(t, os.WriteFile(file, []byte(`[{"role": "user", "content": [{"type": "video", "video": "`+dir+`"}, {"type": "text", "text": "Q?"}]}]`), 0o666))
	messages, err := ReadMessages(file)
	require.NoError(t, err)
	assert.Equal(t, []int{0, 1, 2, 3, 4}, shadesOf(messages[0].Parts[0]))
	for _, preset := range []string{"nano", "nano3"} {
		// qwen_vl_utils brings frames of 64x48 to other sizes first.
		plain, err := openNano(t, preset, PixelOptions{}).Score(t.Context(), Prompt{Messages: messages}, "a")
		require.NoError(t, err)
		fetched, err := openNano(t, preset, PixelOptions{Profile: "easyr1"}).Score(t.Context(), Prompt{Messages: messages}, "a")
		require.NoError(t, err)
		assert.NotEqual(t, len(fetched.PromptTokens), len(plain.PromptTokens))
		s, err := openNano(t, preset, PixelOptions{}).Score(t.Context(), Prompt{Messages: messages}, "a")
		require.NoError(t, err)
		assert.NotEmpty(t, s.LogProbs)
	}
	_, err = ReadClip(t.Context(), t.TempDir(), ClipOptions{})
	assert.ErrorIs(t, err, ErrFormat)
	assert.ErrorContains(t, err, "no pictures in the folder")
	_, err = ReadClip(t.Context(), "none.mp4", ClipOptions{})
	assert.EqualError(t, err, "stat none.mp4: no such file or directory")
	_, err = ReadClip(t.Context(), "/dev/zero", ClipOptions{})
	assert.EqualError(t, err, "video /dev/zero: not a regular file")
}

// pretend puts a program named ffmpeg alone into PATH: it lists n frames at the
// given rate, then prints a stream of pictures.
func pretend(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte("#!/bin/sh\n"+script), 0o777))
	t.Setenv("PATH", dir)
}

// packets lists n frames, 512 ticks apart, in the order of decoding.
func packets(n, ticksASecond int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#software: Lavf\n#tb 0: 1/%d\n#media_type 0: video\n", ticksASecond)
	for i := range n {
		fmt.Fprintf(&b, "0, %10d, %10d, 512, 100, 0x1234\n", 512*(i-1), 512*(i^1))
	}
	return b.String()
}

func TestReadClipOfAVideoFile(t *testing.T) {
	_, stream := shades(t, 20)
	dir := t.TempDir()
	file := filepath.Join(dir, "a clip.mp4")
	for name, data := range map[string][]byte{"stream": stream, "packets": []byte(packets(20, 5120)), "a clip.mp4": []byte("video")} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o666))
	}
	const cat = `
for a; do last=$format; format=$a; [ "$last" = -f ] && break; done
case " $* " in *" file:/"*"a clip.mp4 "*) ;; *) echo "no file: $*" >&2; exit 1;; esac
case $format in
framecrc) while IFS= read -r line; do echo "$line"; done < %[1]s/packets ;;
image2pipe) /bin/cat %[1]s/stream ;;
esac`
	pretend(t, fmt.Sprintf(cat, dir))
	for _, tc := range []struct {
		name  string
		o     ClipOptions
		want  []int // linspace of 0 to 19, rounded; qwen_vl_utils takes an even number
		rate  float64
		times []float64
	}{
		{"two a second", ClipOptions{}, []int{0, 6, 13, 19}, 2, []float64{0, 0.6, 1.3, 1.9}},
		{"eight frames", ClipOptions{Frames: 8}, []int{0, 3, 5, 8, 11, 14, 16, 19}, 4, nil},
		{"five a second, six at most", ClipOptions{FPS: 5, MaxFrames: 6}, []int{0, 4, 8, 11, 15, 19}, 3, nil},
		{"all", ClipOptions{FPS: 100}, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, 10, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := ReadClip(t.Context(), file, tc.o)
			require.NoError(t, err)
			assert.Equal(t, tc.want, shadesOf(p))
			assert.InDelta(t, tc.rate, p.FPS, 1e-9)
			if tc.times != nil {
				assert.InDeltaSlice(t, tc.times, p.Times, 1e-9)
			}
		})
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "m.json"), []byte(`[{"role": "user", "content": [{"type": "video", "video": "a clip.mp4", "fps": 5, "max_frames": 6}]}]`), 0o666))
	messages, err := ReadMessages(filepath.Join(dir, "m.json"))
	require.NoError(t, err)
	assert.Equal(t, []int{0, 4, 8, 11, 15, 19}, shadesOf(messages[0].Parts[0]), "found beside the messages")

	for _, tc := range []struct{ name, script, want string }{
		{"damaged", `echo "file:` + file + `: Invalid data found" >&2; echo more >&2; exit 1`, "ffmpeg: the file: Invalid data found: malformed input"},
		{"no frames", `echo "#tb 0: 1/10"`, "no frames"},
		{"no times", `echo "#tb 0: 0/10"; echo "0, 0, 0, 1, 1, 0x0"`, "frames without times"},
		{"other text", `echo "#tb 0: 1/10"; echo "0, 0, x, 1, 1, 0x0"`, `ffmpeg: "0, 0, x, 1, 1, 0x0" (want a packet)`},
		{"one frame", `echo "#tb 0: 1/10"; echo "0, 0, 0, 1, 1, 0x0"`, "0 frames of a clip of 1 (want 2 to 1)"},
		{"no pictures", `case "$*" in *framecrc*) echo "#tb 0: 1/10"; echo "0, 0, 0, 1, 1, 0x0"; echo "0, 0, 1, 1, 1, 0x0";; *) echo hello;; esac`, "ffmpeg: no pictures of 8 bits"},
		{"an empty stream", `case "$*" in *framecrc*) echo "#tb 0: 1/10"; echo "0, 0, 0, 1, 1, 0x0"; echo "0, 0, 1, 1, 1, 0x0";; esac`, "ffmpeg: no frames"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			pretend(t, tc.script)
			_, err := ReadClip(t.Context(), file, ClipOptions{})
			require.ErrorContains(t, err, "video "+file+": ")
			assert.ErrorContains(t, err, strings.TrimSuffix(tc.want, ": malformed input"))
			assert.ErrorIs(t, err, ErrFormat)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
	t.Run("a stream that ends early", func(t *testing.T) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "stream"), stream[:len(stream)*7/10], 0o666))
		pretend(t, fmt.Sprintf(cat, dir))
		p, err := ReadClip(t.Context(), file, ClipOptions{})
		require.NoError(t, err)
		assert.Equal(t, []int{0, 6, 13, 13}, shadesOf(p))
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		stop()
		_, err := ReadClip(ctx, file, ClipOptions{})
		assert.ErrorIs(t, err, context.Canceled)
	})
	t.Run("not installed", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		_, err := ReadClip(t.Context(), file, ClipOptions{})
		assert.EqualError(t, err, "video "+file+": ffmpeg is not installed (video files need it; a list or a folder of frames does not)")
	})
}

// The real program, where there is one: frames that it packs without loss come
// back, whatever the container's time base.
func TestReadClipWithFFmpeg(t *testing.T) {
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is not installed")
	}
	dir, _ := shades(t, 20)
	for _, ending := range []string{"avi", "mkv", "mov"} {
		file := filepath.Join(t.TempDir(), "clip."+ending)
		out, err := exec.CommandContext(t.Context(), program, "-v", "error", "-framerate", "10", "-i", filepath.Join(dir, "%03d.png"), "-c:v", "png", file).CombinedOutput()
		require.NoError(t, err, string(out))
		p, err := ReadClip(t.Context(), file, ClipOptions{})
		require.NoError(t, err)
		assert.Equal(t, []int{0, 6, 13, 19}, shadesOf(p), ending)
		assert.InDelta(t, 2, p.FPS, 0.01)
	}
}
