package ssrl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"ssrl/internal/bpe"
	"ssrl/internal/chat"
	"ssrl/internal/checkpoint"
	"ssrl/internal/cpu"
	"ssrl/internal/decode"
	"ssrl/internal/patch"
	"ssrl/internal/preset"
	"ssrl/internal/qwen"
	"ssrl/internal/rounding"
	"ssrl/internal/safetensors"
	"ssrl/internal/tensor"
)

// ModelOptions configures OpenModel.
type ModelOptions struct {
	Device  string `json:"device"`  // "" means cpu
	Threads int    `json:"threads"` // 0 means one for each processor
	// DType is how weights are stored: "f32", which "" means, or "bf16", which
	// halves the memory. Computing is in float32 either way, and a bfloat16
	// checkpoint gives the same answers. Training all weights needs f32.
	DType string `json:"dtype"`
	// Rounding "hf" rounds every intermediate result to bfloat16 where transformers
	// does in eager mode, for comparing with it: slow, and not for training.
	// "" computes in float32.
	Rounding string `json:"rounding"`
	// Products "bf16" rounds activations to bfloat16 where they are multiplied by
	// bfloat16 weights, as transformers' bfloat16 does, and sums in float32: twice as
	// fast for prompts and pictures where the processor has AVX512_BF16, and less
	// exact. "" multiplies in float32.
	Products string `json:"products"`
	// Adapter is the directory of a LoRA adapter in PEFT's layout that the model
	// runs with: "" for none. Trainers then change the adapter alone.
	Adapter string `json:"adapter"`
	// Pixels say how pictures are seen; the zero value as transformers does.
	Pixels PixelOptions `json:"pixels"`
	// Progress hears how many weights are read; nil: nobody does.
	Progress func(read, total int64) `json:"-"`
}

// Model is a Qwen2.5-VL or Qwen3-VL network with its tokenizer and image processor.
//
// It serves one call at a time: a second one returns an error at once instead
// of waiting.
type Model struct {
	net    *qwen.Model
	stored *safetensors.File // where weights in bfloat16 lie; open until Close
	words  *bpe.Tokenizer
	markup chat.Markup
	notice string // about the markup
	view   *ImageProcessor
	clips  *patch.Video
	plugin []byte            // the adapter's configuration
	files  map[string][]byte // what lies beside the weights, for Save
	end    int32             // ends a turn
	times  decode.Times      // of the latest call
	busy   sync.Mutex
	closed bool
}

// CreateModel writes a fresh model of random weights to dir, a Hugging Face
// directory. The presets are "nano", the architecture of Qwen2.5-VL at 1.5
// million weights, and "nano3", that of Qwen3-VL at 1.9 million, with a small
// vocabulary of their own. "qwen2.5-vl-3b", "qwen2.5-vl-7b" and "qwen3-vl-4b" have
// the shape of those models, in bfloat16 (7.5, 16.6 and 8.9 GB), and that small
// vocabulary, for measuring. The same seed gives the same bytes.
func CreateModel(dir, name string, seed uint64) error { return preset.Write(dir, name, seed) }

// beside are the files of a model directory that Save copies when they are there.
var beside = []string{"config.json", "generation_config.json", "preprocessor_config.json", "video_preprocessor_config.json",
	"tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "added_tokens.json", "special_tokens_map.json",
	"chat_template.jinja", "chat_template.json"}

// OpenModel reads a Hugging Face directory of Qwen2.5-VL or Qwen3-VL: config.json,
// the weights in safetensors, the tokenizer's files and preprocessor_config.json.
// Loading ends with the context's cause when ctx does.
func OpenModel(ctx context.Context, dir string, opts ModelOptions) (*Model, error) {
	if d := opts.Device; d != "" && d != "cpu" {
		return nil, fmt.Errorf("device %q: this build computes on the cpu only: %w", d, ErrDevice)
	}
	typ, ok := dtypes[opts.DType]
	if !ok {
		return nil, fmt.Errorf("dtype %q (want f32 or bf16)", opts.DType)
	}
	if opts.Rounding != "" && opts.Rounding != "hf" {
		return nil, fmt.Errorf("rounding %q (want hf, or nothing)", opts.Rounding)
	}
	if opts.Products != "" && opts.Products != "bf16" {
		return nil, fmt.Errorf("products %q (want bf16, or nothing)", opts.Products)
	}
	if opts.Products == "bf16" && typ != tensor.BF16 {
		return nil, fmt.Errorf("products bf16 with weights in f32 (want dtype bf16)")
	}
	m := &Model{files: map[string][]byte{}}
	if err := m.read(ctx, dir, opts, typ); err != nil {
		return nil, fmt.Errorf("model %s: %w", dir, err)
	}
	return m, nil
}

// dtypes are the types of weights by their names in options.
var dtypes = map[string]tensor.Type{"": tensor.F32, "f32": tensor.F32, "bf16": tensor.BF16}

