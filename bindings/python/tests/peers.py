"""Arrays of numpy, Pillow and torch, as far as they are installed: seen without a copy, or refused."""

import importlib.util
import unittest

import ssrl


def needs(module):
    return unittest.skipUnless(importlib.util.find_spec(module), f"there is no {module}")


@needs("numpy")
class Numpy(unittest.TestCase):
    def setUp(self):
        import numpy as np

        self.np = np
        self.rgb = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)

    def seen(self, array, want=None):
        m = ssrl.Image.of(array)
        self.assertEqual(m.tobytes(), self.np.ascontiguousarray(array if want is None else want).tobytes())
        return m

    def test_nothing_is_copied(self):
        for name, array in {"whole": self.rgb, "part": self.rgb[1:, 2:5], "every other row": self.rgb[::2], "grey": self.rgb[:, :, 0].copy(),
                            "read only": self.np.frombuffer(self.rgb.tobytes(), self.np.uint8).reshape(4, 6, 3)}.items():  # fmt: skip
            with self.subTest(name):
                self.assertEqual(self.seen(array).view.data, array.__array_interface__["data"][0])

    def test_scattered_pixels_are_copied(self):
        for name, array in {"mirrored": self.rgb[:, ::-1], "upside down": self.rgb[::-1], "from planes": self.rgb.transpose(2, 0, 1).copy().transpose(1, 2, 0),
                            "one channel": self.rgb[:, :, 1]}.items():  # fmt: skip
            with self.subTest(name):
                self.seen(array)

    def test_numpy_sees_ours(self):
        image, depth = ssrl.scene(1, width=64, height=48)
        rgb, metres = self.np.asarray(image), self.np.asarray(depth)
        self.assertEqual((rgb.shape, rgb.dtype, metres.shape, metres.dtype), ((48, 64, 3), self.np.uint8, (48, 64), self.np.float32))
        self.assertEqual(rgb.__array_interface__["data"][0], image.view.data)
        padded = self.np.asarray(ssrl.Image(2, 2, bytes(range(24)), stride=12))
        self.assertEqual(padded[1, 0].tolist(), [12, 13, 14])

    def test_depth(self):
        image, depth = ssrl.scene(7, 1)
        want = ssrl.generate(image, depth, tasks=["depth"])
        metres = self.np.asarray(depth)
        for name, given in {"f4": metres, "big endian": metres.astype(">f4"), "f8": metres.astype("f8"), "columns first": self.np.asfortranarray(metres)}.items():
            with self.subTest(name):
                self.assertEqual(ssrl.generate(self.np.asarray(image), given, tasks=["depth"]), want)
        millimetres = self.np.nan_to_num(metres * 1000).astype("u2")
        self.assertEqual(ssrl.generate(image, millimetres, tasks=["depth"])[0].task, "depth")
        for wrong in (metres.astype("i4"), metres[0], metres.astype("f2")):
            with self.assertRaisesRegex(ValueError, "want height x width of f4 or u2"):
                ssrl.generate(image, wrong)

    def test_pictures_that_are_none(self):
        for wrong in (self.rgb.astype("f4"), self.rgb.transpose(2, 0, 1), self.rgb[:0], self.rgb[0, 0]):
            with self.assertRaises(ValueError):
                ssrl.Image.of(wrong)


@needs("PIL")
class Pillow(unittest.TestCase):
    def test_pictures(self):
        from PIL import Image

        image, _ = ssrl.scene(1, width=64, height=48)
        rgb = Image.frombytes("RGB", (64, 48), image.rgb)
        self.assertEqual(ssrl.Image.of(rgb), image)
        self.assertEqual(ssrl.Image.of(rgb.convert("L")).encoding, "mono8")
        self.assertEqual(ssrl.Image.of(rgb.convert("RGBA")).encoding, "rgba8")
        want = ssrl.generate(image, tasks=["shuffle"])
        self.assertEqual(ssrl.generate(rgb.convert("RGBA"), tasks=["shuffle"])[0].answer, want[0].answer)
        with self.assertRaises(ValueError):
            ssrl.Image.of(rgb.convert("1"))


@needs("torch")
class Torch(unittest.TestCase):
    def test_tensors(self):
        import torch

        image, depth = ssrl.scene(7, 1)
        rgb = torch.frombuffer(bytearray(image.rgb), dtype=torch.uint8).reshape(240, 320, 3)
        metres = torch.frombuffer(bytearray(depth.tobytes()), dtype=torch.float32).reshape(240, 320)
        self.assertEqual(ssrl.Image.of(rgb).view.data, rgb.data_ptr())
        want = ssrl.generate(image, depth)
        self.assertEqual(ssrl.generate(rgb, metres), want)
        self.assertEqual(ssrl.Image.of(rgb.permute(2, 0, 1).contiguous().permute(1, 2, 0)), image)
        with self.assertRaises(ValueError):
            ssrl.Image.of(rgb.float())


if __name__ == "__main__":
    unittest.main()
