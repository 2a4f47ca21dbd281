"""Writes ../testdata/real.json: what h5py, numpy and Pillow read from real frames.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install h5py numpy pillow
    /tmp/venv/bin/python real.py FOLDER_OF_FRAMES

Only sizes, counts, sums and hashes are written, no pixels. Depth is hashed as
little-endian float32 metres with 0 for no reading. JPEG pixels depend on the
decoder, so for colour the means of an 4 x 4 grid of cells are kept as well.
"""
import hashlib, json, pathlib, sys

import h5py, numpy as np
from PIL import Image

UNITS = {"tum": 5000.0}  # counts a metre, by folder; 1000 elsewhere


def depth(path):
    if path.suffix == ".h5":
        d = np.array(h5py.File(path)["depth"], dtype=np.float32)
    elif path.suffix == ".npy":
        d = np.load(path).squeeze()
    else:
        # The quotient in double is rounded once more to single.
        d = np.array(Image.open(path), dtype=np.float64) / UNITS.get(path.parent.name, 1000.0)
    d = d.astype(np.float32)
    return np.where(np.isfinite(d) & (d > 0), d, np.float32(0))


def main(root):
    out = {"depth": [], "image": []}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.stem.startswith("depth_mask") or path.suffix not in (".h5", ".npy", ".png", ".jpg"):
            continue
        if path.stem.startswith("depth"):
            d = depth(path)
            mask = path.with_name(path.name.replace("depth", "depth_mask"))
            masked = {}
            if mask.exists() and mask != path:
                keep = np.load(mask).squeeze() != 0
                masked = {"mask": str(mask.relative_to(root)), "masked_valid": int((keep & (d > 0)).sum())}
            v = d[d > 0]
            out["depth"].append({
                "file": name, "unit": "tum" if path.parent.name == "tum" else "",
                "width": d.shape[1], "height": d.shape[0], "valid": int(v.size),
                "min": float(v.min()), "max": float(v.max()), "sum": float(v.astype(np.float64).sum()),
                "sha256": hashlib.sha256(d.astype("<f4").tobytes()).hexdigest(), **masked})
        else:
            im = np.array(Image.open(path).convert("RGB"))
            h, w, _ = im.shape
            cells = [im[h * j // 4:h * (j + 1) // 4, w * i // 4:w * (i + 1) // 4].reshape(-1, 3).mean(0).round(2).tolist()
                     for j in range(4) for i in range(4)]
            out["image"].append({"file": name, "width": w, "height": h,
                                 "sha256": hashlib.sha256(im.tobytes()).hexdigest(), "cells": cells})
    path = pathlib.Path(__file__).parent.parent / "testdata" / "real.json"
    lines = [f' "{kind}": [\n  ' + ",\n  ".join(json.dumps(r) for r in out[kind]) + "\n ]" for kind in out]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


main(pathlib.Path(sys.argv[1]))
