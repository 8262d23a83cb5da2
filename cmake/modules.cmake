# One static library per folder of src/.
#
#   vqc_add_module(NAME SOURCES a.c b.c USES base ops LIBRARIES PkgConfig::X)
#
# The headers of a module are reached as "NAME/header.h", and only by targets that name it under USES: every module
# has an include folder of its own in the build tree which holds nothing but a link to its sources. So an include
# against the order of the layers does not compile. USES does not hand its own USES on.

# In the order of the layers, lowest first: a module uses only modules before it.
set(VQC_MODULES
  base image ops config weights comm archive study network text models guide render schedule forecast record cli)

function(vqc_module_include_dir name result)
  set(dir "${CMAKE_BINARY_DIR}/include/${name}")
  file(MAKE_DIRECTORY "${dir}")
  file(CREATE_LINK "${CMAKE_SOURCE_DIR}/src/${name}" "${dir}/${name}" SYMBOLIC)
  set(${result} "${dir}" PARENT_SCOPE)
endfunction()

# Lets a target include and link the named modules.
function(vqc_use_modules target)
  foreach(module IN LISTS ARGN)
    vqc_module_include_dir(${module} dir)
    target_include_directories(${target} PRIVATE "${dir}")
    target_link_libraries(${target} PRIVATE vqc_${module})
  endforeach()
endfunction()

function(vqc_add_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
  add_library(vqc_${name} STATIC ${ARG_SOURCES})
  vqc_module_include_dir(${name} dir)
  target_include_directories(vqc_${name} PRIVATE "${dir}")
  vqc_use_modules(vqc_${name} ${ARG_USES})
  target_link_libraries(vqc_${name} PRIVATE ${ARG_LIBRARIES})
endfunction()

# Lets a test include and link a module and all that stand below it, but for those named under EXCEPT, in whose place
# it links something else.
function(vqc_use_layers target module)
  cmake_parse_arguments(ARG "" "" "EXCEPT" ${ARGN})
  list(FIND VQC_MODULES ${module} last)
  foreach(index RANGE ${last} 0 -1)
    list(GET VQC_MODULES ${index} below)
    if(NOT below IN_LIST ARG_EXCEPT)
      vqc_use_modules(${target} ${below})
    endif()
  endforeach()
endfunction()
