"""The programs as pip installs them, without installing them."""

import contextlib
import io
import os
import subprocess
import tomllib
import unittest
from pathlib import Path
from unittest import mock

import installed

ANALYSIS = Path(installed.__file__).parent
PROJECT = tomllib.loads((ANALYSIS / "pyproject.toml").read_text())["project"]


class Installed(unittest.TestCase):
    def test_scripts_are_all_programs(self):
        programs = {path.stem for path in ANALYSIS.glob("*.py") if '__name__ == "__main__"' in path.read_text()}
        scripts = {f"vqclip-{name}": f"vqclip_analysis.installed:{name}" for name in programs}
        self.assertEqual(PROJECT["scripts"], scripts)

    def test_help_has_the_name_of_the_script(self):
        for script, function in PROJECT["scripts"].items():
            printed = io.StringIO()
            with mock.patch("sys.argv", [f"/usr/bin/{script}", "--help"]), contextlib.redirect_stdout(printed):
                with self.assertRaises(SystemExit) as ended:
                    getattr(installed, function.split(":")[1])()
            self.assertEqual(ended.exception.code, 0)
            self.assertTrue(printed.getvalue().startswith(f"usage: {script} "), printed.getvalue())

    def test_version_is_that_of_the_renderer(self):
        said = subprocess.run([os.environ["VQCLIP"], "--version"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(said.split()[:2], ["vqclip", PROJECT["version"]])


if __name__ == "__main__":
    unittest.main()
