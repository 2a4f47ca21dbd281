package formats_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/answer"
	"ssrl/internal/chat"
	"ssrl/internal/formats"
	"ssrl/internal/golden"
	"ssrl/internal/patch"
)

// left lists reference cases that are not compared, by file, with the reason.
// There are none.
var left = map[string]string{}

// pngOnly: the reference names a JPEG's mode as Pillow opens it (L, CMYK); here
// every JPEG is decoded to RGB, so modes are compared for PNG alone.
const pngOnly = "PNG"

// wanted is a case of expected.json.
type wanted struct {
	File, Loader, Dataset string
	Options               struct {
		ImageDir  string `json:"image_dir"`
		MediaDir  string `json:"media_dir"`
		PromptKey string `json:"prompt_key"`
		AnswerKey string `json:"answer_key"`
		ImageKey  string `json:"image_key"`
	}
	Rows    []wantedRow
	Skipped []int `json:"skipped_rows"`
	Error   *struct {
		Fault   string
		Row     *int
		Mention []string
	}
}

type wantedRow struct {
	// of the loader rl
	Problem, Answer string
	Content         []*string // null is a picture

	// of the loader sft
	Row      int
	System   string
	Messages []struct{ Role, Content string }

	Images []any // pictures (rl) or paths (sft)
}

func TestReadersDoWhatTheReferenceDoes(t *testing.T) {
	dir := golden.Dir(t, "rl", "dataset")
	var all struct {
		Tolerance float64 `json:"jpeg_mean_tolerance"`
		Cases     []wanted
	}
	golden.JSON(t, filepath.Join(dir, "expected.json"), &all)
	require.NotEmpty(t, all.Cases)
	for _, c := range all.Cases {
		t.Run(strings.Trim(c.File+" "+c.Dataset, " "), func(t *testing.T) {
			if why := left[c.File]; why != "" {
				t.Skip(why)
			}
			d, err := open(dir, c)
			if err == nil {
				defer d.Close()
				err = decodeAll(d)
			}
			if c.Error != nil {
				checkError(t, c, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, len(c.Rows), d.Len())
			var skipped []int
			for _, s := range d.Skipped() {
				skipped = append(skipped, s.Row)
			}
			assert.ElementsMatch(t, c.Skipped, skipped)
			for i, want := range c.Rows {
				if c.Loader == "sft" {
					checkConversation(t, d, i, want)
				} else {
					checkQuestion(t, d, i, want, all.Tolerance)
				}
			}
		})
	}
}

func open(dir string, c wanted) (*formats.Dataset, error) {
	o := formats.Options{Problem: c.Options.PromptKey, Answer: c.Options.AnswerKey, Images: c.Options.ImageKey, Name: c.Dataset}
	if sub := c.Options.ImageDir + c.Options.MediaDir; sub != "" {
		o.ImageDir = filepath.Join(dir, sub)
	}
	return formats.Open(filepath.Join(dir, c.File), o)
}

// decodeAll reads everything there is to read.
func decodeAll(d *formats.Dataset) error {
	for i := range d.Len() {
		row, err := d.At(i)
		if err != nil {
			return err
		}
		for n := range row.Images {
			if _, err := d.Picture(i, n); err != nil {
				return err
			}
		}
	}
	return nil
}

var namedRow = regexp.MustCompile(`row (\d+)`)

func checkError(t *testing.T, c wanted, err error) {
	t.Helper()
	require.Error(t, err, c.Error.Fault)
	t.Log(err)
	text := strings.ToLower(err.Error())
	for _, word := range c.Error.Mention {
		assert.Contains(t, text, strings.ToLower(word))
	}
	assert.NotContains(t, text, "\n")
	if c.Error.Row != nil {
		row := namedRow.FindStringSubmatch(text)
		require.NotNil(t, row, text)
		assert.Equal(t, fmt.Sprint(*c.Error.Row), row[1], text)
	}
	name, _, _ := strings.Cut(filepath.Base(c.File), "@")
	if c.Dataset == "" {
		assert.Contains(t, text, strings.ToLower(name))
	}
}

func checkConversation(t *testing.T, d *formats.Dataset, i int, want wantedRow) {
	t.Helper()
	row, err := d.At(i)
	require.NoError(t, err)
	assert.Equal(t, want.Row, row.Number)
	assert.Equal(t, want.System, row.System)
	var messages []formats.Message
	for _, m := range want.Messages {
		messages = append(messages, formats.Message{Role: m.Role, Text: m.Content})
	}
	assert.Equal(t, messages, row.Messages)
	paths := []any{}
	for _, m := range row.Images {
		paths = append(paths, m.Path)
	}
	assert.Equal(t, want.Images, paths)
}

func checkQuestion(t *testing.T, d *formats.Dataset, i int, want wantedRow, tolerance float64) {
	t.Helper()
	row, err := d.At(i)
	require.NoError(t, err)
	assert.Equal(t, want.Problem, row.Problem)
	assert.Equal(t, want.Answer, row.Answer)
	require.Len(t, row.Images, len(want.Images))
	m, err := chat.User(answer.WithFormat(row.Problem), len(row.Images))
	require.NoError(t, err)
	var content []*string
	for _, p := range m.Parts {
		if p.Kind == chat.Image {
			content = append(content, nil)
		} else {
			content = append(content, &p.Text)
		}
	}
	// EasyR1's template trims only the whole problem, so a picture first keeps
	// what follows it as it is.
	assert.Equal(t, want.Content, content)
	for n, picture := range want.Images {
		checkPicture(t, d, i, n, picture.(map[string]any), tolerance)
	}
}

func checkPicture(t *testing.T, d *formats.Dataset, i, n int, want map[string]any, tolerance float64) {
	t.Helper()
	data, err := d.Image(i, n)
	require.NoError(t, err)
	assert.Equal(t, want["bytes_sha256"], hash(data))
	p, err := d.Picture(i, n)
	require.NoError(t, err)
	assert.EqualValues(t, want["width"], p.Width)
	assert.EqualValues(t, want["height"], p.Height)
	if want["format"] == pngOnly {
		assert.EqualValues(t, want["mode"], p.Mode)
	}
	rgb := p.RGB()
	if sum, ok := want["rgb_sha256"]; ok {
		assert.Equal(t, sum, hash(rgb.Pix))
	}
	var mean [3]float64
	for k, v := range rgb.Pix {
		mean[k%3] += float64(v) / float64(len(rgb.Pix)/3)
	}
	const rounded = 1e-3 // the reference gives three decimals
	if want["format"] == pngOnly {
		tolerance = rounded
	}
	for k, v := range want["rgb_mean"].([]any) {
		assert.LessOrEqual(t, math.Abs(v.(float64)-mean[k]), tolerance, "channel %d", k)
	}
	caller, err := patch.CallerByName("easyr1")
	require.NoError(t, err)
	resized, err := caller.Prepare(p, 28)
	require.NoError(t, err)
	assert.EqualValues(t, want["easyr1_size"].([]any)[0], resized.Width)
	assert.EqualValues(t, want["easyr1_size"].([]any)[1], resized.Height)
	if sum, ok := want["easyr1_rgb_sha256"]; ok {
		assert.Equal(t, sum, hash(resized.Pix))
	}
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
