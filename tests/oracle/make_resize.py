#!/usr/bin/env python3
"""Makes tests/image/resize_cases.h: digests of pictures that Pillow resized, and that torchvision's Resize and
CenterCrop with Pillow give for CLIP.

    pip install numpy pillow==11.3.0
    python3 tests/oracle/make_resize.py > tests/image/resize_cases.h
    python3 tests/oracle/make_resize.py preparations > tests/image/preparation_cases.h

Pillow after 12.0 changed the order of its two passes for some tall pictures, and with it the rounding.
"""
import hashlib
import sys

import numpy
import PIL
from PIL import Image

FILTERS = {"BICUBIC": Image.Resampling.BICUBIC, "LANCZOS": Image.Resampling.LANCZOS,
           "BILINEAR": Image.Resampling.BILINEAR}

# height and width before, height and width after
SIZES = [
    (24, 32, 48, 64), (24, 32, 12, 16), (37, 53, 31, 97), (37, 53, 64, 11), (61, 47, 60, 48), (40, 30, 40, 17),
    (40, 30, 17, 30), (40, 30, 40, 30), (100, 75, 1, 1), (1, 1, 9, 7), (1, 300, 5, 20), (300, 2, 224, 3),
    (480, 640, 224, 298), (333, 500, 224, 336), (13, 7, 224, 224), (30, 10, 7, 25),
]

# height and width of a file, side of the square that CLIP sees
CROPS = [
    (48, 64, 32), (64, 48, 32), (33, 47, 32), (50, 41, 24), (20, 91, 31), (32, 32, 32), (7, 9, 56), (100, 103, 50),
    (240, 321, 224), (35, 32, 32), (37, 32, 32), (32, 39, 32),
]

# height and width of a file, side, and how it is prepared: which sides are given, filter, the shorter side (0: the
# perceptor's), where the middle is when it lies between two pixels, and what is beyond the picture
PREPARATIONS = [
    (48, 64, 32, "SQUASH", "BICUBIC", 0, "even", 0), (33, 47, 32, "SQUASH", "BILINEAR", 0, "even", 0),
    (48, 64, 32, "LONGER", "BICUBIC", 0, "even", 0), (47, 33, 32, "LONGER", "BILINEAR", 0, "even", 200),
    (7, 90, 31, "LONGER", "BICUBIC", 0, "even", 7), (32, 39, 32, "SHORTER", "BICUBIC", 0, "down", 0),
    (32, 35, 32, "SHORTER", "BICUBIC", 0, "down", 0), (40, 61, 24, "SHORTER", "LANCZOS", 30, "down", 0),
    (40, 61, 24, "SHORTER", "BILINEAR", 20, "even", 0), (37, 53, 32, "SHORTER", "BILINEAR", 0, "even", 0),
]


