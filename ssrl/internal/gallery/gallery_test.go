package gallery

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/pretext"
	"ssrl/internal/rgbd"
	"ssrl/internal/scene"
)

// encoded is a picture of random colours as a PNG.
func encoded(t testing.TB, width, height int) Picture {
	t.Helper()
	m := rgbd.NewRGB(width, height)
	rng := rand.New(rand.NewPCG(1, uint64(width*height)))
	for i := range m.Pix {
		m.Pix[i] = byte(rng.Uint32())
	}
	return pictureOf(t, m)
}

func pictureOf(t testing.TB, m *rgbd.RGB) Picture {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, rgbd.EncodePNG(&b, m))
	return Picture{Data: b.Bytes()}
}

// asked are samples of every task about synthetic rooms, as they are made.
func asked(t testing.TB) (out []Sample) {
	t.Helper()
	f := scene.Render(3, 0, 320, 240)
	for _, task := range []pretext.Task{pretext.Shuffle{}, pretext.Flip{}, pretext.Crop{}, pretext.DepthOrder{}, pretext.Position{}} {
		s, err := task.Make(rand.New(rand.NewPCG(1, 2)), f)
		require.NoError(t, err)
		meta, err := json.Marshal(s.Meta)
		require.NoError(t, err)
		made := Sample{ID: s.Task + "-0", Task: s.Task, Source: "room.png", Problem: s.Problem, Answer: s.Answer, Meta: meta}
		for _, m := range s.Images {
			made.Pictures = append(made.Pictures, pictureOf(t, m))
		}
		out = append(out, made)
	}
	return out
}

// pageOf writes samples as a page.
func pageOf(t testing.TB, samples ...Sample) string {
	t.Helper()
	var b strings.Builder
	h := Head{Title: "rooms", Side: 400, Unit: "m"}
	seen := map[string]int{}
	for _, s := range samples {
		seen[s.Task]++
	}
	for task, n := range seen {
		h.Tasks = append(h.Tasks, Count{task, n, n + 10})
	}
	w, err := New(&b, h)
	require.NoError(t, err)
	for _, s := range samples {
		require.NoError(t, w.Add(s))
	}
	require.NoError(t, w.Close())
	return b.String()
}

