package ssrl

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"ssrl/internal/bpe"
	"ssrl/internal/qwen"
	"ssrl/internal/safetensors"
)

// ModelFacts say what is in a model directory. What is not there is empty.
type ModelFacts struct {
	Architecture string `json:"architecture,omitempty"`
	Type         string `json:"type,omitempty"`    // model_type of config.json
	Adapter      string `json:"adapter,omitempty"` // kind of an adapter, such as LORA
	Base         string `json:"base,omitempty"`    // what the adapter is for
	// Unusable says why OpenModel refuses the configuration; empty: it does not.
	Unusable   string           `json:"unusable,omitempty"`
	Parameters int64            `json:"parameters"`
	Bytes      int64            `json:"bytes"`  // of the weights' files
	DTypes     map[string]int64 `json:"dtypes"` // parameters by type
	Tensors    []TensorFacts    `json:"tensors"`
	Text       *TowerFacts      `json:"text,omitempty"`
	Vision     *TowerFacts      `json:"vision,omitempty"`
	Vocabulary *VocabularyFacts `json:"vocabulary,omitempty"`
	Template   *TemplateFacts   `json:"template,omitempty"`
}

// TowerFacts are the sizes of a stack of layers, as config.json has them.
type TowerFacts struct {
	Layers       int `json:"layers"`
	Hidden       int `json:"hidden"`
	Heads        int `json:"heads"`
	KVHeads      int `json:"kv_heads,omitempty"`
	Intermediate int `json:"intermediate"`
	Vocabulary   int `json:"vocabulary,omitempty"`
	Context      int `json:"context,omitempty"` // most tokens
	Patch        int `json:"patch,omitempty"`   // pixels
}

// TensorFacts are tensors whose names differ in numbers only.
type TensorFacts struct {
	Name  string `json:"name"` // with * for the numbers
	Count int    `json:"count"`
	DType string `json:"dtype"`
	Shape []int  `json:"shape"`
}

// VocabularyFacts are those of the tokenizer.
type VocabularyFacts struct {
	Tokens int      `json:"tokens"`
	Added  []string `json:"added"`
}

