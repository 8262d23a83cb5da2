#ifndef VQC_ARCHIVE_COPY_H
#define VQC_ARCHIVE_COPY_H

#include "archive/archive.h"

/* New archives that are filled from others: what was made of a study goes into another file, digest by digest. The
 * archives that it comes from are read only. */

/* Fills an archive in the making by the functions that write archives and those below. What is written is forced to
 * the disk once, at the end. */
typedef vqc_status vqc_archive_fill(vqc_archive *archive, void *context, vqc_error *error);

/* Makes a new archive of the outline, fills it and gives it its name, by this process alone: there is either the
 * whole archive at the path or none, whatever happens. A path that is taken is VQC_BAD_INPUT. VQC_FAILED: disk full,
 * folder not writable, somebody else makes or writes the archive. */
VQC_MUST_CHECK vqc_status vqc_archive_make(const char *path, const vqc_archive_outline *outline,
                                           vqc_archive_locking locking, vqc_archive_fill *fill, void *context,
                                           vqc_error *error);

/* Copies all that there is of a render into render `number` of another archive, which is pending and of a shape of
 * the same sizes: the result, or why there is none; snapshots; checkpoints that are whole. A result that does not
 * have its digests stays behind, and the copy is pending; a snapshot that does not is copied with the digest that it
 * does not fit; *damage_out says which. */
VQC_MUST_CHECK vqc_status vqc_archive_render_copy(const vqc_archive *from, size_t render, vqc_archive *to,
                                                  size_t number, vqc_archive_damage *damage_out, vqc_error *error);

/* Appends the launches of one archive to another's. */
VQC_MUST_CHECK vqc_status vqc_archive_launches_copy(const vqc_archive *from, vqc_archive *to, vqc_error *error);

#endif
