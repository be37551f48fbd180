"""The script that draws a terminal and a page draws what the program writes."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path
from xml.dom import minidom

from studio import ROOT


class Pictures(unittest.TestCase):
    def test_a_plan_and_its_page(self):
        with tempfile.TemporaryDirectory() as folder:
            words = [ROOT / ".ci/pictures", os.environ["RETIRE"], folder]
            told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
            drawn = minidom.parse(str(Path(folder) / "plan.svg"))
            page = Path(folder) / "page.png"
            if "SKIPPED: " not in told:
                kind, size = page.read_bytes()[:8], page.stat().st_size
                self.assertEqual(kind, b"\x89PNG\r\n\x1a\n")
                # An empty page has a tenth of it.
                self.assertGreater(size, 50_000)
        lines = drawn.getElementsByTagName("text")
        text = "\n".join("".join(span.firstChild.data for span in line.childNodes) for line in lines)
        self.assertIn("Plan: 10 files go, 2.3 GB", text)
        self.assertIn("    - trailer_v3.mov", text)
        self.assertNotIn("\x1b", text)
        classes = {span.getAttribute("class") for span in drawn.getElementsByTagName("tspan")}
        self.assertTrue({"bold", "dim", "red"} <= classes, classes)
