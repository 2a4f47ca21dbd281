package pretext_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ssrl/internal/pretext"
	"ssrl/internal/seed"
)

func TestProblems(t *testing.T) {
	const (
		cues = "Based on visual clues such as continuity, alignment, and context, answer "
		four = "<image>The image has been divided into 4 shuffled patches labeled 0, 1, 2, and 3. "
		rest = "the correct arrangement of the patches to restore the original image, where the format is " +
			"'TopLeft-TopRight-BottomLeft-BottomRight' and each place is given by the label of the patch that belongs there."
		strips = "the correct arrangement of the strips to restore the original image, where the format is %s " +
			"and each place is given by the label of the strip that belongs there."
	)
	for _, tc := range []struct {
		task pretext.Task
		want string
	}{
		{pretext.Shuffle{}, four + cues + rest},
		{pretext.Shuffle{Mask: true}, four + "One of the four patches is masked completely by white pixels. " + cues + rest},
		{pretext.Shuffle{Rows: 1, Cols: 2}, "<image>The image has been divided into 2 shuffled strips, placed side by side and labeled 0 and 1. " +
			cues + fmt.Sprintf(strips, "'Left-Right'")},
		{pretext.Shuffle{Rows: 1, Cols: 3}, "<image>The image has been divided into 3 shuffled strips, placed side by side and labeled 0, 1, and 2. " +
			cues + fmt.Sprintf(strips, "'Left-Middle-Right'")},
		{pretext.Shuffle{Rows: 4, Cols: 1}, "<image>The image has been divided into 4 shuffled strips, placed one above the other and labeled 0, 1, 2, and 3. " +
			cues + fmt.Sprintf(strips, "'Top-Middle1-Middle2-Bottom'")},
		{pretext.Shuffle{Rows: 2, Cols: 3}, "<image>The image has been divided into 6 shuffled patches in 2 rows of 3, labeled 0, 1, 2, 3, 4, and 5. " +
			cues + "the correct arrangement of the patches to restore the original image, where the format is " +
			"all 6 labels joined by '-', row by row from the top left (2 rows of 3), and each place is given by the label of the patch that belongs there."},
		{pretext.Flip{}, "<image>The image has been divided into 4 patches labeled 0, 1, 2, and 3. " +
			"One of the four patches is flipped either vertically (upside down) or horizontally (left and right exchanged). " + cues +
			"the label of the flipped patch and the direction of the flip, where the format is 'Label-Direction'. " +
			"The direction can only be 0 (flipped vertically) or 1 (flipped horizontally)."},
		{pretext.Crop{}, "Which image is the missing part (the black square) of the first image <image>? " +
			"Based on visual clues such as alignment, image content, and positional relationship, " +
			"select one of the four options A: <image>, B: <image>, C: <image> and D: <image> as the final answer. " +
			"The final answer should be chosen from 'A', 'B', 'C', and 'D'."},
		{pretext.DepthOrder{}, "<image>The image has three regions marked as 1, 2, and 3. " +
			"Consider the content, positional relationships, depths of the three regions and other cues, " +
			"and sort the three regions by their depth from the camera, smallest (nearest) first, " +
			"where the format of the answer is 'Smallest-Middle-Largest' and each place is given by the number of the region."},
		{pretext.Shuffle{Brief: true}, "<image> Order of patches?"},
		{pretext.Shuffle{Brief: true, Rows: 3, Cols: 1}, "<image> Order of patches?"},
		{pretext.Flip{Brief: true}, "<image> Which patch is flipped?"},
		{pretext.Crop{Brief: true}, "<image> Missing part? A <image> B <image> C <image> D <image>"},
		{pretext.DepthOrder{Brief: true}, "<image> Nearest to farthest?"},
	} {
		f := suitable(t, tc.task, 240, 200)
		s, err := tc.task.Make(seed.Rand(1), f)
		require.NoError(t, err)
		assert.Equal(t, tc.want, s.Problem)
	}
}

// Brief questions are the same questions: only Problem differs.
func TestBriefChangesTheWordsOnly(t *testing.T) {
	for _, pair := range [][2]pretext.Task{
		{pretext.Shuffle{}, pretext.Shuffle{Brief: true}},
		{pretext.Flip{}, pretext.Flip{Brief: true}},
		{pretext.Crop{}, pretext.Crop{Brief: true}},
		{pretext.DepthOrder{}, pretext.DepthOrder{Brief: true}},
		{pretext.Position{}, pretext.Position{Brief: true}},
	} {
		f := suitable(t, pair[0], 240, 200)
		full, err := pair[0].Make(seed.Rand(1), f)
		require.NoError(t, err)
		brief, err := pair[1].Make(seed.Rand(1), f)
		require.NoError(t, err)
		assert.Less(t, len(brief.Problem), len(full.Problem)/2)
		brief.Problem = full.Problem
		assert.Equal(t, full, brief)
	}
}

func TestBriefPosition(t *testing.T) {
	task := pretext.Position{Brief: true}
	s, err := task.Make(seed.Rand(1), suitable(t, task, 240, 200))
	require.NoError(t, err)
	m := s.Meta.(*pretext.PositionMeta)
	assert.Equal(t, fmt.Sprintf("<image> Camera %d faces %s. Where is %d? A %s B %s C %s D %s", m.Camera.Label, m.Facing, m.Target.Label,
		m.Options[0], m.Options[1], m.Options[2], m.Options[3]), s.Problem)
	assert.Regexp(t, regexp.MustCompile(`^[ABCD]$`), s.Answer)
}
