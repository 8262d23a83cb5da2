#!/bin/sh
# Four 8-bit floating point types of torch overflow in three ways, and one of them makes a number of infinity.
#
# Guess: what is too large for an 8-bit float becomes the largest number of its type, in all of them, and an infinity
# stays one or becomes NaN.
#
# Found: float8_e4m3fn keeps to the largest number, 448, and makes 448 of infinity as well; float8_e5m2 goes to
# infinity; the two types with "uz" go to NaN. 500, which is finite in three of them, is 448, 512, NaN and 512.
#
# Why it matters here: weights that were stored in eight bits after a run had diverged look healthy in one type and
# not in another; a test for what is not finite has to come before the conversion.
#
# Versions: torch 2.15.0, Python 3.11.
#
# Output:
#   float8_e4m3fn: 500 -> 448, 1e6 -> 448, inf -> 448, nan -> nan
#   float8_e5m2: 500 -> 512, 1e6 -> inf, inf -> inf, nan -> nan
#   float8_e4m3fnuz: 500 -> nan, 1e6 -> nan, inf -> nan, nan -> nan
#   float8_e5m2fnuz: 500 -> 512, 1e6 -> nan, inf -> nan, nan -> nan
exec "$(dirname "$0")/common/python.sh" "$0" torch==2.15.0 numpy==2.4.6 <<'END'
import torch

for name in ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"):
    seen = [f"{value} -> {torch.tensor([float(value)]).to(getattr(torch, name)).float().item():g}"
            for value in ("500", "1e6", "inf", "nan")]
    print(f"{name}: {', '.join(seen)}")
END
