# Warnings, optimisation and sanitizers for every target.

# Identical results need identical arithmetic: no contraction into fused multiply-adds that one compiler makes and
# another does not, and no reassociation.
add_compile_options("$<$<COMPILE_LANGUAGE:C>:-Wall;-Wextra;-Wshadow;-Wstrict-prototypes;-Wmissing-prototypes;\
-Wpointer-arith;-Wvla;-ffp-contract=off>")
# nvcc hands what follows -Xcompiler to the host's compiler.
add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:--fmad=false;-Xcompiler=-Wall,-Wextra,-ffp-contract=off>")
if(CMAKE_C_COMPILER_ID MATCHES Clang)
  # With sanitizers or without optimisation clang leaves loops marked `omp simd` as they are, and says so each time.
  add_compile_options($<$<COMPILE_LANGUAGE:C>:-Wno-pass-failed>)
endif()
if(VQC_WERROR)
  add_compile_options($<$<COMPILE_LANGUAGE:C>:-Werror>)
  add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings;-Xcompiler=-Werror>")
endif()
if(CMAKE_C_FLAGS_RELEASE STREQUAL "-O3 -DNDEBUG") # CMake's own, not what a user asked for
  set(CMAKE_C_FLAGS_RELEASE "-O3 -g")
endif()
if(VQC_SANITIZE)
  add_compile_options(
    "$<$<COMPILE_LANGUAGE:C>:-fsanitize=${VQC_SANITIZE};-fno-omit-frame-pointer;-fno-sanitize-recover=all>")
  add_link_options(-fsanitize=${VQC_SANITIZE})
endif()
if(VQC_FUZZ)
  # Coverage feedback for the readers; the fuzz targets themselves add libFuzzer's main function.
  add_compile_options($<$<COMPILE_LANGUAGE:C>:-fsanitize=fuzzer-no-link>)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
