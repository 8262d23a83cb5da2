"""How often the judge finds in pictures what their texts say: a Markdown table, a row for each variant of each study.

    python3 jobs/demo/answers.py OUTPUT STUDY...

OUTPUT holds STUDY.h5, and STUDY.judged.json, what `vqclip judge --json --labels ...` printed of it. Pictures without a label
do not count.
"""

import collections
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "analysis"))

from archive import Archive

ATTRIBUTES = ("object", "color", "place", "style")


def count_right(folder, study):
    """variant -> attribute -> [right, of]."""
    judged = json.loads((folder / f"{study}.judged.json").read_text())
    answers = {int(picture["picture"]): picture for picture in judged["pictures"]}
    counts = collections.defaultdict(lambda: {attribute: [0, 0] for attribute in ATTRIBUTES})
    with Archive(folder / f"{study}.h5") as archive:
        for render in archive.finished():
            for attribute in ATTRIBUTES:
                answer = answers[render.number][attribute]
                if "expected" in answer:
                    counts[render.variant][attribute][0] += answer["value"] == answer["expected"]
                    counts[render.variant][attribute][1] += 1
    return counts


def main():
    folder = pathlib.Path(sys.argv[1])
    print("| study | " + " | ".join(ATTRIBUTES) + " |")
    print("| --- |" + " --- |" * len(ATTRIBUTES))
    for study in sys.argv[2:]:
        for variant, counts in count_right(folder, study).items():
            cells = [f"{right} of {of}" for right, of in counts.values()]
            print(f"| {' '.join([study, variant]).strip()} | " + " | ".join(cells) + " |")


main()
