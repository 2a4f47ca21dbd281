"""Spatial questions from RGB-D images, Qwen-VL inference, SFT and GRPO training.

    image, depth = ssrl.scene(seed=1)               # or arrays of your own
    samples = ssrl.generate(image, depth, tasks=["shuffle", "depth"])
    with ssrl.Model("Qwen2.5-VL-3B-Instruct") as model:
        print(model.answer(samples[0].problem, samples[0].images, max_tokens=64))
        grpo = ssrl.GRPO(model, group=8)
        print(grpo.step(samples).reward)

The C library is found by SSRL_LIBRARY, else beside this package, else by the loader.
Errors are ssrl.Error; most are a ValueError or OSError too.
"""

from ._lib import (
    BusyError,
    DeviceError,
    Error,
    FileError,
    ForkedError,
    FormatError,
    InternalError,
    InvalidError,
    OutOfMemoryError,
    StoppedError,
    UnsuitableError,
)
from .data import Dataset, Depth, Image, Sample, Score, generate, generate_dataset, reward, scene, version
from .model import Model, create_model
from .train import GRPO, SFT, Step, Trainer

__all__ = [
    "BusyError", "Dataset", "Depth", "DeviceError", "Error", "FileError", "ForkedError", "FormatError", "GRPO", "Image", "InternalError",
    "InvalidError", "Model", "OutOfMemoryError", "SFT", "Sample", "Score", "Step", "StoppedError", "Trainer", "UnsuitableError",
    "create_model", "generate", "generate_dataset", "reward", "scene", "version",
]  # fmt: skip
