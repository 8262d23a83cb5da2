vqc_add_fuzz_target(fuzz_study USES study)
