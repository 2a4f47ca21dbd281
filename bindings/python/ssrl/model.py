"""Models: Hugging Face directories that answer questions about pictures."""

from __future__ import annotations

import ctypes
import dataclasses
import json
import os
from typing import Any, Callable, Iterator, Sequence, Union

from . import _lib
from .data import Dataset, Handle, Sample, Score, pictures
from .job import Job, stream

__all__ = ["Answer", "Case", "Model", "Report", "TokenScores", "create_model"]


def create_model(directory: str | os.PathLike[str], preset: str = "nano", seed: int = 0) -> None:
    """Writes a small model of random weights."""
    _lib.call("model_create", _lib.path(directory), _lib.text(preset, "preset"), seed)


@dataclasses.dataclass
class Answer:
    """What a model said. logprobs are natural logarithms; finish is "stop" or "length"."""

    text: str
    tokens: list[int]
    logprobs: list[float]
    finish: str


@dataclasses.dataclass
class TokenScores:
    """How probable an answer is, token by token; top1 are the most probable ones."""

    prompt_tokens: list[int]
    answer_tokens: list[int]
    logprobs: list[float]
    top1: list[int]


@dataclasses.dataclass
class Case:
    """One question of an evaluation with the answer that was given."""

    id: str
    task: str
    truth: str
    answer: str
    score: Score


@dataclasses.dataclass
class Report:
    """How a model did on a dataset: means over n samples, and by task."""

    n: int
    score: Score
    tasks: dict[str, tuple[int, Score]]
    cases: list[Case] = dataclasses.field(repr=False)


Reward = Callable[[Sample, str], Union[float, Score]]


def reward_fn(reward: Reward | None, callbacks: _lib.Callbacks) -> Any:
    """A reward as C calls it."""
    if reward is None:
        return _lib.REWARD_FN()
    score = reward

    def judge(sample: Any, answer: bytes, out: Any) -> None:
        worth = score(Sample._read(sample), answer.decode("utf-8", "replace"))
        s = worth if isinstance(worth, Score) else Score(float(worth))
        out.contents.overall, out.contents.accuracy, out.contents.format = s.overall, s.accuracy, s.format

    return callbacks.wrap(_lib.REWARD_FN, judge)


def hear(callbacks: _lib.Callbacks, emit: Callable[[str], Any]) -> Any:
    """A function for text as C calls it."""
    return callbacks.wrap(_lib.TEXT_FN, lambda utf8, n: emit(ctypes.string_at(utf8, n).decode("utf-8", "replace")))


def _score(o: dict[str, Any]) -> Score:
    return Score(o["overall"], o["accuracy"], o["format"])


def _report(text: str) -> Report:
    o = json.loads(text)
    cases = [Case(c["id"], c["task"], c["truth"], c["answer"], _score(c)) for c in o["cases"]]
    return Report(o["n"], _score(o), {name: (t["n"], _score(t)) for name, t in o["tasks"].items()}, cases)


