"""From a frame in memory to questions, a step of SFT, a step of GRPO and an answer."""

import os
import tempfile

import ssrl

# A frame is a picture and a depth map, arrays of numpy, PIL or torch, seen where
# they lie; here it is a synthetic room.
image, depth = ssrl.scene(seed=1, width=112, height=112)
questions = ssrl.generate(image, depth, seed=1)
for q in questions:
    print(f"{q.task}: the answer is {q.answer}")


def judge(question: ssrl.Sample, answer: str) -> ssrl.Score:
    """Any function of question and answer is a reward; this is the exact one."""
    return ssrl.reward(answer, question.answer)


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "nano")
    ssrl.create_model(path, "nano", seed=1)
    with ssrl.Model(path) as model:
        with ssrl.SFT(model, learning_rate=1e-3) as sft:
            print(f"SFT: loss {sft.step(questions).loss:.3f}")
        with ssrl.GRPO(model, judge, group=4, max_tokens=16, kl=0.01) as grpo:
            print(f"GRPO: reward {grpo.step(questions).reward:.3f}")
        q = questions[0]
        answer = model.answer(q.problem, q.images, max_tokens=16)
        print(f"answer: {answer!r}, worth {ssrl.reward(answer, q.answer).overall:.1f}")