func (m *Model) read(ctx context.Context, dir string, opts ModelOptions, typ tensor.Type) error {
	if err := isModelDir(dir); err != nil {
		return err
	}
	for _, name := range beside {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			m.files[name] = data
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if m.files["config.json"] == nil {
		return fmt.Errorf("no config.json (want a Hugging Face model directory): %w", ErrFormat)
	}
	config, err := qwen.ParseConfig(m.files["config.json"], m.files["generation_config.json"])
	if err != nil {
		return formatError{err}
	}
	if m.words, err = bpe.Load(dir); err != nil {
		return formatError{err}
	}
	var ok bool
	if m.end, ok = m.words.ID("<|im_end|>"); !ok {
		return fmt.Errorf("tokenizer without <|im_end|>: %w", ErrFormat)
	}
	if n := m.words.Size(); n > config.Text.Vocab {
		return fmt.Errorf("tokenizer of %d tokens (want at most vocab_size %d): %w", n, config.Text.Vocab, ErrFormat)
	}
	family := chat.Qwen25
	if config.Family == qwen.Qwen3VL {
		family = chat.Qwen3
	}
	markup, notice, err := readMarkup(dir, family, m.words)
	if err != nil {
		return formatError{err}
	}
	m.markup, m.notice = *markup, notice
	pixels, err := patch.ReadProcessor(dir)
	if err != nil {
		return formatError{err}
	}
	if m.view, err = newImageProcessor(pixels, opts.Pixels); err != nil {
		return err
	}
	if err := sameCells("preprocessor_config.json", pixels, config.Vision); err != nil {
		return err
	}
	if m.clips, err = patch.ReadVideo(dir, config.Family == qwen.Qwen3VL); err != nil {
		return formatError{err}
	}
	if err := sameCells("video_preprocessor_config.json", &m.clips.Processor, config.Vision); err != nil {
		return err
	}
	m.clips.Kernel = m.view.processor.Kernel
	weights, err := safetensors.Open(dir)
	if err != nil {
		return formatError{err}
	}
	processor := cpu.New(opts.Threads)
	if opts.Products == "bf16" {
		processor.RoundProducts()
	}
	var dev tensor.Device = processor
	if opts.Rounding == "hf" {
		dev = rounding.New(dev)
	}
	m.net, err = qwen.Load(ctx, dev, config, weights, qwen.LoadOptions{Type: typ, Progress: opts.Progress})
	if err == nil && opts.Adapter != "" {
		if err = m.adapt(ctx, opts.Adapter); err != nil {
			m.net.Free()
		}
	}
	if err == nil && typ == tensor.BF16 {
		m.stored = weights
		return nil
	}
	weights.Close()
	if err != nil && ctx.Err() == nil {
		return formatError{err}
	}
	return err
}

// sameCells refuses a processor that cuts pictures in other patches than the
// vision tower takes.
func sameCells(file string, p *patch.Processor, v qwen.VisionConfig) error {
	if p.Patch != v.Patch || p.Temporal != v.Temporal || p.Merge != v.Merge {
		return fmt.Errorf("%s: patches of %d pixels, %d frames, merged %d by %d (want config.json's %d, %d, %d): %w",
			file, p.Patch, p.Temporal, p.Merge, p.Merge, v.Patch, v.Temporal, v.Merge, ErrFormat)
	}
	return nil
}

// formatError lets an internal error answer to ErrFormat.
type formatError struct{ error }

func (e formatError) Is(target error) bool { return target == ErrFormat }
func (e formatError) Unwrap() error        { return e.error }

// use claims the model for one call.
func (m *Model) use() (release func(), err error) {
	if !m.busy.TryLock() {
		return nil, errors.New("model: another call is running (a model serves one at a time)")
	}
	if m.closed {
		m.busy.Unlock()
		return nil, fmt.Errorf("model: %w", ErrClosed)
	}
	return m.busy.Unlock, nil
}

// Save writes the model to a new or empty directory, or replaces one that Save
// wrote, whole or not at all. Weights are written in the type that they are stored
// in, an adapter into the folder adapter/.
func (m *Model) Save(dir string) error {
	release, err := m.use()
	if err != nil {
		return err
	}
	defer release()
	return checkpoint.Save(dir, 0, func(w *checkpoint.Writer) error { return m.write(w.Dir()) })
}

// write puts the model's files into a directory of its own.
func (m *Model) write(dir string) error {
	for name, data := range m.files {
		if name == "config.json" {
			data = typedConfig(data, m.net.Type())
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	if err := m.writeAdapter(dir); err != nil {
		return err
	}
	return safetensors.Write(filepath.Join(dir, "model.safetensors"), m.net.Tensors(), nil)
}

// typedConfig names the type that weights are written in where a config.json
// names another.
func typedConfig(config []byte, typ tensor.Type) []byte {
	name := "float32"
	if typ == tensor.BF16 {
		name = "bfloat16"
	}
	return dtypeKey.ReplaceAll(config, []byte("${1}"+name+"${2}"))
}

var dtypeKey = regexp.MustCompile(`("(?:torch_)?dtype"\s*:\s*")(?:float32|bfloat16|float16)(")`)

// Parameters is the number of weights.
func (m *Model) Parameters() int64 { return m.net.Size() }

// Close frees the weights. It may be called twice, not during another call.
func (m *Model) Close() error {
	release, err := m.use()
	if errors.Is(err, ErrClosed) {
		return nil
	}
	if err != nil {
		return err
	}
	defer release()
	m.closed = true
	m.net.Free()
	if m.stored != nil {
		return m.stored.Close()
	}
	return nil
}
