"""The steps of `ssrl bench train` and `ssrl bench grpo` in torch and transformers.

    pip install torch==2.15.0 torchvision transformers==4.57.1 pillow
    ssrl bench train --model MODEL --data DATASET --json
    python train_peer.py sft --model MODEL --data DATASET            # prints the same keys
    ssrl bench grpo --model MODEL --data DATASET --json --drawn > go.json
    python train_peer.py grpo --model MODEL --data DATASET --drawn go.json --dtype bf16

Every step sees the same batch: the first samples of the dataset. Losses in f32
are those of libssrl to float32's noise. A GRPO step draws its own answers, which
takes its time, and then learns from those that libssrl drew in this step.
"""

import argparse
import json
import pathlib
import statistics
import time

import torch
from PIL import Image
from transformers import AutoProcessor, Qwen2_5_VLForConditionalGeneration

IGNORED = -100


def parse():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("kind", choices=["sft", "grpo"])
    p.add_argument("--model", required=True)
    p.add_argument("--data", required=True)
    p.add_argument("--batch", type=int, default=0, help="samples a step; 48 in SFT, 16 in GRPO")
    p.add_argument("--steps", type=int, default=8)
    p.add_argument("--rate", type=float, default=1e-3)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    p.add_argument("--group", type=int, default=8)
    p.add_argument("--max-tokens", type=int, default=24)
    p.add_argument("--kl", type=float, default=0.01)
    p.add_argument("--drawn", help="what `ssrl bench grpo --json --drawn` printed")
    return p.parse_args()


def samples(folder, n):
    folder = pathlib.Path(folder)
    with open(folder / "samples.jsonl") as lines:
        for line in list(lines)[:n]:
            s = json.loads(line)
            s["images"] = [Image.open(folder / f).convert("RGB") for f in s["images"]]
            yield s


def messages(problem):
    """Images stand where <image> does."""
    pieces = problem.split("<image>")
    content = []
    for i, piece in enumerate(pieces):
        if piece:
            content.append({"type": "text", "text": piece})
        if i + 1 < len(pieces):
            content.append({"type": "image"})
    return [{"role": "user", "content": content}]


def prompts(processor, batch, side):
    processor.tokenizer.padding_side = side
    texts = [processor.apply_chat_template(messages(s["problem"]), add_generation_prompt=True) for s in batch]
    return processor(text=texts, images=[s["images"] for s in batch], padding=True, return_tensors="pt")


def answered(processor, batch, answers):
    """Prompts with answers behind them, padded on the right, and the labels."""
    one = [prompts(processor, [s], "right") for s in batch]
    rows = [torch.cat([p["input_ids"][0], torch.tensor(a)]) for p, a in zip(one, answers)]
    length = max(len(r) for r in rows)
    ids = torch.full((len(rows), length), processor.tokenizer.pad_token_id)
    mask = torch.zeros_like(ids)
    labels = torch.full_like(ids, IGNORED)
    for i, (r, a) in enumerate(zip(rows, answers)):
        ids[i, : len(r)] = r
        mask[i, : len(r)] = 1
        labels[i, len(r) - len(a) : len(r)] = torch.tensor(a)
    inputs = {
        "input_ids": ids,
        "attention_mask": mask,
        "pixel_values": torch.cat([p["pixel_values"] for p in one]),
        "image_grid_thw": torch.cat([p["image_grid_thw"] for p in one]),
    }
    return inputs, labels


def log_probs(model, inputs, labels):
    """Of the labelled tokens, row by row in one flat tensor."""
    logits = model(**inputs).logits[:, :-1]
    target = labels[:, 1:]
    on = target != IGNORED
    return torch.log_softmax(logits[on].float(), -1).gather(1, target[on][:, None])[:, 0]


def optimise(model, optimiser, loss):
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()


