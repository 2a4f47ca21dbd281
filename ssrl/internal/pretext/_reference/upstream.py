"""Writes testdata/upstream.json: what upstream's formulas give on depth maps and
pictures that upstream_test.go makes again by the same integers.

    python3 -m venv v && v/bin/pip install numpy==1.26.4 opencv-python-headless==4.10.0.84
    v/bin/python _reference/upstream.py

The formulas are those of Spatial-SSRL (commit b313fed) data_process/Position.py,
Depth.py and Crop.py: plain loops here, so that nothing is shared with the test.
"""
import hashlib
import json
import os

import cv2
import numpy as np


def hashed(*numbers):
    h = 2166136261
    for n in numbers:
        h = (h ^ (n & 0xFFFFFFFF)) * 16777619 & 0xFFFFFFFF
    return (h >> 8) & 0xFFFF


def depth(seed, width, height):
    """Slanted shelves of several depths with holes; metres, 0 for no reading."""
    d = np.zeros((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            shelf = hashed(seed, x * 5 // width, y * 4 // height) % 9
            mm = 800 + 700 * shelf + (x * (seed % 3)) // 4 + y // 3
            if hashed(seed, x // 3, y // 3, 7) % 23 == 0:
                mm = 0
            d[y, x] = np.float32(mm) / np.float32(1000)
    return d


def picture(seed, width, height):
    m = np.zeros((height, width, 3), np.uint8)
    for y in range(height):
        for x in range(width):
            for c in range(3):
                m[y, x, c] = hashed(seed, x, y, c) & 255
    return m


def position(d):
    h, w = d.shape
    valid = d > 0
    low, high = d[valid].min(), d[valid].max()
    n = np.where(valid, (d - low) / (high - low), np.nan).astype(np.float32)
    blocks = []
    for y in range(int(h / 2 - h * .45), int(h / 2 + h * .45)):
        for x in range(int(w / 2 - w * .45), int(w / 2 + w * .45)):
            if y < 7 or x < 7 or y + 7 >= h or x + 7 >= w:
                continue
            block = n[y - 7:y + 8, x - 7:x + 8]
            if np.isnan(block).all():
                continue
            least, most = np.nanmin(block), np.nanmax(block)
            if float(most - least) <= .15:
                blocks.append((y, x, float(least), float(most)))
    blocks.sort(key=lambda b: (b[0] - h / 2) ** 2 + (b[1] - w / 2) ** 2)
    apart = min(h, w) // 8
    y, x, least, most = (np.array([b[k] for b in blocks], np.float64) for k in range(4))

    def first(suits):
        for i in range(len(blocks)):
            j = np.nonzero(suits(i, slice(i + 1, None)))[0]
            if len(j):
                return [[blocks[k][1], blocks[k][0]] for k in (i, i + 1 + int(j[0]))]
        return None

    def near(i, j):
        return ((abs(most[i] - least[j]) <= .25) & (abs(most[j] - least[i]) <= .25)
                & (abs(y[j] - y[i]) < 30) & (abs(x[j] - x[i]) >= apart))

    def far(i, j):
        return ((np.maximum(least[i], least[j]) - np.minimum(most[i], most[j]) >= .25)
                & (np.hypot(x[j] - x[i], y[j] - y[i]) >= apart))

    return {"blocks": len(blocks), "near": first(near), "far": first(far)}


def regions(d):
    h, w = d.shape
    valid = d > 0
    low, high = np.percentile(d[valid], [.5, 99.5])
    n = np.where(valid & (d >= low) & (d <= high), (d - low) / (high - low), np.nan)
    counts = {}
    for size, spread in ((25, .15), (11, .2)):
        half = size // 2
        counts[size] = [0, 0, 0]
        for y in range(half, h - half):
            for x in range(half, w - half):
                block = n[y - half:y + half + 1, x - half:x + half + 1]
                if not np.isfinite(block).all() or not block.max() - block.min() < spread:
                    continue
                for band, (a, b) in enumerate(((0, .3), (.35, .65), (.7, 1))):
                    counts[size][band] += bool(a <= n[y, x] <= b)
    return {"low": float(low), "high": float(high), "counts25": counts[25], "counts11": counts[11]}


def resized(m, box, side):
    x, y, w, h = box
    out = cv2.resize(np.ascontiguousarray(m[y:y + h, x:x + w]), (side, side))
    return hashlib.sha256(out.tobytes()).hexdigest()


def main():
    cv2.setUseOptimized(False)
    maps, resizes = [], []
    for seed, width, height in ((1, 160, 120), (2, 200, 150), (3, 131, 171), (4, 260, 90), (5, 90, 80), (9, 240, 240)):
        d = depth(seed, width, height)
        maps.append({"seed": seed, "width": width, "height": height, "position": position(d), "depth": regions(d)})
    for seed, width, height, box, side in (
            (1, 90, 80, (10, 10, 20, 20), 40), (2, 90, 80, (0, 0, 80, 80), 40), (3, 90, 80, (5, 3, 60, 60), 40),
            (4, 90, 81, (0, 7, 55, 60), 40), (5, 77, 79, (30, 20, 19, 19), 38), (6, 60, 70, (0, 0, 45, 37), 30),
            (7, 51, 53, (3, 5, 12, 12), 25), (8, 70, 70, (1, 1, 69, 52), 35)):
        resizes.append({"seed": seed, "width": width, "height": height, "box": box, "side": side,
                        "sha256": resized(picture(seed, width, height), box, side)})
    path = os.path.join(os.path.dirname(__file__), "..", "testdata", "upstream.json")
    with open(path, "w") as f:
        json.dump({"maps": maps, "resizes": resizes}, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
