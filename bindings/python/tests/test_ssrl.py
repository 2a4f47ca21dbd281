"""The whole way on a small model, and what goes wrong on it. Needs SSRL_LIBRARY."""

import array
import asyncio
import gc
import json
import math
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import unittest

import ssrl

SIZE = (320, 240)

# Ctrl-C is to be felt within 0.3 s; a machine whose processors are all taken may
# need longer for the one layer that is being computed.
CONTROL_C_SECONDS = 1.5


class Picture:
    """A picture of another library."""

    def __init__(self, shape, data, typestr="|u1", strides=None):
        self.__array_interface__ = {"shape": shape, "typestr": typestr, "data": data, "strides": strides, "version": 3}


class Tensor:
    """What numpy is asked to read."""

    def __init__(self, view):
        self.view = view

    def __array__(self):
        return self.view


class Arrays(unittest.TestCase):
    def test_pictures_of_all_kinds(self):
        want = ssrl.Image(2, 1, bytes([1, 2, 3, 4, 5, 6]))
        for name, given in {
            "image": want,
            "memory": memoryview(want.rgb).cast("B", (1, 2, 3)),
            "interface": Picture((1, 2, 3), want.rgb),
            "tensor": Tensor(memoryview(want.rgb).cast("B", (1, 2, 3))),
            "itself": Picture(**{k: want.__array_interface__[k] for k in ("shape", "typestr", "data")}),
        }.items():
            with self.subTest(name):
                self.assertEqual(ssrl.Image.of(given), want)

    def test_encodings(self):
        rgba = ssrl.Image.of(memoryview(bytes(range(8))).cast("B", (1, 2, 4)))
        self.assertEqual((rgba.encoding, rgba.stride), ("rgba8", 8))
        self.assertEqual(ssrl.Image.of(memoryview(bytes(6)).cast("B", (2, 3))).encoding, "mono8")
        self.assertEqual(ssrl.Image.of(memoryview(bytes(6)).cast("B", (1, 2, 3)), "bgr8").encoding, "bgr8")
        with self.assertRaisesRegex(ValueError, "yuv422"):
            ssrl.Image(2, 1, bytes(8), "yuv422")

    def test_pixels_are_seen_where_they_lie(self):
        data = bytearray(range(24))
        m = ssrl.Image.of(memoryview(data).cast("B", (4, 2, 3))[1:3])
        data[6] = 99
        self.assertEqual(m.rgb[0], 99)
        padded = ssrl.Image(2, 2, data, stride=12)
        self.assertEqual(padded.rgb, bytes([*data[:6], *data[12:18]]))
        about = padded.__array_interface__
        self.assertEqual((about["shape"], about["strides"], about["typestr"]), ((2, 2, 3), (12, 3, 1), "|u1"))
        self.assertEqual(ssrl.Image.of(padded.__class__(2, 2, data, stride=12)), padded)

    def test_rows_of_a_part_are_packed(self):
        rows = memoryview(bytes(range(24))).cast("B", (4, 2, 3))[::2]
        self.assertEqual(ssrl.Image.of(rows), ssrl.Image(2, 2, bytes([*range(6), *range(12, 18)])))

    def test_pictures_that_are_none(self):
        for name, given in {
            "text": "frame.png",
            "flat": bytes(6),
            "two channels": memoryview(bytes(8)).cast("B", (2, 2, 2)),
            "floats": memoryview(array.array("f", [0] * 6)).cast("B").cast("f", (1, 2, 3)),
            "scattered": Picture((1, 2, 3), bytes(12), strides=(12, 6, 1)),
            "short": Picture((1, 2, 3), bytes(5)),
            "empty": memoryview(bytes(3)).cast("B", (1, 1, 3))[:0],
        }.items():
            with self.subTest(name), self.assertRaises(ValueError):
                ssrl.Image.of(given)
        with self.assertRaises(ssrl.InvalidError):
            ssrl.Image(2, 2, bytes(11))

    def test_depth_of_all_kinds(self):
        def cast(code, *values):
            return memoryview(array.array(code, values)).cast("B").cast(code, (1, 2))

        for name, depth in {
            "metres": ssrl.Depth.of(cast("f", 1.5, 2)),
            "doubles": ssrl.Depth.of(cast("d", 1.5, 2)),
            "interface": ssrl.Depth.of(Picture((1, 2), array.array("f", [1.5, 2]).tobytes(), "<f4")),
        }.items():
            with self.subTest(name):
                self.assertEqual((depth.width, depth.height, list(depth.metres)), (2, 1, [1.5, 2.0]))
        counts = ssrl.Depth.of(cast("H", 1500, 2000), unit="tum")
        self.assertEqual((counts.encoding, counts.unit), ("16UC1", "tum"))
        with self.assertRaises(ValueError):
            ssrl.Depth.of(memoryview(bytes(6)).cast("B", (1, 2, 3)))


