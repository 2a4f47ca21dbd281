package qwen

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Family is a line of models. It decides names on disk, chat markup and how time
// is told; what the network computes differently is in the configurations.
type Family int

// The families that this package knows.
const (
	Qwen25VL Family = iota
	Qwen3VL
)

func (f Family) String() string { return [...]string{"Qwen2.5-VL", "Qwen3-VL"}[f] }

// modelTypes are the families as a config.json names them.
var modelTypes = map[string]Family{"qwen2_5_vl": Qwen25VL, "qwen3_vl": Qwen3VL}

// Config is what the network needs to know of a config.json.
type Config struct {
	Family Family
	Text   TextConfig
	Vision VisionConfig
	Tokens Tokens
}

// TextConfig shapes the language model.
type TextConfig struct {
	Hidden, Layers, Heads, KVHeads, HeadDim, Intermediate, Vocab int

	Theta    float64 // base of the rotary frequencies
	Sections [3]int  // frequencies that turn with time, height and width; they add up to HeadDim/2
	Eps      float32 // of every RMSNorm

	Bias       bool // queries, keys and values have one
	HeadNorm   bool // queries and keys are normed, head by head, before they turn
	Interleave bool // frequencies turn with time, height, width, time and so on, not section by section
}

// VisionConfig shapes the vision tower.
type VisionConfig struct {
	Depth, Hidden, Heads, Intermediate, Out int

	Channels, Patch, Temporal, Merge int // a patch is Channels x Temporal x Patch x Patch values; Merge x Merge patches make a token

	Window          int   // side of an attention window in pixels; 0: every block sees whole frames
	FullAttention   []int // blocks without windows
	TokensPerSecond int   // positions that a second of video takes; 0: time is text

	LayerNorm bool  // norms are LayerNorm with bias, not RMSNorm
	Plain     bool  // blocks have a two-layer perceptron with tanh GELU, not SwiGLU
	PatchBias bool  // the patch projection has a bias
	Table     int   // side of the square table of learned positions; 0: none
	DeepStack []int // blocks whose output goes into the language model's first layers
}

// Tokens are the ids with a meaning of their own.
type Tokens struct {
	Image, Video, VisionStart, VisionEnd int32
	EOS                                  []int32 // any of them ends an answer
	Pad                                  int32
}

// visionEps is hard-coded in transformers' vision towers, of RMSNorm and LayerNorm alike.
const visionEps = 1e-6

// visionTheta is the base of the vision tower's rotary frequencies, hard-coded as well.
const visionTheta = 10000

type rawRope struct {
	Theta    *float64 `json:"rope_theta"`
	Sections []int    `json:"mrope_section"`
}

type rawText struct {
	Hidden       int      `json:"hidden_size"`
	Layers       int      `json:"num_hidden_layers"`
	Heads        int      `json:"num_attention_heads"`
	KVHeads      int      `json:"num_key_value_heads"`
	HeadDim      int      `json:"head_dim"`
	Intermediate int      `json:"intermediate_size"`
	Vocab        int      `json:"vocab_size"`
	Eps          *float64 `json:"rms_norm_eps"`
	Theta        *float64 `json:"rope_theta"`
	Rope         *rawRope `json:"rope_parameters"`
	Scaling      *rawRope `json:"rope_scaling"`
	Act          string   `json:"hidden_act"`
	Sliding      bool     `json:"use_sliding_window"`
	Bias         bool     `json:"attention_bias"`
}

type rawVision struct {
	Depth           int    `json:"depth"`
	Hidden          int    `json:"hidden_size"`
	Heads           int    `json:"num_heads"`
	Intermediate    int    `json:"intermediate_size"`
	Out             int    `json:"out_hidden_size"`
	Channels        int    `json:"in_channels"`
	Chans           int    `json:"in_chans"`
	Patch           int    `json:"patch_size"`
	Temporal        int    `json:"temporal_patch_size"`
	Merge           int    `json:"spatial_merge_size"`
	Window          int    `json:"window_size"`
	Full            []int  `json:"fullatt_block_indexes"`
	TokensPerSecond int    `json:"tokens_per_second"`
	Act             string `json:"hidden_act"`
	Positions       int    `json:"num_position_embeddings"`
	DeepStack       []int  `json:"deepstack_visual_indexes"`
}

