vqc_add_fuzz_target(fuzz_watch_link USES comm)
