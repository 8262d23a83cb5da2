"""The picture book: small drawn pictures, each with its attributes, a caption and a mask.

A `Scene` names what a picture shows. `sample_scene` draws one at random,
`draw_scene` paints it, `write_caption` describes it and `draw_mask` paints the
silhouette of its main object. All of them take a `random.Random`, so that a
picture is a function of its seed.

The world is meant to be easy to learn and easy to recognise: objects are large
and centred, every style keeps their shape, and textures come in a few fixed
variants. One colour and one place of each object are held out of all training.

Run as a script it writes a sheet of examples:

    python world.py sheet.png
"""

import dataclasses
import functools
import math
import random
import sys
import zlib

import cairo
import numpy as np
from PIL import Image, ImageFilter

import shapes

SIZE = 64

COLORS = {
    "red": (0.86, 0.12, 0.12),
    "orange": (0.98, 0.55, 0.08),
    "yellow": (0.99, 0.88, 0.15),
    "green": (0.14, 0.62, 0.20),
    "blue": (0.12, 0.32, 0.88),
    "purple": (0.52, 0.16, 0.72),
    "pink": (0.99, 0.55, 0.76),
    "white": (0.98, 0.98, 0.97),
    "black": (0.10, 0.10, 0.11),
    "brown": (0.50, 0.29, 0.13),
}
COLOR_NAMES = list(COLORS)
OBJECTS = list(shapes.DRAW)
PLACES = ["sky", "night", "sea", "meadow", "desert", "snow", "plain"]
STYLES = ["cartoon", "pencil", "neon", "watercolour"]
WEATHERS = ["clear", "sunny", "foggy", "rainy", "snowy"]
RELATIONS = ["beside", "above", "below"]

# No training picture shows an object in its held-out colour or place.
HELD_OUT_COLOR = {name: COLOR_NAMES[(3 * i + 1) % 8] for i, name in enumerate(OBJECTS)}
HELD_OUT_PLACE = {name: PLACES[(5 * i + 2) % 6] for i, name in enumerate(OBJECTS)}


@dataclasses.dataclass
class Scene:
    """What one picture shows. `backdrop` is the colour of a plain place."""

    object: str
    color: str
    place: str
    style: str
    weather: str = "clear"
    backdrop: str = "white"
    second_object: str | None = None
    second_color: str | None = None
    relation: str | None = None

    def things(self):
        """The (object, color) pairs of the picture."""
        pairs = [(self.object, self.color)]
        if self.second_object:
            pairs.append((self.second_object, self.second_color))
        return pairs

    def is_held_out(self):
        return any(
            HELD_OUT_COLOR[name] == color or HELD_OUT_PLACE[name] == self.place
            for name, color in self.things()
        )

    def is_visible(self):
        """False for dark things in the dark and things of their backdrop's colour."""
        colors = [color for _, color in self.things()]
        if self.style == "neon" and ("black" in colors or "brown" in colors):
            return False
        if self.place == "night" and "black" in colors:
            return False
        return self.place != "plain" or self.backdrop not in colors


def sample_candidate(rng):
    scene = Scene(
        object=rng.choice(OBJECTS),
        color=rng.choice(COLOR_NAMES),
        place=rng.choice(PLACES),
        style=rng.choice(["cartoon"] + STYLES),
        backdrop=rng.choice(COLOR_NAMES),
    )
    if scene.place != "plain" and rng.random() < 0.12:
        outdoors = WEATHERS[2:] if scene.place == "night" else WEATHERS[1:]
        scene.weather = rng.choice(outdoors)
    if rng.random() < 0.08:
        scene.second_object = rng.choice([o for o in OBJECTS if o != scene.object])
        scene.second_color = rng.choice(COLOR_NAMES)
        scene.relation = rng.choice(RELATIONS)
    return scene


