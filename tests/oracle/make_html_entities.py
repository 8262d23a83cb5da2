#!/usr/bin/env python3
"""Makes src/text/html_entity_table.c from the table of the HTML standard that comes with Python.

python3 tests/oracle/make_html_entities.py > src/text/html_entity_table.c
"""

import html
import html.entities


def c_text(text):
    return '"' + "".join(f"\\{byte:03o}" for byte in text.encode()) + '"'


def table(name, entities):
    lines = [f"const vqc_html_entity {name}[] = {{"]
    for key in sorted(entities):
        lines.append(f'    {{"{key}", {c_text(entities[key])}}},')
    return "\n".join(lines) + "\n};\n"


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


entities = html.entities.html5
capital = capitals(entities)
print("/* Made by tests/oracle/make_html_entities.py; the texts are UTF-8 bytes in octal. */")
print('#include "text/html_entity.h"\n')
print("/* clang-format off */")
print(table("vqc_html_entities", entities))
print(table("vqc_html_capital_entities", capital) + "/* clang-format on */\n")
print("const size_t vqc_html_entity_count = sizeof vqc_html_entities / sizeof vqc_html_entities[0];")
print("const size_t vqc_html_capital_entity_count ="
      " sizeof vqc_html_capital_entities / sizeof vqc_html_capital_entities[0];")
