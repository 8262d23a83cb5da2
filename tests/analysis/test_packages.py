"""A Python without the packages is named, with what it lacks, in one line."""

import subprocess
import sys
import unittest
from pathlib import Path

ANALYSIS = Path(__file__).resolve().parents[2] / "analysis"


class MissingPackages(unittest.TestCase):
    def test_every_program_names_them(self):
        for program in ("rating.py", "tables.py", "figures.py"):
            # -S: without the folders that packages lie in
            ended = subprocess.run([sys.executable, "-S", ANALYSIS / program, "--help"], capture_output=True, text=True,
                                   env={"PATH": "/usr/bin:/bin"}, check=False)
            self.assertEqual(ended.returncode, 1, program)
            self.assertEqual(ended.stderr.count("\n"), 1, ended.stderr)
            self.assertIn(f"{program}: {sys.executable} lacks h5py, matplotlib, numpy, PIL, scipy (Debian: python3-h5py",
                          ended.stderr)


if __name__ == "__main__":
    unittest.main()
