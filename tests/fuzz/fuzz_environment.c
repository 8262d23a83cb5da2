/* The line about where a render was made, as an archive that comes from outside has it: any text is an environment,
 * which written and read again is the same where the line holds it. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "record/environment.h"

/* Whether the line written has all fields: one that is cut fills its space. */
static void again_check(const vqc_environment *environment)
{
    vqc_error error = {0};
    vqc_text differences = {0};
    char line[VQC_ARCHIVE_DEVICE_SIZE];
    vqc_environment_write(environment, line);
    if (memchr(line, '\0', sizeof line) == NULL)
        abort();
    if (vqc_environment_compare(environment, environment, &differences, &error) != VQC_OK)
        abort();
    if (strlen(line) < sizeof line - 1 && differences.size != 0)
        abort();
    vqc_text_release(&differences);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vqc_error error = {0};
    vqc_text versions = {0};
    vqc_environment environment;
    char *line = malloc(size + 1);
    if (line == NULL)
        return 0;
    memcpy(line, data, size);
    line[size] = '\0';
    vqc_environment_read(line, &environment);
    free(line);
    for (int i = 0; i < VQC_ENVIRONMENT_FIELD_COUNT; i++)
        if (memchr(environment.field[i], '\0', VQC_ENVIRONMENT_FIELD_SIZE) == NULL || environment.field[i][0] == '\0')
            abort();
    int threads = vqc_environment_threads(&environment);
    if (threads < 0 || threads > 4096)
        abort();
    again_check(&environment);
    (void)!vqc_environment_versions(&environment, &versions, &error);
    vqc_text_release(&versions);
    return 0;
}
