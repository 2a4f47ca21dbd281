// Package gallery writes samples as one HTML page that stands alone: pictures,
// question, answer, and the geometry behind the answer drawn over the picture.
//
// Nothing is fetched: pictures are data URIs, style and script are inline, and
// the page forbids itself everything else by a Content-Security-Policy. Samples
// are written one by one as they are added, so memory holds one of them. What a
// sample says is text and never markup, whoever wrote it. Without the script,
// which animates and adds keys, filter, answers and overlays still work.
//
// Limits: at most MaxPictures of a sample are shown, texts are cut at 8,000
// bytes and pictures are shrunk to Head.Side. Meta that contradicts its
// picture, or is of a task that is not ours, is not drawn.
package gallery

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"ssrl/internal/rgbd"
)

const (
	// MaxPictures is how many pictures of a sample are shown.
	MaxPictures = 12

	// maxText bounds a text that is shown, in bytes.
	maxText = 8000

	// maxTasks is how many tasks get a filter of their own.
	maxTasks = 12
)

// Head is what a page says above its samples.
type Head struct {
	Title string
	Tasks []Count // in the order of the filters
	Facts []string
	Side  int    // longest side of an embedded picture, in pixels
	Unit  string // of depth, such as "m"; empty when it is not known
}

// Count says how many of a task's samples are shown.
type Count struct {
	Task         string
	Shown, Total int
}

// Sample is one question as it is shown.
type Sample struct {
	ID, Task, Source string
	Problem, Answer  string // <image> stands in Problem where a picture belongs
	Meta             json.RawMessage
	Pictures         []Picture
	Said             []Said // answers of models, may be empty
	More             int    // pictures beyond Pictures
}

// Picture is an encoded picture. Decode, if there is one, says how its pixels
// are read; otherwise it is rgbd.DecodeImage.
type Picture struct {
	Data   []byte
	Decode func() (*rgbd.RGB, error)
}

// Said is what somebody answered.
type Said struct {
	By, Text string
	Right    bool
}

//go:embed style.css
var style string

//go:embed script.js
var script string

//go:embed page.html.tmpl
var page string

var layout = template.Must(template.New("page").Parse(page))

// Style is the style sheet of cards, for pages that hold cards among other things.
func Style() template.CSS { return template.CSS(style) }

// Script is the script of cards; Policy allows it and nothing else.
func Script() template.JS { return template.JS(script) }

// Policy is the Content-Security-Policy of a page with Style and Script.
func Policy() string {
	sum := sha256.Sum256([]byte(script))
	return "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}

// Writer writes a page. Use it from one goroutine.
type Writer struct {
	w     *bufio.Writer
	head  Head
	cards int
}

// New begins a page on w.
func New(w io.Writer, h Head) (*Writer, error) {
	g := &Writer{w: bufio.NewWriterSize(w, 1<<16), head: h}
	slices.SortStableFunc(g.head.Tasks, func(a, b Count) int { return cmp.Compare(rank(a.Task), rank(b.Task)) })
	return g, layout.ExecuteTemplate(g.w, "head", g.top())
}

// Add writes a sample. An error names the picture that is broken.
func (g *Writer) Add(s Sample) error {
	c, err := newCard(s, g.head.Side, g.head.Unit)
	if err != nil {
		return err
	}
	c.Filter = g.filterOf(s.Task)
	g.cards++
	c.Number = g.cards
	return layout.ExecuteTemplate(g.w, "card", c)
}

// Close ends the page; it does not close the writer below.
func (g *Writer) Close() error {
	if err := layout.ExecuteTemplate(g.w, "foot", Script()); err != nil {
		return err
	}
	return g.w.Flush()
}

// Card returns one sample as HTML, for a page that has Style and Script.
func Card(s Sample, number, side int) (template.HTML, error) {
	c, err := newCard(s, side, "")
	if err != nil {
		return "", err
	}
	c.Number = number
	var b strings.Builder
	err = layout.ExecuteTemplate(&b, "card", c)
	return template.HTML(b.String()), err
}

// tasks in the order of filters, each with a colour of its own.
var tasks = []string{"shuffle", "flip", "crop", "depth", "position"}

// rank orders tasks: ours first.
func rank(task string) int {
	if i := slices.Index(tasks, task); i >= 0 {
		return i
	}
	return len(tasks)
}

// top is what the head's template shows.
type top struct {
	Head
	Shown, Total int
	Filters      []filter
	Policy       string
	Style        template.CSS
	Rules        template.CSS // of the filters
}

// filter shows the cards of a task, or of the tasks after the last one.
type filter struct {
	Count
	Number int
	Class  string
}

func (g *Writer) top() top {
	t := top{Head: g.head, Policy: Policy(), Style: Style()}
	for i, c := range g.head.Tasks {
		t.Shown, t.Total = t.Shown+c.Shown, t.Total+c.Total
		switch {
		case i < maxTasks-1 || len(g.head.Tasks) <= maxTasks:
			t.Filters = append(t.Filters, filter{Count{label(c.Task), c.Shown, c.Total}, i + 1, classOf(c.Task)})
		case i == maxTasks-1:
			t.Filters = append(t.Filters, filter{Count{"others", c.Shown, c.Total}, i + 1, classOf("")})
		default:
			last := &t.Filters[maxTasks-1]
			last.Shown, last.Total = last.Shown+c.Shown, last.Total+c.Total
		}
	}
	var rules strings.Builder
	for _, f := range t.Filters {
		fmt.Fprintf(&rules, "body:has(#f%d:checked) .card:not(.of%d){display:none}\n", f.Number, f.Number)
	}
	t.Rules = template.CSS(rules.String())
	return t
}

// filterOf is the number of the filter that shows a task.
func (g *Writer) filterOf(task string) int {
	i := slices.IndexFunc(g.head.Tasks, func(c Count) bool { return c.Task == task })
	if len(g.head.Tasks) > maxTasks {
		i = min(i, maxTasks-1)
	}
	return i + 1
}

// classOf is the CSS class of a task's colour.
func classOf(task string) string {
	if slices.Contains(tasks, task) {
		return "is-" + task
	}
	return "is-other"
}

// label is how a task is called.
func label(task string) string {
	if task == "" {
		return "question"
	}
	return cut(task, 40)
}

// cut shortens a text to about n bytes.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + " …"
}