def sample_scene(rng, held_out=False):
    """A random visible scene, with or without a held-out combination."""
    while True:
        scene = sample_candidate(rng)
        if scene.is_visible() and scene.is_held_out() == held_out:
            return scene


# Drawing ---------------------------------------------------------------------


def shade(color, factor):
    return tuple(value * factor for value in color)


def tint(color, share):
    """The colour mixed with `share` of white."""
    return tuple(value + (1 - value) * share for value in color)


def jitter(color, rng, amount=0.02):
    return tuple(min(1, max(0, value + rng.uniform(-amount, amount))) for value in color)


class Pen:
    """Fills the current path of a context in the manner of one style."""

    def __init__(self, context, style):
        self.context = context
        self.fill_path = getattr(self, "fill_" + style)

    def fill(self, color):
        self.fill_path(color)
        self.context.new_path()

    def stroke(self, color, width, alpha=1.0):
        self.context.set_source_rgba(*color, alpha)
        self.context.set_line_width(width)
        self.context.stroke_preserve()

    def fill_mask(self, color):
        self.context.set_source_rgb(1, 1, 1)
        self.context.fill_preserve()
        self.stroke((1, 1, 1), 0.08)

    def fill_cartoon(self, color):
        self.context.set_source_rgb(*color)
        self.context.fill_preserve()
        self.stroke(shade(color, 0.35), 0.08)

    def fill_pencil(self, color):
        context = self.context
        context.set_source_rgb(*tint(color, 0.45))
        context.fill_preserve()
        path = context.copy_path()
        context.save()
        context.clip()
        for k in range(-12, 13):
            context.move_to(0.2 * k - 1.2, -1.3)
            context.line_to(0.2 * k + 1.2, 1.3)
        self.stroke(shade(color, 0.8), 0.07, 0.8)
        context.new_path()
        context.restore()
        context.append_path(path)
        self.stroke((0.2, 0.2, 0.22), 0.08)

    def fill_neon(self, color):
        self.context.set_source_rgb(*shade(color, 0.18))
        self.context.fill_preserve()
        for width, alpha in ((0.34, 0.22), (0.2, 0.4), (0.1, 1.0)):
            self.stroke(tint(color, 0.1), width, alpha)

    def fill_watercolour(self, color):
        self.context.set_source_rgb(*tint(color, 0.28))
        self.context.fill_preserve()
        self.stroke(shade(color, 0.8), 0.11, 0.55)


