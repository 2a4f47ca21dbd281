package gallery

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"strings"

	"ssrl/internal/rgbd"
)

const (
	// quality of the JPEGs that large pictures become: marks with sharp edges
	// stay clean, and a picture of 640x480 is about 60 KB.
	quality = 84

	// asIs is the size, in bytes, up to which a picture is embedded as it is,
	// which keeps the pixels of small pictures exact.
	asIs = 96 << 10

	// maxPixels bounds the pictures that are decoded: 100 MB of colours.
	maxPixels = 1 << 25
)

// shown is a picture as the page holds it.
type shown struct {
	Source        template.HTMLAttr // src="data:.."; empty: too large to be decoded
	Width, Height int               // of the picture itself, not of what is embedded
	Alt           string
}

// embed makes a data URI of at most side x side pixels.
func embed(p Picture, side int) (s shown, err error) {
	const name = "picture"
	s.Width, s.Height, err = rgbd.ImageSize(p.Data, name)
	if err != nil {
		return s, bare(err, name)
	}
	if s.Width*s.Height > maxPixels {
		return s, nil
	}
	kind := ""
	switch {
	case bytes.HasPrefix(p.Data, []byte("\x89PNG")):
		kind = "image/png"
	case bytes.HasPrefix(p.Data, []byte("\xff\xd8\xff")):
		kind = "image/jpeg"
	}
	exact := p.Decode == nil && kind != "" && max(s.Width, s.Height) <= side && len(p.Data) <= asIs
	decode := p.Decode
	if decode == nil {
		decode = func() (*rgbd.RGB, error) { return rgbd.DecodeImage(p.Data, name) }
	}
	// Decoded even if it is embedded as it is: a broken picture is an error here
	// and not a hole in the page.
	m, err := decode()
	if err != nil {
		return s, bare(err, name)
	}
	s.Width, s.Height = m.Width, m.Height
	data := p.Data
	if !exact {
		var b bytes.Buffer
		if err := rgbd.EncodeJPEG(&b, shrink(m, side), quality); err != nil {
			return s, err
		}
		data, kind = b.Bytes(), "image/jpeg"
	}
	s.Source = template.HTMLAttr(`src="data:` + kind + ";base64," + base64.StdEncoding.EncodeToString(data) + `"`)
	return s, nil
}

// shrink returns m with sides of at most side.
func shrink(m *rgbd.RGB, side int) *rgbd.RGB {
	longest := max(m.Width, m.Height)
	if longest <= side {
		return m
	}
	scaled := func(n int) int { return max(1, (n*side+longest/2)/longest) }
	small := rgbd.NewRGB(scaled(m.Width), scaled(m.Height))
	new(rgbd.Resizer).Bilinear(small, m, m.Bounds())
	return small
}

// bare takes the name away that a decoder put before its error.
func bare(err error, name string) error {
	text := err.Error()
	if short := strings.TrimPrefix(text, "image "+name+": "); short != text {
		return errors.New(short)
	}
	return err
}

// pictures embeds those of a sample.
func pictures(s Sample, side int) (out []shown, err error) {
	for i, p := range s.Pictures {
		if i == MaxPictures {
			break
		}
		most := side
		if i > 0 {
			most = side / 2 // shown small
		}
		one, err := embed(p, most)
		if err != nil {
			return nil, fmt.Errorf("image %d: %w", i, err)
		}
		one.Alt = altOf(s, i)
		out = append(out, one)
	}
	return out, nil
}

// altOf says what a picture is to those who cannot see it. It does not give the
// answer away.
func altOf(s Sample, i int) string {
	of := ""
	if s.Source != "" {
		of = " of " + cut(s.Source, 200)
	}
	switch {
	case s.Task == "shuffle" && i == 0:
		return "Shuffled patches" + of
	case s.Task == "flip" && i == 0:
		return "Patches" + of + ", one of them mirrored"
	case s.Task == "crop" && i == 0:
		return "Picture" + of + " with a black square where a part is missing"
	case s.Task == "crop" && i <= 4:
		return "Option " + letter(i-1)
	case s.Task == "depth" && i == 0:
		return "Picture" + of + " with three numbered regions"
	case s.Task == "position" && i == 0:
		return "Picture" + of + " with two numbered regions"
	}
	return fmt.Sprintf("Picture %d of %d%s", i+1, len(s.Pictures)+s.More, of)
}

// letter names an option.
func letter(i int) string { return string(rune('A' + i)) }
