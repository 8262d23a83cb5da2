#ifndef VQC_CLI_INTERRUPTION_H
#define VQC_CLI_INTERRUPTION_H

#include <stdbool.h>

/* SIGINT and SIGTERM ask a launch to save and stop instead of ending the process. A second one ends it. */
void vqc_interruption_watch(void);

/* Whether one has come. */
bool vqc_interruption_asked(void);

#endif