type rawConfig struct {
	ModelType string          `json:"model_type"`
	Text      json.RawMessage `json:"text_config"`
	Vision    *rawVision      `json:"vision_config"`

	Image       *int32 `json:"image_token_id"`
	Video       *int32 `json:"video_token_id"`
	VisionStart *int32 `json:"vision_start_token_id"`
	VisionEnd   *int32 `json:"vision_end_token_id"`
	EOS         ids    `json:"eos_token_id"`
	Pad         *int32 `json:"pad_token_id"`
}

// ids is one token id or a list of them.
type ids []int32

func (v *ids) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, (*[]int32)(v)) == nil {
		return nil
	}
	var one int32
	if err := json.Unmarshal(b, &one); err != nil {
		return fmt.Errorf("%s: want a token id or a list of them", b)
	}
	*v = ids{one}
	return nil
}

// ParseConfig reads config.json and, when there is one, generation_config.json
// (nil otherwise). Both layouts of the two families are accepted: language model
// keys at the top level, or in text_config.
func ParseConfig(config, generation []byte) (Config, error) {
	var c Config
	var raw rawConfig
	if err := json.Unmarshal(config, &raw); err != nil {
		return c, fmt.Errorf("config.json: %v", jsonError(err))
	}
	var known bool
	if c.Family, known = modelTypes[raw.ModelType]; !known {
		return c, fmt.Errorf("config.json: model_type %q (want qwen2_5_vl or qwen3_vl)", raw.ModelType)
	}
	text := config
	if len(raw.Text) > 0 && raw.Text[0] == '{' {
		text = raw.Text
	}
	if err := c.Text.parse(text, c.Family); err != nil {
		return c, err
	}
	if raw.Vision == nil {
		return c, fmt.Errorf("config.json: no vision_config")
	}
	if err := c.Vision.parse(raw.Vision, c.Family, c.Text); err != nil {
		return c, err
	}
	return c, c.Tokens.parse(raw, text, generation, c.Text.Vocab)
}

func (c *TextConfig) parse(data []byte, family Family) error {
	var r rawText
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("config.json: %v", err)
	}
	if r.KVHeads == 0 {
		r.KVHeads = r.Heads
	}
	if err := positive("", map[string]int{"hidden_size": r.Hidden, "num_hidden_layers": r.Layers, "num_attention_heads": r.Heads,
		"num_key_value_heads": r.KVHeads, "intermediate_size": r.Intermediate, "vocab_size": r.Vocab}); err != nil {
		return err
	}
	if r.HeadDim == 0 {
		r.HeadDim = r.Hidden / r.Heads
	}
	switch {
	case r.Heads%r.KVHeads != 0:
		return fmt.Errorf("config.json: %d query heads do not divide by %d key heads", r.Heads, r.KVHeads)
	case r.HeadDim <= 0 || r.HeadDim%2 != 0 || r.HeadDim > largest/r.Heads:
		return fmt.Errorf("config.json: head_dim %d (want an even number, at most %d over all heads)", r.HeadDim, largest)
	case r.Act != "" && r.Act != "silu":
		return fmt.Errorf("config.json: hidden_act %q (want silu)", r.Act)
	case r.Sliding:
		return fmt.Errorf("config.json: use_sliding_window true (want false)")
	case r.Bias && family == Qwen3VL: // a key that Qwen2.5-VL does not read
		return fmt.Errorf("config.json: attention_bias true (want false)")
	}
	*c = TextConfig{Hidden: r.Hidden, Layers: r.Layers, Heads: r.Heads, KVHeads: r.KVHeads, HeadDim: r.HeadDim, Intermediate: r.Intermediate,
		Vocab: r.Vocab, Theta: 1e6, Eps: 1e-5, Bias: family == Qwen25VL}
	if family == Qwen3VL {
		c.Theta, c.Eps, c.HeadNorm, c.Interleave = 5e6, 1e-6, true, true
	}
	if r.Eps != nil {
		c.Eps = float32(*r.Eps)
	}
	return c.parseRope(&r)
}