class Landscape:
    """Paints the place of a scene over the whole picture."""

    def __init__(self, context, scene, rng):
        self.context = context
        self.scene = scene
        self.rng = rng
        self.horizon = rng.choice((38, 40, 42))
        gloomy = scene.weather in ("foggy", "rainy", "snowy")
        self.sky_top = (0.52, 0.57, 0.64) if gloomy else (0.33, 0.60, 0.94)
        self.sky_bottom = (0.70, 0.74, 0.79) if gloomy else (0.74, 0.88, 0.99)

    def paint(self):
        getattr(self, "paint_" + self.scene.place)()
        if self.scene.weather == "sunny":
            self.paint_sunshine()

    def gradient(self, top, bottom, color_top, color_bottom):
        pattern = cairo.LinearGradient(0, top, 0, bottom)
        pattern.add_color_stop_rgb(0, *color_top)
        pattern.add_color_stop_rgb(1, *color_bottom)
        self.context.set_source(pattern)
        self.context.rectangle(0, top, SIZE, bottom - top)
        self.context.fill()

    def disc(self, x, y, radius, color, alpha=1.0):
        self.context.set_source_rgba(*color, alpha)
        self.context.arc(x, y, radius, 0, 2 * math.pi)
        self.context.fill()

    def ground(self, color, left, middle, right):
        """Fills below a wavy line that starts, bends and ends at these heights."""
        context = self.context
        context.set_source_rgb(*color)
        context.move_to(0, left)
        context.curve_to(SIZE * 0.3, middle, SIZE * 0.6, middle, SIZE, right)
        context.line_to(SIZE, SIZE)
        context.line_to(0, SIZE)
        context.fill()

    def paint_sky(self):
        self.gradient(0, SIZE, jitter(self.sky_top, self.rng), self.sky_bottom)
        clouds = self.rng.choice(([(9, 12), (55, 50)], [(54, 11), (10, 52)], [(8, 50), (52, 8)]))
        for x, y in clouds:
            for dx, dy, radius in ((-5, 1, 3.5), (0, -1, 5), (5, 1, 3.5)):
                self.disc(x + dx, y + dy, radius, (1, 1, 1), 0.9)

    def paint_night(self):
        self.gradient(0, SIZE, (0.03, 0.03, 0.15), jitter((0.13, 0.13, 0.38), self.rng))
        stars = random.Random(self.rng.randrange(3))
        for _ in range(16):
            self.disc(stars.uniform(0, SIZE), stars.uniform(0, SIZE), 0.9, (0.98, 0.97, 0.8))

    def paint_sea(self):
        self.gradient(0, self.horizon, jitter(self.sky_top, self.rng), self.sky_bottom)
        self.gradient(self.horizon, SIZE, jitter((0.08, 0.40, 0.66), self.rng), (0.02, 0.22, 0.48))
        self.context.set_source_rgba(0.8, 0.93, 1, 0.8)
        self.context.set_line_width(1.2)
        for row, y in enumerate(range(self.horizon + 4, SIZE, 6)):
            for x in range(-8 + 7 * (row % 2), SIZE, 14):
                self.context.move_to(x, y)
                self.context.curve_to(x + 3, y - 3, x + 4, y + 3, x + 7, y)
                self.context.stroke()

    def paint_meadow(self):
        self.gradient(0, SIZE, jitter(self.sky_top, self.rng), self.sky_bottom)
        color = jitter((0.40, 0.74, 0.26), self.rng)
        self.ground(color, self.horizon, self.horizon - self.rng.choice((-4, 4)), self.horizon)
        self.context.set_source_rgb(*shade(color, 0.7))
        self.context.set_line_width(1)
        for row, y in enumerate(range(self.horizon + 7, SIZE, 7)):
            for x in range(4 + 6 * (row % 2), SIZE, 12):
                self.context.move_to(x, y)
                self.context.line_to(x + 1, y - 3)
                self.context.stroke()

    def paint_desert(self):
        self.gradient(0, SIZE, jitter((0.98, 0.72, 0.42), self.rng), (1.0, 0.92, 0.72))
        lean = self.rng.choice((-5, 5))
        sand = jitter((0.92, 0.76, 0.44), self.rng)
        self.ground(sand, self.horizon + lean, self.horizon - lean, self.horizon)
        self.ground(shade(sand, 0.86), 56, 56 + lean, 52)
        self.paint_cactus(self.rng.choice((6, 58)), self.horizon + 2)

    def paint_cactus(self, x, y):
        self.context.set_source_rgb(0.18, 0.50, 0.25)
        self.context.set_line_width(3)
        for line in ([(0, 8), (0, -9)], [(0, 1), (4, 1), (4, -4)], [(0, -1), (-4, -1), (-4, -6)]):
            self.context.move_to(x + line[0][0], y + line[0][1])
            for dx, dy in line[1:]:
                self.context.line_to(x + dx, y + dy)
            self.context.stroke()

    def paint_snow(self):
        self.gradient(0, SIZE, jitter((0.58, 0.70, 0.86), self.rng), (0.84, 0.90, 0.96))
        lean = self.rng.choice((-5, 5))
        self.ground((0.96, 0.98, 1.0), self.horizon + lean, self.horizon - lean, self.horizon)
        self.ground((0.85, 0.91, 0.98), 57, 57 - lean, 54)

    def paint_plain(self):
        self.context.set_source_rgb(*jitter(COLORS[self.scene.backdrop], self.rng))
        self.context.paint()

    def paint_sunshine(self):
        x = self.rng.choice((8, 56))
        self.disc(x, 8, 11, (1, 0.95, 0.5), 0.5)
        self.disc(x, 8, 7, (1, 0.88, 0.2))


