#ifndef VQC_ARCHIVE_PACK_H
#define VQC_ARCHIVE_PACK_H

#include "archive/archive.h"

/* A text for each render of a packed archive, beside what the archive itself has: for programs that read tables. */
typedef struct vqc_pack_column {
    const char *path;         /* of the dataset, "/group/name" */
    const char *const *texts; /* (renders), UTF-8 */
} vqc_pack_column;

/* What is known of an archive's settings, for a packed one. */
typedef struct vqc_pack_facts {
    const vqc_pack_column *columns;
    size_t column_count;
    const uint32_t *snapshot_every; /* (shapes): the steps from one snapshot to the next; 0: not known */
} vqc_pack_facts;

/* Writes the archive anew at a path that is free, for publication: compressed, without checkpoints, with named axes
 * (archive/describe.h) and the facts' columns; all else to the byte, digests among them. It is read as any other is,
 * and has a seal of all its bytes; nothing is ever written to it. What is written is read again and compared with its
 * digests before it has its name. By this process alone.
 *
 * VQC_BAD_INPUT: a launch is at work on the archive, nothing in it is done, something in it does not have its digest,
 * or there is something at the path. VQC_FAILED: the file cannot be written. */
VQC_MUST_CHECK vqc_status vqc_archive_pack(const vqc_archive *archive, const char *to, const vqc_pack_facts *facts,
                                           vqc_error *error);

#endif
