#!/usr/bin/env python3
"""Makes the WebP files of tests/image/webp and tests/fuzz/seeds/fuzz_webp, as Pillow writes them, and beside each of
the former what Pillow reads of it: turned upright, and laid on white.

    pip install numpy pillow
    python3 tests/oracle/make_webp.py
"""
import shutil
from pathlib import Path

import numpy
from PIL import Image, ImageOps

TESTS = Path(__file__).parents[1]
HEIGHT, WIDTH = 19, 26


def picture(channels):
    """Slopes, waves and a little noise; opacity from 0 to 255."""
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    noise = numpy.random.default_rng(9).integers(0, 12, (HEIGHT, WIDTH))
    layers = [x * 9, y * 12, 128 + 100 * numpy.sin(x / 3 + y / 5) + noise, (x * 255) // (WIDTH - 1)]
    return Image.fromarray(numpy.stack(layers[:channels], -1).astype(numpy.uint8))


def held(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def main():
    pictures = TESTS / "image/webp"
    seeds = TESTS / "fuzz/seeds/fuzz_webp"
    seeds.mkdir(exist_ok=True)
    picture(3).save(pictures / "lossy.webp", quality=80)
    picture(3).save(pictures / "lossless.webp", lossless=True)
    picture(4).save(pictures / "transparent.webp", lossless=True, exact=True)
    picture(3).save(pictures / "held.webp", lossless=True, exif=held(6))
    picture(3).save(pictures / "animated.webp", save_all=True, append_images=[picture(3).rotate(180)], lossless=True)
    for name in ("lossy", "lossless", "transparent", "held"):
        shutil.copy(pictures / f"{name}.webp", seeds)
        read = ImageOps.exif_transpose(Image.open(pictures / f"{name}.webp")).convert("RGBA")
        white = Image.alpha_composite(Image.new("RGBA", read.size, "white"), read)
        white.convert("RGB").save(pictures / f"{name}.png")


if __name__ == "__main__":
    main()