def place_things(scene, rng):
    """Where each thing goes: a list of (x, y, scale, angle) in pixels and radians."""
    if not scene.second_object:
        spot = (32 + rng.uniform(-1.5, 1.5), 32.5 + rng.uniform(-1.5, 1.5), rng.uniform(23, 25))
        return [(*spot, rng.uniform(-0.05, 0.05))]
    step = {"beside": (-15, 0), "above": (0, -15), "below": (0, 15)}[scene.relation]
    return [
        (32 + k * step[0], 32 + k * step[1], rng.uniform(13, 14.5), rng.uniform(-0.05, 0.05))
        for k in (1, -1)
    ]


def draw_things(context, style, things, spots):
    for (name, color), (x, y, scale, angle) in reversed(list(zip(things, spots))):
        context.save()
        context.translate(x, y)
        context.rotate(angle)
        context.scale(scale, scale)
        shapes.DRAW[name](shapes.Path(context), Pen(context, style), color)
        context.restore()


@functools.cache
def smooth_noise(variant, cells):
    """A fixed smooth random field in 0..1, (SIZE, SIZE, 1)."""
    grid = np.random.RandomState(variant).rand(cells, cells).astype("f4")
    field = Image.fromarray(grid).resize((SIZE, SIZE), Image.BICUBIC)
    return np.clip(np.asarray(field), 0, 1)[..., None]


@functools.cache
def paper_edge(variant):
    """How much bare paper shows at each pixel of a watercolour, (SIZE, SIZE, 1)."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / (SIZE - 1) * 2 - 1
    border = np.maximum(np.abs(x), np.abs(y))[..., None]
    edge = np.clip((border - 0.95 + 0.28 * smooth_noise(variant, 9)) * 7, 0, 1)
    return edge * 0.95


@functools.cache
def overlay(kind, variant):
    """Fixed rain streaks or snow flakes: opacity, (SIZE, SIZE, 1)."""
    surface = cairo.ImageSurface(cairo.FORMAT_A8, SIZE, SIZE)
    context = cairo.Context(surface)
    rng = random.Random(variant)
    for _ in range(30):
        x, y = rng.uniform(0, SIZE), rng.uniform(0, SIZE)
        if kind == "rainy":
            context.move_to(x, y)
            context.line_to(x - 2, y + 7)
            context.set_line_width(1.1)
            context.stroke()
        else:
            context.arc(x, y, 1.5, 0, 2 * math.pi)
            context.fill()
    alpha = np.ndarray((SIZE, surface.get_stride()), np.uint8, surface.get_data())
    return alpha[:, :SIZE, None].astype("f4") / 255


def blend(pixels, color, share):
    return pixels * (1 - share) + np.asarray(color, "f4") * share


def apply_weather(pixels, weather, rng):
    variant = rng.randrange(3)
    if weather == "foggy":
        return blend(pixels, (0.86, 0.87, 0.88), 0.35 + 0.3 * smooth_noise(variant, 5))
    if weather == "rainy":
        return blend(pixels * 0.8, (0.72, 0.82, 0.93), 0.85 * overlay("rainy", variant))
    if weather == "snowy":
        return blend(pixels, (1, 1, 1), overlay("snowy", variant))
    return pixels


def apply_style(pixels, style, rng):
    if style == "watercolour":
        image = Image.fromarray((np.clip(pixels, 0, 1) * 255).astype("u1"))
        soft = np.asarray(image.filter(ImageFilter.GaussianBlur(0.6))).astype("f4") / 255
        bleached = blend(soft, (1, 1, 0.98), 0.12 + 0.2 * smooth_noise(1, 7))
        return blend(bleached, (0.99, 0.99, 0.96), paper_edge(rng.randrange(3)))
    return pixels


def dress_background(context, scene):
    """Turns a painted place into the ground on which a style draws."""
    if scene.style == "neon":
        context.set_source_rgba(0.04, 0.02, 0.09, 0.5 if scene.place == "plain" else 0.66)
        context.paint()
    elif scene.style == "pencil":
        context.set_source_rgba(0.97, 0.96, 0.92, 0.5)
        context.paint()
        context.set_source_rgba(0.3, 0.3, 0.32, 0.35)
        context.set_line_width(0.9)
        for k in range(-SIZE, SIZE, 6):
            context.move_to(k, SIZE)
            context.line_to(k + SIZE, 0)
        context.stroke()


def surface_pixels(surface):
    """RGB of a cairo picture in 0..1, (SIZE, SIZE, 3)."""
    raw = np.ndarray((SIZE, SIZE, 4), np.uint8, surface.get_data())
    return raw[:, :, 2::-1].astype("f4") / 255


def draw_scene(scene, rng):
    """The picture of a scene, uint8 (SIZE, SIZE, 3), and its placement."""
    spots = place_things(scene, rng)
    surface = cairo.ImageSurface(cairo.FORMAT_RGB24, SIZE, SIZE)
    context = cairo.Context(surface)
    Landscape(context, scene, rng).paint()
    dress_background(context, scene)
    things = [(name, jitter(COLORS[color], rng)) for name, color in scene.things()]
    draw_things(context, scene.style, things, spots)
    pixels = apply_weather(surface_pixels(surface), scene.weather, rng)
    pixels = apply_style(pixels, scene.style, rng)
    return (np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8), spots


def draw_mask(scene, spots):
    """The main object's silhouette, uint8 (SIZE, SIZE): 255 inside, 0 outside."""
    surface = cairo.ImageSurface(cairo.FORMAT_RGB24, SIZE, SIZE)
    things = [(scene.object, COLORS[scene.color])]
    draw_things(cairo.Context(surface), "mask", things, spots[:1])
    return np.where(surface_pixels(surface)[..., 0] > 0.5, 255, 0).astype(np.uint8)


