package pretext

import (
	"fmt"
	"strings"
)

// Words for where something lies.
const (
	left  = "Left"
	right = "Right"
	front = "Front"
	back  = "Back"
)

// view says what the four directions of the picture are to a camera in it.
type view struct {
	facing        string
	rightward     string // what lies right of the camera in the picture
	leftward      string
	deeper        string // what lies farther from the viewer than the camera
	nearer        string
	depthSideways bool // depth decides left or right, the sides front or back
}

// views is the truth table of the paper's rotation (section 3.2), for the four
// ways a camera can face in the picture.
var views = [...]view{
	{facing: "left", rightward: back, leftward: front, deeper: right, nearer: left, depthSideways: true},
	{facing: "right", rightward: front, leftward: back, deeper: left, nearer: right, depthSideways: true},
	{facing: "toward", rightward: left, leftward: right, deeper: back, nearer: front},
	{facing: "away", rightward: right, leftward: left, deeper: front, nearer: back},
}

// direction returns where the target lies: dx pixels right of the camera in the
// picture, dz deeper. Neither is 0 when the kind makes use of it.
func (v view) direction(kind string, dx int, dz float64) string {
	sideways, depth := v.leftward, v.nearer
	if dx > 0 {
		sideways = v.rightward
	}
	if dz > 0 {
		depth = v.deeper
	}
	switch {
	case kind == Near:
		return sideways
	case kind == FarDepth:
		return depth
	case v.depthSideways:
		return depth + "-" + sideways
	}
	return sideways + "-" + depth
}

// optionsOf returns the answers to choose from.
func optionsOf(kind string) [4]string {
	if kind == FarDiagonal {
		return [4]string{left + "-" + front, right + "-" + front, right + "-" + back, left + "-" + back}
	}
	return [4]string{left, right, front, back}
}

func unknownKind(kind string) error {
	return fmt.Errorf("position: unknown kind %q (want %s)", kind, eitherOf([]string{Near, FarDepth, FarDiagonal}))
}

func eitherOf(words []string) string { return strings.Join(words, " or ") }
