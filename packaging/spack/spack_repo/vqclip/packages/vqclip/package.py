from spack_repo.builtin.build_systems.cmake import CMakeBuilder, CMakePackage, generator
from spack_repo.builtin.build_systems.cuda import CudaPackage

from spack.package import *


class Vqclip(CMakePackage, CudaPackage):
    """Pictures from text by optimisation, on clusters: studies of prompts, seeds and settings, rendered over MPI ranks into one
    HDF5 archive that says how to make them again."""

    # Has no address to be fetched from: spack develop --path SOURCES vqclip@0.2.0
    version("0.2.0")

    variant("nccl", default=True, when="+cuda", description="Sum the gradients of teams of GPUs by NCCL")
    variant("captions", default=True, description="Write texts below the pictures of contact sheets")
    variant("webp", default=True, description="Read WebP pictures")

    depends_on("c", type="build")
    depends_on("cxx", type="build", when="+cuda")
    depends_on("cmake@3.22:", type="build")
    depends_on("ninja", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi")
    depends_on("hdf5+mpi")
    depends_on("onednn@2.6:3 cpu_runtime=omp")
    depends_on("jansson@2.13:")
    depends_on("libzip@1.7:")
    depends_on("zlib-api")
    depends_on("openssl@1.1.1:")
    depends_on("libpng@1.6:")
    depends_on("jpeg")
    depends_on("libyaml@0.2.5:")
    depends_on("libcsv")
    depends_on("utf8proc@2.6:")
    depends_on("pango", when="+captions")
    depends_on("fontconfig", when="+captions")
    depends_on("libwebp", when="+webp")
    depends_on("cudnn@9:", when="+cuda")
    depends_on("nccl", when="+nccl")

    generator("ninja")

    def switch(self, name, variant):
        """A part that CMake would else leave out without a word where its library is not found."""
        return self.define(name, "ON" if self.spec.satisfies(f"+{variant}") else "OFF")

    def cmake_args(self):
        arguments = [
            self.define("BUILD_TESTING", False),
            self.define_from_variant("VQC_CUDA", "cuda"),
            self.switch("VQC_NCCL", "nccl"),
            self.switch("VQC_CAPTIONS", "captions"),
            self.switch("VQC_WEBP", "webp"),
        ]
        if self.spec.satisfies("+cuda") and not self.spec.satisfies("cuda_arch=none"):
            arguments.append(CMakeBuilder.define_cuda_architectures(self))
        return arguments