def picture(height, width):
    """Noise of a linear congruential generator, with every second tile black and white so that kernels overshoot."""
    state = numpy.uint32(height * 65536 + width)
    values = numpy.empty(height * width * 3, numpy.uint8)
    with numpy.errstate(over="ignore"):
        for i in range(values.size):
            state = state * numpy.uint32(1664525) + numpy.uint32(1013904223)
            values[i] = state >> numpy.uint32(24)
    pixels = values.reshape(height, width, 3)
    rows, columns = numpy.mgrid[:height, :width]
    hard = ((rows // 7 + columns // 5) % 2 == 1)[..., None]
    return numpy.where(hard, numpy.where(pixels >= 128, 255, 0), pixels).astype(numpy.uint8)


def resized(pixels, height, width, name):
    return numpy.asarray(Image.fromarray(pixels).resize((width, height), FILTERS[name]))


def clip_input(pixels, side):
    """The arithmetic of torchvision's Resize(side, BICUBIC), CenterCrop(side) and ToTensor, channels last."""
    height, width = pixels.shape[:2]
    shorter, longer = min(height, width), max(height, width)
    cut = int(side * longer / shorter)
    height, width = (side, cut) if height <= width else (cut, side)
    pixels = resized(pixels, height, width, "BICUBIC")
    top, left = int(round((height - side) / 2.0)), int(round((width - side) / 2.0))
    return pixels[top : top + side, left : left + side].astype(numpy.float32) / numpy.float32(255)


def middle(pixels, side, down, fill):
    """center_crop_or_pad of open_clip, and center_crop of transformers, which rounds the place down."""
    height, width = pixels.shape[:2]
    above, beside = max(side - height, 0), max(side - width, 0)
    padding = ((above // 2, (above + 1) // 2), (beside // 2, (beside + 1) // 2), (0, 0))
    pixels = numpy.pad(pixels, padding, constant_values=fill)
    half = (lambda size: int((size - side) / 2.0)) if down else (lambda size: int(round((size - side) / 2.0)))
    top, left = half(pixels.shape[0]), half(pixels.shape[1])
    return pixels[top : top + side, left : left + side]


def prepared(pixels, side, mode, name, shorter, rounding, fill):
    """What open_clip's image_transform and transformers' CLIPImageProcessor make of a picture, 0 to 1."""
    height, width = pixels.shape[:2]
    if mode == "SQUASH":
        height, width = side, side
    elif mode == "LONGER":
        ratio = max(height / side, width / side)
        height, width = round(height / ratio), round(width / ratio)
    else:
        short = shorter or side
        cut = int(short * max(height, width) / min(height, width))
        height, width = (short, cut) if height <= width else (cut, short)
    pixels = middle(resized(pixels, height, width, name), side, rounding == "down", fill)
    return pixels.astype(numpy.float32) / numpy.float32(255)


def digest(array):
    return hashlib.sha256(array.tobytes()).hexdigest()


def preparations_print():
    print("/* Made by tests/oracle/make_resize.py preparations. */\n")
    print("/* SHA-256 of the floats (side, side, 3), little-endian, of test pictures prepared as other libraries' configurations say. */")
    print("static const preparation_case preparation_cases[] = {")
    for case in PREPARATIONS:
        height, width, side, mode, name, shorter, rounding, fill = case
        print("    {%d, %d, %d," % (height, width, side))
        print("     {.resize = VQC_PICTURE_RESIZE_%s, .filter = VQC_IMAGE_%s, .shorter = %d, .crop_rounds_down = %s, "
              ".fill = %d}," % (mode, name, shorter, "true" if rounding == "down" else "false", fill))
        print('     "%s"},' % digest(prepared(picture(height, width), *case[2:])))
    print("};")


def main():
    assert int(PIL.__version__.split(".")[0]) < 12, "needs Pillow before version 12"
    if sys.argv[1:] == ["preparations"]:
        preparations_print()
        return
    print("/* Made by tests/oracle/make_resize.py. */\n")
    print("/* SHA-256 of the bytes of test pictures, resized. */")
    print("static const resize_case resize_cases[] = {")
    for sizes in SIZES:
        for name in FILTERS:
            result = resized(picture(*sizes[:2]), *sizes[2:], name)
            print("    {%d, %d, %d, %d, VQC_IMAGE_%s, " % (*sizes, name) + '"%s"},' % digest(result))
    print("};\n")
    print("/* SHA-256 of the floats (side, side, 3), little-endian, of test pictures as CLIP sees them. */")
    print("static const crop_case crop_cases[] = {")
    for height, width, side in CROPS:
        print("    {%d, %d, %d, " % (height, width, side) + '"%s"},' % digest(clip_input(picture(height, width), side)))
    print("};\n")
    print("/* The 3 × 5 test picture as 4 × 2 with BICUBIC: pixels to look at where a digest differs. */")
    values = resized(picture(3, 5), 4, 2, "BICUBIC").ravel()
    print("static const uint8_t resized_pixels[] = {%s};" % ", ".join(str(value) for value in values))


if __name__ == "__main__":
    main()
