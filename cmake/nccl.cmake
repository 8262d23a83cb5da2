# NCCL (comm), with which GPUs of several ranks sum directly; only in builds with CUDA. Sets VQC_WITH_NCCL, and the
# target vqc_nccl to link with, which is empty without it.
#
# CMAKE_PREFIX_PATH may name a folder with include/nccl.h and lib/libnccl.so.2: NCCL is also handed out without the
# link libnccl.so.
set(VQC_NCCL AUTO CACHE STRING "Sums between GPUs by NCCL: ON, OFF, or AUTO (where it is found, with CUDA)")
set_property(CACHE VQC_NCCL PROPERTY STRINGS AUTO ON OFF)

set(VQC_WITH_NCCL OFF)
add_library(vqc_nccl INTERFACE)
if(VQC_NCCL STREQUAL "ON" AND NOT VQC_CUDA)
  message(FATAL_ERROR "VQC_NCCL=ON needs VQC_CUDA=ON")
endif()
if(VQC_CUDA AND NOT VQC_NCCL STREQUAL "OFF")
  find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
  find_library(NCCL_LIBRARY NAMES nccl libnccl.so.2 NAMES_PER_DIR
    HINTS ${CUDAToolkit_LIBRARY_DIR} ${CUDAToolkit_LIBRARY_ROOT}/lib)
  if(NCCL_INCLUDE_DIR AND NCCL_LIBRARY)
    set(VQC_WITH_NCCL ON)
    add_library(NCCL::nccl UNKNOWN IMPORTED)
    set_target_properties(NCCL::nccl PROPERTIES
      IMPORTED_LOCATION "${NCCL_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${NCCL_INCLUDE_DIR}")
    # nccl.h includes the CUDA runtime's header.
    target_include_directories(vqc_nccl SYSTEM INTERFACE ${CUDAToolkit_INCLUDE_DIRS})
    target_link_libraries(vqc_nccl INTERFACE NCCL::nccl)
  elseif(VQC_NCCL STREQUAL "ON")
    message(FATAL_ERROR "VQC_NCCL is ON: nccl.h and libnccl.so.2 are needed (CMAKE_PREFIX_PATH)")
  endif()
endif()
message(STATUS "Sums between GPUs by NCCL: ${VQC_WITH_NCCL}")