func TestPageStandsAlone(t *testing.T) {
	page := pageOf(t, asked(t)...)
	assert.NotRegexp(t, `https?:|@import|url\(|<link|<iframe|<object|//[a-z]+\.`, page)
	for _, m := range regexp.MustCompile(`(?:src|href)="([^"]{0,12})`).FindAllStringSubmatch(page, -1) {
		assert.Regexp(t, `^(data:image/|#)`, m[1])
	}
	scripts := regexp.MustCompile(`(?s)<script>(.*?)</script>`).FindAllStringSubmatch(page, -1)
	require.Len(t, scripts, 1)
	sum := sha256.Sum256([]byte(scripts[0][1]))
	assert.Contains(t, html.UnescapeString(page), "script-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"';", "the policy allows what stands there")
	assert.Less(t, strings.Index(page, "Content-Security-Policy"), strings.Index(page, "<style>"))
}

func TestPageShowsEveryTask(t *testing.T) {
	page := pageOf(t, asked(t)...)
	assert.Equal(t, 5, strings.Count(page, "<article"))
	assert.Equal(t, 5, strings.Count(page, `<svg class="truth"`))
	assert.Equal(t, 9, strings.Count(page, "<img "))
	assert.Equal(t, 9, len(regexp.MustCompile(`alt="[^"]{8,}" loading="lazy"`).FindAllString(page, -1)), "every picture has words")
	assert.Contains(t, page, "5 of 55 samples")
	for i, task := range tasks {
		assert.Contains(t, page, `class="card of`+decimal(i+1)+` is-`+task+`"`)
		assert.Contains(t, page, `body:has(#f`+decimal(i+1)+`:checked)`)
	}
	for _, what := range []string{`class="scale"`, `class="plan"`, `class="fill" data-picture=`, "<details>", "<summary>Answer</summary>"} {
		assert.Contains(t, page, what)
	}
	assert.Equal(t, pageOf(t, asked(t)...), page, "the same samples are the same page")
}

func TestTextIsNeverMarkup(t *testing.T) {
	const hostile = `"'></style></p><script>alert(1)</script><img src=x onerror=alert(1)>{{.}} javascript:alert(1)`
	meta := `{"kind":"near","camera":{"label":1,"center":[5,5],"depth":1},"target":{"label":2,"center":[25,25],"depth":2},"facing":"left","options":["` +
		strings.ReplaceAll(hostile, `"`, `\"`) + `","B","C","D"]}`
	s := Sample{ID: hostile, Task: "position", Source: hostile, Problem: "<image>" + hostile, Answer: "A", Meta: json.RawMessage(meta),
		Pictures: []Picture{encoded(t, 40, 30)}, Said: []Said{{hostile, hostile, true}}}
	other := s
	other.Task, other.Answer = hostile, hostile
	var b strings.Builder
	w, err := New(&b, Head{Title: hostile, Facts: []string{hostile}, Side: 100, Tasks: []Count{{"position", 1, 1}, {hostile, 1, 1}}})
	require.NoError(t, err)
	require.NoError(t, w.Add(s))
	require.NoError(t, w.Add(other))
	require.NoError(t, w.Close())
	page := b.String()
	assert.Contains(t, page, `class="choices"`, "the options are shown")
	assert.Equal(t, 1, strings.Count(page, "<script"))
	assert.Equal(t, 1, strings.Count(page, "</style"))
	assert.Equal(t, 2, strings.Count(page, "<img "), "one for each sample")
	bare := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(page, "")
	for _, tag := range regexp.MustCompile(`<[a-z][^>]*>`).FindAllString(bare, -1) {
		assert.NotContains(t, tag, "onerror", "as an attribute of its own")
	}
}

func TestMetaThatDoesNotFitIsNotDrawn(t *testing.T) {
	const crop = `"options":[{"kind":"truth","box":[2,2,8,8]},{"kind":"rotate+90","box":[2,2,8,8]},{"kind":"rotate-90","box":[2,2,8,8]},{"kind":"interior","box":[4,4,4,4]}]`
	const depth = `{"regions":[{"label":1,"center":[5,5],"size":5,"depth":[1,2]},{"label":2,"center":[15,5],"size":5,"depth":[3,4]},{"label":3,"center":[25,5],"size":5,"depth":[5,6]}]}`
	const position = `{"kind":"near","camera":{"label":1,"center":[5,5],"depth":1},"target":{"label":2,"center":[25,25],"depth":2},"facing":"left","options":["Left","Right","Front","Back"]}`
	for _, tc := range []struct {
		name, task, meta string
		drawn            bool
	}{
		{"shuffle", "shuffle", `{"grid":[2,2],"area":[0,0,40,30],"order":[1,0,3,2]}`, true},
		{"none", "shuffle", ``, false},
		{"no object", "shuffle", `[1,2]`, false},
		{"empty object", "shuffle", `{}`, false},
		{"grid of nothing", "shuffle", `{"grid":[0,2],"area":[0,0,40,30],"order":[]}`, false},
		{"grid below nothing", "flip", `{"grid":[-2,-2],"area":[0,0,40,30],"patch":1,"direction":0}`, false},
		{"absurd grid", "shuffle", `{"grid":[999999999,999999999],"area":[0,0,40,30],"order":[0]}`, false},
		{"order of three", "shuffle", `{"grid":[2,2],"area":[0,0,40,30],"order":[1,0,3]}`, false},
		{"order with a repeat", "shuffle", `{"grid":[2,2],"area":[0,0,40,30],"order":[1,1,3,2]}`, false},
		{"order out of range", "shuffle", `{"grid":[2,2],"area":[0,0,40,30],"order":[1,0,3,4]}`, false},
		{"area of another picture", "shuffle", `{"grid":[2,2],"area":[0,0,64,48],"order":[1,0,3,2]}`, false},
		{"masked out of range", "shuffle", `{"grid":[2,2],"area":[0,0,40,30],"order":[1,0,3,2],"masked":-9}`, true},
		{"flip", "flip", `{"grid":[2,2],"area":[0,0,40,30],"patch":3,"direction":1}`, true},
		{"flip of no patch", "flip", `{"grid":[2,2],"area":[0,0,40,30],"patch":4,"direction":1}`, false},
		{"flip in no direction", "flip", `{"grid":[2,2],"area":[0,0,40,30],"patch":0,"direction":2}`, false},
		{"crop", "crop", `{"hole":[2,2,8,8],` + crop + `}`, true},
		{"hole outside", "crop", `{"hole":[35,2,8,8],` + crop + `}`, false},
		{"hole at the end of numbers", "crop", `{"hole":[9223372036854775807,1,9223372036854775807,1],` + crop + `}`, false},
		{"hole left of it", "crop", `{"hole":[-1,2,8,8],` + crop + `}`, false},
		{"no truth", "crop", `{"hole":[2,2,8,8],` + strings.Replace(crop, "truth", "interior", 1) + `}`, false},
		{"unknown kind", "crop", `{"hole":[2,2,8,8],` + strings.Replace(crop, "rotate-90", "sheared", 1) + `}`, false},
		{"depth", "depth", depth, true},
		{"region outside", "depth", strings.Replace(depth, "[25,5]", "[40,5]", 1), false},
		{"depth of nothing", "depth", strings.Replace(depth, "[1,2]", "[0,2]", 1), false},
		{"depth backwards", "depth", strings.Replace(depth, "[1,2]", "[2,1]", 1), false},
		{"depth too large for a float", "depth", strings.Replace(depth, "[1,2]", "[1,1e300]", 1), false},
		{"region of no size", "depth", strings.Replace(depth, `"size":5`, `"size":0`, 1), false},
		{"position", "position", position, true},
		{"facing nowhere", "position", strings.Replace(position, `"left"`, `"up"`, 1), false},
		{"target outside", "position", strings.Replace(position, "[25,25]", "[25,30]", 1), false},
		{"camera without depth", "position", strings.Replace(position, `"depth":1`, `"depth":0`, 1), false},
		{"a task of another program", "count", position, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := Sample{Task: tc.task, Answer: "A", Meta: json.RawMessage(tc.meta), Pictures: []Picture{encoded(t, 40, 30)}}
			for range 4 {
				if tc.task == "crop" {
					s.Pictures = append(s.Pictures, encoded(t, 8, 8))
				}
			}
			c, err := newCard(s, 100, "m")
			require.NoError(t, err)
			assert.Equal(t, tc.drawn, c.Drawn != nil)
			assert.NotContains(t, pageOf(t, s), "NaN")
		})
	}
}

