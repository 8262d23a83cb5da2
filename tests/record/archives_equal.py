"""archives_equal.py ONE TWO: whether two archives of a study are the same in every dataset that is not a time or a host.

Left out are what launches say of themselves, what an archive was merged from, the seconds and hosts of renders and the
digests that are of those too; of a checkpoint its first eight bytes, the seconds so far. Says how many datasets and
bytes were compared, or what differs, with exit code 1; 77 where there is no h5py.
"""

import sys

try:
    import h5py
except ImportError:
    print("skipped: needs h5py")
    sys.exit(77)

TIMES_AND_HOSTS = {"renders/seconds", "renders/host", "renders/worker", "renders/record_sha256",
                   "renders/checkpoint_sha256"}
FOLDERS = ("launches/", "merged/")
SECONDS = 8


def datasets(archive: h5py.File) -> set[str]:
    names: list[str] = []
    archive.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    return {name for name in names if name not in TIMES_AND_HOSTS and not name.startswith(FOLDERS)}


def contents(archive: h5py.File, name: str) -> tuple[tuple, str, bytes]:
    values = archive[name][()]
    if name.endswith("/checkpoint"):
        values = values[:, :, SECONDS:]
    return archive[name].shape, str(archive[name].dtype), values.tobytes()


def main() -> int:
    one, two = (h5py.File(path) for path in sys.argv[1:3])
    names = datasets(one)
    differences = [f"only in one of them: {name}" for name in sorted(names ^ datasets(two))]
    size = 0
    for name in sorted(names & datasets(two)):
        here, there = contents(one, name), contents(two, name)
        size += len(here[2])
        if here != there:
            differences.append(f"differs: {name}")
    if differences:
        print("\n".join(differences))
        return 1
    print(f"{len(names)} datasets, {size} bytes: equal")
    return 0


sys.exit(main())
