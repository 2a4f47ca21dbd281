"""The pixels of Spatial-SSRL's quick start, by qwen_vl_utils and transformers, beside those of `ssrl pixels`.

    python quick_start.py PATH/TO/ssrl IMAGE...

Needs qwen-vl-utils 0.0.14 (without its video readers), transformers 4.57.1, torchvision and Pillow 12; prints what differs.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile

from qwen_vl_utils import process_vision_info
from transformers import Qwen2VLImageProcessorFast

CLIP = dict(image_mean=[0.48145466, 0.4578275, 0.40821073], image_std=[0.26862954, 0.26130258, 0.27577711])
HALF = dict(image_mean=[0.5] * 3, image_std=[0.5] * 3)
MODELS = {
    "qwen2_5_vl": dict(patch_size=14, size={"shortest_edge": 3136, "longest_edge": 12845056}, **CLIP),
    "qwen3_vl": dict(patch_size=16, size={"shortest_edge": 65536, "longest_edge": 16777216}, **HALF),
}


def main():
    program, wrong = sys.argv[1], 0
    for name, config in MODELS.items():
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, "preprocessor_config.json"), "w") as f:
                json.dump(config, f)
            for path in sys.argv[2:]:
                images, _ = process_vision_info([{"role": "user", "content": [{"type": "image", "image": path}]}])
                out = Qwen2VLImageProcessorFast(**config)(images, return_tensors="pt")
                want = [list(images[0].size), out.image_grid_thw[0].tolist(), hashlib.sha256(out.pixel_values.numpy().astype("<f4").tobytes()).hexdigest()]
                line = subprocess.run([program, "pixels", "--model", directory, "--profile", "qwen_vl_utils", "--json", path], capture_output=True, check=True).stdout
                v = json.loads(line)
                got = [v["size"], v["grid_thw"], v["sha256"]]
                if got != want:
                    wrong += 1
                    print(name, path, got, want)
    print(f"{wrong} differ")
    sys.exit(wrong > 0)


main()
