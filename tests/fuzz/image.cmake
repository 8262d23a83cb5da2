vqc_add_fuzz_target(fuzz_png USES image LIBRARIES ZLIB::ZLIB)
vqc_add_fuzz_target(fuzz_jpeg USES image)
vqc_add_fuzz_target(fuzz_webp USES image)
