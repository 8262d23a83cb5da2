vqc_add_fuzz_target(fuzz_vocabulary USES text)
vqc_add_fuzz_target(fuzz_tokenizer USES text)
