package ssrl

import (
	"encoding/json"
	"fmt"
	"image"
	"regexp"

	"ssrl/internal/chat"
)

// relativeUnits is the width, and the height, of every picture in Qwen3-VL's
// coordinates.
const relativeUnits = 1000

// ToPixels brings coordinates that the model said of a picture to pixels of
// that picture: x and y in turn, as in the box [x1, y1, x2, y2]. size is the
// picture's as the model was given it. Qwen2.5-VL says pixels of the picture
// resized for its vision tower, Qwen3-VL thousandths of width and height.
// Coordinates outside of the picture stay outside.
func (m *Model) ToPixels(size image.Point, coords ...float64) ([]float64, error) {
	return m.rescaled(size, coords, func(v, side, units float64) float64 { return v / units * side })
}

// FromPixels is the inverse of ToPixels, for questions that name places.
func (m *Model) FromPixels(size image.Point, coords ...float64) ([]float64, error) {
	return m.rescaled(size, coords, func(v, side, units float64) float64 { return v / side * units })
}

func (m *Model) rescaled(size image.Point, coords []float64, scale func(v, side, units float64) float64) ([]float64, error) {
	if len(coords)%2 != 0 {
		return nil, fmt.Errorf("%d coordinates (want x and y in turn)", len(coords))
	}
	units := [2]float64{relativeUnits, relativeUnits}
	if m.markup.Family() == chat.Qwen25 {
		w, h, err := m.view.size(size)
		if err != nil {
			return nil, err
		}
		units = [2]float64{float64(w), float64(h)}
	} else if size.X < 1 || size.Y < 1 {
		return nil, fmt.Errorf("image %dx%d (want sides of at least 1)", size.X, size.Y)
	}
	out := make([]float64, len(coords))
	for i, v := range coords {
		side := float64(size.X)
		if i%2 == 1 {
			side = float64(size.Y)
		}
		out[i] = scale(v, side, units[i%2])
	}
	return out, nil
}

// Region is a box or a point that a model named, in its own coordinates: see
// Model.ToPixels.
type Region struct {
	Label  string
	Coords []float64 // [x1, y1, x2, y2] of a box, [x, y] of a point
}

// object is a JSON object without others inside.
var object = regexp.MustCompile(`\{[^{}]*\}`)

// FindRegions returns the regions in an answer: every JSON object that has a
// bbox_2d of four numbers or a point_2d of two, in the form in which Qwen-VL is
// trained to ground. What surrounds the objects does not matter, so an answer
// that was cut short gives those that are whole.
func FindRegions(answer string) []Region {
	var out []Region
	for _, text := range object.FindAllString(answer, -1) {
		var o struct {
			Box   []float64 `json:"bbox_2d"`
			Point []float64 `json:"point_2d"`
			Label string    `json:"label"`
		}
		switch err := json.Unmarshal([]byte(text), &o); {
		case err != nil:
		case len(o.Box) == 4:
			out = append(out, Region{o.Label, o.Box})
		case len(o.Point) == 2:
			out = append(out, Region{o.Label, o.Point})
		}
	}
	return out
}
