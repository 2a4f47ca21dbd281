package demo

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/png"
	"maps"
	"math"
	"slices"
	"strings"
)

//go:embed report.html.tmpl
var page string

var layout = template.Must(template.New("report").Parse(page))

// stages in the order in which they happen.
var stages = []string{"new", "sft", "grpo"}

// report draws report.html: one file, nothing fetched.
func (r *run) report() ([]byte, error) {
	data := struct {
		Result  Result
		Minutes string
		Rows    []row
		Format  string
		Curves  []curve
		Cards   []card
	}{Result: r.result, Minutes: fmt.Sprintf("%.1f", r.result.Minutes), Rows: r.rows(), Curves: r.drawn()}
	var formats []string
	for _, s := range stages {
		formats = append(formats, fmt.Sprintf("%s %.2f", s, r.reports[s].Score.Format))
	}
	data.Format = strings.Join(formats, ", ")
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
		for _, share := range []float64{res.New, res.SFT, res.GRPO} {
			low, high := wilson(share, res.HeldOut)
			line.Cells = append(line.Cells, cell{percent(share), fmt.Sprintf("%.0f to %.0f", 100*low, 100*high), int(100 * share)})
		}
		out = append(out, line)
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

// card is a question with the answers of every stage.
type card struct {
	Task, Problem, Truth string
	Images               []template.URL
	Answers              []said
}

type said struct {
	Stage, Text string
	Right       bool
}

// cardsPerTask are shown in the gallery.
const cardsPerTask = 6

func (r *run) cards() (out []card, err error) {
	shown := map[string]int{}
	for i, c := range r.reports["grpo"].Cases {
		if shown[c.Task]++; shown[c.Task] > cardsPerTask {
			continue
		}
		s, err := r.heldOut.At(i)
		if err != nil {
			return nil, err
		}
		k := card{Task: c.Task, Problem: strings.TrimSpace(strings.ReplaceAll(s.Problem, "<image>", "")), Truth: c.Truth}
		for _, img := range s.Images {
			url, err := dataURL(img)
			if err != nil {
				return nil, err
			}
			k.Images = append(k.Images, url)
		}
		for _, stage := range stages {
			a := r.reports[stage].Cases[i]
			text := a.Answer
			if len(text) > 60 {
				text = strings.ToValidUTF8(text[:60], "") + "…"
			}
			k.Answers = append(k.Answers, said{stage, text, a.Score.Accuracy == 1})
		}
		out = append(out, k)
	}
	slices.SortStableFunc(out, func(a, b card) int { return strings.Compare(a.Task, b.Task) })
	return out, nil
}

func dataURL(img image.Image) (template.URL, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return "", err
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())), nil
}