// TemplateFacts tell chat templates apart.
type TemplateFacts struct {
	File   string `json:"file"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// maxText is what a configuration file may have, in bytes.
const maxText = 64 << 20

func inspectModel(path string) (*ModelFacts, error) {
	m := &ModelFacts{DTypes: map[string]int64{}, Tensors: []TensorFacts{}}
	dir := path
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return m, m.readWeights(path)
	}
	for _, step := range []func(string) error{m.readConfig, m.readAdapter, m.readWeightsOf, m.readVocabulary, m.readTemplate} {
		if err := step(dir); err != nil {
			return nil, formatError{fmt.Errorf("model %s: %w", path, err)}
		}
	}
	return m, nil
}

// smallFile reads a configuration file; nil: it is not there.
func smallFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxText:
		return nil, fmt.Errorf("%s: %d bytes (want a regular file of at most %d)", filepath.Base(path), info.Size(), maxText)
	}
	return os.ReadFile(path)
}

// sizesOf are the keys that Hugging Face configurations have.
type sizesOf struct {
	Layers       int  `json:"num_hidden_layers"`
	Depth        int  `json:"depth"` // layers of a vision tower
	Hidden       int  `json:"hidden_size"`
	Heads        int  `json:"num_attention_heads"`
	VisionHeads  int  `json:"num_heads"`
	KVHeads      int  `json:"num_key_value_heads"`
	Intermediate int  `json:"intermediate_size"`
	Vocabulary   int  `json:"vocab_size"`
	Context      int  `json:"max_position_embeddings"`
	Patch        int  `json:"patch_size"`
	Tied         bool `json:"tie_word_embeddings"`
}

func (s sizesOf) tower() *TowerFacts {
	return &TowerFacts{cmp.Or(s.Layers, s.Depth), s.Hidden, cmp.Or(s.Heads, s.VisionHeads), s.KVHeads, s.Intermediate, s.Vocabulary, s.Context, s.Patch}
}

func (m *ModelFacts) readConfig(dir string) error {
	data, err := smallFile(filepath.Join(dir, "config.json"))
	if data == nil || err != nil {
		return err
	}
	var c struct {
		Architectures []string `json:"architectures"`
		Type          string   `json:"model_type"`
		Text          *sizesOf `json:"text_config"`
		Vision        *sizesOf `json:"vision_config"`
		sizesOf
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return fmt.Errorf("config.json: %w", err)
	}
	m.Type = c.Type
	if len(c.Architectures) > 0 {
		m.Architecture = c.Architectures[0]
	}
	text := &c.sizesOf
	if text.Layers == 0 && c.Text != nil {
		text = c.Text
	}
	if text.Layers > 0 {
		m.Text = text.tower()
	}
	if c.Vision != nil {
		m.Vision = c.Vision.tower()
	}
	generation, err := smallFile(filepath.Join(dir, "generation_config.json"))
	if err != nil {
		return err
	}
	if _, err := qwen.ParseConfig(data, generation); err != nil {
		m.Unusable = err.Error()
	}
	return nil
}

func (m *ModelFacts) readAdapter(dir string) error {
	data, err := smallFile(filepath.Join(dir, "adapter_config.json"))
	if data == nil || err != nil {
		return err
	}
	var c struct {
		Kind string `json:"peft_type"`
		Base string `json:"base_model_name_or_path"`
		Rank int    `json:"r"`
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return fmt.Errorf("adapter_config.json: %w", err)
	}
	m.Adapter, m.Base = cmp.Or(c.Kind, "adapter"), c.Base
	if c.Rank > 0 {
		m.Adapter += fmt.Sprintf(" of rank %d", c.Rank)
	}
	return nil
}

// readWeightsOf reads the headers of a directory's weights, if it has any.
func (m *ModelFacts) readWeightsOf(dir string) error {
	for _, name := range []string{"", "adapter_model.safetensors"} {
		path := filepath.Join(dir, name)
		if name == "" && !there(filepath.Join(dir, "model.safetensors")) && !there(filepath.Join(dir, "model.safetensors.index.json")) || !there(path) {
			continue
		}
		return m.readWeights(path)
	}
	return nil
}

// number is a number between dots.
var number = regexp.MustCompile(`(^|\.)\d+(\.|$)`)

func (m *ModelFacts) readWeights(path string) error {
	f, err := safetensors.Open(path)
	if err != nil {
		return formatError{err}
	}
	defer f.Close()
	m.Bytes = weightBytes(path)
	groups := map[string]*TensorFacts{}
	for _, name := range f.Names() {
		info, err := f.Info(name)
		if err != nil {
			return err
		}
		m.Parameters += int64(info.Len())
		m.DTypes[string(info.DType)] += int64(info.Len())
		general := number.ReplaceAllString(name, "$1*$2")
		key := fmt.Sprint(general, info.DType, info.Shape)
		if groups[key] == nil {
			groups[key] = &TensorFacts{Name: general, DType: string(info.DType), Shape: append([]int{}, info.Shape...)}
			m.Tensors = append(m.Tensors, TensorFacts{Name: key})
		}
		groups[key].Count++
	}
	for i, t := range m.Tensors {
		m.Tensors[i] = *groups[t.Name]
	}
	slices.SortStableFunc(m.Tensors, func(a, b TensorFacts) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

// weightBytes adds the files up that hold weights.
func weightBytes(path string) (sum int64) {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	if !info.IsDir() && filepath.Ext(path) != ".json" {
		return info.Size()
	}
	if !info.IsDir() {
		path = filepath.Dir(path)
	}
	names, err := fs.Glob(os.DirFS(path), "*.safetensors")
	if err != nil {
		return 0
	}
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(path, name)); err == nil {
			sum += info.Size()
		}
	}
	return sum
}

func (m *ModelFacts) readVocabulary(dir string) error {
	if !there(filepath.Join(dir, "tokenizer.json")) && !there(filepath.Join(dir, "vocab.json")) {
		return nil
	}
	words, err := bpe.Load(dir)
	if err != nil {
		return err
	}
	m.Vocabulary = &VocabularyFacts{Tokens: words.Size(), Added: []string{}}
	for _, a := range words.Added() {
		m.Vocabulary.Added = append(m.Vocabulary.Added, a.Content)
	}
	return nil
}

// readTemplate reads the chat template.
func (m *ModelFacts) readTemplate(dir string) error {
	name, text, err := chatTemplate(dir)
	if err != nil || name == "" {
		return err
	}
	sum := sha256.Sum256([]byte(text))
	m.Template = &TemplateFacts{name, len(text), hex.EncodeToString(sum[:])}
	return nil
}
