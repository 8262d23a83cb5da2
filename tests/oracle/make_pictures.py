#!/usr/bin/env python3
"""Makes tests/image/pictures/: small JPEG files, and beside each as PNG what Pillow decodes it to.

    pip install numpy pillow==11.3.0
    python3 tests/oracle/make_pictures.py
"""
import io
import pathlib

import numpy
from PIL import Image

FOLDER = pathlib.Path(__file__).parent.parent / "image" / "pictures"


def scene(height, width):
    """A smooth picture with one edge, as photographs have them."""
    y, x = numpy.mgrid[:height, :width] / numpy.array([height, width])[:, None, None]
    pixels = numpy.stack([x, y, 0.5 + 0.5 * numpy.sin(9 * x * y)], axis=-1)
    pixels[height // 3 :, : width // 4] = [0.9, 0.1, 0.3]
    return Image.fromarray((255 * pixels).astype(numpy.uint8))


def without_adobe_marker(data):
    start = data.index(b"\xff\xee")
    size = int.from_bytes(data[start + 2 : start + 4], "big")
    return data[:start] + data[start + 2 + size :]


def save(name, picture, **options):
    stream = io.BytesIO()
    picture.save(stream, "JPEG", **options)
    (FOLDER / f"{name}.jpg").write_bytes(stream.getvalue())
    with Image.open(io.BytesIO(stream.getvalue())) as decoded:
        decoded.convert("RGB").save(FOLDER / f"{name}.png")
    return stream.getvalue()


def main():
    FOLDER.mkdir(exist_ok=True)
    colour = scene(21, 37)
    save("colour", colour, quality=92, subsampling=0)
    save("subsampled", colour, quality=90, subsampling=2)
    save("progressive", colour, quality=90, progressive=True)
    save("restarts", colour, quality=90, restart_marker_blocks=2)
    save("grey", colour.convert("L"), quality=92)
    data = save("cmyk", colour.convert("CMYK"), quality=95)
    # Pillow takes every CMYK file for an inverted one. Without the marker the inks are plain, so the same picture needs
    # the opposite values.
    inverted = Image.fromarray(255 - numpy.asarray(colour.convert("CMYK")), "CMYK")
    save("cmyk_plain", inverted, quality=95)
    plain = FOLDER / "cmyk_plain.jpg"
    plain.write_bytes(without_adobe_marker(plain.read_bytes()))
    (FOLDER / "cmyk_plain.png").write_bytes((FOLDER / "cmyk.png").read_bytes())
    assert data != plain.read_bytes()


if __name__ == "__main__":
    main()
