"""Texts and pictures for trials of the models.

`attributes.json`: attribute → value → texts for zero-shot recognition.
`prompts.txt`, `prompts.json`: prompts that never served for training, a quarter
of them of held-out combinations, with the attributes they name.
`test-pictures/`: drawings with their main objects' masks and their attributes.
"""

import dataclasses
import json
import random

from PIL import Image

import world

PROMPTS = 200
HELD_OUT_PROMPTS = 50
TEST_PICTURES = 24


def write_json(path, content):
    path.write_text(json.dumps(content, indent=1) + "\n")


def style_text(style, subject):
    return f"{world.STYLE_PHRASES[style][0]} {subject}"


def object_texts(name):
    """An object in the colours and places in which it may be seen."""
    colors = ["red", "blue", "white", "green", "orange"]
    places = ["sky", "meadow", "sea", "snow"]
    pairs = [(color, place) for color in colors for place in places]
    article = world.with_article
    return [f"{article(f'{color} {name}')} {world.PLACE_PHRASES[place][0]}" for color, place in pairs]


def color_texts(color):
    return [world.with_article(f"{color} {name}") for name in world.OBJECTS]


def place_texts(place):
    if place == "plain":
        phrases = [f"on a {color} background" for color in world.COLOR_NAMES]
    else:
        phrases = world.PLACE_PHRASES[place]
    return [f"a {name} {phrase}" for phrase in phrases for name in ("cat", "house", "star")]


def style_texts(style):
    return [style_text(style, f"a {name}") for name in ("cat", "house", "star", "boat", "heart")]


def attribute_texts():
    return {
        "object": {name: object_texts(name) for name in world.OBJECTS},
        "color": {color: color_texts(color) for color in world.COLOR_NAMES},
        "place": {place: place_texts(place) for place in world.PLACES},
        "style": {style: style_texts(style) for style in world.STYLES},
    }


def sample_plain_scene(rng, held_out):
    """One object, clear weather, a place with a name of its own."""
    while True:
        scene = world.sample_scene(rng, held_out)
        if not scene.second_object and scene.weather == "clear" and scene.place != "plain":
            return scene


def write_full_prompt(scene, rng):
    """A reserved caption that names object, colour, place and, but for cartoons, style."""
    for _ in range(1000):
        subject = world.name_thing(scene.object, scene.color, rng, 1.0)
        if scene.style != "cartoon":
            subject = f"{rng.choice(world.STYLE_PHRASES[scene.style])} {subject}"
        prompt = f"{subject} {world.name_place(scene, rng)}"
        if world.is_reserved(prompt):
            return prompt
    return None


def sample_prompts(count, held_out, seed):
    rng, prompts = random.Random(seed), {}
    while len(prompts) < count:
        scene = sample_plain_scene(rng, held_out)
        text = write_full_prompt(scene, rng)
        if text:
            named = {key: getattr(scene, key) for key in ("object", "color", "place", "style")}
            prompts[text] = {"text": text, **named, "group": "held out" if held_out else "seen"}
    return list(prompts.values())


def write_prompts(folder):
    prompts = sample_prompts(PROMPTS - HELD_OUT_PROMPTS, False, "prompts")
    prompts += sample_prompts(HELD_OUT_PROMPTS, True, "held-out prompts")
    random.Random("order").shuffle(prompts)
    write_json(folder / "prompts.json", prompts)
    (folder / "prompts.txt").write_text("".join(prompt["text"] + "\n" for prompt in prompts))


def write_test_pictures(folder):
    folder.mkdir(exist_ok=True)
    rng, entries = random.Random("test pictures"), []
    for number in range(TEST_PICTURES):
        scene = sample_plain_scene(rng, held_out=False)
        pixels, spots = world.draw_scene(scene, rng)
        name = f"{number:02d}-{scene.color}-{scene.object}"
        Image.fromarray(pixels).save(folder / f"{name}.png", optimize=True)
        mask = Image.fromarray(world.draw_mask(scene, spots))
        mask.convert("1").save(folder / f"{name}-mask.png", optimize=True)
        fields = {key: value for key, value in dataclasses.asdict(scene).items() if value}
        entries.append({"picture": f"{name}.png", "mask": f"{name}-mask.png", **fields})
    write_json(folder / "attributes.json", entries)


def write_trials(folder):
    write_json(folder / "attributes.json", attribute_texts())
    write_prompts(folder)
    write_test_pictures(folder / "test-pictures")
