package chat

import (
	"fmt"
	"strconv"
	"strings"
)

// placeholder stands for one picture in a sample's problem.
const placeholder = "<image>"

// User returns the user's turn of a sample: problem is cut at every <image>, a
// picture goes into each cut, empty pieces are dropped and pieces of white space
// kept (EasyR1, verl/utils/dataset.py, RLHFDataset._build_messages). A problem
// without <image> may number its pictures instead, <image1> to <imageN> in order,
// as the paper prints the crop task. The number of cuts must be that of images.
func User(problem string, images int) (Message, error) {
	pieces := strings.Split(problem, placeholder)
	if len(pieces) == 1 && images > 0 {
		if numbered := cutNumbered(problem, images); numbered != nil {
			pieces = numbered
		}
	}
	if len(pieces)-1 != images {
		return Message{}, fmt.Errorf("problem: %d <image> for %d images", len(pieces)-1, images)
	}
	m := Message{Role: "user"}
	for i, piece := range pieces {
		if i > 0 {
			m.Parts = append(m.Parts, Part{Kind: Image})
		}
		if piece != "" {
			m.Parts = append(m.Parts, Part{Kind: Text, Text: piece})
		}
	}
	return m, nil
}

// cutNumbered cuts problem at <image1>, .., <imageN>, or returns nil where one is missing.
func cutNumbered(problem string, images int) []string {
	var pieces []string
	for k := range images {
		before, after, ok := strings.Cut(problem, "<image"+strconv.Itoa(k+1)+">")
		if !ok {
			return nil
		}
		pieces = append(pieces, before)
		problem = after
	}
	return append(pieces, problem)
}
