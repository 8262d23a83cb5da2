#ifndef VQC_CLI_COMMANDS_H
#define VQC_CLI_COMMANDS_H

#include "base/status.h"

/* The subcommands. Each takes the words that follow its name, prints its result to standard output and fills the
 * error on failure. `vqclip COMMAND --help` describes it. */
VQC_MUST_CHECK vqc_status vqc_command_bench(int count, char **words, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_command_embed(int count, char **words, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_command_export(int count, char **words, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_command_inspect(int count, char **words, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_command_judge(int count, char **words, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_command_plan(int count, char **words, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_command_reconstruct(int count, char **words, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_command_render(int count, char **words, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_command_show(int count, char **words, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_command_tokenize(int count, char **words, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_command_verify(int count, char **words, vqc_error *error);

#endif
