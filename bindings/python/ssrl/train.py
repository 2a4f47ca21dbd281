"""Trainers: supervised fine-tuning and GRPO of a model."""

from __future__ import annotations

import ctypes
import dataclasses
import json
import os
from typing import Any, Iterator, Sequence

from . import _lib
from .data import Dataset, Handle, Sample, Samples, Score
from .job import Job, stream
from .model import Model, Reward, hear, reward_fn

__all__ = ["GRPO", "Rollout", "SFT", "Step", "Trainer"]


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


@dataclasses.dataclass
class Rollout:
    """One drawn answer, what it was worth and how it compares with the others to its sample."""

    sample: Sample
    answer: str
    finish: str
    score: Score
    advantage: float


class Trainer(Handle):
    """Takes steps on a model that it borrows. Make an SFT or a GRPO."""

    _kind = "trainer"

    def __init__(self, model: Model, handle: ctypes.c_void_p):
        super().__init__(handle)
        self.model = model

    @property
    def done(self) -> int:
        """Steps taken, those before a resume included."""
        return int(_lib.lib().ssrl_trainer_done(self.handle))

    def step(self, batch: Sequence[Sample]) -> Step:
        """Learns from a batch. After an error the weights are as before."""
        return self.step_job(batch).result()

    def step_job(self, batch: Sequence[Sample]) -> Job[Step]:
        """step as a job."""
        samples = Samples(batch)
        return self._stepping("trainer_step", samples.array, len(batch))

    def _stepping(self, name: str, *arguments: Any) -> Job[Step]:
        out = _lib.ssrl_step()

        def given(callbacks: _lib.Callbacks) -> tuple[Any, ...]:
            callbacks.keep((self, arguments, out))
            return self.handle, *arguments, ctypes.byref(out)

        return Job(name, given, lambda: self._step(out), self._callbacks())

    def run(self, dataset: Dataset, steps: int, **options: Any) -> Iterator[Step]:
        """Takes steps over a dataset until `steps` are done and yields each. Options: batch, seed.

        Model and trainer are free between the steps: save, or ask, in the loop.
        """

        def start(emit: Any, callbacks: _lib.Callbacks) -> Job[None]:
            def arguments(callbacks: _lib.Callbacks) -> tuple[Any, ...]:
                callbacks.keep((self, dataset))
                heard = callbacks.wrap(_lib.STEP_FN, lambda s: emit(self._step(s.contents)))
                return self.handle, dataset.handle, steps, _lib.options(options), heard, None

            return Job("trainer_run", arguments, lambda: None, callbacks)

        return stream(start, self._callbacks(), lockstep=True)

    def save(self, directory: str | os.PathLike[str]) -> None:
        """Writes model and trainer state, whole or not at all."""
        _lib.call("trainer_save", self.handle, _lib.path(directory))

    def resume(self, directory: str | os.PathLike[str]) -> None:
        """Goes on from what save wrote, bit for bit."""
        _lib.call("trainer_resume", self.handle, _lib.path(directory))

    def _step(self, c: Any) -> Step:
        heard: list[str] = []
        with _lib.Callbacks() as callbacks:
            _lib.call("trainer_metrics", self.handle, hear(callbacks, lambda text: heard.append(text)), None)
        return Step(c.n, c.loss, c.reward, c.kl, c.grad_norm, c.tokens, json.loads(heard[0]))

    def _callbacks(self) -> _lib.Callbacks:
        """Where what a reward raised is told to the call that it ended."""
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

    def __init__(self, model: Model, reward: Reward | None = None, **options: Any):
        """reward(sample, answer) scores answers by a number or a Score; None is ssrl.reward. Options: those of
        SFT and group, max_tokens, temperature, kl, kl_penalty, updates, clip_low, clip_high, clip_dual,
        loss_type, average, adv_estimator, centre_only, mask_truncated, seed, recompute_old_logprob."""
        handle = ctypes.c_void_p()
        self._scoring = _lib.Callbacks()
        judge = reward_fn(reward, self._scoring)
        _lib.call("grpo_new", handle, model.handle, judge, None, _lib.options(options))
        super().__init__(model, handle)

    def rollouts(self, batch: Sequence[Sample]) -> list[Rollout]:
        """Draws answers to a batch and scores them: the first half of a step."""
        said: list[Rollout] = []
        samples = Samples(batch)

        def drawn(text: str) -> None:
            o = json.loads(text)
            score = Score(o["overall"], o["accuracy"], o["format"])
            said.append(Rollout(batch[o["sample"]], o["answer"], o["finish"], score, o["advantage"]))

        def arguments(callbacks: _lib.Callbacks) -> tuple[Any, ...]:
            callbacks.keep(samples)
            return self.handle, samples.array, len(batch), hear(callbacks, drawn), None

        Job("grpo_rollouts", arguments, lambda: None, self._callbacks()).result()
        return said

    def update(self, advantages: Sequence[float] | None = None) -> Step:
        """Learns from the answers of rollouts: the second half. advantages replace theirs."""
        n = len(advantages or ())
        list_ = None if advantages is None else (ctypes.c_double * n)(*advantages)
        return self._stepping("grpo_update", list_, n).result()

    def _callbacks(self) -> _lib.Callbacks:
        return _lib.Callbacks(self._scoring)
