vqc_add_fuzz_target(fuzz_study USES study)

# Beside the seeds that lie here, those that are made from the tables.
add_executable(make_seeds_study make_seeds_study.c)
vqc_use_layers(make_seeds_study study)
set(made "${CMAKE_CURRENT_BINARY_DIR}/made_seeds/fuzz_study")
file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/made_seeds")
add_custom_command(TARGET make_seeds_study POST_BUILD COMMAND make_seeds_study "${made}")
add_dependencies(fuzz_study make_seeds_study)
if(NOT VQC_FUZZ)
  add_test(NAME fuzz_study_made COMMAND fuzz_study "${made}")
endif()
vqc_add_fuzz_target(fuzz_prompt_lines USES study)
vqc_add_fuzz_target(fuzz_prompt_table USES study)
