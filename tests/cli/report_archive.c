/* report_archive FILE.h5 PROMPTS SEEDS SIDE STEPS SNAPSHOTS hostile|plain: makes an archive of report_study.h, for
 * the browser's test, and to measure with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_study.h"

int main(int count, char **words)
{
    report_study study;
    vqc_error error = {0};
    if (count != 8)
        return 2;
    report_study_init(&study, &(report_sizes){.prompts = strtoul(words[2], NULL, 10),
                                              .seeds = strtoul(words[3], NULL, 10),
                                              .side = (uint32_t)strtoul(words[4], NULL, 10),
                                              .steps = (uint32_t)strtoul(words[5], NULL, 10),
                                              .snapshots = (uint32_t)strtoul(words[6], NULL, 10),
                                              .hostile = strcmp(words[7], "hostile") == 0});
    const vqc_status status = report_study_write(&study, words[1], &error);
    report_study_release(&study);
    if (status != VQC_OK)
        (void)fprintf(stderr, "%s\n", error.message);
    return status == VQC_OK ? 0 : 1;
}
