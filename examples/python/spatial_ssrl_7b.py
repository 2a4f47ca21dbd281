"""The first program of Spatial-SSRL's README for Spatial-SSRL-7B and 3B (Qwen2.5-VL): one
question about one picture, asked with the prompt that the model was trained with.

    spatial_ssrl_7b.py MODEL IMAGE [QUESTION]

Without arguments it asks a small model of random weights about a synthetic room, which shows
that everything is in place.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

import ssrl

# The question and the settings of upstream's program.
QUESTION = "Consider the real-world 3D locations of the objects. Which object has a higher location? A. yellow bear kite B. building"
FORMAT_PROMPT = (
    "\n You FIRST think about the reasoning process as an internal monologue and then provide the final answer. "
    "The reasoning process MUST BE enclosed within <think> </think> tags. The final answer MUST BE put in \\boxed{}."
)
MAX_TOKENS = 4096


def ask(path: str, picture: Any, question: str, max_tokens: int) -> str:
    """picture is a file, or an array of numpy, PIL or torch."""
    # Pictures are seen as upstream's program shows them, through qwen_vl_utils.
    with ssrl.Model(path, dtype="bf16", pixels={"profile": "qwen_vl_utils"}) as model:
        content = [{"type": "image", "image": picture}, {"type": "text", "text": question + FORMAT_PROMPT}]
        # The most probable answer; the penalty of generation_config.json still counts.
        return model.answer([{"role": "user", "content": content}], max_tokens=max_tokens, recommended=True, temperature=0)


def main(args: list[str]) -> None:
    if not args:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "nano")
            ssrl.create_model(path, "nano", seed=1)
            room, _ = ssrl.scene(seed=1, width=112, height=112)
            answer = ask(path, room, QUESTION, 32)  # random weights never come to an end
    elif len(args) in (2, 3):
        answer = ask(args[0], args[1], args[2] if len(args) == 3 else QUESTION, MAX_TOKENS)
    else:
        sys.exit(f"{len(args)} arguments (want MODEL IMAGE [QUESTION])")
    print("Model Response:", answer)


if __name__ == "__main__":
    main(sys.argv[1:])
