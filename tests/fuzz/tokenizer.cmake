vqc_add_fuzz_target(fuzz_vocabulary USES models base)
vqc_add_fuzz_target(fuzz_tokenizer USES models base)
