# The CUDA toolkit, for ops/cuda: every architecture from compute capability 7.5 on.
set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 86-real 89-real 90 CACHE STRING "Compute capabilities to build for")
enable_language(CUDA)
find_package(CUDAToolkit 12.0 REQUIRED)