func TestTasksBeyondTheFiltersShareOne(t *testing.T) {
	var samples []Sample
	for i := range 40 {
		samples = append(samples, Sample{Task: "task " + decimal(100+i), Problem: "Which?", Answer: "this"})
	}
	page := pageOf(t, samples...)
	assert.Equal(t, maxTasks+1, strings.Count(page, `type="radio"`))
	assert.Contains(t, page, `others <b>29</b>`)
	assert.Equal(t, 29, strings.Count(page, `class="card of12 `))
	one := pageOf(t, Sample{Problem: "Which?", Answer: "this"})
	assert.Equal(t, 1, strings.Count(one, `type="radio"`), "nothing to choose")
	assert.Contains(t, one, "question")
}

func TestLongAndManyThingsAreCut(t *testing.T) {
	s := Sample{Task: "x", Problem: strings.Repeat("é", 1e6), Answer: strings.Repeat("y", 1e6), ID: strings.Repeat("z", 1e6), More: 7}
	for range MaxPictures + 3 {
		s.Pictures = append(s.Pictures, encoded(t, 9, 7))
	}
	page := pageOf(t, s)
	assert.Less(t, len(page), 100_000)
	assert.Equal(t, MaxPictures, strings.Count(page, "<img "))
	assert.Contains(t, page, "and 10 more pictures")
	assert.Contains(t, page, "Picture 1 of 22")
	assert.NotContains(t, page, "\uFFFD", "no half of a letter")
}

func TestProblemNamesPictures(t *testing.T) {
	for _, tc := range []struct {
		name, problem string
		want          []piece
	}{
		{"at the beginning", "<image>Which?", []piece{{Text: "Which?"}}},
		{"at the end", "Which? <image>", []piece{{Text: "Which?"}, {Picture: "picture"}}},
		{"two", "<image><image>Which?", []piece{{Picture: "picture 1"}, {Picture: "picture 2"}, {Text: "Which?"}}},
		{"none", "Which?", []piece{{Text: "Which?"}}},
		{"nothing", "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) { assert.Equal(t, tc.want, pieces(tc.problem, false)) })
	}
}

func TestCardsForOtherPages(t *testing.T) {
	card, err := Card(Sample{Task: "flip", Problem: "<image> Which?", Answer: "1-0", Pictures: []Picture{encoded(t, 20, 20)}, Said: []Said{{"new", "2", false}, {"SFT", "1-0", true}}}, 7, 100)
	require.NoError(t, err)
	assert.Contains(t, card, `id="q7"`)
	assert.Contains(t, card, `<dt>SFT</dt><dd class="good">`)
	assert.Contains(t, card, `<dd class="bad">`)
}

func FuzzMeta(f *testing.F) {
	for _, s := range asked(f) {
		f.Add(s.Task, []byte(s.Meta), s.Answer)
	}
	f.Fuzz(func(t *testing.T, task string, meta []byte, answer string) {
		s := Sample{Task: task, Meta: meta, Answer: answer, Problem: answer}
		for range 5 {
			s.Pictures = append(s.Pictures, encoded(t, 12, 9))
		}
		if page := pageOf(t, s); strings.Count(page, "<script") != 1 {
			t.Errorf("markup came through: %q", meta)
		}
	})
}
