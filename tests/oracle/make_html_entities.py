#!/usr/bin/env python3
"""Makes src/text/html_entities.txt and html_capitals.txt from the table of the HTML standard that comes with Python.

python3 tests/oracle/make_html_entities.py src/text
"""

import html
import html.entities
import pathlib
import sys


def write(path, entities):
    lines = (" ".join([name, *(f"{ord(character):x}" for character in entities[name])]) for name in sorted(entities))
    path.write_text("".join(line + "\n" for line in lines))


def capitals(entities):
    """Names in lower case whose capitals mean nothing yet: the capital character."""
    found = {}
    for name, text in entities.items():
        if not name.endswith(";") or name != name.lower():
            continue
        reference = "&" + name.upper()
        if html.unescape(reference) == reference:
            found[name.upper()] = text.upper()
    return found


folder = pathlib.Path(sys.argv[1])
write(folder / "html_entities.txt", html.entities.html5)
write(folder / "html_capitals.txt", capitals(html.entities.html5))
