package gallery

import (
	"strings"
)

// card is what the card's template shows.
type card struct {
	Number, Filter   int
	ID, Task, Class  string
	Source           string
	Problem          []piece
	Answer           string
	Main             *shown // nil: a question without a picture
	Rest             []option
	Grid             bool // Rest are the lettered options of crop
	More             int
	Choices          []choice
	Drawn            *drawing // nil: no geometry is known
	Said             []Said
	Compact          bool // a short answer, shown large
	Small            bool // the picture's own pixels are seen
	Wide, High, Unit float64
}

// piece is text of a problem, or the place of a picture in it.
type piece struct {
	Text    string
	Picture string // what to call the picture; empty: Text
}

// option is a picture beside the main one.
type option struct {
	shown
	Letter, Kind string // Kind is known with the answer
	Right        bool
}

// choice is an answer to choose from that is a word.
type choice struct {
	Letter, Text string
	Right        bool
}

const (
	placeholder = "<image>"
	maxSaid     = 160 // bytes of what a model answered
	smallSide   = 128 // pixels; larger pictures are smoothed when they are enlarged
)

func newCard(s Sample, side int, unit string) (*card, error) {
	all, err := pictures(s, side)
	if err != nil {
		return nil, err
	}
	c := &card{ID: cut(s.ID, 200), Task: label(s.Task), Class: classOf(s.Task), Source: cut(s.Source, 200),
		Answer: cut(strings.TrimSpace(s.Answer), maxText), More: s.More + max(0, len(s.Pictures)-MaxPictures)}
	c.Compact = len(c.Answer) <= 40
	for _, said := range s.Said {
		c.Said = append(c.Said, Said{said.By, cut(said.Text, maxSaid), said.Right})
	}
	c.Problem = pieces(cut(s.Problem, maxText), s.Task == "crop")
	if len(all) == 0 {
		return c, nil
	}
	c.Main = &all[0]
	for i := range all[1:] {
		c.Rest = append(c.Rest, option{shown: all[i+1]})
	}
	c.Wide, c.High = float64(c.Main.Width), float64(c.Main.Height)
	c.Unit = unitOf(c.Wide, c.High)
	c.Small = max(c.Wide, c.High) <= smallSide
	d := &drawing{w: c.Wide, h: c.High, u: c.Unit, depthUnit: unit}
	if d.draw(s) {
		c.Drawn = d
	}
	if c.Grid = s.Task == "crop" && len(c.Rest) == 4; c.Grid {
		for i := range c.Rest {
			c.Rest[i].Letter = letter(i)
			c.Rest[i].Right = c.Answer == letter(i)
			if c.Drawn != nil {
				c.Rest[i].Kind = d.kinds[i]
			}
		}
	}
	for i, text := range d.choices {
		c.Choices = append(c.Choices, choice{letter(i), cut(text, 60), c.Answer == letter(i)})
	}
	return c, nil
}

// Hint is the size of words for those who run no script.
func (c *card) Hint() float64 { return 15 * c.Unit }

// unitOf is about one CSS pixel, in pixels of a picture that fills a card.
func unitOf(w, h float64) float64 { return max(w, h) / 420 }

// pieces cuts a problem at its placeholders. The one that a problem begins with
// says nothing and is left out.
func pieces(problem string, lettered bool) (out []piece) {
	parts := strings.Split(strings.TrimSpace(problem), placeholder)
	names := func(i int) string {
		switch {
		case lettered && len(parts) == 6 && i == 0:
			return "above"
		case lettered && len(parts) == 6:
			return letter(i - 1)
		case len(parts) == 2:
			return "picture"
		}
		return "picture " + decimal(i+1)
	}
	for i, text := range parts {
		if text = strings.TrimRight(text, " "); strings.TrimSpace(text) != "" {
			out = append(out, piece{Text: text})
		}
		last := i == len(parts)-1
		leading := len(out) == 0 && len(parts) == 2
		if !last && !leading {
			out = append(out, piece{Picture: names(i)})
		}
	}
	return out
}
