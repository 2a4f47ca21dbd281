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
// belongs.

// cues is what the paper tells the reader to look at.
const cues = "Based on visual clues such as continuity, alignment, and context, "

func shuffleProblem(g grid, mask, brief bool) string {
	if brief {
		return "<image> Order of patches?"
	}
	layout := layoutOf(g)
	var b strings.Builder
	fmt.Fprintf(&b, "<image>The image has been divided into %d shuffled %s labeled %s. ", g.count(), layout.parts, labels(g.count()))
	if mask {
		fmt.Fprintf(&b, "One of the %s patches is masked completely by white pixels. ", number(g.count()))
	}
	fmt.Fprintf(&b, "%sanswer the correct arrangement of the %s to restore the original image, where the format is %s "+
		"and each place is given by the label of the %s that belongs there.", cues, layout.many, layout.format, layout.one)
	return b.String()
}

// layout is what the parts of a grid are called and how an arrangement of them
// is written.
type layout struct{ parts, many, one, format string }

func layoutOf(g grid) layout {
	n := g.count()
	switch {
	case g.rows == 2 && g.cols == 2:
		return layout{"patches", "patches", "patch", "'TopLeft-TopRight-BottomLeft-BottomRight'"}
	case g.rows == 1:
		return layout{"strips, placed side by side and", "strips", "strip", places("Left", "Right", n)}
	case g.cols == 1:
		return layout{"strips, placed one above the other and", "strips", "strip", places("Top", "Bottom", n)}
	}
	format := fmt.Sprintf("all %d labels joined by '-', row by row from the top left (%d rows of %d),", n, g.rows, g.cols)
	return layout{fmt.Sprintf("patches in %d rows of %d,", g.rows, g.cols), "patches", "patch", format}
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

func flipProblem(g grid, brief bool) string {
	if brief {
		return "<image> Which patch is flipped?"
	}
	return fmt.Sprintf("<image>The image has been divided into %d patches labeled %s. One of the %s patches is flipped "+
		"either vertically (upside down) or horizontally (left and right exchanged). %sanswer the label of the flipped patch "+
		"and the direction of the flip, where the format is 'Label-Direction'. "+
		"The direction can only be 0 (flipped vertically) or 1 (flipped horizontally).",
		g.count(), labels(g.count()), number(g.count()), cues)
}

func cropProblem(brief bool) string {
	if brief {
		return "<image> Missing part? A <image> B <image> C <image> D <image>"
	}
	return "Which image is the missing part (the black square) of the first image <image>? " +
		"Based on visual clues such as alignment, image content, and positional relationship, " +
		"select one of the four options A: <image>, B: <image>, C: <image> and D: <image> as the final answer. " + chooseLetter
}

const chooseLetter = "The final answer should be chosen from 'A', 'B', 'C', and 'D'."

func depthProblem(brief bool) string {
	if brief {
		return "<image> Nearest to farthest?"
	}
	return "<image>The image has three regions marked as 1, 2, and 3. Consider the content, positional relationships, " +
		"depths of the three regions and other cues, and sort the three regions by their depth from the camera, " +
		"smallest (nearest) first, where the format of the answer is 'Smallest-Middle-Largest' " +
		"and each place is given by the number of the region."
}

func positionProblem(p PositionMeta, brief bool) string {
	var options strings.Builder
	for i, o := range p.Options {
		if brief {
			fmt.Fprintf(&options, " %c %s", letters[i], o)
		} else {
			fmt.Fprintf(&options, " %c. %s", letters[i], o)
		}
	}
	facing := map[string]string{
		"left": "to the left of the image", "right": "to the right of the image", "toward": "toward me", "away": "away from me",
	}[p.Facing]
	if brief {
		return fmt.Sprintf("<image> Camera %d faces %s. Where is %d?%s", p.Camera.Label, p.Facing, p.Target.Label, options.String())
	}
	ignored := ""
	if p.Kind == FarDepth {
		ignored = " and ignore the height difference between the two regions"
	}
	return fmt.Sprintf("<image>I've taken an image and there are two regions marked as 1 and 2 on the image. "+
		"Assume that there is a camera at position '%d' and it is facing %s. "+
		"According to the camera, where is the region marked '%d'?%s. "+
		"Consider cues such as depth, orientation, and 3D spatial relationship%s. %s",
		p.Camera.Label, facing, p.Target.Label, options.String(), ignored, chooseLetter)
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
