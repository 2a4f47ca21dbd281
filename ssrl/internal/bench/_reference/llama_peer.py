"""Writes the language model of a Qwen2.5-VL directory in bfloat16 as GGUF, for llama_peer.mjs.

    python llama_peer.py MODEL OUT.gguf

The vocabulary is made up: only times are taken. Made with gguf 0.17 and torch 2.15.
"""
import glob
import json
import sys

import gguf
import numpy as np
import torch
from safetensors import safe_open

model, out = sys.argv[1:]
c = json.load(open(model + "/config.json"))
n = c["vocab_size"]
w = gguf.GGUFWriter(out, "qwen2")
w.add_block_count(c["num_hidden_layers"])
w.add_context_length(4096)
w.add_embedding_length(c["hidden_size"])
w.add_feed_forward_length(c["intermediate_size"])
w.add_head_count(c["num_attention_heads"])
w.add_head_count_kv(c["num_key_value_heads"])
w.add_rope_freq_base(c["rope_theta"])
w.add_layer_norm_rms_eps(c["rms_norm_eps"])
w.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
w.add_tokenizer_model("gpt2")
w.add_tokenizer_pre("qwen2")
w.add_token_list([b"t%d" % i for i in range(n)])
w.add_token_types([1] * n)
w.add_token_merges(["t 1"])
w.add_eos_token_id(n - 1)
w.add_bos_token_id(n - 2)
w.add_add_bos_token(False)

NAMES = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight",
         "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
         "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down"}


def renamed(name):
    if name in NAMES:
        return NAMES[name]
    if not name.startswith("model.layers."):
        return None
    _, _, i, rest = name.split(".", 3)
    what, last = rest.rsplit(".", 1)
    return f"blk.{i}.{NAMES[what]}.{last}"


tensors = []
for path in sorted(glob.glob(model + "/*.safetensors")):
    f = safe_open(path, "pt")
    tensors += [(renamed(name), f, name) for name in f.keys() if renamed(name)]
for to, f, name in tensors:
    shape = f.get_slice(name).get_shape()
    size = int(np.prod(shape))
    if len(shape) == 1:
        w.add_tensor_info(to, shape, np.float32, 4 * size)
    else:
        w.add_tensor_info(to, (shape[0], 2 * shape[1]), np.uint8, 2 * size, raw_dtype=gguf.GGMLQuantizationType.BF16)
w.write_header_to_file()
w.write_kv_data_to_file()
w.write_ti_data_to_file()
for to, f, name in tensors:
    t = f.get_tensor(name)
    w.write_tensor_data(t.float().numpy() if t.ndim == 1 else t.view(torch.int16).numpy().view(np.uint8))
w.close()
