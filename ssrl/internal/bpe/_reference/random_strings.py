"""5,000 random strings through tokenizers and through `ssrl tokens`: ids must be equal. And the speed of both.

    python random_strings.py PATH/TO/ssrl TOKENIZER_DIR [SEED [COUNT]]

Made for tokenizers 0.22.2. Prints the first strings that differ; the exit status says whether any did.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time

from tokenizers import Tokenizer

RANGES = [
    (0x20, 0x7E, 30), (0x00, 0x1F, 1), (0xA0, 0x17F, 4), (0x300, 0x36F, 3), (0x370, 0x5FF, 4), (0x600, 0x6FF, 2), (0x900, 0xDFF, 3),
    (0xE00, 0xEFF, 1), (0x1100, 0x11FF, 2), (0x1E00, 0x1FFF, 2), (0x2000, 0x206F, 2), (0x2070, 0x2BFF, 3), (0x3000, 0x30FF, 3),
    (0x3400, 0x9FFF, 6), (0xAC00, 0xD7A3, 3), (0xE000, 0xF8FF, 1), (0xF900, 0xFAFF, 1), (0xFE00, 0xFFFD, 2), (0x1F300, 0x1FAFF, 3),
    (0x10000, 0x10FFFF, 1),
]
WORDS = [
    "the", " image", "'s", "'LL", "'re", "don't", "\n", "\r\n", "\n\n", "   ", "\t", " \n ", "1234", "3.14", "```python\n", "def f(x):", "<think>", "</think>",
    "<|im_end|>", "<|im_start|>", "<|image_pad|>", "<|vision_start|>", "<|endoftext|>", "<|im_", "_end|>", "<tool_call>", "\\boxed{A}", "http://a.b/c?d=e&f",
    "e\u0301", "\u1112\u1161\u11ab", "a\u0323\u0302", "\u212b", "\ufb01", "\u00a0", "\u3000", "\u200d", "\ufe0f", "\u0085", "\u2028", "ſ", "İ", "ǅ",
]


def texts(seed, count):
    draw = random.Random(seed)
    weights = [w for _, _, w in RANGES]
    for _ in range(count):
        out = []
        for _ in range(draw.choice([1, 3, 10, 40])):
            kind = draw.random()
            if kind < 0.4:
                out.append(draw.choice(WORDS))
            elif kind < 0.5:
                out.append(draw.choice("ab \n.'é中") * draw.choice([2, 5, 31, 33, 200]))
            else:
                lo, hi, _ = draw.choices(RANGES, weights)[0]
                out.append("".join(chr(draw.randint(lo, hi)) for _ in range(draw.randint(1, 12))))
        text = "".join(out)
        yield "".join(c for c in text if not 0xD800 <= ord(c) <= 0xDFFF)


def main():
    program, directory = sys.argv[1:3]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 5000
    tok = Tokenizer.from_file(os.path.join(directory, "tokenizer.json"))
    strings = list(texts(seed, count))
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        for s in strings:
            f.write(json.dumps({"text": s}) + "\n")
        f.flush()
        out = subprocess.run([program, "tokens", "--model", directory, f.name], capture_output=True, check=True).stdout.splitlines()
    assert len(out) == len(strings)
    wrong = 0
    for s, line in zip(strings, out):
        want = tok.encode(s, add_special_tokens=False).ids
        if json.loads(line)["ids"] != want:
            wrong += 1
            if wrong <= 5:
                print(ascii(s)[:300])
    print(f"{wrong} of {len(strings)} strings differ (seed {seed})")

    for name, text in {"random": "\n".join(strings), "english": "Which of the three regions is nearest to the camera? It's the second one.\n" * 20000}.items():
        best = min(timed(tok, text) for _ in range(3))
        print(f"tokenizers, {name}: {len(text.encode()) / best / 1e6:.1f} MB/s")
    sys.exit(wrong > 0)


def timed(tok, text):
    start = time.perf_counter()
    tok.encode(text, add_special_tokens=False)
    return time.perf_counter() - start


main()
