vqc_add_fuzz_target(fuzz_environment USES schedule archive comm ops image base)
