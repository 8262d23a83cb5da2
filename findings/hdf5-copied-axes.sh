#!/bin/sh
# A dataset that is copied into another file takes a stranger there for the scale of its axis.
#
# Guess: copying a dataset whose axis has a scale attached brings the scale along, or leaves the axis without one.
#
# Found: the reference is copied as the number that it is, the scale's address in the old file. What lies at that address
# in the new file is the scale now: the copied dataset itself, or another copied before it, or nothing that can be
# opened. Nothing is said. Copying the scale too does not help, unless it happens to come to its old address.
# expand_refs makes no difference. The axis keeps its label. h5copy (HDF5 1.10.8) does the same.
#
# Why it matters here: somebody takes the losses out of an archive, to send only them, and whoever plots them against
# their axis plots them against themselves.
#
# Versions: h5py 3.16.0 with HDF5 2.0.0, Python 3.11.
#
# Output:
#   as written: label step, scale /steps [0, 50, 100]
#   losses alone: label step, scale /losses [9, 5, 4]
#   losses alone, expand_refs: label step, scale /losses [9, 5, 4]
#   losses, then steps: label step, scale /losses [9, 5, 4]
#   prompts, losses, steps: label step, scale /prompts [7, 7, 7]
exec "$(dirname "$0")/common/python.sh" "$0" numpy==2.4.6 h5py==3.16.0 <<'END'
import h5py


def tell(what, file):
    axis = file["losses"].dims[0]
    scale = file[file["losses"].attrs["DIMENSION_LIST"][0][0]]
    print(f"{what}: label {axis.label}, scale {scale.name} {scale[:].tolist()}")


with h5py.File("study.h5", "w") as study:
    study["steps"] = [0, 50, 100]
    study["steps"].make_scale("step")
    study["losses"] = [9, 5, 4]
    study["losses"].dims[0].label = "step"
    study["losses"].dims[0].attach_scale(study["steps"])
    study["prompts"] = [7, 7, 7]
    tell("as written", study)
    copies = {
        "losses alone": (["losses"], False),
        "losses alone, expand_refs": (["losses"], True),
        "losses, then steps": (["losses", "steps"], False),
        "prompts, losses, steps": (["prompts", "losses", "steps"], False),
    }
    for what, (names, expand) in copies.items():
        with h5py.File(f"{len(names)}.h5", "w") as copy:
            for name in names:
                study.copy(name, copy, expand_refs=expand)
            tell(what, copy)
END
