#!/bin/sh
# kornia's RandomSharpness blurs.
#
# Guess: RandomSharpness(0.3) makes some pictures sharper and some softer, by up to 30 %, as brightness=0.1 goes both ways.
#
# Found: the number is the upper end of a range that begins at 0, and the drawn factor mixes the blurred picture (0) with
# the picture itself (1). Below 1 every picture is softer; with 0.3 at least 70 % of the result is the blurred one. Only a
# range that begins at 1 or above makes pictures sharper.
#
# Why it matters here: RandomSharpness(sharpness=0.3) is the "Sh" of the public tools; whoever turns it on to get crisper
# pictures lets the perceptors look at blurred crops, and whoever writes it anew as a sharpening does something else.
#
# Versions: kornia 0.9.0, torch 2.15.0, Python 3.11.
#
# Output:
#   0.3: 0 of 1000 pictures rougher, roughness 0.39 to 0.57 of what it was
#   0.9: 0 of 1000 pictures rougher, roughness 0.39 to 0.94 of what it was
#   (1.0, 1.5): 1000 of 1000 pictures rougher, roughness 1.00 to 1.22 of what it was
exec "$(dirname "$0")/common/python.sh" "$0" torch==2.15.0 kornia==0.9.0 <<'END'
import torch
import kornia.augmentation as augmentation


def roughness(pictures):
    return (pictures[..., 1:] - pictures[..., :-1]).abs().mean(dim=(1, 2, 3))


torch.manual_seed(0)
pictures = torch.rand(1000, 3, 32, 32)
before = roughness(pictures)
for sharpness in (0.3, 0.9, (1.0, 1.5)):
    after = roughness(augmentation.RandomSharpness(sharpness, p=1.0)(pictures))
    share = after / before
    print(f"{sharpness}: {(after > before).sum()} of 1000 pictures rougher, "
          f"roughness {share.min():.2f} to {share.max():.2f} of what it was")
END
