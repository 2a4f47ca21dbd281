package pretext

import (
	"fmt"
	"strconv"
	"strings"
)

// The wording is the paper's (appendix, question templates) with its slips
// mended: strips name the labels that exist and say how they lie, the flip
// question has its noun, crop options are named by letter, and it is said that
// an arrangement is written in labels. One <image> stands where each picture
// belongs. Upstream's own words are in upstream.go.

// cues is what the paper tells the reader to look at.
const cues = "Based on visual clues such as continuity, alignment, and context, "

// question is all that the words of a question depend on.
type question struct {
	task          string
	rows, cols    int // of a grid
	mask          bool
	brief, parity bool
	kind, facing  string // of position
	camera        int    // its label, 1 or 2
	options       [4]string
}

func (q question) text() string {
	switch {
	case q.brief:
		return q.briefly()
	case q.parity:
		return q.upstream()
	}
	switch q.task {
	case "shuffle":
		return q.shuffle()
	case "flip":
		return q.flip()
	case "crop":
		return cropProblem
	case "depth":
		return depthProblem
	}
	return q.position()
}

// briefly asks in a few words.
func (q question) briefly() string {
	switch q.task {
	case "shuffle":
		return "<image> Order of patches?"
	case "flip":
		return "<image> Which patch is flipped?"
	case "crop":
		return "<image> Missing part? A <image> B <image> C <image> D <image>"
	case "depth":
		return "<image> Nearest to farthest?"
	}
	return fmt.Sprintf("<image> Camera %d faces %s. Where is %d?%s", q.camera, q.facing, 3-q.camera, q.choices(""))
}

func (q question) shuffle() string {
	layout, n := layoutOf(q.rows, q.cols), q.rows*q.cols
	var b strings.Builder
	fmt.Fprintf(&b, "<image>The image has been divided into %d shuffled %s labeled %s. ", n, layout.parts, labels(n))
	if q.mask {
		fmt.Fprintf(&b, "One of the %s patches is masked completely by white pixels. ", number(n))
	}
	fmt.Fprintf(&b, "%sanswer the correct arrangement of the %s to restore the original image, where the format is %s "+
		"and each place is given by the label of the %s that belongs there.", cues, layout.many, layout.format, layout.one)
	return b.String()
}

// layout is what the parts of a grid are called and how an arrangement of them
// is written.
type layout struct{ parts, many, one, format string }

func layoutOf(rows, cols int) layout {
	n := rows * cols
	switch {
	case rows == 2 && cols == 2:
		return layout{"patches", "patches", "patch", "'TopLeft-TopRight-BottomLeft-BottomRight'"}
	case rows == 1:
		return layout{"strips, placed side by side and", "strips", "strip", places("Left", "Right", n)}
	case cols == 1:
		return layout{"strips, placed one above the other and", "strips", "strip", places("Top", "Bottom", n)}
	}
	format := fmt.Sprintf("all %d labels joined by '-', row by row from the top left (%d rows of %d),", n, rows, cols)
	return layout{fmt.Sprintf("patches in %d rows of %d,", rows, cols), "patches", "patch", format}
}

// places names n places in a line: 'Left-Middle1-Middle2-Right'.
func places(first, last string, n int) string {
	names := []string{first}
	for i := 1; i < n-1; i++ {
		name := "Middle"
		if n > 3 {
			name += strconv.Itoa(i)
		}
		names = append(names, name)
	}
	return "'" + strings.Join(append(names, last), "-") + "'"
}

func (q question) flip() string {
	n := q.rows * q.cols
	return fmt.Sprintf("<image>The image has been divided into %d patches labeled %s. One of the %s patches is flipped "+
		"either vertically (upside down) or horizontally (left and right exchanged). %sanswer the label of the flipped patch "+
		"and the direction of the flip, where the format is 'Label-Direction'. "+
		"The direction can only be 0 (flipped vertically) or 1 (flipped horizontally).",
		n, labels(n), number(n), cues)
}

const cropProblem = "Which image is the missing part (the black square) of the first image <image>? " +
	"Based on visual clues such as alignment, image content, and positional relationship, " +
	"select one of the four options A: <image>, B: <image>, C: <image> and D: <image> as the final answer. " + chooseLetter

const chooseLetter = "The final answer should be chosen from 'A', 'B', 'C', and 'D'."

const depthProblem = "<image>The image has three regions marked as 1, 2, and 3. Consider the content, positional relationships, " +
	"depths of the three regions and other cues, and sort the three regions by their depth from the camera, " +
	"smallest (nearest) first, where the format of the answer is 'Smallest-Middle-Largest' " +
	"and each place is given by the number of the region."

// choices lists the options, each with its letter and mark.
func (q question) choices(mark string) string {
	var b strings.Builder
	for i, o := range q.options {
		fmt.Fprintf(&b, " %c%s %s", letters[i], mark, o)
	}
	return b.String()
}

// ignored is what far-depth questions add to the cues.
func (q question) ignored() string {
	if q.kind == FarDepth {
		return " and ignore the height difference between the two regions"
	}
	return ""
}

func (q question) position() string {
	facing := map[string]string{
		"left": "to the left of the image", "right": "to the right of the image", "toward": "toward me", "away": "away from me",
	}[q.facing]
	return fmt.Sprintf("<image>I've taken an image and there are two regions marked as 1 and 2 on the image. "+
		"Assume that there is a camera at position '%d' and it is facing %s. "+
		"According to the camera, where is the region marked '%d'?%s. "+
		"Consider cues such as depth, orientation, and 3D spatial relationship%s. %s",
		q.camera, facing, 3-q.camera, q.choices("."), q.ignored(), chooseLetter)
}

// labels lists 0 to n-1: "0, 1, 2, and 3".
func labels(n int) string {
	if n == 2 {
		return "0 and 1"
	}
	var b strings.Builder
	for i := range n - 1 {
		fmt.Fprintf(&b, "%d, ", i)
	}
	fmt.Fprintf(&b, "and %d", n-1)
	return b.String()
}

// number writes small numbers in words.
func number(n int) string {
	words := []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
	if n < len(words) {
		return words[n]
	}
	return strconv.Itoa(n)
}