class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        ssrl.create_model(cls.path("new"), seed=1)
        cls.image, cls.depth = ssrl.scene(7, 1, *SIZE)
        cls.samples = ssrl.generate(cls.image, cls.depth, name="room", tasks=["shuffle", "flip"], per_frame=2, seed=5)

    @classmethod
    def path(cls, *names):
        return os.path.join(cls.folder.name, *names)

    def model(self, **options):
        m = ssrl.Model(self.path("new"), **options)
        self.addCleanup(m.close)
        return m

    def dataset(self):
        if not os.path.exists(self.path("questions")):
            os.mkdir(self.path("frames"))
            for i in range(2):
                image, _ = ssrl.scene(7, i, *SIZE)
                with open(self.path("frames", f"{i}.ppm"), "wb") as f:
                    f.write(b"P6 %d %d 255\n" % SIZE + image.rgb)
            with open(self.path("frames", "broken.png"), "wb") as f:
                f.write(b"no picture")
            self.heard = []
            ssrl.generate_dataset(self.path("frames"), self.path("questions"), tasks=["shuffle", "crop"],
                                  skipped=lambda *what: self.heard.append(what), progress=lambda *n: self.heard.append(n))  # fmt: skip
            self.assertEqual([h for h in self.heard if len(h) == 2], [(1, 3), (2, 3), (3, 3)])
            self.assertEqual([h[:2] for h in self.heard if len(h) == 3], [("broken.png", "")])
        d = ssrl.Dataset(self.path("questions"))
        self.addCleanup(d.close)
        return d

    def test_version(self):
        self.assertRegex(ssrl.version(), r"^\d+\.\d+\.\d+$")

    def test_samples(self):
        s = self.samples[0]
        self.assertEqual([x.task for x in self.samples], ["shuffle"] * 2 + ["flip"] * 2)
        self.assertTrue(s.id.startswith("room-shuffle-") and s.source == "room" and s.problem.count("<image>") == len(s.images) == 1)
        self.assertEqual(s.answer, "-".join(str(s.meta["order"].index(p)) for p in range(4)), "the answer tells where each place's patch lies")
        again = ssrl.generate(memoryview(self.image.rgb).cast("B", (SIZE[1], SIZE[0], 3)), self.depth, name="room", tasks=["shuffle", "flip"],
                              per_frame=2, seed=5, workers=1)  # fmt: skip
        self.assertEqual(again, self.samples)
        with self.assertRaisesRegex(ssrl.UnsuitableError, "depth"):
            ssrl.generate(self.image, tasks=["depth"])

    def test_the_same_frame_in_other_encodings(self):
        want = ssrl.generate(self.image, self.depth, tasks=["shuffle", "depth"], seed=3)
        rgb = self.image.rgb
        bgra = bytearray(b"\xff" * (len(rgb) // 3 * 4))
        for c in range(3):
            bgra[2 - c :: 4] = rgb[c::3]
        swapped = array.array("f", self.depth.metres)
        swapped.byteswap()
        got = ssrl.generate(ssrl.Image(*SIZE, bgra, "bgra8"), ssrl.Depth(*SIZE, swapped, big_endian=True), tasks=["shuffle", "depth"], seed=3)
        self.assertEqual([(s.answer, s.meta, s.images) for s in got], [(s.answer, s.meta, s.images) for s in want])
        millimetres = array.array("H", [0 if math.isnan(v) else round(1000 * v) for v in self.depth.metres])
        counts = ssrl.generate(self.image, ssrl.Depth(*SIZE, millimetres, "16UC1"), tasks=["depth"], seed=3)
        metres = [ssrl.generate(self.image, ssrl.Depth(*SIZE, millimetres, "16UC1", unit=u), tasks=["depth"], seed=3) for u in ("mm", 0.001)]
        self.assertEqual([s.meta for s in counts], [s.meta for s in metres[0]])
        self.assertEqual([s.answer for s in counts], [s.answer for s in metres[1]])
        with self.assertRaisesRegex(ValueError, "furlong"):
            ssrl.generate(self.image, ssrl.Depth(*SIZE, millimetres, "16UC1", unit="furlong"))

    def test_tasks_of_your_own(self):
        def width(frame, seed):
            if frame.depth is None:
                raise ssrl.UnsuitableError("no depth, no width")
            return ssrl.Sample(f"How wide is <image>? ({seed})", str(frame.image.width), [frame.image], meta={"name": frame.name})

        made = ssrl.generate(self.image, self.depth, name="room", tasks=["shuffle", width], per_frame=2)
        self.assertEqual([s.task for s in made], ["shuffle"] * 2 + ["width"] * 2)
        self.assertEqual((made[2].answer, made[2].meta, made[2].images), ("320", {"name": "room"}, [self.image]))
        self.assertNotEqual(made[2].problem, made[3].problem, "each has a seed of its own")
        again = ssrl.generate(self.image, self.depth, name="room", tasks=[width], per_frame=2, workers=1)
        self.assertEqual([s.problem for s in again], [s.problem for s in made[2:]])
        with self.assertRaisesRegex(ssrl.UnsuitableError, "no depth, no width"):
            ssrl.generate(self.image, tasks=[width])
        with self.assertRaises(ZeroDivisionError):
            ssrl.generate(self.image, tasks=[lambda frame, seed: 1 / 0])
        with self.assertRaisesRegex(ValueError, "list"):
            ssrl.generate(self.image, tasks="shuffle")
        self.dataset()
        ssrl.generate_dataset(self.path("frames"), self.path("own"), tasks=[lambda frame, seed: ssrl.Sample("Q", frame.name)])
        with ssrl.Dataset(self.path("own")) as d:
            self.assertEqual([(s.task, s.answer) for s in d], [("<lambda>", "0.ppm"), ("<lambda>", "1.ppm")])

    def test_frames_of_a_folder(self):
        self.dataset()
        left = []
        got = list(ssrl.frames(self.path("frames"), skipped=lambda *what: left.append(what)))
        self.assertEqual([(f.name, f.image.width, f.depth) for f in got], [("0.ppm", 320, None), ("1.ppm", 320, None)])
        self.assertEqual([name for name, _ in left], ["broken.png"])
        for first in ssrl.frames(self.path("frames")):
            break
        self.assertEqual(first.name, "0.ppm")
        with self.assertRaises(ssrl.FormatError):
            list(ssrl.frames(self.path("frames")))

    def test_writing_a_dataset(self):
        with ssrl.DatasetWriter(self.path("written"), seed=3) as w:
            for s in self.samples:
                w.add(s)
        with ssrl.Dataset(self.path("written")) as d:
            self.assertEqual(list(d), self.samples)
        with self.assertRaises(ZeroDivisionError), ssrl.DatasetWriter(self.path("half")) as w:
            w.add(self.samples[0])
            1 / 0
        self.assertFalse(os.path.exists(self.path("half")))
        with ssrl.DatasetWriter(self.path("rows"), format="parquet") as w:
            w.add(self.samples[0])
        with ssrl.Dataset(self.path("rows")) as d:
            self.assertEqual((d[0].problem, d[0].images), (self.samples[0].problem, self.samples[0].images))

    def test_jobs(self):
        m = self.model()
        t = ssrl.SFT(m, learning_rate=1e-3)
        with t.step_job(self.samples) as job:
            self.assertTrue(job.wait(60))
            self.assertFalse(job.running)
            self.assertEqual(job.result().n, 1)
        go_on = threading.Event()
        slow = ssrl.GRPO(m, lambda sample, answer: float(go_on.wait(60)), group=2, max_tokens=2)
        job = slow.step_job(self.samples)
        self.assertFalse(job.wait(0.01))
        self.assertIsInstance(self.raises(lambda: m.answer("Q")), ssrl.BusyError)
        job.interrupt()
        go_on.set()
        self.assertIsInstance(self.raises(job.result), ssrl.StoppedError)
        with m.answer_job("Where?", max_tokens=7) as job:
            job.wait()
            self.assertEqual(job.total, 7)
        job = m.answer_job("Where?", max_tokens=100000, temperature=1.0)
        del job
        gc.collect()
        self.assertTrue(m.answer("Where?", max_tokens=2) is not None, "a dropped job has ended")
        opened = []
        ssrl.Model(self.path("new"), progress=lambda done, total: opened.append((done, total))).close()
        self.assertTrue(opened and opened[-1][0] == opened[-1][1])
        with self.assertRaises(ZeroDivisionError):
            ssrl.Model(self.path("new"), progress=lambda done, total: 1 / 0)

        async def both():
            return await m.answer_job("Where?", max_tokens=3, seed=1)

        self.assertEqual(asyncio.run(both()), m.answer("Where?", max_tokens=3, seed=1))

    def test_conversations(self):
        m = self.model()
        ask = [{"role": "user", "content": [{"type": "image", "image": self.image}, {"type": "text", "text": "Where?"}]}]
        self.assertEqual(m.answer(ask, max_tokens=3), m.answer("Where?", [self.image], max_tokens=3))
        more = ask + [{"role": "assistant", "content": "There."}, {"role": "user", "content": "Where?"}]
        said = m.details(more, max_tokens=3)
        self.assertEqual((len(said.tokens), len(said.logprobs)), (3, 3))
        self.assertEqual(said.finish, "length")
        score = m.score(more, said.text) if said.text else m.score(more, "There.")
        self.assertEqual(len(score.answer_tokens), len(score.logprobs))
        self.assertTrue(all(p < 0 for p in score.logprobs))
        with self.assertRaisesRegex(ssrl.Error, "images"):
            m.answer([{"role": "user", "content": "Where?"}], [self.image])

    def test_recommended_sampling(self):
        directory = os.path.join(self.folder.name, "wishes")
        ssrl.create_model(directory, "nano", seed=1)
        with open(os.path.join(directory, "generation_config.json"), encoding="utf-8") as f:
            wishes = json.load(f)
        wishes.update(do_sample=True, temperature=2.0, top_k=5, repetition_penalty=1.5)
        with open(os.path.join(directory, "generation_config.json"), "w", encoding="utf-8") as f:
            json.dump(wishes, f)
        with ssrl.Model(directory) as m:
            likely = m.answer("Where?", max_tokens=8)
            drawn = m.answer("Where?", max_tokens=8, seed=3, temperature=2.0, top_k=5, repetition_penalty=1.5)
            self.assertNotEqual(drawn, likely)
            self.assertEqual(m.answer("Where?", max_tokens=8, seed=3, recommended=True), drawn)
            zeros = dict(temperature=0, repetition_penalty=0)
            self.assertEqual(m.answer("Where?", max_tokens=8, recommended=True, **zeros), likely, "a zero that is said counts")
            with self.assertRaises(ssrl.InvalidError):
                m.answer("Where?", recommended=1)

    def test_evaluation(self):
        m, d = self.model(), self.dataset()
        report = m.evaluate(d, lambda sample, answer: ssrl.Score(0.5, 1.0, 0.25), max_tokens=2)
        self.assertEqual((report.n, report.score), (len(d), ssrl.Score(0.5, 1.0, 0.25)))
        self.assertEqual({k: n for k, (n, _) in report.tasks.items()}, {"shuffle": 2, "crop": 2})
        self.assertEqual([c.id for c in report.cases], [s.id for s in d])
        self.assertEqual(m.evaluate(d, max_tokens=2, plain=True).score, ssrl.Score(0.0))
        with self.assertRaises(ZeroDivisionError):
            m.evaluate(d, lambda sample, answer: 1 / 0, max_tokens=2)

    def test_halves_of_a_step(self):
        m = self.model()
        t = ssrl.GRPO(m, lambda sample, answer: len(answer), group=2, max_tokens=4, seed=1)
        drawn = t.rollouts(self.samples[:2])
        self.assertEqual([r.sample for r in drawn], [self.samples[0]] * 2 + [self.samples[1]] * 2)
        self.assertEqual([r.score.overall for r in drawn], [len(r.answer) for r in drawn])
        with self.assertRaisesRegex(ssrl.InvalidError, "3 advantages of 4"):
            t.update([1, 2, 3])
        self.assertEqual(t.update([1, -1, 0.5, -0.5]).n, 1)
        with self.assertRaisesRegex(ssrl.InvalidError, "rollouts first"):
            t.update()
        with self.assertRaisesRegex(ssrl.InvalidError, "sft"):
            ssrl.GRPO.rollouts(SFTasGRPO(m), self.samples)

    def test_adapters(self):
        m = self.model()
        before = m.answer("Where?", max_tokens=4)
        m.adapt(rank=4, seed=2)
        self.assertEqual(m.answer("Where?", max_tokens=4), before)
        ssrl.SFT(m, learning_rate=0.05).step(self.samples)
        after = m.score("Where?", "there").logprobs
        m.save(self.path("adapted"))
        with ssrl.Model(self.path("new"), adapter=self.path("adapted", "adapter")) as again:
            self.assertEqual(again.score("Where?", "there").logprobs, after)
        m.merge()
        for a, b in zip(m.score("Where?", "there").logprobs, after):
            self.assertAlmostEqual(a, b, places=4, msg="merging rounds once")
        with self.assertRaisesRegex(ssrl.InvalidError, "ranks"):
            m.adapt(ranks=4)

    def test_log(self):
        heard = []
        ssrl.set_log(lambda level, text: heard.append((level, text)))
        try:
            self.model()
            self.dataset()
            ssrl.generate_dataset(self.path("frames"), self.path("quiet"), tasks=["shuffle"])
        finally:
            ssrl.set_log(None)
        self.model()
        self.assertEqual(len([t for _, t in heard if t.startswith("model ")]), 1)
        self.assertTrue(any(level == 1 and "broken.png" in text for level, text in heard))

    def test_unknown_options_are_named(self):
        with self.assertRaisesRegex(ValueError, '"sede"'):
            ssrl.generate(self.image, sede=1)
        with self.assertRaisesRegex(ssrl.InvalidError, '"thread"'):
            self.model(thread=1)
        with self.assertRaisesRegex(ssrl.InvalidError, "group"):
            ssrl.GRPO(self.model(), group=1)

    def test_errors_are_what_python_expects(self):
        with self.assertRaises(OSError):
            ssrl.generate_dataset(self.path("nowhere"), self.path("out"))
        with self.assertRaises(ssrl.FileError):
            ssrl.Model(self.path("nowhere"))
        os.mkdir(self.path("empty"))
        with self.assertRaisesRegex(ssrl.FormatError, "config.json"):
            ssrl.Model(self.path("empty"))
        with self.assertRaises(ssrl.DeviceError):
            self.model(device="abacus")
        with self.assertRaises(ValueError):
            ssrl.reward("a\0b", "b")
        with self.assertRaises(ssrl.InvalidError):
            ssrl.scene(1, -1)

    def test_reward(self):
        self.assertEqual(ssrl.reward(r"<think>so</think>\boxed{B}", "B"), ssrl.Score(1.0, 1.0, 1.0))
        self.assertEqual(ssrl.reward("B", "B"), ssrl.Score(0.0, 0.0, 0.0))

    def test_rewards_for_other_trainers(self):
        from ssrl import rewards

        good = r"<think>so</think>\boxed{B}"
        self.assertEqual(rewards.compute_score([{"response": good, "ground_truth": "B", "response_length": 9}])[0],
                         {"overall": 1.0, "format": 1.0, "accuracy": 1.0})  # fmt: skip
        self.assertEqual(rewards.verl_score("", "no", "B"), 0.0)
        self.assertEqual(rewards.trl_reward([good, [{"role": "assistant", "content": good}]], answer=["B", "A"]), [1.0, 0.1])
        where = subprocess.run([sys.executable, "-m", "ssrl.rewards"], capture_output=True, text=True, check=True).stdout.strip()
        self.assertTrue(os.path.samefile(where, rewards.__file__))

    def test_answers(self):
        m, s = self.model(), self.samples[0]
        options = {"max_tokens": 8, "temperature": 1.0, "seed": 3, "format": True}
        whole = m.answer(s.problem, s.images, **options)
        self.assertTrue(whole)
        self.assertEqual("".join(m.generate(s.problem, s.images, **options)), whole)
        for piece in m.generate(s.problem, s.images, **options):
            break
        self.assertTrue(whole.startswith(piece))
        self.assertEqual(m.answer(s.problem, s.images, **options), whole, "leaving the loop left the model free")
        m.save(self.path("saved"))
        with ssrl.Model(self.path("saved")) as again:
            self.assertEqual(again.answer(s.problem, s.images, **options), whole)

    def test_a_model_serves_one_call_at_a_time(self):
        m = self.model()
        pieces = m.generate("Where is it?", max_tokens=200, temperature=1.0, seed=4)
        inside, failed, go_on = threading.Event(), [], threading.Event()

        class Slow(ssrl.GRPO):
            pass

        def judge(sample, answer):
            inside.set()
            go_on.wait()
            return 1.0

        t = Slow(m, judge, group=2, max_tokens=2)
        step = threading.Thread(target=lambda: failed.append(self.raises(lambda: t.step(self.samples[:1]))))
        step.start()
        inside.wait()
        self.assertIsInstance(self.raises(lambda: next(pieces)), ssrl.BusyError)
        t.interrupt()
        go_on.set()
        step.join()
        self.assertIsInstance(failed[0], ssrl.StoppedError)

    @staticmethod
    def raises(f):
        try:
            f()
        except Exception as e:
            return e
        return None

    def test_training(self):
        m = self.model()
        with ssrl.SFT(m, learning_rate=1e-3) as sft:
            first, second = sft.step(self.samples), sft.step(self.samples)
            self.assertLess(second.loss, first.loss)
            self.assertEqual((second.n, sft.done, first.metrics["train/loss"]), (2, 2, first.loss))
            own = sft.step([ssrl.Sample("<image>What is it?", "a room", [self.image])])
            self.assertTrue(math.isfinite(own.loss))
        scored = []

        def judge(sample, answer):
            scored.append((sample, answer))
            return len(answer) / 10

        grpo = ssrl.GRPO(m, judge, group=2, max_tokens=4, seed=1)
        step = grpo.step(self.samples[:2])
        self.assertEqual(len(scored), 4)
        self.assertEqual([s for s, _ in scored][::2], self.samples[:2])
        self.assertAlmostEqual(step.reward, sum(len(a) for _, a in scored) / 40)
        self.assertEqual(ssrl.GRPO(m, group=2, max_tokens=4).step(self.samples[:1]).n, 1)

    def test_what_a_callback_raises_is_raised(self):
        m = self.model()
        t = ssrl.GRPO(m, lambda sample, answer: 1 / 0, group=2, max_tokens=2)
        for _ in range(2):
            with self.assertRaises(ZeroDivisionError):
                t.step(self.samples[:1])
        with self.assertRaisesRegex(ssrl.InvalidError, "finite"):
            ssrl.GRPO(m, lambda sample, answer: math.nan, group=2, max_tokens=2).step(self.samples[:1])
        with self.assertRaises(ZeroDivisionError):
            self.dataset()
            ssrl.generate_dataset(self.path("frames"), self.path("stopped"), progress=lambda done, total: 1 / 0)

    def test_running_over_a_dataset(self):
        d, m = self.dataset(), self.model()
        self.assertEqual(len(d), len(list(d)))
        self.assertEqual(d[-1], d[len(d) - 1])
        self.assertRaises(IndexError, d.__getitem__, len(d))
        t = ssrl.SFT(m)
        seen = []
        for step in t.run(d, steps=3, batch=2, seed=1):
            seen.append(step.n)
            if step.n == 2:
                t.save(self.path("trained"))  # the model is free in the loop
                m.answer("Where?", max_tokens=2)
        self.assertEqual(seen, [1, 2, 3])
        for step in t.run(d, steps=100, batch=2):
            break
        self.assertEqual((step.n, t.done), (4, 4))
        again = ssrl.SFT(self.model())
        again.resume(self.path("trained"))
        self.assertEqual([s.n for s in again.run(d, steps=3, batch=2, seed=1)], [3])

    def test_closing_in_any_order(self):
        m = self.model()
        t = ssrl.SFT(m)
        m.close()
        m.close()
        self.assertRaisesRegex(ssrl.InvalidError, "closed", t.step, self.samples)
        self.assertRaisesRegex(ssrl.InvalidError, "closed", m.answer, "Q")
        t.close()
        self.assertRaisesRegex(ssrl.InvalidError, "closed", t.step, self.samples)
        m.interrupt()
        t = ssrl.SFT(ssrl.Model(self.path("new")))
        self.assertTrue(math.isfinite(t.step(self.samples).loss), "the trainer keeps its model")
        del t
        gc.collect()

    def test_a_pickled_dataset_opens_itself(self):
        d = self.dataset()
        self.assertEqual(pickle.loads(pickle.dumps(d))[0], d[0])
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            self.assertEqual(pool.map(answer_of, [d]), [d[0].answer])


class SFTasGRPO(ssrl.SFT):
    """A trainer of the wrong kind."""

    _scoring = None


def answer_of(dataset):
    return dataset[0].answer


class Processes(unittest.TestCase):
    """What needs a process of its own."""

    def python(self, program, **environment):
        # Whoever runs the tests in the background may have them ignore Ctrl-C.
        program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n" + textwrap.dedent(program)
        return subprocess.run([sys.executable, "-c", program], env={**os.environ, **environment},
                              capture_output=True, text=True, timeout=120)  # fmt: skip

    def ok(self, program):
        r = self.python(program)
        self.assertEqual((r.returncode, r.stdout, r.stderr), (0, "ok\n", ""))

    def test_a_child_of_a_fork_is_turned_away(self):
        self.ok("""
            import os, ssrl
            ssrl.version()
            if os.fork() == 0:
                try:
                    ssrl.reward("a", "b")
                except ssrl.ForkedError:
                    os._exit(7)
                os._exit(1)
            assert os.waitstatus_to_exitcode(os.wait()[1]) == 7
            ssrl.reward("a", "b")
            print("ok")
        """)

    def test_a_fork_before_the_first_call_is_fine(self):
        self.ok("""
            import os, ssrl
            if os.fork() == 0:
                os._exit(int(ssrl.reward(r"<think></think>\\boxed{b}", "b").accuracy) + 6)
            assert os.waitstatus_to_exitcode(os.wait()[1]) == 7
            print("ok")
        """)

    def test_control_c_ends_a_long_call(self):
        self.ok("""
            import os, signal, ssrl, tempfile
            with tempfile.TemporaryDirectory() as d:
                ssrl.create_model(d + "/m")
                m = ssrl.Model(d + "/m")
                image, depth = ssrl.scene(7, 1)
                samples = ssrl.generate(image, depth)
                calls = []
                def judge(sample, answer):
                    if not calls:
                        os.kill(os.getpid(), signal.SIGINT)
                    calls.append(answer)
                    return 0.0
                t = ssrl.GRPO(m, judge, group=64, max_tokens=2)
                try:
                    t.step(samples)
                    print("went on")
                except KeyboardInterrupt:
                    assert t.done == 0
                m.answer("Where?", max_tokens=2)
            print("ok")
        """)

    def test_limits(self):
        self.ok("""
            import ssrl, tempfile
            with tempfile.TemporaryDirectory() as d:
                ssrl.create_model(d + "/m")
                ssrl.set_limits(threads=1, memory=3_000_000)
                try:
                    ssrl.Model(d + "/m")
                    print("opened")
                except MemoryError as e:
                    assert "3000000" in str(e), e
                ssrl.set_limits(memory=1 << 40)
                m = ssrl.Model(d + "/m")
                try:
                    ssrl.set_limits(threads=-1)
                    print("set")
                except ssrl.InvalidError:
                    pass
            print("ok")
        """)

    def test_every_way_to_start_processes(self):
        program = """
            import multiprocessing, ssrl, sys
            def work(answer):
                return ssrl.reward(answer, "b").accuracy
            if __name__ == "__main__":
                if USED:
                    ssrl.version()
                with multiprocessing.get_context("METHOD").Pool(2) as pool:
                    try:
                        assert pool.map_async(work, [r"<think></think>\\boxed{b}"] * 4).get(60) == [1.0] * 4
                    except ssrl.ForkedError:
                        assert USED and "METHOD" == "fork"
                        print("ok")
                        sys.exit()
                assert not (USED and "METHOD" == "fork")
                print("ok")
        """
        with tempfile.TemporaryDirectory() as folder:
            for method in ("spawn", "forkserver", "fork"):
                for used in (False, True):
                    with self.subTest(method, used=used):
                        path = os.path.join(folder, f"{method}{used}.py")
                        with open(path, "w") as f:
                            f.write(textwrap.dedent(program).replace("USED", str(used)).replace("METHOD", method).replace("\\\\", "\\"))
                        r = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=120)
                        self.assertEqual((r.returncode, r.stdout, r.stderr), (0, "ok\n", ""))

    def test_control_c_is_quick(self):
        program = """
            import os, signal, ssrl, tempfile, threading, time
            with tempfile.TemporaryDirectory() as d:
                ssrl.create_model(d + "/m")
                m = ssrl.Model(d + "/m")
                image, depth = ssrl.scene(7, 1)
                samples = ssrl.generate(image, depth)
                t = ssrl.GRPO(m, group=64, max_tokens=2000)
                options = {"max_tokens": 4000, "temperature": 1.0}
                run = {"answer": lambda: m.answer("Where?", **options), "step": lambda: t.step(samples), "loop": lambda: list(m.generate("Where?", **options))}
                for name, call in run.items():
                    sent = []
                    def press():
                        time.sleep(0.3)
                        sent.append(time.monotonic())
                        os.kill(os.getpid(), signal.SIGINT)
                    threading.Thread(target=press).start()
                    try:
                        while True:
                            call()
                    except KeyboardInterrupt:
                        took = time.monotonic() - sent[0]
                        assert took < LIMIT, (name, took)
                m.answer("Where?", max_tokens=2)
            print("ok")
        """
        self.ok(program.replace("LIMIT", str(CONTROL_C_SECONDS)))

    def test_a_program_may_end_in_the_middle(self):
        self.ok("""
            import ssrl, tempfile
            d = tempfile.mkdtemp()
            ssrl.create_model(d + "/m")
            m = ssrl.Model(d + "/m")
            job = m.answer_job("Where?", max_tokens=4000, temperature=1.0)
            pieces = m.__class__(d + "/m").generate("Where?", max_tokens=4000, temperature=1.0)
            next(pieces)
            print("ok")
        """)

    def test_a_missing_library_is_named(self):
        r = self.python("import ssrl; ssrl.version()", SSRL_LIBRARY="/nowhere/libssrl.so")
        self.assertNotEqual(r.returncode, 0)
        self.assertIn("/nowhere/libssrl.so", r.stderr)
        self.assertIn("make build", r.stderr)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    unittest.main()
