"""Makes the vendored files anew from the upstream packages; see README.md beside this file.

python -m rivya.engines.sketch.vendor.build ICONS_JSON
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent

# Pictures whose upstream name is not the noun we know them by.
RENAMED = {
    "elf": "man-elf", "mage": "person-mage", "superhero": "man-superhero", "merpeople": "woman-merpeople",
    "genie": "person-genie",
}  # fmt: skip
# Drawn by rivya itself (figures.py).
OWN = {"lighthouse", "windmill", "hot-air-balloon"}
# Parts left out, by fill colour: the block of water under boats, a moon over a tent.
WATER = {"#51A9FF", "#51ADFF", "#4F95F5", "#4F96F2", "#5FCDFF", "#65DEFF", "#59A0FF", "#379FE9", "#286EC5", "#38A7FB"}
BOATS = (
    "sailboat", "canoe", "speedboat", "motor-boat", "ferry", "ship", "passenger-ship", "person-rowing-boat",
)  # fmt: skip
LEFT_OUT = {
    **dict.fromkeys(BOATS, WATER),
    "umbrella-on-ground": {"#FFC250", "#D7731C"},
    "tent": {"#FFBD2A", "#FFDF59", "#FF8B32", "#FFAB5C", "#FFC81C", "#FFDE55"},
}  # fmt: skip


def main(icons_file: Path) -> None:
    icons = json.loads(icons_file.read_text())["icons"]
    names = [line.split("\t")[0] for line in (HERE / "nouns.tsv").read_text().splitlines() if line and line[0] != "#"]
    bodies = {n: trimmed(n, icons[RENAMED.get(n, n)]["body"]) for n in names if n not in OWN}
    text = json.dumps(bodies, sort_keys=True, separators=(",", ":")).encode()
    (HERE / "pictures.json.gz").write_bytes(gzip.compress(text, 9, mtime=0))
    from rivya.engines.sketch.embed import Embedder
    from rivya.engines.sketch.nouns import labels

    words = labels()
    vectors = Embedder().embed(list(words))
    np.save(HERE / "nouns.npy", vectors.astype(np.float16))


def trimmed(name: str, body: str) -> str:
    """``body`` without the parts we leave out, with its numbers rounded."""
    unwanted = LEFT_OUT.get(name, set())
    for element in re.findall(r"<(?:path|rect)\b[^>]*/>", body) if unwanted else ():
        fill = re.search(r'fill="([^"]+)"', element)
        colour = fill.group(1) if fill else ""
        named = re.match(r"url\(#(.+)\)", colour)
        if named:
            stops = re.search(rf'id="{re.escape(named.group(1))}".*?stop-color="([^"]+)"', body)
            colour = stops.group(1) if stops else ""
        if colour in unwanted:
            body = body.replace(element, "", 1)
    return body


if __name__ == "__main__":
    main(Path(sys.argv[1]))
