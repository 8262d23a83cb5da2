"""The objects of the picture book, each drawn within -1..1 with y pointing down.

A drawing function takes a path builder, a pen whose `fill` paints the current
path in the picture's style, and the colour of the object.
"""

import math

WHITE = (0.98, 0.98, 0.96)
DARK = (0.10, 0.10, 0.12)
WOOD = (0.45, 0.27, 0.12)
GLASS = (0.68, 0.87, 0.98)
GOLD = (0.98, 0.84, 0.20)
LEAF = (0.15, 0.55, 0.20)
BEAK = (0.98, 0.58, 0.10)


def darker(color, factor=0.7):
    return tuple(value * factor for value in color)


def accent(color):
    """White, or a grey blue where white would not show on the colour."""
    return (0.62, 0.72, 0.84) if min(color) > 0.8 else WHITE


class Path:
    """Builds one closed path at a time on a drawing context."""

    def __init__(self, context):
        self.context = context

    def polygon(self, *points):
        self.context.new_path()
        self.context.move_to(*points[0])
        for point in points[1:]:
            self.context.line_to(*point)
        self.context.close_path()

    def rectangle(self, x, y, width, height):
        self.context.new_path()
        self.context.rectangle(x, y, width, height)

    def ellipse(self, x, y, radius_x, radius_y, angle=0.0):
        context = self.context
        context.new_path()
        context.save()
        context.translate(x, y)
        context.rotate(angle)
        context.scale(radius_x, radius_y)
        context.arc(0, 0, 1, 0, 2 * math.pi)
        context.restore()

    def circle(self, x, y, radius):
        self.ellipse(x, y, radius, radius)

    def curve(self, start, *segments):
        """Bezier segments (x1, y1, x2, y2, x3, y3) from a start point, closed."""
        self.context.new_path()
        self.context.move_to(*start)
        for segment in segments:
            self.context.curve_to(*segment)
        self.context.close_path()


def draw_house(path, pen, color):
    path.rectangle(-0.72, -0.1, 1.44, 1.02)
    pen.fill(color)
    path.polygon((-1.0, -0.08), (0, -0.98), (1.0, -0.08))
    pen.fill(darker(color, 0.6) if max(color) > 0.3 else (0.32, 0.32, 0.35))
    path.rectangle(-0.19, 0.32, 0.38, 0.6)
    pen.fill(WOOD)
    for x in (-0.6, 0.3):
        path.rectangle(x, 0.1, 0.3, 0.3)
        pen.fill(GLASS)


def draw_tree(path, pen, color):
    path.rectangle(-0.15, 0.5, 0.3, 0.46)
    pen.fill(WOOD)
    for top, half in ((-0.1, 0.82), (-0.55, 0.66), (-1.0, 0.5)):
        path.polygon((-half, top + 0.68), (0, top), (half, top + 0.68))
        pen.fill(color)


def draw_sun(path, pen, color):
    for k in range(8):
        angle, spread = math.pi * k / 4, 0.26
        path.polygon(
            (0.5 * math.cos(angle - spread), 0.5 * math.sin(angle - spread)),
            (1.02 * math.cos(angle), 1.02 * math.sin(angle)),
            (0.5 * math.cos(angle + spread), 0.5 * math.sin(angle + spread)),
        )
        pen.fill(color)
    path.circle(0, 0, 0.56)
    pen.fill(color)


def draw_moon(path, pen, color):
    path.curve(
        (0.5, -0.82),
        (-0.9, -1.35, -1.35, 0.3, -0.45, 0.78),
        (-0.05, 1.0, 0.45, 0.95, 0.72, 0.6),
        (0.05, 0.68, -0.35, 0.3, -0.3, -0.15),
        (-0.25, -0.55, 0.1, -0.8, 0.5, -0.82),
    )
    pen.fill(color)


def draw_star(path, pen, color):
    radii = (1.0, 0.42)
    corners = [
        (radii[k % 2] * math.sin(math.pi * k / 5), -radii[k % 2] * math.cos(math.pi * k / 5))
        for k in range(10)
    ]
    path.polygon(*corners)
    pen.fill(color)


