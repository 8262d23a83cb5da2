from spack_repo.builtin.build_systems.generic import Package

from spack.package import *


class Libcsv(Package):
    """Reads and writes CSV in C. Spack has no recipe for it; this one stands for the copy that a system has (Debian: libcsv-dev,
    Enterprise Linux: libcsv-devel)."""

    version("3.0.3")

    def install(self, spec, prefix):
        raise InstallError("libcsv is taken from the system: list it as an external in packages.yaml")
