#!/bin/sh
# A file that torch.save writes without checksums is a zip archive that other tools call damaged.
#
# Guess: set_crc32_options(False) saves time and leaves a zip archive that any zip reader opens, since readers that
# find no checksum cannot compare one.
#
# Found: zip has no way to say that there is none: the fields hold zeros, torch.load does not look at them, and
# Python's zipfile refuses every record that has bytes.
#
# Why it matters here: a reader of weights that trusts its zip library says of a good file that it is damaged; zeros
# have to be taken as not computed.
#
# Versions: torch 2.15.0, Python 3.11's zipfile.
#
# Output:
#   torch.load: [1.0, 1.0, 1.0]
#   zipfile: Bad CRC-32 for file 'model/data.pkl'
exec "$(dirname "$0")/common/python.sh" "$0" torch==2.15.0 numpy==2.4.6 <<'END'
import zipfile

import torch

torch.serialization.set_crc32_options(False)
torch.save({"weight": torch.ones(3)}, "model.pt")
print("torch.load:", torch.load("model.pt")["weight"].tolist())
try:
    zipfile.ZipFile("model.pt").read("model/data.pkl")
except zipfile.BadZipFile as error:
    print("zipfile:", error)
END
