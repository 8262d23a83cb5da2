"""The file of a study's questions: what raters are asked, in which language, and of pictures alone or in pairs.

    language: de
    instruction: |
      ...
    pairs: yes                             # two pictures of a prompt at a time; labels: the left one, no difference, the right one
    questions:
      - name: quality                      # names the answers in tables
        text: How well made is the picture?
        labels: [badly, so so, well]       # 2 to 9: the scale is 1 to their number
        cannot tell: I cannot tell         # a button beside the scale; without it everybody has to answer

It is YAML, of which every value is taken as it is written: no is a label like any other. What is not known is refused, by its
name and line. README.md has the keys.
"""

import dataclasses
import difflib
import re
from pathlib import Path

from command import EXIT_FAILED, BadInput, read_text, say
from words import WORDS, places

MOST_LABELS = 9  # as many as there are keys
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
NAME = re.compile(r"[a-z][a-z0-9_-]*")


@dataclasses.dataclass(frozen=True)
class Question:
    """Answers are 1 to the number of labels, and 0 where the rater cannot tell, if `cannot_tell` lets them say so."""

    name: str
    text: str
    labels: tuple[str, ...]
    cannot_tell: str = ""

    def takes(self, answer: int) -> bool:
        return (0 if self.cannot_tell else 1) <= answer <= len(self.labels)


BUILT_IN = Question("match", "How well does the picture match the text?",
                    ("not at all", "a little", "partly", "mostly", "fully"))


@dataclasses.dataclass(frozen=True)
class Form:
    """What raters are asked. `words`: in place of those of words.py."""

    questions: tuple[Question, ...] = (BUILT_IN,)
    language: str = "en"
    words: dict[str, str] = dataclasses.field(default_factory=dict)
    title: str = ""  # "": that of the command line
    instruction: str = ""
    pairs: bool = False  # two pictures at a time, of which labels name the left one, neither (if there are three), the right one

    def record(self) -> dict:
        """For the key."""
        return dataclasses.asdict(self)

    def said(self) -> str:
        """All that raters read of it."""
        asked = (text for question in self.questions for text in (question.text, *question.labels, question.cannot_tell))
        return "\n".join([*asked, *self.words.values()])

    def question(self, name: str) -> Question | None:
        return next((question for question in self.questions if question.name == name), None)


def form_of_record(record: dict | None) -> Form:
    """What the key says; None: the built-in question."""
    if record is None:
        return Form()
    questions = tuple(Question(**{**entry, "labels": tuple(entry["labels"])}) for entry in record["questions"])
    return Form(**{**record, "questions": questions})


class Entry:
    """A value of the file, with the line that it stands in."""

    def __init__(self, path: Path, node):
        self.path, self.node = path, node

    def refuse(self, expected: str, found: str = "") -> BadInput:
        value = found or (f"{self.node.value!r}" if self.node.id == "scalar" else f"a {self.node.id}")
        return BadInput(f"{self.path}: line {self.node.start_mark.line + 1}: expected {expected}, found {value}")

    def mapping(self, keys: tuple[str, ...], needed: tuple[str, ...] = (), what: str = "") -> dict[str, "Entry"]:
        """By key. Every key has to be one of those, and to stand there once."""
        if self.node.id != "mapping":
            raise self.refuse(f"{what or 'a mapping'} with {', '.join(keys)}")
        found: dict[str, Entry] = {}
        for key_node, value in self.node.value:
            key = Entry(self.path, key_node)
            name = key.text("a key")
            if name not in keys:
                near = difflib.get_close_matches(name, keys, 1)
                raise key.refuse(f"one of {', '.join(keys)}", f"{name!r}" + (f" (near: {near[0]})" if near else ""))
            if name in found:
                raise key.refuse(f"{name} once", "it twice")
            found[name] = Entry(self.path, value)
        if missing := [name for name in needed if name not in found]:
            raise self.refuse(f"{what or 'a mapping'} with {missing[0]}", ", ".join(found) or "nothing")
        return found

    def text(self, what: str) -> str:
        if self.node.id != "scalar" or not self.node.value.strip():
            raise self.refuse(what)
        return self.node.value.strip()

    def items(self, what: str) -> list["Entry"]:
        if self.node.id != "sequence" or not self.node.value:
            raise self.refuse(what)
        return [Entry(self.path, node) for node in self.node.value]


