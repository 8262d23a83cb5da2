"""Makes a rating kit from conditions: pages for raters who must not know which picture is of which condition.

    OUTPUT/raters/rater-01.html ...   what raters get: one page each, complete in itself
    OUTPUT/raters/01-RANDOM.html ...  or, beside pictures/, pages for a web server, which nobody finds who was not sent there
    OUTPUT/key.json                   what raters must not get

Nothing that raters get betrays a condition: pictures have random names and are listed by them; they are written anew
from their pixels, all by the same encoder, with nothing but pixels in the file, filled up to the same number of bytes; all
are of the same size; orders are balanced (order.py).
"""

import base64
import dataclasses
import hashlib
import html
import io
import json
import random
import re
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

import order
import trials
from choice import Choice
from command import BadInput, say
from condition import Condition, Picture, common_prompts, read_picture
from key import Key
from questions import Check, Form, form_of_record
from words import WORDS

PAGE = Path(__file__).with_name("page.html")
RATINGS_FORMAT = "vqclip ratings 3"
PAGE_GREY = (0xE6, 0xE6, 0xE6)
NAME_LETTERS = "bcdfghjkmnpqrstvwxz23456789"  # no words, and nothing that looks like something else
NAME_LENGTH = 10
LARGE_PAGE_BYTES = 40_000_000
TITLE = "Pictures and texts"
INSTRUCTION_TO_ASK = "You will see pictures, each with a text, and answer questions on each."
INSTRUCTION_TO_COMPARE = "You will see pictures two at a time, with a text that both were made from, and compare them."
INSTRUCTION = """You will see pictures, each with a text. Rate how well the picture matches the text, from 1 to 5.

What counts is whether the picture shows what the text says: the things, their properties, the place and the style \
that it names. How beautiful or how well made the picture is does not count by itself: a better-looking picture that \
misses the text gets the lower rating.

Judge each picture on its own. There are no right answers; your first impression is what we ask for."""


@dataclasses.dataclass(frozen=True)
class Wishes:
    """What a study is to be like."""

    title: str
    instruction: str
    texts: dict[str, str]  # prompt -> what raters read in its place
    raters: int
    copies: int
    rounds: int | None  # None: as many as make every rater see every picture
    repeats: int
    size: int | None  # side of the square that pictures are fitted into; None: as they are, all of one size
    linked: bool  # pictures as files beside the pages
    side: int  # of the square on the screen that pictures fit into
    seed: int
    choice: Choice | None = None  # how the conditions' pictures were chosen; None: the first ones
    form: Form | None = None  # what raters are asked; None: the built-in question

    @property
    def pairs(self) -> bool:
        return self.form is not None and self.form.pairs


@dataclasses.dataclass(frozen=True)
class Shown:
    """A picture as raters see it."""

    condition: str
    picture: Picture
    sha256: str  # of the pixels that it was made from
    image: Image.Image


