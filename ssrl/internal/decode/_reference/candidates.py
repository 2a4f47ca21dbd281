"""Writes testdata/candidates.jsonl: which tokens transformers leaves to draw from, and with what probability.

    python candidates.py > ../testdata/candidates.jsonl

Made with transformers 4.57.1 and torch 2.15.0: the processors and warpers that generate() builds for these settings, in its
order. Lines with "order": "vllm" apply the same warpers with min-p before top-k, as vLLM's sampler does. A line is
{"order", "logits", "seen", "temperature", "top_k", "top_p", "min_p", "repetition_penalty", "kept" (ids with a probability), "logprobs"
(of all ids after penalty and temperature), "probs" (of kept)}.
"""

import json
import random

import torch
from transformers import generation as g

draw = random.Random(11)
torch.manual_seed(11)


def case(order, vocab):
    scale = draw.choice([0.5, 2, 6])
    logits = torch.randn(1, vocab) * scale
    if draw.random() < 0.3:  # ties
        logits = torch.round(logits * 2) / 2
    seen = torch.randint(0, vocab, (1, draw.randint(1, 6)))
    s = {
        "temperature": draw.choice([0.01, 0.6, 0.7, 1.0, 1.5]),
        "top_k": draw.choice([0, 0, 1, 3, 20, vocab + 5]),
        "top_p": draw.choice([0, 0, 0.1, 0.5, 0.8, 0.95]),
        "min_p": draw.choice([0, 0, 0.02, 0.1, 0.5]),
        "repetition_penalty": draw.choice([0, 1.05, 1.3, 0.8]),
    }
    scores = logits
    if s["repetition_penalty"]:
        scores = g.RepetitionPenaltyLogitsProcessor(s["repetition_penalty"])(seen, scores)
    if s["temperature"] != 1.0:
        scores = g.TemperatureLogitsWarper(s["temperature"])(seen, scores)
    processed = torch.log_softmax(scores.double(), -1)
    warpers = []
    if s["top_k"]:
        warpers.append(g.TopKLogitsWarper(s["top_k"]))
    if s["top_p"]:
        warpers.append(g.TopPLogitsWarper(s["top_p"]))
    if s["min_p"]:
        at = len(warpers) if order == "transformers" else 0
        warpers.insert(at, g.MinPLogitsWarper(s["min_p"]))
    for w in warpers:
        scores = w(seen, scores)
    probs = torch.softmax(scores.double(), -1)[0]
    kept = [i for i in range(vocab) if scores[0, i] > float("-inf")]
    return {
        "order": order, "logits": [float(x) for x in logits[0]], "seen": sorted(set(seen[0].tolist())), **s,
        "kept": kept, "logprobs": [round(float(x), 6) for x in processed[0]], "probs": [round(float(probs[i]), 7) for i in kept],
    }


for order in ["transformers", "vllm"]:
    for _ in range(150):
        print(json.dumps(case(order, draw.choice([7, 33, 60])), separators=(",", ":")))
