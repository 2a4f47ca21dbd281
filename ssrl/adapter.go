package ssrl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"ssrl/internal/qwen"
	"ssrl/internal/safetensors"
)

// The files of a LoRA adapter in PEFT's layout, and where Save puts them in a
// model's directory.
const (
	adapterConfig  = "adapter_config.json"
	adapterWeights = "adapter_model.safetensors"
	adapterDir     = "adapter"
)

// AdapterOptions configures AddAdapter.
type AdapterOptions struct {
	Rank  int     `json:"rank"`  // 0 means 16
	Alpha float64 `json:"alpha"` // 0 means twice the rank; what is added is scaled by Alpha / Rank
	Seed  uint64  `json:"seed"`  // of the random half of the weights
}

// AddAdapter gives the model a fresh LoRA adapter on the seven linears of every
// layer of the language model. It changes no answer until it is trained.
// Trainers that start afterwards change the adapter alone.
func (m *Model) AddAdapter(opts AdapterOptions) error {
	release, err := m.use()
	if err != nil {
		return err
	}
	defer release()
	if opts.Rank == 0 {
		opts.Rank = 16
	}
	if opts.Alpha == 0 {
		opts.Alpha = 2 * float64(opts.Rank)
	}
	if err := m.net.NewAdapter(opts.Rank, opts.Alpha, opts.Seed); err != nil {
		return err
	}
	m.plugin, err = json.MarshalIndent(map[string]any{
		"peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": nil, "inference_mode": true,
		"r": opts.Rank, "lora_alpha": opts.Alpha, "lora_dropout": 0.0, "bias": "none", "fan_in_fan_out": false, "modules_to_save": nil,
		"target_modules": m.net.AdapterTargets(),
	}, "", "  ")
	return err
}

// MergeAdapter adds the adapter to the weights and drops it; without one it does
// nothing.
func (m *Model) MergeAdapter() error {
	release, err := m.use()
	if err != nil {
		return err
	}
	defer release()
	m.net.Merge()
	m.plugin = nil
	return nil
}

// adapt reads the adapter in dir.
func (m *Model) adapt(ctx context.Context, dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, adapterConfig))
	if err != nil {
		return fmt.Errorf("adapter %s: %w", dir, err)
	}
	config, err := qwen.ParseAdapterConfig(data)
	if err != nil {
		return fmt.Errorf("adapter %s: %w", dir, err)
	}
	f, err := safetensors.Open(filepath.Join(dir, adapterWeights))
	if err != nil {
		return fmt.Errorf("adapter %s: %w", dir, err)
	}
	defer f.Close()
	if err := m.net.Adapt(ctx, config, f); err != nil {
		return fmt.Errorf("adapter %s: %w", dir, err)
	}
	m.plugin = data
	return nil
}

// writeAdapter puts the adapter into a folder of a model's directory.
func (m *Model) writeAdapter(dir string) error {
	if m.net.Adapter == nil {
		return nil
	}
	dir = filepath.Join(dir, adapterDir)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, adapterConfig), m.plugin, 0o644),
		safetensors.Write(filepath.Join(dir, adapterWeights), m.net.AdapterTensors(), map[string]string{"format": "pt"}))
}
