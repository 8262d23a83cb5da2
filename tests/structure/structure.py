"""The structure of the sources: no circles, no long functions; and the counts that docs/architecture.md quotes.

    python3 tests/structure/structure.py [SOURCES]

A file stands above another when it uses a function or table that the other defines, and a header above those that it
includes. Where files stand above each other in a circle, they can only be understood together; what both need belongs
into a file of its own. A test that makes its folders itself leaves them behind. Relies on the layout that clang-format gives: a definition begins at the first column, and ends
with a brace there. Prints a table; fails naming each circle, each function that is too long, each
file that no list has, and each test with folders of its own.
"""
import argparse
import pathlib
import re
import sys

# Folders with a file for each row of a list. A row without its file does not link; a file without its row does nothing.
LISTED = {"guide/augmentations": "study/augmentations.def", "guide/crop_methods": "study/crop_methods.def",
          "render/starts": "study/inits.def",
          "render/regularisers": "render/regularisers.def"}
# What makes folders and files in passing, and runs programs by a shell: tests have tests/support for that. Fuzz targets and
# the emulations are linked without it.
OWN_SCRATCH = re.compile(r"\b(?:mk[ds]temps?|popen|system|mktemp)\b *(?:\(|-d)")
HAVE_THEIR_OWN = ("support", "fuzz", "emulation", "faults")
LONGEST = 60  # lines, from a function's first to its closing brace
TABLE = re.compile(r"^(?:extern \"C\" )?(?:const )?\w+ (?:\*const |\*)?(vqc_\w+)(?:\[\w*\])? = ")
NAME = re.compile(r"(\w+)\(")


class Source:
    def __init__(self, path, root):
        self.name = str(path.relative_to(root))
        text = path.read_text(encoding="utf-8")
        self.lines = text.count("\n")
        code = re.sub(r"/\*.*?\*/|//[^\n]*", lambda match: re.sub(r"[^\n]", "", match[0]), text, flags=re.S)
        self.includes = re.findall(r'^#include "([^"]+)"', code, flags=re.M)
        self.code = re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', code)
        self.functions = []  # (name, lines)
        self.public = set()
        self.scan()
        self.words = set(re.findall(r"\bvqc_\w+", self.code)) - self.public

    def scan(self):
        """Finds the definitions: a head is what stands since the last line that closed something at the margin."""
        head, start, depth = [], 0, 0
        for number, line in enumerate(self.code.split("\n")):
            if depth == 0 and line == "{" and "(" in " ".join(head):
                depth = 1
                continue
            if depth == 1:
                if line.startswith("}"):
                    self.define(" ".join(head), number - start + 1)
                    head, depth = [], 0
                continue
            table = TABLE.match(line)
            if table:
                self.public.add(table[1])
            if not line or line[0] in "#}" or line.endswith(";") or line.endswith("\\"):
                head = []
            else:
                start = start if head else number
                head.append(line)

    def define(self, head, lines):
        name = NAME.search(re.sub(r"__\w+__(?:\(.*?\))?|__launch_bounds__\([^)]*\)", "", head))[1]
        self.functions.append((name, lines))
        if not re.search(r"\bstatic\b", head):
            self.public.add(name)


def circles(edges):
    """The strongly connected parts of more than one node (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in sorted(edges[node]):
            if target not in index:
                visit(target)
            if target in stack:
                low[node] = min(low[node], low[target])
        if low[node] == index[node]:
            part = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(part) > 1:
                found.append(sorted(part))

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return found


def edges_of(sources):
    """Which file stands above which, and why."""
    names = {source.name for source in sources}
    owners = {}
    for source in sources:
        for name in source.public:
            owners.setdefault(name, set()).add(source.name)
    edges, why = {}, {}
    for source in sources:
        targets = {}
        for word in sorted(source.words):
            for owner in owners.get(word, ()):
                targets.setdefault(owner, word)
        for include in source.includes:
            if include in names and source.name.endswith((".h", ".cuh")):
                targets[include] = "included"
        # A file and its own header are one.
        stem = source.name.rpartition(".")[0]
        targets = {target: reason for target, reason in targets.items() if target.rpartition(".")[0] != stem}
        edges[source.name] = set(targets)
        why.update({(source.name, target): reason for target, reason in targets.items()})
    return edges, why


def unlisted(root):
    """Files without a row in their folder's list."""
    return [(file, rows) for folder, rows in LISTED.items() if (root / folder).is_dir()
            for file in sorted((root / folder).glob("*.c"))
            if not re.search(rf"\b{file.stem}\b", (root / rows).read_text())]


def own_scratch(tests):
    """Tests that do by themselves what tests/support does."""
    return [file for folder in sorted(tests.glob("*")) if folder.is_dir() and folder.name not in HAVE_THEIR_OWN
            for file in sorted(folder.glob("*")) if file.suffix in (".c", ".h", ".sh")
            if OWN_SCRATCH.search(file.read_text(encoding="utf-8"))]


def main():
    sys.setrecursionlimit(10000)
    parser = argparse.ArgumentParser()
    parser.add_argument("sources", nargs="?", type=pathlib.Path, default=pathlib.Path(__file__).parents[2] / "src")
    root = parser.parse_args().sources
    paths = sorted(path for path in root.rglob("*") if path.suffix in (".c", ".h", ".cu", ".cuh"))
    sources = [Source(path, root) for path in paths]
    functions = [(lines, source.name, name) for source in sources for name, lines in source.functions]
    edges, why = edges_of(sources)
    found = circles(edges)
    for part in found:
        print("circle:", " ".join(part))
        for a in part:
            for b in sorted(edges[a] & set(part)):
                print(f"    {a} -> {b} ({why[a, b]})")
    without_row = unlisted(root)
    for file, rows in without_row:
        print(f"{file.relative_to(root)} has no row in {rows}")
    beside_support = own_scratch(root.parent / "tests")
    for file in beside_support:
        print(f"{file.relative_to(root.parent)}: folders of a test and programs that it runs are for tests/support")
    too_long = [entry for entry in functions if entry[0] > LONGEST]
    for lines, name, function in too_long:
        print(f"{name}: {function} has {lines} lines, at most {LONGEST} are meant")
    sizes = sorted(lines for lines, _, _ in functions)
    print("| files | lines | functions | median | longest | over 40 lines | circles |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    print(f"| {len(sources)} | {sum(source.lines for source in sources)} | {len(sizes)} | {sizes[len(sizes) // 2]} "
          f"| {sizes[-1]} | {sum(size > 40 for size in sizes)} | {len(found)} |")
    return 1 if found or too_long or without_row or beside_support or not functions else 0


if __name__ == "__main__":
    sys.exit(main())
