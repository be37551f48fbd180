"""The script that draws a terminal draws what the program writes."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path
from xml.dom import minidom

from studio import ROOT


class Pictures(unittest.TestCase):
    def test_a_plan(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([ROOT / ".ci/pictures", os.environ["RETIRE"], folder], check=True, capture_output=True)
            drawn = minidom.parse(str(Path(folder) / "plan.svg"))
        lines = drawn.getElementsByTagName("text")
        text = "\n".join("".join(span.firstChild.data for span in line.childNodes) for line in lines)
        self.assertIn("Plan: 10 files go, 2.3 GB", text)
        self.assertIn("    - trailer_v3.mov", text)
        self.assertNotIn("\x1b", text)
        classes = {span.getAttribute("class") for span in drawn.getElementsByTagName("tspan")}
        self.assertTrue({"bold", "dim", "red"} <= classes, classes)