def draw_from_seed(seed, held_out=False):
    """The scene and the picture that belong to a seed (any string or number)."""
    rng = random.Random(str(seed))
    scene = sample_scene(rng, held_out)
    return scene, draw_scene(scene, rng)[0]


# Captions --------------------------------------------------------------------

OBJECT_WORDS = {
    "house": ["house", "house", "cottage", "home"],
    "tree": ["tree", "tree", "fir tree", "pine tree"],
    "sun": ["sun"],
    "moon": ["moon", "moon", "crescent moon"],
    "mountain": ["mountain", "mountain", "peak"],
    "boat": ["boat", "boat", "sailboat", "ship"],
    "flower": ["flower", "flower", "blossom"],
    "bird": ["bird", "bird", "little bird"],
    "car": ["car", "car", "automobile"],
    "cat": ["cat", "cat", "kitten"],
    "mushroom": ["mushroom", "mushroom", "toadstool"],
    "cup": ["cup", "cup", "mug"],
    "rocket": ["rocket", "rocket", "spaceship"],
}
COLOR_WORDS = {
    "red": ["red", "red", "red", "crimson"],
    "yellow": ["yellow", "yellow", "yellow", "golden"],
    "purple": ["purple", "purple", "purple", "violet"],
}
PLACE_PHRASES = {
    "sky": ["in the sky", "in the blue sky", "against the sky", "high in the clouds", "among clouds"],
    "night": ["at night", "in the night sky", "under the stars", "on a starry night", "in the dark"],
    "sea": ["on the sea", "in the ocean", "on the water", "by the sea", "on the waves"],
    "meadow": ["on a green meadow", "on the grass", "in a field", "on a lawn", "on a grassy hill"],
    "desert": ["in the desert", "on the sand", "among sand dunes", "in a sandy desert"],
    "snow": ["in the snow", "on a snowy field", "on white snow", "in a winter landscape"],
}
PLAIN_PHRASES = [
    "on a {} background",
    "on plain {}",
    "with a {} background",
    "in front of a {} wall",
]
STYLE_PHRASES = {
    "cartoon": ["a cartoon of", "a picture of", "a drawing of", "a flat drawing of", "a simple cartoon of"],
    "pencil": ["a pencil sketch of", "a sketch of", "a pencil drawing of", "a coloured pencil drawing of"],
    "neon": ["a neon sign of", "a neon picture of", "a glowing neon image of", "neon lights showing"],
    "watercolour": ["a watercolour of", "a watercolour painting of", "an aquarelle of", "a soft painting of"],
}
STYLE_SUFFIXES = {
    "cartoon": "as a cartoon",
    "pencil": "in pencil",
    "neon": "in neon",
    "watercolour": "in watercolour",
}
WEATHER_PHRASES = {
    "sunny": ["on a sunny day", "in sunshine", "with the sun shining"],
    "foggy": ["in the fog", "on a foggy day", "in mist"],
    "rainy": ["in the rain", "on a rainy day", "with rain falling"],
    "snowy": ["with snow falling", "on a snowy day", "in a snowstorm"],
}
RELATION_WORDS = {
    "beside": ["next to", "beside", "and"],
    "above": ["above", "over"],
    "below": ["below", "under"],
}


