#ifndef VQC_STUDY_STORAGE_H
#define VQC_STUDY_STORAGE_H

#include <stddef.h>

#include "base/status.h"

/* Memory that lives as long as a study: everything allocated from it is released with it at once. Fails for want of
 * memory alone. */
typedef struct vqc_study_storage vqc_study_storage;

VQC_MUST_CHECK vqc_status vqc_study_storage_create(vqc_study_storage **storage_out, vqc_error *error);
/* NULL is allowed. */
void vqc_study_storage_destroy(vqc_study_storage *storage);

/* count × size zeroed bytes. */
VQC_MUST_CHECK vqc_status vqc_study_storage_allocate(vqc_study_storage *storage, size_t count, size_t size,
                                                     void *pointer_out, vqc_error *error);
/* A formatted text. */
VQC_MUST_CHECK vqc_status vqc_study_storage_text(vqc_study_storage *storage, const char **text_out, vqc_error *error,
                                                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A copy of size bytes that all who ask for the same bytes share, whatever they stand for: not to be written to.
 * Bytes between the members of a structure count too, so equal structures are the same place where they were filled
 * in the same way. */
VQC_MUST_CHECK vqc_status vqc_study_storage_share(vqc_study_storage *storage, const void *bytes, size_t size,
                                                  void *pointer_out, vqc_error *error);

#endif
