package ssrl_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"ssrl"
)

// nano makes a small model and returns its directory and what removes it.
func nano() (dir string, remove func()) {
	parent, err := os.MkdirTemp("", "ssrl")
	if err != nil {
		log.Fatal(err)
	}
	dir = filepath.Join(parent, "nano")
	if err := ssrl.CreateModel(dir, "nano", 1); err != nil {
		log.Fatal(err)
	}
	return dir, func() { os.RemoveAll(parent) }
}

func ExampleTokenizer_Chat() {
	dir, remove := nano()
	defer remove()
	t, err := ssrl.OpenTokenizer(dir)
	if err != nil {
		log.Fatal(err)
	}
	prompt, _, err := t.Chat([]byte(`[{"role": "user", "content": [{"type": "image", "image": "a.png"}, {"type": "text", "text": "What is it?"}]}]`), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(prompt)
	// Output:
	// <|im_start|>system
	// You are a helpful assistant.<|im_end|>
	// <|im_start|>user
	// <|vision_start|><|image_pad|><|vision_end|>What is it?<|im_end|>
	// <|im_start|>assistant
}
