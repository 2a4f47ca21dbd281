"""Writes a folder for TestPeerFolder: files of Pillow, of OpenCV and of png() below, the files named on the command
line, and index.json with the hash of the pixels that Pillow shows of each.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install pillow numpy opencv-python-headless
    /tmp/venv/bin/python peer.py /tmp/peer [FILE.png ...]
    SSRL_PNG_PEER=/tmp/peer go test -run TestPeerFolder .
"""
import hashlib, json, pathlib, shutil, struct, sys, zlib

import cv2, numpy as np
from PIL import Image

OUT = pathlib.Path(sys.argv[1])
OUT.mkdir(parents=True, exist_ok=True)
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
rng = np.random.default_rng(5)
index = []


def record(path):
    """Pillow's pixels: RGB without alpha, or the samples of 16-bit grey."""
    with Image.open(path) as im:
        grey16 = im.mode.startswith("I")
        pix = np.asarray(im).astype(">u2").tobytes() if grey16 else im.convert("RGB").tobytes()
        index.append({"file": path.name, "width": im.width, "height": im.height, "grey16": grey16, "sha256": hashlib.sha256(pix).hexdigest()})


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def scenery(w, h, channels, top):
    y, x = np.mgrid[0:h, 0:w].astype(float)
    pix = np.stack([(1 + np.sin(x / (9 + 3 * k) + y / 7)) / 2 for k in range(channels)], -1)
    return np.clip(pix * top + rng.integers(0, 2 + top // 60, pix.shape), 0, top).astype(int)


def png(w, h, bits, kind, interlaced, filters, step, key=b""):
    """A file of filtered rows: filters is 0 to 4, or 5 for each row its own."""
    samples, raw = scenery(w, h, CHANNELS[kind], 2**bits - 1), b""
    for x0, y0, dx, dy in PASSES if interlaced else [(0, 0, 1, 1)]:
        part = samples[y0::dy, x0::dx]
        if part.size == 0:
            continue
        size, above = max(1, bits * CHANNELS[kind] // 8), None
        for row in part:
            flat = row.reshape(-1)
            if bits == 16:
                line = flat.astype(">u2").tobytes()
            else:
                bit = (flat[:, None] >> np.arange(bits - 1, -1, -1)) & 1
                line = np.packbits(bit.reshape(-1).astype(np.uint8)).tobytes()
            now = np.frombuffer(line, np.uint8).astype(int)
            above = np.zeros_like(now) if above is None else above
            left = np.concatenate([np.zeros(size, int), now])[: len(now)]
            corner = np.concatenate([np.zeros(size, int), above])[: len(now)]
            f = filters if filters < 5 else int(rng.integers(5))
            p = left + above - corner
            pa, pb, pc = abs(p - left), abs(p - above), abs(p - corner)
            nearest = np.where((pa <= pb) & (pa <= pc), left, np.where(pb <= pc, above, corner))
            guess = [0 * now, left, above, (left + above) // 2, nearest][f]
            raw += bytes([f]) + ((now - guess) & 255).astype(np.uint8).tobytes()
            above = now
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, bits, kind, 0, 0, interlaced))
    if kind == 3:
        out += chunk(b"PLTE", rng.integers(0, 256, 3 * 2**bits, np.uint8).tobytes())
    if key:
        out += chunk(b"tRNS", key)
    packed = zlib.compress(raw, 6)
    for i in range(0, len(packed), step):
        out += chunk(b"IDAT", packed[i : i + step])
    return out + chunk(b"IEND", b"")


def keep(name, data):
    (OUT / name).write_bytes(data)
    record(OUT / name)


for kind, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
    for bits in depths:
        for interlaced in 0, 1:
            for w, h in (1, 1), (3, 5), (16, 16), (67, 41), (200, 130):
                name = f"{kind}-{bits}-{interlaced}-{w}x{h}.png"
                keep(name, png(w, h, bits, kind, interlaced, 5, 1 << 13))
        for filters in range(5):
            keep(f"{kind}-{bits}-filter{filters}.png", png(99, 20, bits, kind, 0, filters, 77))
for kind, bits, key in (0, 8, b"\0\7"), (2, 8, bytes(6)), (3, 8, bytes(range(256))), (3, 2, b"\0"), (2, 16, bytes(6)):
    keep(f"{kind}-{bits}-key.png", png(50, 50, bits, kind, 0, 5, 1 << 13, key))

rgb = Image.fromarray(scenery(320, 240, 3, 255).astype(np.uint8))
for mode in "1", "L", "LA", "P", "RGB", "RGBA":
    for level in 0, 1, 6, 9:
        path = OUT / f"pillow-{mode}-{level}.png"
        rgb.convert(mode).save(path, compress_level=level)
        record(path)
Image.fromarray(scenery(320, 240, 1, 65535)[..., 0].astype(np.uint16)).save(OUT / "pillow-16.png")
record(OUT / "pillow-16.png")
bgr = np.ascontiguousarray(np.asarray(rgb)[..., ::-1])
for strategy in range(5):
    for level in 1, 9:
        path = OUT / f"opencv-{strategy}-{level}.png"
        cv2.imwrite(str(path), bgr, [cv2.IMWRITE_PNG_STRATEGY, strategy, cv2.IMWRITE_PNG_COMPRESSION, level])
        record(path)
for name in sys.argv[2:]:
    path = OUT / ("given-" + "-".join(pathlib.Path(name).parts[-2:]))
    shutil.copyfile(name, path)
    record(path)
(OUT / "index.json").write_text(json.dumps(index, indent=0))
print(len(index), "files, Pillow", Image.__version__, "OpenCV", cv2.__version__)