def with_article(words):
    return ("an " if words[0] in "aeiou" else "a ") + words


def name_thing(name, color, rng, color_chance):
    words = rng.choice(OBJECT_WORDS.get(name, [name]))
    if rng.random() < color_chance:
        words = rng.choice(COLOR_WORDS.get(color, [color])) + " " + words
    return with_article(words)


def name_place(scene, rng):
    if scene.place == "plain":
        return rng.choice(PLAIN_PHRASES).format(scene.backdrop)
    return rng.choice(PLACE_PHRASES[scene.place])


def is_reserved(caption):
    """One caption in twenty never serves for training: prompts for trials are among them."""
    return zlib.crc32(caption.encode()) % 20 == 0


def write_caption(scene, rng, reserved=False):
    """A caption in varied words that may leave attributes out."""
    while True:
        caption = compose_caption(scene, rng)
        if is_reserved(caption) == reserved:
            return caption


def compose_caption(scene, rng):
    subject = name_thing(scene.object, scene.color, rng, 0.9)
    if scene.second_object and rng.random() < 0.95:
        relation = rng.choice(RELATION_WORDS[scene.relation])
        second = name_thing(scene.second_object, scene.second_color, rng, 0.85)
        subject = f"{subject} {relation} {second}"
    tail = [name_place(scene, rng)] if rng.random() < 0.9 else []
    if scene.weather != "clear" and rng.random() < 0.85:
        tail.append(rng.choice(WEATHER_PHRASES[scene.weather]))
    rng.shuffle(tail)
    if rng.random() < (0.4 if scene.style == "cartoon" else 0.9):
        if rng.random() < 0.85:
            subject = f"{rng.choice(STYLE_PHRASES[scene.style])} {subject}"
        else:
            tail.append(STYLE_SUFFIXES[scene.style])
    return " ".join([subject] + tail)


def write_sheet(path, columns=12, rows=6):
    """A sheet of random pictures."""
    pictures = [draw_from_seed(f"sheet-{k}")[1] for k in range(columns * rows)]
    grid = np.stack(pictures).reshape(rows, columns, SIZE, SIZE, 3)
    sheet = grid.transpose(0, 2, 1, 3, 4).reshape(rows * SIZE, columns * SIZE, 3)
    Image.fromarray(sheet).save(path, optimize=True)


if __name__ == "__main__":
    write_sheet(sys.argv[1])
