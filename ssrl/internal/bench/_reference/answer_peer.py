"""Times of transformers in bfloat16, as `ssrl bench answer --json` prints them.

    python answer_peer.py MODEL [--threads 2] [--prompt 512] [--tokens 16] [--size 640x480] [--runs 3] [--dtype bfloat16]

MODEL is a directory that `ssrl new --preset qwen2.5-vl-3b` made. The prompt is
of that many tokens, the same one again and again; weights stay where
transformers puts them. Made with torch 2.15 and transformers 4.57.1.
"""
import time

start = time.time()
import argparse
import json
import resource
import statistics

import numpy as np
import torch
import transformers

p = argparse.ArgumentParser()
p.add_argument("model")
p.add_argument("--threads", type=int, default=2)
p.add_argument("--prompt", type=int, default=512)
p.add_argument("--tokens", type=int, default=16)
p.add_argument("--size", default="640x480")
p.add_argument("--runs", type=int, default=3)
p.add_argument("--dtype", default="bfloat16")
a = p.parse_args()
torch.set_num_threads(a.threads)
torch.set_grad_enabled(False)

model = transformers.AutoModelForImageTextToText.from_pretrained(a.model, dtype=getattr(torch, a.dtype), attn_implementation="sdpa").eval()
load = time.time() - start
patch, merge, width = 14, 2, 3 * 2 * 14 * 14
w, h = (round(int(x) / 28) * 28 for x in a.size.split("x"))
grid = torch.tensor([[1, h // patch, w // patch]])
pixels = torch.from_numpy(np.random.default_rng(1).standard_normal((int(grid.prod()), width), dtype=np.float32)).to(model.dtype)
c = model.config


def seconds(work):
    t = time.time()
    r = work()
    return time.time() - t, r


places = [c.vision_start_token_id] + [c.image_token_id] * (int(grid.prod()) // merge**2) + [c.vision_end_token_id]
asked = torch.tensor([[1, 2, 3] + places + list(range(20))])
model(input_ids=asked, attention_mask=torch.ones_like(asked), pixel_values=pixels, image_grid_thw=grid, logits_to_keep=1)
first = time.time() - start
ids = torch.tensor([[5 + i % 200 for i in range(a.prompt)]])
encode, prefill, decode = [], [], []
for run in range(a.runs + 1):
    e, _ = seconds(lambda: model.get_image_features(pixels, grid))
    f, out = seconds(lambda: model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=True, logits_to_keep=1))
    cache, at = out.past_key_values, ids.shape[1]
    token = out.logits[:, -1].argmax(-1, keepdim=True)

    def draw():
        global token, at
        for _ in range(a.tokens):
            o = model(input_ids=token, past_key_values=cache, use_cache=True, position_ids=torch.full((3, 1, 1), at))
            token, at = o.logits[:, -1].argmax(-1, keepdim=True), at + 1

    d, _ = seconds(draw)
    if run:
        encode.append(e), prefill.append(f), decode.append(d / a.tokens)
m = statistics.median
print(json.dumps({"impl": f"transformers {transformers.__version__}, torch {torch.__version__}", "threads": a.threads, "dtype": a.dtype,
                  "load_s": load, "prompt_tokens": a.prompt, "prefill_tokens_per_s": a.prompt / m(prefill), "decode_tokens_per_s": 1 / m(decode),
                  "encode_s": m(encode), "encode_best_s": min(encode), "first_token_s": first,
                  "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}))
