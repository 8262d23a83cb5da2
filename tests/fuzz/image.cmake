vqc_add_fuzz_target(fuzz_png USES image base LIBRARIES ZLIB::ZLIB)
vqc_add_fuzz_target(fuzz_jpeg USES image base)