def sft(args, model, processor, optimiser):
    batch = list(samples(args.data, args.batch or 48))
    answers = [
        processor.tokenizer.encode("<think></think>\\boxed{" + s["answer"] + "}<|im_end|>\n", add_special_tokens=False) for s in batch
    ]
    losses, seconds, cpu = [], [], []
    for _ in range(args.steps + 1):  # the first is not timed
        start, used = time.perf_counter(), time.process_time()
        inputs, labels = answered(processor, batch, answers)
        ready = time.perf_counter()
        loss = -log_probs(model, inputs, labels).mean()
        optimise(model, optimiser, loss)
        losses.append(loss.item())
        seconds.append((time.perf_counter() - start, time.perf_counter() - ready))
        cpu.append(time.process_time() - used)
    step = statistics.median(s for s, _ in seconds[1:])
    return {
        "losses": losses,
        "step_s": step,
        "step_best_s": min(s for s, _ in seconds[1:]),
        "step_cpu_s": min(cpu[1:]),
        "network_s": statistics.median(n for _, n in seconds[1:]),
        "samples_per_s": len(batch) / step,
    }


def grpo(args, model, processor, optimiser):
    import copy

    batch = list(samples(args.data, args.batch or 16))
    reference = copy.deepcopy(model).eval() if args.kl else None
    given = json.load(open(args.drawn))["drawn"] if args.drawn else None
    c = model.config
    never = [c.image_token_id, c.video_token_id, c.vision_start_token_id, c.vision_end_token_id]
    ends = model.generation_config.eos_token_id
    ends = {ends} if isinstance(ends, int) else set(ends)
    losses, gen, update, cpu = [], [], [], []
    for step in range(args.steps + 1):
        start, used = time.perf_counter(), time.process_time()
        model.eval()
        with torch.no_grad():
            inputs = prompts(processor, batch, "left")
            out = model.generate(
                **inputs, do_sample=True, temperature=1.0, top_p=1.0, top_k=0, repetition_penalty=1.0,
                max_new_tokens=args.max_tokens, num_return_sequences=args.group, use_cache=True,
                suppress_tokens=never,
            )
        drawn = time.perf_counter()
        answers = []
        for row in out[:, inputs["input_ids"].shape[1] :].tolist():
            cut = next((i + 1 for i, t in enumerate(row) if t in ends), len(row))
            answers.append(row[:cut])
        if given:
            answers = given[step]
        texts = processor.tokenizer.batch_decode(answers, skip_special_tokens=True)
        rewards = torch.tensor([float(len(t.encode())) for t in texts]).view(len(batch), args.group)
        advantage = ((rewards - rewards.mean(1, keepdim=True)) / (rewards.std(1, keepdim=True) + 1e-6)).flatten()
        rows = [s for s in batch for _ in range(args.group)]
        inputs, labels = answered(processor, rows, answers)
        per_token = torch.repeat_interleave(advantage, torch.tensor([len(a) for a in answers]))
        with torch.no_grad():
            old = log_probs(model, inputs, labels)
            ref = log_probs(reference, inputs, labels) if reference else old
        model.train()
        new = log_probs(model, inputs, labels)
        ratio = (new - old).exp()
        policy = torch.maximum(-per_token * ratio, -per_token * ratio.clamp(0.8, 1.3))
        q = (ref - new).clamp(-20, 20)
        loss = (policy + args.kl * (q.exp() - q - 1)).mean()
        optimise(model, optimiser, loss)
        losses.append(loss.item())
        gen.append(drawn - start)
        update.append(time.perf_counter() - drawn)
        cpu.append(time.process_time() - used)
    steps = [a + b for a, b in zip(gen[1:], update[1:])]
    return {
        "losses": losses,
        "step_s": statistics.median(steps),
        "step_best_s": min(steps),
        "step_cpu_s": min(cpu[1:]),
        "gen_s": statistics.median(gen[1:]),
        "update_s": statistics.median(update[1:]),
        "rollouts_per_s": len(batch) * args.group / statistics.median(steps),
    }


def main():
    args = parse()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[args.dtype]
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(args.model, dtype=dtype, attn_implementation="sdpa").train()
    processor = AutoProcessor.from_pretrained(args.model)
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.rate, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
    result = {"sft": sft, "grpo": grpo}[args.kind](args, model, processor, optimiser)
    print(json.dumps({"impl": f"torch {torch.__version__} {args.dtype}", "threads": args.threads, **result}))


main()
