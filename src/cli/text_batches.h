#ifndef VQC_CLI_TEXT_BATCHES_H
#define VQC_CLI_TEXT_BATCHES_H

#include "cli/compute.h"
#include "cli/ranks.h"
#include "models/clip.h"

/* The embeddings of many texts over the ranks, in batches of the same size that ranks take in turn, so that an
 * embedding's bits do not depend on the ranks. */
typedef struct vqc_text_embeddings {
    size_t count;
    int64_t width;
    float *rows;    /* (count, width) */
    size_t *namely; /* (count): the first text that has the same token ids, itself mostly; the perceptor knows no
                       difference between the two */
} vqc_text_embeddings;

typedef struct vqc_text_form {
    const char *vocabulary;
    const char *prefix; /* goes before every text */
    bool truncate;      /* texts of more tokens than the perceptor takes are cut, else they are VQC_BAD_INPUT */
} vqc_text_form;

/* Embeds at least one text. Collective; all ranks have the same result. VQC_STOPPED where the launch was asked to
 * stop. */
VQC_MUST_CHECK vqc_status vqc_text_embeddings_make(const vqc_ranks *ranks, vqc_compute *compute, const vqc_clip *clip,
                                                   const vqc_text_form *form, const char *const *texts, size_t count,
                                                   vqc_text_embeddings *embeddings_out, vqc_error *error);
/* A zeroed one is allowed. */
void vqc_text_embeddings_release(vqc_text_embeddings *embeddings);

#endif
