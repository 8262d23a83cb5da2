# MPI (comm, archive) and HDF5 (archive).
#
# Ranks need both MPI and an HDF5 library that was built with it; one rank needs a serial HDF5 only. Sets
# VQC_WITH_MPI, and the targets vqc_mpi (empty without MPI) and vqc_hdf5 to link with.
set(VQC_MPI AUTO CACHE STRING "Ranks over MPI with parallel HDF5: ON, OFF, or AUTO (where both are found)")
set_property(CACHE VQC_MPI PROPERTY STRINGS AUTO ON OFF)

# Sets `result` to an installed HDF5 library as a target, the named pkg-config modules first. FindHDF5 covers
# installations without pkg-config files.
function(vqc_find_hdf5 result parallel)
  foreach(module IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER "VQC_${module}" prefix)
    pkg_check_modules(${prefix} QUIET IMPORTED_TARGET ${module}>=1.10.7)
    if(${prefix}_FOUND)
      set(${result} PkgConfig::${prefix} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(HDF5_PREFER_PARALLEL ${parallel})
  find_package(HDF5 1.10.7 QUIET COMPONENTS C)
  if(HDF5_FOUND AND (HDF5_IS_PARALLEL OR NOT parallel) AND (parallel OR NOT HDF5_IS_PARALLEL))
    set(${result} hdf5::hdf5 PARENT_SCOPE)
  endif()
endfunction()

set(VQC_WITH_MPI OFF)
set(hdf5 "")
if(NOT VQC_MPI STREQUAL "OFF")
  find_package(MPI QUIET COMPONENTS C)
  if(MPI_C_FOUND)
    vqc_find_hdf5(hdf5 ON hdf5-openmpi hdf5-mpich hdf5-mpi)
  endif()
  if(MPI_C_FOUND AND hdf5)
    set(VQC_WITH_MPI ON)
  elseif(VQC_MPI STREQUAL "ON")
    message(FATAL_ERROR "VQC_MPI=ON needs MPI and an HDF5 library >= 1.10.7 built with it "
                        "(Debian: libopenmpi-dev libhdf5-openmpi-dev)")
  endif()
endif()
if(NOT VQC_WITH_MPI)
  vqc_find_hdf5(hdf5 OFF hdf5-serial)
  if(NOT hdf5)
    message(FATAL_ERROR "A serial HDF5 library >= 1.10.7 is needed for a build without MPI (Debian: libhdf5-dev)")
  endif()
endif()
message(STATUS "Ranks over MPI: ${VQC_WITH_MPI}, HDF5: ${hdf5}")

add_library(vqc_mpi INTERFACE)
add_library(vqc_hdf5 INTERFACE)
target_link_libraries(vqc_hdf5 INTERFACE ${hdf5} vqc_mpi)
if(VQC_WITH_MPI)
  target_link_libraries(vqc_mpi INTERFACE MPI::MPI_C)
  target_compile_definitions(vqc_mpi INTERFACE VQC_WITH_MPI)
endif()

# Runs a test program under mpirun as well, as the test TARGET_N_ranks:
#
#   vqc_add_ranks_test(TARGET N argument...)
#
# Where there is no mpirun the test says so and is skipped.
function(vqc_add_ranks_test target ranks)
  set(name ${target}_${ranks}_ranks)
  if(VQC_WITH_MPI AND MPIEXEC_EXECUTABLE)
    add_test(NAME ${name} COMMAND ${MPIEXEC_EXECUTABLE} -n ${ranks} $<TARGET_FILE:${target}> ${ARGN})
    # More ranks than cores, and the root user, are fine for a test. MPI libraries keep memory to their end. A rank
    # that fails ends at once, lest the others wait for it.
    set_tests_properties(${name} PROPERTIES ENVIRONMENT
      "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;OMPI_MCA_rmaps_base_oversubscribe=1;\
PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe;ASAN_OPTIONS=detect_leaks=0;CMOCKA_TEST_ABORT=1")
  else()
    add_test(NAME ${name} COMMAND sh -c "echo 'skipped: needs a build with MPI, and mpirun'; exit 77")
  endif()
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120 PROCESSORS ${ranks})
endfunction()