def compose(path: Path):
    """The file's root node. Nodes have what is written, not what YAML takes it for, and their lines."""
    try:
        import yaml
    except ImportError:
        say("questions are read with PyYAML, which is missing (Debian: python3-yaml)")
        raise SystemExit(EXIT_FAILED) from None
    try:
        root = yaml.compose(read_text(path), Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark is not None else ""
        raise BadInput(f"{path}: {line}expected YAML, found {getattr(error, 'problem', None) or error}") from None
    if root is None:
        raise BadInput(f"{path}: expected questions, found an empty file")
    return root


QUESTION_KEYS = ("name", "text", "labels", "cannot tell")


def read_question(entry: Entry) -> Question:
    found = entry.mapping(QUESTION_KEYS, ("name", "text", "labels"), "a question")
    name = found["name"].text("a name")
    if not NAME.fullmatch(name):
        raise found["name"].refuse("a name of a-z, 0-9, - and _")
    labels = tuple(label.text("a label") for label in found["labels"].items("labels"))
    if not 2 <= len(labels) <= MOST_LABELS:
        raise found["labels"].refuse(f"2 to {MOST_LABELS} labels", str(len(labels)))
    if doubles := [label for label in labels if labels.count(label) > 1]:
        raise found["labels"].refuse("labels that differ", f"{doubles[0]!r} twice")
    cannot = found["cannot tell"].text("the words of a button") if "cannot tell" in found else ""
    return Question(name, found["text"].text("a question"), labels, cannot)


def read_questions(entry: Entry) -> tuple[Question, ...]:
    questions: list[Question] = []
    for item in entry.items("a list of questions"):
        question = read_question(item)
        if question.name in {other.name for other in questions}:
            raise item.refuse("a name for each question", f"{question.name!r} twice")
        questions.append(question)
    return tuple(questions)


def read_words(entry: Entry) -> dict[str, str]:
    words = {}
    for name, value in entry.mapping(tuple(WORDS), what="words").items():
        words[name] = value.text("words")
        if places(words[name]) != places(WORDS[name]):
            wanted = " and ".join(f"{{{place}}}" for place in sorted(places(WORDS[name]))) or "nothing in braces"
            raise value.refuse(f"words with {wanted}")
    return words


def read_flag(entry: Entry) -> bool:
    if (text := entry.text("yes or no")) not in ("yes", "no"):
        raise entry.refuse("yes or no")
    return text == "yes"


def check_pairs(entry: Entry, questions: tuple[Question, ...]) -> None:
    for item, question in zip(entry.items("questions"), questions, strict=True):
        if len(question.labels) not in (2, 3):
            raise item.refuse("labels for the left picture, none of both (if that is allowed) and the right one, as pictures come "
                              "in pairs", f"{len(question.labels)} labels")


FORM_KEYS = ("language", "title", "instruction", "pairs", "questions", "words")


def read_form(path: Path) -> Form:
    found = Entry(path, compose(path)).mapping(FORM_KEYS, ("questions",), "a file of questions")
    language = found["language"].text("a language, as de or pt-BR") if "language" in found else "en"
    if not LANGUAGE.fullmatch(language):
        raise found["language"].refuse("a language, as de or pt-BR")
    words = read_words(found["words"]) if "words" in found else {}
    if not language.lower().startswith("en") and (lacking := [name for name in WORDS if name not in words]):
        say(f"beware: of the page's own words {len(lacking)} are English, as {path} has none for them: {', '.join(lacking)}")
    texts = {name: found[name].text("a text") for name in ("title", "instruction") if name in found}
    if "instruction" not in texts and not language.lower().startswith("en"):
        raise found["language"].refuse("an instruction too, as the built-in one is English")
    questions = read_questions(found["questions"])
    if pairs := "pairs" in found and read_flag(found["pairs"]):
        check_pairs(found["questions"], questions)
    return Form(questions=questions, language=language, words=words, pairs=pairs, **texts)
