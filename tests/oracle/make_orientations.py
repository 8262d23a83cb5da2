#!/usr/bin/env python3
"""Makes tests/image/orientation_cases.h: small PNG files with Exif, as Pillow writes them, and the pixels that
ImageOps.exif_transpose makes of each.

    pip install numpy pillow
    python3 tests/oracle/make_orientations.py > tests/image/orientation_cases.h
"""
import io

import numpy
from PIL import Image, ImageOps

WIDTH, HEIGHT = 5, 3


def array(name, data):
    rows = [", ".join(str(byte) for byte in data[i:i + 24]) for i in range(0, len(data), 24)]
    return f"static const uint8_t {name}[] = {{\n    " + ",\n    ".join(rows) + "};\n"


def main():
    pixels = (numpy.arange(HEIGHT * WIDTH * 3) * 5).astype(numpy.uint8).reshape(HEIGHT, WIDTH, 3)
    print("/* Made by tests/oracle/make_orientations.py. */\n")
    rows = []
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG", exif=exif.tobytes())
        upright = ImageOps.exif_transpose(Image.open(io.BytesIO(file.getvalue())))
        print(array(f"file_{orientation}", file.getvalue()))
        print(array(f"upright_{orientation}", upright.tobytes()))
        rows.append(f"    {{{upright.height}, {upright.width}, file_{orientation}, sizeof file_{orientation}, "
                    f"upright_{orientation}}},\n")
    print("/* By orientation, from 1. */\nstatic const orientation_case orientation_cases[] = {\n" + "".join(rows) + "};")


main()
