vqc_add_fuzz_target(fuzz_safetensors USES weights)
vqc_add_fuzz_target(fuzz_pickle USES weights)
vqc_add_fuzz_target(fuzz_checkpoint USES weights LIBRARIES ZLIB::ZLIB)
target_sources(fuzz_checkpoint PRIVATE "${CMAKE_SOURCE_DIR}/tests/weights/build_file.c")
