"""Reads what ssrl generate wrote in every format with the programs that it is for.

    python3 -m venv v && v/bin/pip install datasets pyarrow webdataset pillow
    for f in dir parquet parquet-paths alpaca sharegpt webdataset; do
      ssrl generate --images FRAMES --validation 0.25 --format $f --out OUT/$f; done
    v/bin/python check.py OUT

Every format must give the samples and pixels of OUT/dir, split by split. Run with
datasets 5.2.0, pyarrow 26.0.1, webdataset 1.0.2 and Pillow 13.0.0.
"""

import hashlib
import io
import json
import os
import sys

import datasets
import pyarrow.parquet as pq
import webdataset
from PIL import Image

datasets.disable_progress_bars()
SPLITS = ["train", "validation"]


def pixels(image):
    return image.size, hashlib.sha256(image.convert("RGB").tobytes()).hexdigest()


def picture(path):
    with Image.open(path) as image:
        return pixels(image)


def own(root):
    out = {}
    for split in SPLITS:
        folder = os.path.join(root, split)
        manifest = json.load(open(os.path.join(folder, "manifest.json")))
        rows = [json.loads(line) for line in open(os.path.join(folder, "samples.jsonl"), encoding="utf-8")]
        assert manifest["samples"] == len(rows) and sum(manifest["tasks"].values()) == len(rows)
        for row in rows:
            row["pixels"] = [picture(os.path.join(folder, p)) for p in row["images"]]
        out[split] = rows
    sources = [set(r["source"] for r in out[s]) for s in SPLITS]
    assert sources[0] and sources[1] and not sources[0] & sources[1], "a frame in both splits"
    return out


def same(want, got, what):
    assert len(want) == len(got), f"{what}: {len(got)} rows, want {len(want)}"
    for i, (a, b) in enumerate(zip(want, got)):
        for key in b:
            assert a[key] == b[key], f"{what} row {i}: {key} is {b[key]!r}, want {a[key]!r}"


def parquet(root, want):
    """datasets decodes the pictures by itself, whole and streamed; pyarrow sees the columns."""
    for streaming in False, True:
        loaded = datasets.load_dataset(root, streaming=streaming)
        assert sorted(loaded) == SPLITS
        for split in SPLITS:
            feature = loaded[split].features["images"]
            assert isinstance(getattr(feature, "feature", None) or feature[0], datasets.Image), feature
            rows = [dict(id=r["id"], task=r["task"], problem=r["problem"], answer=r["answer"],
                         pixels=[pixels(i) for i in r["images"]]) for r in loaded[split]]
            same(want[split], rows, f"parquet {split}")
    for split in SPLITS:
        file = pq.ParquetFile(os.path.join(root, split + ".parquet"))
        assert file.schema_arrow.names == ["id", "task", "problem", "answer", "images"]
        assert json.loads(file.schema_arrow.metadata[b"huggingface"])["info"]["features"]["images"] == [{"_type": "Image"}]
        assert all(file.metadata.row_group(g).num_rows <= 1000 for g in range(file.num_row_groups))
        # EasyR1 without Image: dictionaries whose bytes are pictures.
        rows = [dict(id=r["id"], pixels=[pixels(Image.open(io.BytesIO(c["bytes"]))) for c in r["images"]]) for r in file.read().to_pylist()]
        same(want[split], rows, f"pyarrow {split}")
    single = datasets.load_dataset("parquet", data_files=os.path.join(root, "train.parquet"), split="train")
    assert len(single) == len(want["train"])


def paths(root, want):
    """The layout of Spatial-SSRL-81k; EasyR1 joins paths to its image_dir."""
    loaded = datasets.load_dataset(os.path.join(root, "data", "parquets"))
    for split in SPLITS:
        assert all(p.startswith("data/images/" + r["task"] + "/") for r in loaded[split] for p in r["images"])
        rows = [dict(id=r["id"], task=r["task"], problem=r["problem"], answer=r["answer"],
                     pixels=[picture(os.path.join(root, p)) for p in r["images"]]) for r in loaded[split]]
        same(want[split], rows, f"parquet-paths {split}")


def boxed(answer):
    assert answer.startswith(r"\boxed{") and answer.endswith("}"), answer
    return answer[len(r"\boxed{"):-1]


def llamafactory(root, want, sharegpt):
    """As LLaMA-Factory 0.9.4 loads: dataset_info.json, then datasets' json builder."""
    info = json.load(open(os.path.join(root, "dataset_info.json")))
    for split in SPLITS:
        entry = info[split]
        loaded = datasets.load_dataset("json", data_files=[os.path.join(root, entry["file_name"])], split="train")
        rows = []
        for r in loaded:
            c = entry["columns"]
            if sharegpt:
                turns = r[c["messages"]]
                assert [t["from"] for t in turns] == ["human", "gpt"]
                asked, said = turns[0]["value"], turns[1]["value"]
            else:
                assert r[c["query"]] == ""
                asked, said = r[c["prompt"]], r[c["response"]]
            assert asked.count("<image>") == len(r[c["images"]])
            rows.append(dict(id=r["id"], task=r["task"], source=r["source"], problem=asked, answer=boxed(said),
                             pixels=[picture(os.path.join(root, p)) for p in r[c["images"]]]))
        same(want[split], rows, root + " " + split)


def tar(root, want):
    for split in SPLITS:
        files = sorted(os.path.join(root, f) for f in os.listdir(root) if f.startswith(split))
        keys, rows = set(), []
        for s in webdataset.WebDataset(files, shardshuffle=False).decode("pil"):
            assert s["__key__"] not in keys
            keys.add(s["__key__"])
            q = s["json"]
            names = sorted((k for k in s if k.endswith((".png", ".jpg"))), key=lambda k: int(k.split(".")[0]))
            assert s["__key__"] == q["id"].replace(".", "~") and q["images"] == [s["__key__"] + "." + n for n in names]
            rows.append(dict(id=q["id"], task=q["task"], source=q["source"], problem=q["problem"], answer=q["answer"], meta=q["meta"],
                             pixels=[pixels(s[n]) for n in names]))
        same(want[split], rows, f"webdataset {split}")


def main(root):
    want = own(os.path.join(root, "dir"))
    parquet(os.path.join(root, "parquet"), want)
    paths(os.path.join(root, "parquet-paths"), want)
    llamafactory(os.path.join(root, "alpaca"), want, False)
    llamafactory(os.path.join(root, "sharegpt"), want, True)
    tar(os.path.join(root, "webdataset"), want)
    print(", ".join(f"{len(want[s])} {s}" for s in SPLITS), "samples, the same in every format")


main(sys.argv[1])
