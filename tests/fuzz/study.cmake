vqc_add_fuzz_target(fuzz_yaml USES study base)
vqc_add_fuzz_target(fuzz_study USES study base)
