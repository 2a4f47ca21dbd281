package chat

import (
	"encoding/json"
	"errors"
)

// Options are the variables of a chat template.
type Options struct {
	Tools              []json.RawMessage // function descriptions; Qwen2.5-VL's template ignores them
	AddVisionID        bool              // "Picture 1: " and "Video 1: " before each
	NoGenerationPrompt bool              // do not open the assistant's turn at the end
}

// UnmarshalJSON reads the names of transformers' apply_chat_template: tools,
// add_vision_id, add_generation_prompt (true unless given). Others are variables
// that the templates do not have.
func (o *Options) UnmarshalJSON(raw []byte) error {
	file := struct {
		Tools    []json.RawMessage `json:"tools"`
		VisionID bool              `json:"add_vision_id"`
		Generate *bool             `json:"add_generation_prompt"`
	}{}
	if json.Unmarshal(raw, &file) != nil {
		return errors.New("options: want tools (a list), add_vision_id and add_generation_prompt (true or false)")
	}
	*o = Options{file.Tools, file.VisionID, file.Generate != nil && !*file.Generate}
	return nil
}
