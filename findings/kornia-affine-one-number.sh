#!/bin/sh
# kornia's RandomAffine with one number moves pictures down only, and shears them along one axis only.
#
# Guess: translate=0.1 shifts by up to a tenth of the size in both axes and both directions, and shear=5 shears by up
# to five degrees along both axes, as degrees=15 means -15 to 15.
#
# Found: translate=0.1 is read as (0, 0.1): never along x, up and down by up to a tenth of the height. shear=5 shears
# along x only.
#
# Why it matters here: the notebooks that everybody copies call it so; who writes the augmentation anew from its
# documentation gets other crops.
#
# Versions: kornia 0.9.0, torch 2.15.0, Python 3.11.
#
# Output:
#   translate=0.1: at most 0 pixels along x, 22 along y
#   shear=5: at most 5.0 degrees along x, 0.0 along y
exec "$(dirname "$0")/common/python.sh" "$0" torch==2.15.0 kornia==0.9.0 <<'END'
import torch
import kornia.augmentation as augmentation

torch.manual_seed(0)
shape = torch.Size([20000, 3, 224, 224])
moved = augmentation.RandomAffine(degrees=0.0, translate=0.1, p=1.0).forward_parameters(shape)["translations"].abs()
print(f"translate=0.1: at most {moved[:, 0].max():.0f} pixels along x, {moved[:, 1].max():.0f} along y")
sheared = augmentation.RandomAffine(degrees=0.0, shear=5.0, p=1.0).forward_parameters(shape)
print(f"shear=5: at most {sheared['shear_x'].abs().max():.1f} degrees along x, {sheared['shear_y'].abs().max():.1f} along y")
END
