#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#define ADDRESS(name) &vqc_command_##name,
const vqc_command *const vqc_commands[] = {VQC_COMMANDS(ADDRESS) NULL};

vqc_status vqc_command_find(const char *name, const vqc_command **command_out, vqc_error *error)
{
    for (size_t i = 0; vqc_commands[i] != NULL; i++) {
        *command_out = vqc_commands[i];
        if (strcmp(vqc_commands[i]->name, name) == 0)
            return VQC_OK;
    }
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: unknown command; vqclip --help lists them", name);
}

void vqc_command_error_say(vqc_error *error)
{
    if (error->message[0] != '\0')
        (void)fprintf(stderr, "vqclip: %s\n", error->message);
    error->message[0] = '\0';
}
