#ifndef VQC_CLI_SCORED_SOURCES_H
#define VQC_CLI_SCORED_SOURCES_H

#include "cli/scored.h"

/* The kinds of sources of vqc_scored, whose storage and path are set; its pictures are put there, without groups. */

VQC_MUST_CHECK vqc_status vqc_scored_archive_open(vqc_scored *scored, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_scored_exported_open(vqc_scored *scored, vqc_error *error);
/* `list` is the file's path, the separator that of its cells. */
VQC_MUST_CHECK vqc_status vqc_scored_list_open(vqc_scored *scored, const char *list, char separator,
                                               vqc_error *error);

/* Room for so many pictures, all empty and ready, in the storage. */
VQC_MUST_CHECK vqc_status vqc_scored_allocate(vqc_scored *scored, size_t count, vqc_error *error);

#endif
