"""Trainers: supervised fine-tuning and GRPO of a model."""

from __future__ import annotations

import ctypes
import dataclasses
import json
import os
from typing import Any, Callable, Iterator, Sequence

from . import _lib
from .data import Dataset, Handle, Sample, Samples
from .model import Model

__all__ = ["GRPO", "SFT", "Step", "Trainer"]


@dataclasses.dataclass
class Step:
    """What a step did; metrics has more, under EasyR1's names."""

    n: int
    loss: float
    reward: float
    kl: float
    grad_norm: float
    tokens: int
    metrics: dict[str, float] = dataclasses.field(default_factory=dict, repr=False)


class Trainer(Handle):
    """Takes steps on a model that it borrows. Make an SFT or a GRPO."""

    _kind = "trainer"

    def __init__(self, model: Model, handle: ctypes.c_void_p):
        super().__init__(handle)
        self.model = model
        self._raised: BaseException | None = None  # by a reward

    @property
    def done(self) -> int:
        """Steps taken, those before a resume included."""
        return int(_lib.lib().ssrl_trainer_done(self.handle))

    def step(self, batch: Sequence[Sample]) -> Step:
        """Learns from a batch. After an error the weights are as before."""
        samples, out = Samples(batch), _lib.ssrl_step()
        with self._rewards():
            _lib.waiting("trainer_step", self.handle, samples.array, len(batch), out, interrupt=self.interrupt)
        return self._step(out)

    def run(self, dataset: Dataset, steps: int, **options: Any) -> Iterator[Step]:
        """Takes steps over a dataset until `steps` are done and yields each. Options: batch, seed.

        Model and trainer are free between the steps: save, or ask, in the loop.
        """

        def work(emit: Callable[[Step], None]) -> None:
            with self._rewards(), _lib.Callbacks() as callbacks:
                heard = callbacks.wrap(_lib.STEP_FN, lambda s: emit(self._step(s.contents)))
                _lib.call("trainer_run", self.handle, dataset.handle, steps, _lib.options(options), heard, None)

        return _lib.stream(work, self.interrupt, lockstep=True)

    def save(self, directory: str | os.PathLike[str]) -> None:
        """Writes model and trainer state, whole or not at all."""
        _lib.call("trainer_save", self.handle, _lib.path(directory))

    def resume(self, directory: str | os.PathLike[str]) -> None:
        """Goes on from what save wrote, bit for bit."""
        _lib.call("trainer_resume", self.handle, _lib.path(directory))

    def _step(self, c: Any) -> Step:
        heard: list[bytes] = []
        with _lib.Callbacks() as callbacks:
            keep = callbacks.wrap(_lib.TEXT_FN, lambda utf8, n: heard.append(ctypes.string_at(utf8, n)))
            _lib.call("trainer_metrics", self.handle, keep, None)
        return Step(c.n, c.loss, c.reward, c.kl, c.grad_norm, c.tokens, json.loads(heard[0]))

    def _rewards(self) -> _lib.Callbacks:
        """Raises what a reward raised."""
        return _lib.Callbacks()


class SFT(Trainer):
    """Teaches a model to give the samples' own answers."""

    def __init__(self, model: Model, **options: Any):
        """Options: learning_rate, weight_decay, max_grad_norm, schedule, plain, micro_tokens."""
        handle = ctypes.c_void_p()
        _lib.call("sft_new", handle, model.handle, _lib.options(options))
        super().__init__(model, handle)


class GRPO(Trainer):
    """Teaches a model by the scores of its own answers."""

    def __init__(self, model: Model, reward: Callable[[Sample, str], float] | None = None, **options: Any):
        """reward(sample, answer) scores answers; None is ssrl.reward's overall. Options: those of
        SFT and group, max_tokens, temperature, kl, updates, clip_low, clip_high, clip_dual,
        average, seed, recompute_old_logprob."""
        handle = ctypes.c_void_p()
        self._callbacks = _lib.Callbacks()
        self._reward = _lib.REWARD_FN()
        if reward is not None:
            score = reward

            def judge(sample: Any, answer: bytes, out: Any) -> None:
                out[0] = score(Sample._read(sample), answer.decode("utf-8", "replace"))

            self._reward = self._callbacks.wrap(_lib.REWARD_FN, judge)
        _lib.call("grpo_new", handle, model.handle, self._reward, None, _lib.options(options))
        super().__init__(model, handle)

    def _rewards(self) -> _lib.Callbacks:
        return self._callbacks
