"""Says in one line which packages are missing. The programs import this before anything that needs them."""

import importlib.util
import sys
from pathlib import Path

DEBIAN_NAMES = {"h5py": "python3-h5py", "matplotlib": "python3-matplotlib", "numpy": "python3-numpy",
                "PIL": "python3-pil", "scipy": "python3-scipy"}
EXIT_FAILED = 1

missing = [name for name in DEBIAN_NAMES if importlib.util.find_spec(name) is None]
if missing:
    wanted = " ".join(DEBIAN_NAMES[name] for name in missing)
    print(f"{Path(sys.argv[0]).name}: {sys.executable} lacks {', '.join(missing)} (Debian: {wanted})", file=sys.stderr)
    sys.exit(EXIT_FAILED)
