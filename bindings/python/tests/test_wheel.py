"""The wheel: what is in it, and that it works where nothing else is."""

import base64
import hashlib
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def backend():
    spec = importlib.util.spec_from_file_location("wheel_backend", ROOT / "wheel_backend.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class WheelTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.backend = backend()
        cls.name = cls.backend.build_wheel(cls.folder.name)
        cls.path = os.path.join(cls.folder.name, cls.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_name(self):
        self.assertRegex(self.name, r"^ssrl-\d+\.\d+\.\d+-py3-none-(many)?linux_.*\.whl$")
        self.assertEqual(os.listdir(self.folder.name), [self.name])

    def test_record(self):
        with zipfile.ZipFile(self.path) as z:
            names = z.namelist()
            record = next(n for n in names if n.endswith("/RECORD"))
            lines = [line.split(",") for line in z.read(record).decode().splitlines()]
            self.assertEqual([line[0] for line in lines], names)
            for name, digest, size in lines[:-1]:
                data = z.read(name)
                want = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
                self.assertEqual((digest, int(size)), ("sha256=" + want, len(data)), name)
            self.assertLessEqual({"ssrl/__init__.py", "ssrl/py.typed", "ssrl/libssrl.so"}, set(names))

    def test_same_files_same_wheel(self):
        with tempfile.TemporaryDirectory() as other:
            again = os.path.join(other, self.backend.build_wheel(other))
            with open(self.path, "rb") as a, open(again, "rb") as b:
                self.assertEqual(a.read(), b.read())

    def test_unpacked_it_runs(self):
        with tempfile.TemporaryDirectory() as site:
            with zipfile.ZipFile(self.path) as z:
                z.extractall(site)
            env = {k: v for k, v in os.environ.items() if k not in ("SSRL_LIBRARY", "LD_LIBRARY_PATH")}
            env["PYTHONPATH"] = site
            code = "import ssrl; image, depth = ssrl.scene(seed=1); print(ssrl.__file__); print(len(ssrl.generate(image, depth)))"
            out = subprocess.run([sys.executable, "-c", code], env=env, cwd=site, capture_output=True, text=True)
            self.assertEqual(out.stderr, "")
            where, n = out.stdout.split("\n")[:2]
            self.assertTrue(where.startswith(site), where)
            self.assertGreater(int(n), 0)

    def test_no_library(self):
        before = os.environ.get("SSRL_LIBRARY")
        os.environ["SSRL_LIBRARY"] = "/nowhere/libssrl.so"
        try:
            with tempfile.TemporaryDirectory() as other:
                with self.assertRaisesRegex(FileNotFoundError, "want libssrl.so: run make build"):
                    self.backend.build_wheel(other)
                self.assertEqual(os.listdir(other), [])
        finally:
            if before is None:
                del os.environ["SSRL_LIBRARY"]
            else:
                os.environ["SSRL_LIBRARY"] = before


if __name__ == "__main__":
    unittest.main()
