"""Writes testdata/saved.jsonl: what transformers makes of a vocabulary that Train and Save wrote.

    go test ./internal/bpe -run TestSavedFilesOpenInTransformers -save /tmp/saved
    python encode.py /tmp/saved > ../testdata/saved.jsonl

Made with transformers 4.57.1 and tokenizers 0.22.2. A line is {"text", "ids" (all added tokens found), "plain"
(split_special_tokens), "decoded", "skip" (skip_special_tokens)}.
"""

import json
import random
import sys

from transformers import AutoTokenizer

PIECES = [
    "The image", " patches", " labeled", "it's", "IT'S", "they'RE", "'ſ", "'ll", "don't", " 1-2-3", "0123456789", "٣٤", "Ⅷ", "½",
    " ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u0085", "\u3000", "\u200b", "!?...", "()\n\n", "x = f(y);", "\\boxed{B}", "é", "e\u0301",
    "a\u0323\u0302", "a\u0302\u0323", "\u1e0b\u0323", "\u212b", "\u1100\u1161\u11a8", "각", "照片", "椅子", "ещё", "שלום", "🤖", "🏳️‍🌈", "\u0344",
    "<|im_end|>", "<|im_start|>", "<|im_", "end|>", "<tool_call>", "</tool_call>", "<|image_pad|>", "<image>", "<loc>", "<loc_1>", "<loc_",
    "<|vision_start|><|image_pad|><|vision_end|>", "\u0338", "\u0000", "\x7f", "a" * 60, "thehe" * 15, "\u0301" * 12,
]


def texts():
    draw = random.Random(7)
    yield ""
    for piece in PIECES:
        yield piece
    for _ in range(240):
        yield "".join(draw.choice(PIECES) for _ in range(draw.randint(2, 9)))
    yield "a" + "\u0301" * 40 + "\u0323" * 40
    yield "\u1100" + "\u1161" * 50


def main():
    tok = AutoTokenizer.from_pretrained(sys.argv[1])
    for text in texts():
        ids = tok(text).input_ids
        print(json.dumps({
            "text": text,
            "ids": ids,
            "plain": tok(text, split_special_tokens=True).input_ids,
            "decoded": tok.decode(ids),
            "skip": tok.decode(ids, skip_special_tokens=True),
        }, separators=(",", ":")))


main()
