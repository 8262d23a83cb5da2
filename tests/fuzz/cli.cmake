vqc_add_fuzz_target(fuzz_attributes USES cli LIBRARIES PkgConfig::JANSSON)
vqc_add_fuzz_target(fuzz_costs USES cli LIBRARIES PkgConfig::JANSSON)
vqc_add_fuzz_target(fuzz_duration USES cli)
vqc_add_fuzz_target(fuzz_scores USES cli LIBRARIES PkgConfig::JANSSON)