def fit(image: Image.Image, size: int) -> Image.Image:
    """The picture as large as fits into a square of the page's grey."""
    factor = size / max(image.size)
    fitted = image.resize([max(1, round(factor * side)) for side in image.size], Image.Resampling.LANCZOS)
    square = Image.new("RGB", (size, size), PAGE_GREY)
    square.paste(fitted, ((size - fitted.width) // 2, (size - fitted.height) // 2))
    return square


def load(condition: Condition, picture: Picture, size: int | None) -> Shown:
    pixels = picture.load()
    image = Image.fromarray(pixels)
    if size is not None and image.size != (size, size):
        image = fit(image, size)
    return Shown(condition.name, picture, hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest(), image)


def load_check(check: Check, size: int | None) -> list[Shown]:
    """Its picture, or both."""
    shown = []
    for path in check.files:
        picture = Picture(check.text, True, {"file": path.name}, lambda path=path: read_picture(path))
        shown.append(load(Condition(f"{check.kind} ({path})", "", "", "", {}), picture, size))
    return shown


@dataclasses.dataclass(frozen=True)
class Checks:
    """Checks as raters see them: `trials` in the order of the file, by what they are called on pages."""

    trials: dict[str, Check]
    pictures: dict[str, Shown]

    def of_kind(self, kind: str) -> list[str]:
        return [trial for trial, check in self.trials.items() if check.kind == kind]

    def record(self) -> dict | None:
        return None if not self.trials else {
            trial: {"kind": check.kind, "text": check.text, "answers": check.answers,
                    "files": [str(path) for path in check.files],
                    "picture_sha256": [self.pictures[name].sha256 for name in trial.split()]}
            for trial, check in self.trials.items()}


def name_checks(checks: list[tuple[Check, list[Shown]]], names: list[str]) -> Checks:
    """Takes a name for each of their pictures."""
    trials_found, pictures, left = {}, {}, iter(names)
    for check, shown in checks:
        own = {next(left): picture for picture in shown}
        pictures |= own
        trials_found[" ".join(own)] = check
    return Checks(trials_found, pictures)


def check_sizes(pictures: list[Shown]) -> None:
    sizes: dict[tuple[int, int], str] = {}
    for shown in pictures:
        sizes.setdefault(shown.image.size, shown.condition)
    if len(sizes) > 1:
        found = ", ".join(f"{width}x{height} in {name}" for (width, height), name in sizes.items())
        raise BadInput(f"expected pictures of one size, as sizes betray conditions; found {found}; choose --size")


def encode_png(image: Image.Image) -> bytes:
    """Pixels and nothing else: Pillow writes no text, time or colour profile unless it is told to."""
    stream = io.BytesIO()
    Image.fromarray(np.asarray(image)).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def fill(content: bytes, size: int, rng: random.Random) -> bytes:
    """The PNG with `size` bytes, by a chunk before its last that decoders pass over. Its bytes are random, so that packed
    they are no shorter."""
    last = 12  # the bytes of a chunk without content, as IEND is
    body = b"paDd" + rng.randbytes(size - len(content) - last)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return content[:-last] + chunk + content[-last:]


def encode_alike(pictures: dict[str, Image.Image], seed: int) -> dict[str, bytes]:
    """Name -> PNG, all of the same number of bytes, as some systems' pictures are easier to compress than others'."""
    contents = {name: encode_png(image) for name, image in pictures.items()}
    size = max(map(len, contents.values())) + 12
    return {name: fill(content, size, random.Random(f"{seed} filling {name}")) for name, content in contents.items()}


def random_names(count: int, seed: int, what: str = "names") -> list[str]:
    rng, names = random.Random(f"{seed} {what}"), set()
    while len(names) < count:
        names.add("".join(rng.choices(NAME_LETTERS, k=NAME_LENGTH)))
    sorted_names = sorted(names)  # a set has no order that can be relied on
    rng.shuffle(sorted_names)
    return sorted_names


def load_all(conditions: list[Condition], prompts: list[str], wishes: Wishes) -> dict[order.Place, Shown]:
    """Every picture of the study by its place in the design."""
    pictures = {}
    for number, condition in enumerate(conditions):
        for index, prompt in enumerate(prompts):
            for copy, picture in enumerate(condition.pictures[prompt][: wishes.copies]):
                pictures[order.Place(index, number, copy)] = load(condition, picture, wishes.size)
    return pictures


def describe(shown: Shown) -> dict:
    """A picture's entry in the key."""
    return {"condition": shown.condition, "prompt": shown.picture.prompt, **shown.picture.origin,
            "picture_sha256": shown.sha256}


def say_places(conditions: list[Condition], kinds: list[tuple[int, ...]], design: order.Design, raters: int) -> None:
    """At which places raters see each condition, or each two of them."""
    means = order.mean_places([order.rater_order(design, rater) for rater in range(1, raters + 1)], len(kinds))
    what = "pictures" if len(kinds[0]) == 1 else "pairs"
    for kind, mean in zip(kinds, means, strict=True):
        names = " and ".join(conditions[number].name for number in kind)
        say(f"{names}: {design.prompts * design.copies} {what}, mean place {mean:.1f} of {design.shown + design.repeats}")


def make_key(conditions: list[Condition], prompts: list[str], pictures: dict[str, Shown],
             names: dict[order.Place, str], checks: Checks, wishes: Wishes) -> Key:
    kinds = trials.kinds_of(len(conditions), wishes.pairs)
    rounds = wishes.rounds or len(kinds) * wishes.copies
    design = order.Design(len(prompts), len(kinds), wishes.copies, rounds, wishes.repeats, wishes.seed)
    shown = {rater: trials.rater_trials(design, kinds, rater) for rater in range(1, wishes.raters + 1)}
    say_places(conditions, kinds, design, wishes.raters)
    if unseen := len(pictures) - len({place for own in shown.values() for trial in own for place in trial}):
        enough = 2 * len(kinds) * wishes.copies
        say(f"{unseen} of {len(pictures)} pictures are shown to nobody: {enough} raters, or a multiple, see all "
            "equally often")
    orders = {rater: [" ".join(names[place] for place in trial) for trial in own] for rater, own in shown.items()}
    return Key(
        title=wishes.title,
        instruction=wishes.instruction,
        seed=wishes.seed,
        conditions=[{"name": condition.name, "source": condition.source, "variant": condition.variant,
                     "sha256": condition.sha256} for condition in conditions],
        prompts=prompts,
        texts={prompt: text for prompt, text in wishes.texts.items() if prompt in prompts},
        pictures={name: describe(pictures[name]) for name in sorted(pictures)},
        orders={rater: checks.of_kind("practice") + trials.with_catch(own, checks.of_kind("catch"), wishes.seed, rater)
                for rater, own in orders.items()},
        checks=checks.record(),
        choice=None if wishes.choice is None else wishes.choice.record(prompts),
        form=None if wishes.form is None else wishes.form.record(),
    )


def text_of(key: Key, trial: str) -> str:
    """What raters read above a picture, or a pair."""
    if key.is_check(trial):
        return key.checks[trial]["text"]
    prompt = key.pictures[trial.split()[0]]["prompt"]
    return key.texts.get(prompt, prompt)


def page_data(key: Key, rater: int, sources: dict[str, str], size: tuple[int, int], side: int) -> str:
    """What a page knows, as JSON that can stand in HTML. `sources`: the address of each picture."""
    shown = {name: sources[name] for name in key.names(rater)}
    order_shown = [{"pictures": trial.split(), "text": text_of(key, trial)} for trial in key.orders[rater]]
    form = form_of_record(key.form)
    data = {"format": RATINGS_FORMAT, "study": key.study, "rater": rater, "words": WORDS | form.words, "pairs": form.pairs,
            "practice": sum(check["kind"] == "practice" for check in (key.checks or {}).values()),
            "consent": form.consent, "worker": form.worker, "code": form.code, "address": form.address,
            "questions": [dataclasses.asdict(question) for question in form.questions], "instruction": key.instruction,
             "size": size, "side": side, "order": order_shown, "pictures": shown}
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")


def page_names(key: Key, linked: bool) -> dict[int, str]:
    """Rater -> the name of the page. On a web server a name that can be guessed is another rater's page."""
    if not linked:
        return {rater: f"rater-{rater:02d}.html" for rater in key.orders}
    names = random_names(len(key.orders), key.seed, "pages")
    return {rater: f"{rater:02d}-{name}.html" for rater, name in zip(key.orders, names, strict=True)}


def write_pages(folder: Path, key: Key, files: dict[str, bytes], size: tuple[int, int], wishes: Wishes) -> None:
    template = PAGE.read_text(encoding="utf-8").replace("@TITLE@", html.escape(key.title))
    template = template.replace("@LANGUAGE@", form_of_record(key.form).language)
    if wishes.linked:
        (folder / "pictures").mkdir()
        for name, content in files.items():
            (folder / "pictures" / f"{name}.png").write_bytes(content)
        sources = {name: f"pictures/{name}.png" for name in files}
    else:
        sources = {name: "data:image/png;base64," + base64.b64encode(content).decode()
                   for name, content in files.items()}
    for rater, name in page_names(key, wishes.linked).items():
        page = template.replace("@DATA@", page_data(key, rater, sources, size, wishes.side))
        (folder / name).write_text(page, encoding="utf-8")


SIGNS = re.compile(r"[|^]|:\s*[-+\u2212]?\.?\d")  # of weights, parts and phrases, which are for the program


def check_texts(wishes: Wishes, prompts: list[str]) -> None:
    if signed := [prompt for prompt in prompts if SIGNS.search(wishes.texts.get(prompt, prompt))]:
        more = f" and {len(signed) - 1} more" if len(signed) > 1 else ""
        raise BadInput(f"expected texts that raters can read, found {signed[0]!r}{more}; --texts gives other words for "
                       "prompts with weights or parts")


def check_wishes(wishes: Wishes, conditions: list[Condition], prompts: list[str]) -> None:
    if not prompts:
        raise BadInput("expected prompts of which every condition has enough pictures, found none")
    known = {prompt for condition in conditions for prompt in condition.pictures}
    if unknown := [prompt for prompt in wishes.texts if prompt not in known]:
        raise BadInput(f"--texts: expected prompts of the conditions, found {unknown[0]!r}")
    if wishes.pairs and len(conditions) < 2:
        raise BadInput("expected two conditions at least, of which to make pairs, found one")
    most = len(trials.kinds_of(len(conditions), wishes.pairs)) * wishes.copies
    if wishes.rounds is not None and wishes.rounds > most:
        raise BadInput(f"--rounds: expected at most {most}, in which a rater sees every picture or pair, found {wishes.rounds}")
    shown = len(prompts) * (wishes.rounds or most)
    for condition in conditions:
        asked = "" if wishes.form is None else wishes.form.said()
        if re.search(rf"\b{re.escape(condition.name)}\b", f"{wishes.title} {wishes.instruction} {asked}", re.IGNORECASE):
            say(f"beware: the title, the instruction or a question has the word {condition.name!r}, which is a condition's name")
    if wishes.repeats > shown // 4:
        raise BadInput(f"--repeats: expected at most {shown // 4}, a quarter of a rater's {shown} pictures or pairs, "
                       f"found {wishes.repeats}")


def worded_prompts(conditions: list[Condition], prompts: list[str]) -> list[str]:
    """The prompts that a picture can be compared with. Others are named."""
    worded = [prompt for prompt in prompts if conditions[0].pictures[prompt][0].worded]
    for prompt in prompts:
        if prompt not in worded:
            say(f"left out: {prompt}: it has no text")
    return worded


def make_kit(conditions: list[Condition], wishes: Wishes, output: Path) -> Key:
    """Writes a kit into a folder that is new or empty, and returns its key."""
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise BadInput(f"{output}: expected a new or empty folder")
    prompts = worded_prompts(conditions, common_prompts(conditions, wishes.copies))
    check_wishes(wishes, conditions, prompts)
    check_texts(wishes, prompts)
    loaded = load_all(conditions, prompts, wishes)
    checks_loaded = [(check, load_check(check, wishes.size)) for check in (wishes.form.checks if wishes.form else ())]
    check_sizes([*loaded.values(), *(shown for _, both in checks_loaded for shown in both)])
    free = random_names(len(loaded) + sum(len(both) for _, both in checks_loaded), wishes.seed)
    names = dict(zip(loaded, free))
    checks = name_checks(checks_loaded, free[len(loaded):])
    pictures = {name: loaded[place] for place, name in names.items()}
    key = make_key(conditions, prompts, pictures, names, checks, wishes)
    pictures |= checks.pictures
    files = encode_alike({name: pictures[name].image for name in sorted(pictures)}, wishes.seed)
    size = sum(len(files[name]) for name in key.names(1))
    if not wishes.linked and size > LARGE_PAGE_BYTES:
        say(f"each page takes {size * 4 / 3e6:.0f} MB; --linked keeps the pictures beside them")
    folder = output / "raters"
    folder.mkdir(parents=True)
    key.write(output / "key.json")
    write_pages(folder, key, files, next(iter(loaded.values())).image.size, wishes)
    return key
