"""Spatial questions from RGB-D images, Qwen-VL inference, SFT and GRPO training.

    image, depth = ssrl.scene(seed=1)               # or arrays of your own
    samples = ssrl.generate(image, depth, tasks=["shuffle", "depth"])
    with ssrl.Model("Qwen2.5-VL-3B-Instruct") as model:
        print(model.answer(samples[0].problem, samples[0].images, max_tokens=64))
        grpo = ssrl.GRPO(model, group=8)
        print(grpo.step(samples).reward)

Keyword arguments are the options of ssrl.h. Long calls end with Ctrl-C; as jobs (step_job,
answer_job, ...) they go on by themselves, to be polled, waited for or awaited.

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
from .data import (
    Dataset,
    DatasetWriter,
    Depth,
    Frame,
    Image,
    Sample,
    Score,
    frames,
    generate,
    generate_dataset,
    generate_dataset_job,
    reward,
    scene,
    set_limits,
    set_log,
    version,
)
from .job import Job
from .model import Answer, Case, Model, Report, TokenScores, create_model
from .train import GRPO, SFT, Rollout, Step, Trainer

__all__ = [
    "Answer", "BusyError", "Case", "Dataset", "DatasetWriter", "Depth", "DeviceError", "Error", "FileError", "ForkedError", "FormatError",
    "Frame", "GRPO", "Image", "InternalError", "InvalidError", "Job", "Model", "OutOfMemoryError", "Report", "Rollout", "SFT", "Sample",
    "Score", "Step", "StoppedError", "TokenScores", "Trainer", "UnsuitableError", "create_model", "frames", "generate", "generate_dataset",
    "generate_dataset_job", "reward", "scene", "set_limits", "set_log", "version",
]  # fmt: skip
