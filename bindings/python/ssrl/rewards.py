"""Spatial-SSRL's reward for other trainers.

EasyR1: worker.reward.reward_function=$(python -m ssrl.rewards):compute_score
verl:   custom_reward_function.path=$(python -m ssrl.rewards) custom_reward_function.name=verl_score
TRL:    reward_funcs=[ssrl.rewards.trl_reward], with a column "answer"

EasyR1 and verl load this file by its path, so it imports ssrl by name, and late.
"""

from __future__ import annotations

from typing import Any

REWARD_NAME = "spatial_ssrl"
REWARD_TYPE = "batch"


def compute_score(reward_inputs: list[dict[str, Any]], **_: Any) -> list[dict[str, float]]:
    """EasyR1's batch form: response and ground_truth in, overall, format and accuracy out."""
    return [_parts(r["response"], r["ground_truth"]) for r in reward_inputs]


def verl_score(data_source: str, solution_str: str, ground_truth: str, extra_info: Any = None) -> float:
    """verl's form."""
    return _parts(solution_str, ground_truth)["overall"]


def trl_reward(completions: list[Any], answer: list[str], **_: Any) -> list[float]:
    """TRL's form; a completion is text, or a list with one message."""
    texts = [c if isinstance(c, str) else c[0]["content"] for c in completions]
    return [_parts(t, a)["overall"] for t, a in zip(texts, answer)]


def _parts(response: str, truth: str) -> dict[str, float]:
    import ssrl

    s = ssrl.reward(response, truth)
    return {"overall": s.overall, "format": s.format, "accuracy": s.accuracy}


if __name__ == "__main__":
    print(__file__)