// parseRope finds the rotary settings under the names of all versions:
// transformers 5 joins rope_theta and rope_scaling in rope_parameters.
func (c *TextConfig) parseRope(r *rawText) error {
	rope := r.Rope
	if rope == nil {
		rope = r.Scaling
	}
	if rope == nil || len(rope.Sections) != 3 {
		return fmt.Errorf("config.json: no rope_scaling with three mrope_section (want time, height and width)")
	}
	for _, theta := range []*float64{r.Theta, rope.Theta} {
		if theta != nil {
			c.Theta = *theta
		}
	}
	copy(c.Sections[:], rope.Sections)
	if s := c.Sections[0] + c.Sections[1] + c.Sections[2]; s != c.HeadDim/2 || slices.Min(c.Sections[:]) < 0 {
		return fmt.Errorf("config.json: mrope_section %v adds up to %d (want half of head_dim %d)", c.Sections, s, c.HeadDim)
	}
	if c.Theta <= 0 || c.Eps < 0 {
		return fmt.Errorf("config.json: rope_theta %g, rms_norm_eps %g (want positive)", c.Theta, c.Eps)
	}
	return nil
}

func (c *VisionConfig) parse(r *rawVision, family Family, text TextConfig) error {
	act := r.defaults(family, text.Hidden)
	if err := positive("vision_config.", map[string]int{"depth": r.Depth, "hidden_size": r.Hidden, "num_heads": r.Heads,
		"intermediate_size": r.Intermediate, "patch_size": r.Patch, "spatial_merge_size": r.Merge,
		"temporal_patch_size": r.Temporal, "in_channels": r.Channels}); err != nil {
		return err
	}
	switch {
	case r.Hidden%r.Heads != 0 || r.Hidden/r.Heads%4 != 0:
		return fmt.Errorf("config.json: vision_config.hidden_size %d in %d heads (want heads of a multiple of 4)", r.Hidden, r.Heads)
	case r.Out != text.Hidden:
		return fmt.Errorf("config.json: vision_config.out_hidden_size %d (want the text hidden_size %d)", r.Out, text.Hidden)
	case r.Channels != 3 || r.Temporal != 2:
		return fmt.Errorf("config.json: vision_config with %d channels, %d frames a patch (want 3 and 2)", r.Channels, r.Temporal)
	case r.Act != "" && r.Act != act:
		return fmt.Errorf("config.json: vision_config.hidden_act %q (want %s)", r.Act, act)
	}
	*c = VisionConfig{Depth: r.Depth, Hidden: r.Hidden, Heads: r.Heads, Intermediate: r.Intermediate, Out: r.Out,
		Channels: r.Channels, Patch: r.Patch, Temporal: r.Temporal, Merge: r.Merge}
	if family == Qwen3VL {
		return c.parse3(r, text.Layers)
	}
	c.Window, c.FullAttention, c.TokensPerSecond = r.Window, r.Full, r.TokensPerSecond
	if c.Window < c.Patch*c.Merge || c.Window > largest {
		return fmt.Errorf("config.json: vision_config.window_size %d (want at least one merged cell, %d)", c.Window, c.Patch*c.Merge)
	}
	return nil
}

// parse3 reads what only Qwen3-VL's tower has.
func (c *VisionConfig) parse3(r *rawVision, layers int) error {
	c.LayerNorm, c.Plain, c.PatchBias, c.DeepStack = true, true, true, r.DeepStack
	c.Table = int(math.Round(math.Sqrt(float64(r.Positions))))
	if r.Positions < 1 || r.Positions > largest || c.Table*c.Table != r.Positions {
		return fmt.Errorf("config.json: vision_config.num_position_embeddings %d (want a square)", r.Positions)
	}
	for i, at := range c.DeepStack {
		if at < 0 || at >= c.Depth || i > 0 && at <= c.DeepStack[i-1] || i >= layers {
			return fmt.Errorf("config.json: vision_config.deepstack_visual_indexes %v (want blocks in order, of %d, for %d layers)", c.DeepStack, c.Depth, layers)
		}
	}
	return nil
}

