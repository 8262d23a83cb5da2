# Refuses a library that is older, by what its header says: oneDNN has no pkg-config file everywhere, and that of utf8proc 2.7 in
# Ubuntu 22.04 says 2.5.
function(need_version name minimum header prefix)
  set(found "")
  foreach(part MAJOR MINOR)
    file(STRINGS "${header}" line REGEX "^#define ${prefix}_${part}[ \t]+[0-9]+")
    string(REGEX MATCH "[0-9]+[ \t]*$" number "${line}")
    string(STRIP "${number}" number)
    list(APPEND found "${number}")
  endforeach()
  list(JOIN found "." found)
  if(found VERSION_LESS minimum)
    message(FATAL_ERROR "${name}: expected version ${minimum} or newer, found ${found} in ${header}")
  endif()
endfunction()

# Third-party libraries, and the modules that use them.
find_package(PkgConfig REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS C)
find_package(Threads REQUIRED)                                         # comm
find_package(ZLIB REQUIRED)                                            # weights, text
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.13)      # config, weights (reading), forecast, cli (writing)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip>=1.7)         # weights
pkg_check_modules(LIBCRYPTO REQUIRED IMPORTED_TARGET libcrypto>=1.1.1) # base
pkg_check_modules(LIBPNG REQUIRED IMPORTED_TARGET libpng>=1.6)         # image
pkg_check_modules(LIBJPEG REQUIRED IMPORTED_TARGET libjpeg)            # image
pkg_check_modules(LIBYAML REQUIRED IMPORTED_TARGET yaml-0.1>=0.2.5)    # config
find_path(LIBCSV_INCLUDE_DIR csv.h REQUIRED)                           # config; it has no pkg-config file
find_library(LIBCSV_LIBRARY csv REQUIRED)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)       # text
find_path(UTF8PROC_INCLUDE_DIR utf8proc.h HINTS ${UTF8PROC_INCLUDE_DIRS} REQUIRED)
need_version(utf8proc 2.6 "${UTF8PROC_INCLUDE_DIR}/utf8proc.h" UTF8PROC_VERSION)
pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka>=1.1.5)                # tests

# Captions (image): Pango draws the words on contact sheets with the fonts that fontconfig finds.
set(VQC_CAPTIONS AUTO CACHE STRING "Words on contact sheets, with Pango: ON, OFF, or AUTO (where it is found)")
set_property(CACHE VQC_CAPTIONS PROPERTY STRINGS AUTO ON OFF)
set(VQC_WITH_CAPTIONS OFF)
if(NOT VQC_CAPTIONS STREQUAL "OFF")
  pkg_check_modules(PANGO IMPORTED_TARGET pangocairo>=1.44)
  pkg_check_modules(FONTCONFIG IMPORTED_TARGET fontconfig>=2.12)
  if(PANGO_FOUND AND FONTCONFIG_FOUND)
    set(VQC_WITH_CAPTIONS ON)
  elseif(VQC_CAPTIONS STREQUAL "ON")
    message(FATAL_ERROR "VQC_CAPTIONS is ON: pangocairo 1.44 and fontconfig are needed (Debian: libpango1.0-dev)")
  endif()
endif()
message(STATUS "Captions on contact sheets: ${VQC_WITH_CAPTIONS}")

# WebP pictures (image).
set(VQC_WEBP AUTO CACHE STRING "WebP pictures are read, with libwebp: ON, OFF, or AUTO (where it is found)")
set_property(CACHE VQC_WEBP PROPERTY STRINGS AUTO ON OFF)
set(VQC_WITH_WEBP OFF)
if(NOT VQC_WEBP STREQUAL "OFF")
  pkg_check_modules(LIBWEBP IMPORTED_TARGET libwebp>=0.6)
  if(LIBWEBP_FOUND)
    set(VQC_WITH_WEBP ON)
  elseif(VQC_WEBP STREQUAL "ON")
    message(FATAL_ERROR "VQC_WEBP is ON: libwebp is needed (Debian: libwebp-dev)")
  endif()
endif()
message(STATUS "WebP pictures: ${VQC_WITH_WEBP}")

# oneDNN (ops/cpu), versions 2, from 2.6 on, and 3. Its own CMake files ask for OpenCL, which nothing here needs.
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.h REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
need_version(oneDNN 2.6 "${DNNL_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h" DNNL_VERSION)
add_library(DNNL::dnnl UNKNOWN IMPORTED)
set_target_properties(DNNL::dnnl PROPERTIES
  IMPORTED_LOCATION "${DNNL_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${DNNL_INCLUDE_DIR}")

add_library(LIBCSV::libcsv UNKNOWN IMPORTED)
set_target_properties(LIBCSV::libcsv PROPERTIES
  IMPORTED_LOCATION "${LIBCSV_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${LIBCSV_INCLUDE_DIR}")
