"""The file of a study's questions: what raters are asked, in which language, and of pictures alone or in pairs.

    language: de
    instruction: |
      ...
    pairs: yes                             # two pictures at a time; labels: the left one, no difference, the right one
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
import math
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
class Check:
    """What is shown besides the study's own pictures: for practice, or to catch those who do not look. `answers`: question ->
    those of a rater who looked; of practice there are none."""

    kind: str  # "practice" or "catch"
    files: tuple[Path, ...]  # the picture, or the left and the right one
    text: str
    answers: dict[str, list[int]]


# Under which names panels give the page their numbers of a rater, in its address: Prolific's and Mechanical Turk's.
PANEL_PARAMETERS = ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID", "workerId", "assignmentId", "hitId")


@dataclasses.dataclass(frozen=True)
class Form:
    """What raters are asked. `words`: in place of those of words.py."""

    questions: tuple[Question, ...] = (BUILT_IN,)
    language: str = "en"
    words: dict[str, str] = dataclasses.field(default_factory=dict)
    title: str = ""  # "": that of the command line
    instruction: str = ""
    pairs: bool = False  # two pictures at a time; labels: the left one, neither (if there are three), the right one
    consent: str = ""  # what raters have to agree to before they begin
    worker: tuple[str, ...] = PANEL_PARAMETERS  # of the page's address, that are kept with the answers
    code: str = ""  # that raters are shown in the end, once they have saved
    address: str = ""  # that they go back to then
    checks: tuple[Check, ...] = ()
    exclude: dict[str, float] = dataclasses.field(default_factory=dict)  # rule -> limit (rules.py)

    def record(self) -> dict:
        """For the key, which has the checks by what they are called on pages."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name != "checks"}

    def said(self) -> str:
        """All that raters read of it."""
        asked = (text for question in self.questions for text in (question.text, *question.labels, question.cannot_tell))
        return "\n".join([*asked, *self.words.values(), self.consent, *(check.text for check in self.checks)])

    def question(self, name: str) -> Question | None:
        return next((question for question in self.questions if question.name == name), None)


def form_of_record(record: dict | None) -> Form:
    """What the key says; None: the built-in question."""
    if record is None:
        return Form()
    questions = tuple(Question(**{**entry, "labels": tuple(entry["labels"])}) for entry in record["questions"])
    return Form(**{**record, "questions": questions, "worker": tuple(record["worker"])})


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


def read_answers(entry: Entry, questions: tuple[Question, ...]) -> dict[str, list[int]]:
    answers = {}
    asked = {question.name: question for question in questions}
    for name, value in entry.mapping(tuple(asked), what="answers").items():
        answers[name] = []
        for item in value.items("a list of answers"):
            text = item.text("an answer")
            if not text.isdecimal() or not asked[name].takes(int(text)):
                raise item.refuse(f"an answer to {name}, 1 to {len(asked[name].labels)}")
            answers[name].append(int(text))
    if not answers:
        raise entry.refuse("answers to one question at least", "none")
    return answers


def read_check(entry: Entry, kind: str, pairs: bool, questions: tuple[Question, ...]) -> Check:
    pictures = ("left", "right") if pairs else ("picture",)
    more = ("answers",) if kind == "catch" else ()
    found = entry.mapping((*pictures, "text", *more), (*pictures, "text", *more), f"a {kind} trial")
    files = tuple(entry.path.parent / found[name].text("a picture file") for name in pictures)
    return Check(kind, files, found["text"].text("a text"), read_answers(found["answers"], questions) if more else {})


def read_completion(entry: Entry) -> dict[str, str]:
    found = entry.mapping(("code", "address"), what="a completion")
    texts = {name: value.text(f"a {name}") for name, value in found.items()}
    if "address" in texts and not re.fullmatch(r"https://[^\s/]+\S*", texts["address"]):
        raise found["address"].refuse("an address that begins with https://")
    return texts


def read_worker(entry: Entry) -> tuple[str, ...]:
    return tuple(item.text("the name of a parameter") for item in entry.items("names of parameters"))


def read_rules(entry: Entry, checks: tuple[Check, ...]) -> dict[str, float]:
    limits = {"too fast": (0, math.inf), "straight line": (0, 1), "failed catch": (0, math.inf), "agreement": (-1, 1)}
    rules = {}
    for name, value in entry.mapping(tuple(limits), what="rules").items():
        low, high = limits[name]
        text = value.text("a number")
        try:
            rules[name] = float(text)
        except ValueError:
            rules[name] = math.nan
        if not low <= rules[name] <= high or math.isinf(rules[name]):
            raise value.refuse(f"a number from {low}" + (f" to {high}" if high < math.inf else ""))
    if "failed catch" in rules and not any(check.kind == "catch" for check in checks):
        raise entry.refuse("catch trials, as a rule counts those that are failed", "none")
    if not rules:
        raise entry.refuse("rules", "none")
    return rules


FORM_KEYS = ("language", "title", "instruction", "consent", "pairs", "questions", "practice", "catch", "worker", "completion",
             "exclude", "words")


def read_form(path: Path) -> Form:
    found = Entry(path, compose(path)).mapping(FORM_KEYS, ("questions",), "a file of questions")
    language = found["language"].text("a language, as de or pt-BR") if "language" in found else "en"
    if not LANGUAGE.fullmatch(language):
        raise found["language"].refuse("a language, as de or pt-BR")
    words = read_words(found["words"]) if "words" in found else {}
    if not language.lower().startswith("en") and (lacking := [name for name in WORDS if name not in words]):
        say(f"beware: of the page's own words {len(lacking)} are English, as {path} has none for them: {', '.join(lacking)}")
    texts = {name: found[name].text("a text") for name in ("title", "instruction", "consent") if name in found}
    if "instruction" not in texts and not language.lower().startswith("en"):
        raise found["language"].refuse("an instruction too, as the built-in one is English")
    questions = read_questions(found["questions"])
    if pairs := "pairs" in found and read_flag(found["pairs"]):
        check_pairs(found["questions"], questions)
    checks = tuple(read_check(item, kind, pairs, questions) for kind in ("practice", "catch") if kind in found
                   for item in found[kind].items(f"a list of {kind} trials"))
    return Form(questions=questions, language=language, words=words, pairs=pairs, checks=checks,
                worker=read_worker(found["worker"]) if "worker" in found else PANEL_PARAMETERS,
                exclude=read_rules(found["exclude"], checks) if "exclude" in found else {},
                **texts, **(read_completion(found["completion"]) if "completion" in found else {}))