class Model(Handle):
    """A model and its tokenizer. It serves one call at a time; a second is a BusyError.

    Prompts are text, in which each <image> stands for one of images (without any they come first), or
    a list of messages as Hugging Face has them: {"role", "content"}, content being text or a list of
    {"type": "text", "text"} and {"type": "image", "image": array, picture or file}.
    """

    _kind = "model"

    def __init__(self, directory: str | os.PathLike[str], progress: Callable[[int, int], None] | None = None, **options: Any):
        """progress(done, total) counts weights. Options: device, threads, dtype, rounding, adapter, pixels."""
        handle = ctypes.c_void_p()

        def arguments(callbacks: _lib.Callbacks) -> tuple[Any, ...]:
            counts = _lib.PROGRESS_FN()
            if progress is not None:
                count = progress
                counts = callbacks.wrap(_lib.PROGRESS_FN, lambda done, total: count(done, total) and None)
            return ctypes.byref(callbacks.keep(handle)), _lib.path(directory), _lib.options(options), counts, None

        Job("model_open", arguments, lambda: None).result()
        super().__init__(handle)

    def generate(self, prompt: str | Sequence[Any], images: Sequence[Any] = (), **options: Any) -> Iterator[str]:
        """Yields an answer as it is made, in whole characters. Leaving the loop ends it.

        Options: max_tokens, temperature, top_k, top_p, min_p, order, repetition_penalty, stop, seed,
        recommended, which takes what is left out from generation_config.json, and format, which asks to think and to box the answer, as training does.
        """
        return stream(lambda emit, callbacks: self._ask(prompt, images, options, emit, lambda: None, callbacks))

    def answer(self, prompt: str | Sequence[Any], images: Sequence[Any] = (), **options: Any) -> str:
        """The whole answer, as generate makes it."""
        return self.answer_job(prompt, images, **options).result()

    def answer_job(self, prompt: str | Sequence[Any], images: Sequence[Any] = (), **options: Any) -> Job[str]:
        """answer as a job, which counts tokens."""
        pieces: list[str] = []
        return self._ask(prompt, images, options, lambda piece: pieces.append(piece), lambda: "".join(pieces))

    def details(self, prompt: str | Sequence[Any], images: Sequence[Any] = (), **options: Any) -> Answer:
        """The answer with its tokens and their log-probabilities."""
        said: list[str] = []
        given = {**options, "details": True}
        self._ask(prompt, images, given, lambda text: said.append(text), lambda: None).result()
        return Answer(**json.loads(said[0]))

    def score(self, prompt: str | Sequence[Any], answer: str, images: Sequence[Any] = (), **options: Any) -> TokenScores:
        """How probable an answer is. Options: format."""
        kept: list[Any] = []
        said: list[str] = []
        words, n, list_, given = self._prompt(prompt, images, options, kept)
        with _lib.Callbacks() as callbacks:
            told = hear(callbacks, lambda text: said.append(text))
            _lib.call("model_score", self.handle, words, list_, n, _lib.text(answer, "answer"), _lib.options(given), told, None)
        return TokenScores(**json.loads(said[0]))

    def evaluate(self, dataset: Dataset, reward: Reward | None = None, **options: Any) -> Report:
        """Answers every sample of a dataset and scores the answers. Options: those of generate, and plain,
        which asks the problems as they stand."""
        return self.evaluate_job(dataset, reward, **options).result()

    def evaluate_job(self, dataset: Dataset, reward: Reward | None = None, **options: Any) -> Job[Report]:
        """evaluate as a job, which counts samples."""
        said: list[str] = []

        def arguments(callbacks: _lib.Callbacks) -> tuple[Any, ...]:
            callbacks.keep((self, dataset))
            judge, told = reward_fn(reward, callbacks), hear(callbacks, lambda text: said.append(text))
            return self.handle, dataset.handle, judge, _lib.options(options), told, None

        return Job("model_evaluate", arguments, lambda: _report(said[0]))

    def adapt(self, **options: Any) -> None:
        """Adds a fresh LoRA adapter, which trainers from then on change alone. Options: rank, alpha, seed."""
        _lib.call("model_adapt", self.handle, _lib.options(options))

    def merge(self) -> None:
        """Adds the adapter to the weights and drops it."""
        _lib.call("model_merge", self.handle)

    def save(self, directory: str | os.PathLike[str]) -> None:
        """Writes a Hugging Face directory, whole or not at all; an adapter into adapter/."""
        _lib.call("model_save", self.handle, _lib.path(directory))

    def _prompt(self, prompt: str | Sequence[Any], images: Sequence[Any], options: dict[str, Any], kept: list[Any]) -> tuple[Any, int, Any, dict[str, Any]]:
        """Prompt, number of images, images and options as C takes them."""
        if isinstance(prompt, str):
            return _lib.text(prompt, "prompt"), len(images), pictures(images, kept), options
        found = list(images)
        messages = [_message(m, found) for m in prompt]
        return None, len(found), pictures(found, kept), {**options, "messages": messages}

    def _ask(
        self,
        prompt: str | Sequence[Any],
        images: Sequence[Any],
        options: dict[str, Any],
        emit: Callable[[str], Any],
        made: Callable[[], Any],
        callbacks: _lib.Callbacks | None = None,
    ) -> Job[Any]:
        def arguments(callbacks: _lib.Callbacks) -> tuple[Any, ...]:
            kept: list[Any] = [self]
            words, n, list_, given = self._prompt(prompt, images, options, callbacks.keep(kept))
            return self.handle, words, list_, n, _lib.options(given), hear(callbacks, emit), None

        return Job("model_generate", arguments, made, callbacks)


def _message(m: Any, found: list[Any]) -> Any:
    """A message whose pictures in memory went to found."""
    content = m.get("content")
    if not isinstance(content, (list, tuple)):
        return m
    items = []
    for item in content:
        picture = item.get("image") if item.get("type") == "image" else None
        if picture is not None and not isinstance(picture, str):
            found.append(picture)
            item = {k: v for k, v in item.items() if k != "image"}
        items.append(item)
    return {**m, "content": items}