// defaults fills in what transformers' classes do where a key is missing, and
// returns the activation that the family has.
func (r *rawVision) defaults(family Family, hidden int) (act string) {
	def := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	def(&r.Channels, r.Chans)
	def(&r.Channels, 3)
	def(&r.Temporal, 2)
	def(&r.Merge, 2)
	def(&r.Out, hidden)
	if family == Qwen3VL {
		def(&r.Patch, 16)
		def(&r.Positions, 2304)
		if r.DeepStack == nil {
			r.DeepStack = []int{8, 16, 24}
		}
		return "gelu_pytorch_tanh"
	}
	def(&r.Patch, 14)
	def(&r.Window, 112)
	def(&r.TokensPerSecond, 4)
	if r.Full == nil {
		r.Full = []int{7, 15, 23, 31}
	}
	return "silu"
}

// parse takes the token ids from the top level, the end of text from
// generation_config.json first.
func (t *Tokens) parse(raw rawConfig, text, generation []byte, vocab int) error {
	var lm, gen struct {
		EOS ids    `json:"eos_token_id"`
		Pad *int32 `json:"pad_token_id"`
	}
	if err := json.Unmarshal(text, &lm); err != nil {
		return fmt.Errorf("config.json: %v", err)
	}
	if generation != nil {
		if err := json.Unmarshal(generation, &gen); err != nil {
			return fmt.Errorf("generation_config.json: %v", err)
		}
	}
	for _, e := range []ids{gen.EOS, raw.EOS, lm.EOS} {
		if len(t.EOS) == 0 {
			t.EOS = e
		}
	}
	if len(t.EOS) == 0 {
		return fmt.Errorf("config.json: no eos_token_id")
	}
	t.Pad = t.EOS[len(t.EOS)-1]
	for _, p := range []*int32{lm.Pad, raw.Pad, gen.Pad} {
		if p != nil {
			t.Pad = *p
		}
	}
	for _, f := range []struct {
		name string
		dst  *int32
		src  *int32
	}{
		{"image_token_id", &t.Image, raw.Image}, {"video_token_id", &t.Video, raw.Video},
		{"vision_start_token_id", &t.VisionStart, raw.VisionStart}, {"vision_end_token_id", &t.VisionEnd, raw.VisionEnd},
	} {
		if f.src == nil {
			return fmt.Errorf("config.json: no %s", f.name)
		}
		*f.dst = *f.src
	}
	for _, id := range append([]int32{t.Image, t.Video, t.VisionStart, t.VisionEnd, t.Pad}, t.EOS...) {
		if id < 0 || int(id) >= vocab {
			return fmt.Errorf("config.json: token id %d (want below vocab_size %d)", id, vocab)
		}
	}
	return nil
}

// largest bounds every size in a configuration, so that products do not overflow.
const largest = 1 << 24

func positive(prefix string, sizes map[string]int) error {
	var bad []string
	for name, v := range sizes {
		if v <= 0 || v > largest {
			bad = append(bad, fmt.Sprintf("config.json: %s%s %d (want 1 to %d)", prefix, name, v, largest))
		}
	}
	if len(bad) == 0 {
		return nil
	}
	slices.Sort(bad)
	return fmt.Errorf("%s", bad[0])
}

// jsonError says what of another type a JSON file holds, in its own names.
func jsonError(err error) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &wrong):
		return err
	case wrong.Field == "":
		return fmt.Errorf("a JSON %s (want an object)", wrong.Value)
	}
	return fmt.Errorf("%s holds a JSON %s (want %s)", wrong.Field, wrong.Value, wrong.Type)
}
