package demo

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"strings"

	"ssrl/internal/gallery"
	"ssrl/internal/rgbd"
)

//go:embed report.html.tmpl
var page string

var layout = template.Must(template.New("report").Parse(page))

// report draws report.html: one file, nothing fetched.
func (r *run) report() ([]byte, error) {
	data := struct {
		Result  Result
		Minutes string
		Rows    []row
		Format  string
		Chance  string // tasks that are not told from guessing
		Curves  []curve
		Cards   []template.HTML
		Policy  string
		Style   template.CSS
		Script  template.JS
	}{Policy: gallery.Policy(), Style: gallery.Style(), Script: gallery.Script(), Result: r.result, Minutes: fmt.Sprintf("%.1f", r.result.Minutes), Rows: r.rows(), Curves: r.drawn()}
	var formats []string
	for _, s := range stages {
		formats = append(formats, fmt.Sprintf("%s %.2f", s, r.reports[s].Score.Format))
	}
	data.Format = strings.Join(formats, ", ")
	data.Chance = strings.Join(r.guessed(), ", ")
	var err error
	if data.Cards, err = r.cards(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = layout.Execute(&b, data)
	return b.Bytes(), err
}

// row is a task in the table.
type row struct {
	Task, Chance string
	Cells        []cell
	N            int
}

// cell is a share of right answers with its 95 % interval.
type cell struct {
	Share, Interval string
	Width           int // of a bar, in percent
}

func (r *run) rows() (out []row) {
	for _, t := range tasks() {
		res := r.result.Tasks[t.Name()]
		line := row{Task: t.Name(), Chance: percent(res.Chance), N: res.HeldOut}
		for _, stage := range stages {
			share := *res.of(stage)
			low, high := wilson(share, res.HeldOut)
			line.Cells = append(line.Cells, cell{percent(share), fmt.Sprintf("%.0f to %.0f", 100*low, 100*high), int(100 * share)})
		}
		out = append(out, line)
	}
	return out
}

// guessed are the tasks whose interval after GRPO reaches down to chance.
func (r *run) guessed() (out []string) {
	for _, t := range tasks() {
		res := r.result.Tasks[t.Name()]
		if low, _ := wilson(res.GRPO, res.HeldOut); low <= res.Chance {
			out = append(out, t.Name())
		}
	}
	return out
}

func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }

// wilson is the 95 % interval of a share of n (Wilson 1927).
func wilson(share float64, n int) (low, high float64) {
	const z = 1.959964
	m := float64(n)
	middle := (share + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(share*(1-share)/m+z*z/(4*m*m))
	return max(0, middle-half), min(1, middle+half)
}

// curve is a metric over the steps of its stage as an SVG line.
type curve struct {
	Name, First, Last, Top, Bottom string
	Points                         string // in a box of 300 x 100
}

func (r *run) drawn() (out []curve) {
	for _, name := range slices.Sorted(maps.Keys(r.curves)) {
		values := smooth(r.curves[name])
		low, high := slices.Min(values), slices.Max(values)
		var points strings.Builder
		for i, v := range values {
			x := 300 * float64(i) / float64(max(len(values)-1, 1))
			y := 100.0
			if high > low {
				y = 100 * (high - v) / (high - low)
			}
			fmt.Fprintf(&points, "%.1f,%.1f ", x, y)
		}
		out = append(out, curve{name, figure(values[0]), figure(values[len(values)-1]), figure(high), figure(low), points.String()})
	}
	return out
}

func figure(x float64) string { return fmt.Sprintf("%.3g", x) }

// smooth averages each value with what came shortly before it.
func smooth(values []float64) []float64 {
	width := len(values)/50 + 1
	out := make([]float64, len(values))
	for i := range values {
		part := values[max(0, i-width+1) : i+1]
		for _, v := range part {
			out[i] += v / float64(len(part))
		}
	}
	return out
}

// cardsPerTask are shown in the gallery, their pictures with at most cardSide
// pixels a side.
const (
	cardsPerTask = 6
	cardSide     = 640
)

// cards are held-out questions with the answers of every stage.
func (r *run) cards() (out []template.HTML, err error) {
	shown := map[string][]int{}
	for i, c := range r.reports["grpo"].Cases {
		if len(shown[c.Task]) < cardsPerTask {
			shown[c.Task] = append(shown[c.Task], i)
		}
	}
	for _, t := range tasks() {
		for _, i := range shown[t.Name()] {
			s, err := r.heldOut.At(i)
			if err != nil {
				return nil, err
			}
			k := gallery.Sample{ID: s.ID, Task: s.Task, Source: s.Source, Problem: s.Problem, Answer: s.Answer, Meta: s.Meta}
			for _, img := range s.Images {
				var b bytes.Buffer
				if err := rgbd.EncodePNG(&b, rgbd.FromImage(img)); err != nil {
					return nil, err
				}
				k.Pictures = append(k.Pictures, gallery.Picture{Data: b.Bytes()})
			}
			for _, stage := range stages {
				a := r.reports[stage].Cases[i]
				k.Said = append(k.Said, gallery.Said{By: stage, Text: a.Answer, Right: a.Score.Accuracy == 1})
			}
			card, err := gallery.Card(k, len(out)+1, cardSide)
			if err != nil {
				return nil, err
			}
			out = append(out, card)
		}
	}
	return out, nil
}
