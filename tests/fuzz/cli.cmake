vqc_add_fuzz_target(fuzz_attributes USES cli base LIBRARIES PkgConfig::JANSSON)
vqc_add_fuzz_target(fuzz_costs USES cli schedule study base LIBRARIES PkgConfig::JANSSON)
vqc_add_fuzz_target(fuzz_duration USES cli base)
