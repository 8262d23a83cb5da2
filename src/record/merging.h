#ifndef VQC_RECORD_MERGING_H
#define VQC_RECORD_MERGING_H

#include "archive/archive.h"

/* Joins archives of one study, of its parts or of all of it, into a new one of the whole study, as one launch would
 * have made it: every dataset is the same that is not a time or a host. Of renders that several of them hold, it
 * takes one that is done, else the one that is furthest, else the first. Launches come one archive's after the
 * other's; where each archive was, which part, and of which versions, stands in the new one (`merged`). What was not
 * finished goes on in it.
 *
 * The archives are read, one at a time, and stay as they are; what is copied is compared with its digests. The new
 * file has its name when it is whole and on the disk, so that a kill at any moment leaves the archives, and the new
 * one or none. */
typedef struct vqc_merging {
    const char *const *paths; /* of the archives */
    size_t count;             /* at least 1 */
    const char *output;       /* of the new one, which is not there yet */
    bool partial;             /* renders that none of them holds become pending ones */
    vqc_archive_locking locking;
    void (*say)(const char *line); /* tells people something; may be NULL */
} vqc_merging;

/* What came of it. */
typedef struct vqc_merging_outcome {
    size_t renders, done, failed, pending;
    size_t missing; /* of the pending ones: none of the archives held them */
} vqc_merging_outcome;

/* VQC_BAD_INPUT names what does not go together: an archive of another study, with other models, inputs or settings;
 * one that a launch is writing, or that was given twice; renders that differ in two archives; results that do not
 * have their digests; parts that are missing, unless the merge is partial; an output that is there. VQC_FAILED is as
 * vqc_archive_make has it. */
VQC_MUST_CHECK vqc_status vqc_archives_merge(const vqc_merging *merging, vqc_merging_outcome *outcome_out,
                                             vqc_error *error);

#endif
