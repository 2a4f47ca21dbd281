package pretext

import (
	"fmt"
	"strings"
)

// upstream asks in the words of the paper's appendix, slips included: strips of
// three have labels up to 3, patches to flip have no noun, and crop numbers its
// pictures. A grid that upstream has no words for is put in the nearest of them.
func (q question) upstream() string {
	switch q.task {
	case "shuffle":
		return q.upstreamShuffle()
	case "flip":
		n := q.rows * q.cols
		return fmt.Sprintf("<image>The image has been divided into %d labeled %s. One of the %s patches is flipped either horizontally or vertically. "+
			"%sanswer the correct patch that is flipped and the direction the flip, where the format is 'Label-Direction'. "+
			"The direction can only be 0(flipped vertically) or 1(flipped horizontally).", n, labels(n), number(n), cues)
	case "crop":
		// The paper prints <image1> to <image5>; EasyR1 fills five <image>.
		return "Which image is the missing part in the first image <image>? Based on visual clues such as alignment, image content, " +
			"and positional relationship, select one of the four options <image><image><image><image> as the final answer. " + chooseLetter
	case "depth":
		return "<image>The original image has three regions marked as 1, 2, and 3. Consider the content, positional relationships, " +
			"depths of the three regions and other cues, and sort the depths of the three regions from smallest to largest from the camera, " +
			"where the format of the answer is 'Smallest-Middle-Largest'."
	}
	facing := map[string]string{
		"left": "to the left of the image", "right": "to the right of the image", "toward": "to me", "away": "to away from me",
	}[q.facing]
	return fmt.Sprintf("<image>I've taken an image and there are two regions marked as 1, and 2 on the image. "+
		"Assume that there is a camera at position '%d' and it's facing %s. According to the camera, where is the region marker '%d'?%s. "+
		"Consider cues such as depth, orientation, and 3D spatial relationship%s. %s",
		q.camera, facing, 3-q.camera, q.choices("."), q.ignored(), chooseLetter)
}

func (q question) upstreamShuffle() string {
	n := q.rows * q.cols
	parts, many, format, last := "patches", "patches", layoutOf(q.rows, q.cols).format, n
	if q.rows == 1 || q.cols == 1 {
		parts, many, last = "horizontal strips", "strips", max(n, 4)
		if q.cols == 1 {
			parts = "vertical strips"
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<image>The image has been divided into %d shuffled %s labeled %s. ", n, parts, labels(last))
	if q.mask {
		fmt.Fprintf(&b, "One of the %s %s is masked completely by white pixels. ", number(n), many)
	}
	fmt.Fprintf(&b, "%sanswer the correct arrangement of the %s to restore the original image, where the format is %s.",
		cues, many, strings.TrimSuffix(format, ","))
	return b.String()
}
