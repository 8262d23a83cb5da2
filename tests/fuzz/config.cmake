vqc_add_fuzz_target(fuzz_yaml USES config)
vqc_add_fuzz_target(fuzz_json_config USES config)
