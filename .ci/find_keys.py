"""Fail if a tracked file holds a real Rivya key: one whose checksum is right."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from rivya.keys.secret import PREFIX, is_well_formed

files = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True).stdout.split("\0")
found = [
    (file, match)
    for file in files
    if file and Path(file).is_file()
    for match in re.findall(re.escape(PREFIX) + r"[0-9A-Za-z]+", Path(file).read_text("utf-8", "ignore"))
    if is_well_formed(match)
]
for file, match in found:
    sys.stderr.write(f"{file}: a real key, {match[:14]}...\n")
sys.exit(1 if found else 0)
