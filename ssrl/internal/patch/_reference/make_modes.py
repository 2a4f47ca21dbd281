"""Writes testdata/modes/*.png, one of every kind of PNG, and what Pillow 12.0.0 makes of them.

usage: make_modes.py OUT_DIR

modes.jsonl holds, for each file, the mode that Pillow opens it in, the sha256 of convert("RGB") and of
resize(size).convert("RGB") for a smaller and a larger size. Needs numpy and Pillow 12.0.0 (13 resizes differently).
"""
import hashlib
import json
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

W, H = 17, 13
SIZES = [(9, 7), (29, 31), (17, 20), (40, 13)]


def png(depth, colour, samples, *chunks):
    """samples: [H, W, bands] of depth bits each."""
    rows = b""
    for row in samples.reshape(H, -1):
        if depth == 16:
            rows += b"\0" + row.astype(">u2").tobytes()
        else:
            bits = "".join(format(int(v), f"0{depth}b") for v in row)
            bits += "0" * (-len(bits) % 8)
            rows += b"\0" + bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
    chunk = lambda tag, data: struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, depth, colour, 0, 0, 0)) + b"".join(
        chunk(t, d) for t, d in chunks) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def files(rng):
    noise = lambda depth, bands: rng.integers(0, 1 << depth, (H, W, bands))
    grey = lambda v: (b"tRNS", struct.pack(">H", v))
    for depth in (1, 2, 4, 8, 16):
        samples = noise(depth, 1)
        yield f"grey{depth}", png(depth, 0, samples)
        yield f"grey{depth}_clear", png(depth, 0, samples, grey(int(samples[0, 0, 0])))
    ramp = (np.arange(H * W).reshape(H, W, 1) * 3) % 700  # on both sides of 255
    yield "grey16_dark", png(16, 0, ramp)
    yield "grey16_extreme", png(16, 0, noise(1, 1) * 65535)
    for depth in (8, 16):
        samples = noise(depth, 3)
        yield f"rgb{depth}", png(depth, 2, samples)
        yield f"rgb{depth}_clear", png(depth, 2, samples, (b"tRNS", struct.pack(">HHH", *map(int, samples[2, 3]))))
        yield f"la{depth}", png(depth, 4, noise(depth, 2))
        yield f"rgba{depth}", png(depth, 6, noise(depth, 4))
    edges = noise(8, 4)
    edges[..., 3] = rng.choice([0, 0, 1, 2, 127, 254, 255, 255], (H, W))
    yield "rgba8_edges", png(8, 6, edges)
    yield "la8_edges", png(8, 4, edges[..., 2:])
    for depth in (1, 2, 4, 8):
        colours = rng.integers(0, 256, (1 << depth, 3), dtype=np.uint8)
        palette = (b"PLTE", colours.tobytes())
        samples = noise(depth, 1)
        yield f"palette{depth}", png(depth, 3, samples, palette)
        yield f"palette{depth}_clear", png(depth, 3, samples, palette, (b"tRNS", b"\0\x80"))
    yield "palette8_short", png(8, 3, noise(4, 1), (b"PLTE", colours[:11].tobytes()))


def main(out):
    assert PIL.__version__ == "12.0.0", PIL.__version__
    out.mkdir(parents=True, exist_ok=True)
    sha = lambda im: hashlib.sha256(im.convert("RGB").tobytes()).hexdigest()
    with open(out / "modes.jsonl", "w") as f:
        for name, data in files(np.random.default_rng(2718)):
            path = out / f"{name}.png"
            path.write_bytes(data)
            im = Image.open(path)
            im.load()
            f.write(json.dumps(dict(file=path.name, mode=im.mode, rgb=sha(im), resized=[[w, h, sha(im.resize((w, h)))] for w, h in SIZES])) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