def draw_mountain(path, pen, color):
    path.polygon((-1.15, 0.85), (-0.5, -0.3), (0.2, 0.85))
    pen.fill(darker(color, 0.75))
    path.polygon((-0.75, 0.85), (0.2, -0.92), (1.15, 0.85))
    pen.fill(color)
    path.polygon((-0.12, -0.33), (0.2, -0.92), (0.52, -0.33), (0.33, -0.45), (0.2, -0.25), (0.05, -0.45))
    pen.fill(accent(color))


def draw_boat(path, pen, color):
    path.rectangle(-0.08, -0.95, 0.12, 1.35)
    pen.fill(WOOD)
    path.polygon((0.12, -0.92), (0.85, 0.22), (0.12, 0.22))
    pen.fill(accent(color))
    path.polygon((-0.16, -0.7), (-0.75, 0.22), (-0.16, 0.22))
    pen.fill(accent(color))
    path.polygon((-1.0, 0.36), (1.0, 0.36), (0.62, 0.86), (-0.62, 0.86))
    pen.fill(color)


def draw_flower(path, pen, color):
    path.rectangle(-0.06, 0.1, 0.12, 0.88)
    pen.fill(LEAF)
    path.ellipse(0.3, 0.65, 0.3, 0.13, -0.5)
    pen.fill(LEAF)
    for k in range(5):
        angle = 2 * math.pi * k / 5 - math.pi / 2
        path.circle(0.42 * math.cos(angle), -0.32 + 0.42 * math.sin(angle), 0.32)
        pen.fill(color)
    path.circle(0, -0.32, 0.25)
    pen.fill(GOLD if color[2] > 0.3 or color[1] < 0.8 else WOOD)


def draw_fish(path, pen, color):
    path.polygon((0.4, 0), (1.02, -0.55), (1.02, 0.55))
    pen.fill(darker(color))
    path.polygon((-0.3, -0.4), (0.15, -0.85), (0.3, -0.35))
    pen.fill(darker(color))
    path.ellipse(-0.2, 0, 0.8, 0.52)
    pen.fill(color)
    path.circle(-0.6, -0.12, 0.14)
    pen.fill(WHITE)
    path.circle(-0.62, -0.12, 0.05)
    pen.fill(DARK)


def draw_bird(path, pen, color):
    for x in (-0.08, 0.2):
        path.rectangle(x, 0.5, 0.08, 0.42)
        pen.fill(BEAK)
    path.polygon((0.45, 0.05), (1.1, -0.35), (0.95, 0.25))
    pen.fill(darker(color))
    path.polygon((-0.72, -0.55), (-1.12, -0.36), (-0.72, -0.24))
    pen.fill(BEAK)
    path.ellipse(0.05, 0.15, 0.65, 0.46)
    pen.fill(color)
    path.circle(-0.46, -0.4, 0.38)
    pen.fill(color)
    path.ellipse(0.2, 0.1, 0.38, 0.22, 0.4)
    pen.fill(darker(color))
    path.circle(-0.55, -0.47, 0.09)
    pen.fill(DARK if max(color) > 0.3 else WHITE)


def draw_car(path, pen, color):
    path.polygon((-0.6, -0.08), (-0.38, -0.62), (0.4, -0.62), (0.68, -0.08))
    pen.fill(color)
    path.rectangle(-1.02, -0.1, 2.04, 0.56)
    pen.fill(color)
    path.polygon((-0.42, -0.1), (-0.28, -0.46), (-0.04, -0.46), (-0.04, -0.1))
    pen.fill(GLASS)
    path.polygon((0.08, -0.1), (0.08, -0.46), (0.3, -0.46), (0.48, -0.1))
    pen.fill(GLASS)
    for x in (-0.54, 0.54):
        path.circle(x, 0.46, 0.3)
        pen.fill((0.14, 0.14, 0.15))
        path.circle(x, 0.46, 0.11)
        pen.fill((0.75, 0.75, 0.75))


def draw_cat(path, pen, color):
    for side in (-1, 1):
        path.polygon((side * 0.82, 0.0), (side * 0.78, -0.98), (side * 0.15, -0.5))
        pen.fill(color)
    path.ellipse(0, 0.12, 0.88, 0.76)
    pen.fill(color)
    for side in (-1, 1):
        path.ellipse(side * 0.36, -0.02, 0.17, 0.2)
        pen.fill((0.75, 0.93, 0.30))
        path.ellipse(side * 0.36, -0.02, 0.06, 0.17)
        pen.fill(DARK)
        path.polygon((side * 0.3, 0.42), (side * 1.05, 0.3), (side * 1.05, 0.38))
        pen.fill(DARK if max(color) > 0.3 else WHITE)
    path.polygon((-0.13, 0.26), (0.13, 0.26), (0, 0.42))
    pen.fill((0.98, 0.55, 0.65) if color[2] < 0.6 or color[0] < 0.9 else DARK)


def draw_mushroom(path, pen, color):
    path.polygon((-0.25, 0.0), (0.25, 0.0), (0.34, 0.92), (-0.34, 0.92))
    pen.fill((0.95, 0.90, 0.80))
    path.curve((-0.98, 0.12), (-0.9, -1.25, 0.9, -1.25, 0.98, 0.12))
    pen.fill(color)
    for x, y, radius in ((-0.48, -0.22, 0.16), (0.05, -0.55, 0.18), (0.52, -0.18, 0.15)):
        path.circle(x, y, radius)
        pen.fill(accent(color))


def draw_heart(path, pen, color):
    path.curve(
        (0, 0.92),
        (-1.45, -0.05, -0.92, -1.25, 0, -0.45),
        (0.92, -1.25, 1.45, -0.05, 0, 0.92),
    )
    pen.fill(color)


def draw_umbrella(path, pen, color):
    path.rectangle(-0.06, -0.1, 0.12, 1.0)
    pen.fill(WOOD)
    path.rectangle(-0.06, 0.78, 0.42, 0.14)
    pen.fill(WOOD)
    path.curve(
        (-1.0, 0.05),
        (-0.9, -1.2, 0.9, -1.2, 1.0, 0.05),
        (0.85, -0.2, 0.5, -0.2, 0.33, 0.05),
        (0.2, -0.2, -0.2, -0.2, -0.33, 0.05),
        (-0.5, -0.2, -0.85, -0.2, -1.0, 0.05),
    )
    pen.fill(color)


def draw_cup(path, pen, color):
    path.circle(0.62, 0.08, 0.4)
    pen.fill(darker(color))
    path.circle(0.62, 0.08, 0.18)
    pen.fill(accent(color))
    path.polygon((-0.82, -0.6), (0.62, -0.6), (0.48, 0.82), (-0.68, 0.82))
    pen.fill(color)
    path.ellipse(-0.1, -0.6, 0.72, 0.18)
    pen.fill((0.35, 0.20, 0.10))


def draw_rocket(path, pen, color):
    path.polygon((-0.25, 0.6), (0, 1.05), (0.25, 0.6))
    pen.fill(BEAK)
    for side in (-1, 1):
        path.polygon((side * 0.3, 0.05), (side * 0.78, 0.75), (side * 0.25, 0.62))
        pen.fill(darker(color))
    path.curve((-0.3, 0.66), (-0.62, 0.0, -0.35, -0.7, 0, -1.02), (0.35, -0.7, 0.62, 0.0, 0.3, 0.66))
    pen.fill(color)
    path.circle(0, -0.2, 0.19)
    pen.fill(GLASS)


def draw_butterfly(path, pen, color):
    for side in (-1, 1):
        path.ellipse(side * 0.52, 0.45, 0.42, 0.36, side * 0.6)
        pen.fill(darker(color))
        path.ellipse(side * 0.56, -0.32, 0.54, 0.44, side * -0.6)
        pen.fill(color)
        path.circle(side * 0.6, -0.36, 0.16)
        pen.fill(accent(color))
    path.ellipse(0, 0.05, 0.13, 0.75)
    pen.fill(WOOD)


DRAW = {
    "house": draw_house,
    "tree": draw_tree,
    "sun": draw_sun,
    "moon": draw_moon,
    "star": draw_star,
    "mountain": draw_mountain,
    "boat": draw_boat,
    "flower": draw_flower,
    "fish": draw_fish,
    "bird": draw_bird,
    "car": draw_car,
    "cat": draw_cat,
    "mushroom": draw_mushroom,
    "heart": draw_heart,
    "umbrella": draw_umbrella,
    "cup": draw_cup,
    "rocket": draw_rocket,
    "butterfly": draw_butterfly,
}
