#ifndef VQC_CLI_EMBEDDINGS_H
#define VQC_CLI_EMBEDDINGS_H

#include <stdint.h>

#include "cli/compute.h"
#include "image/image.h"
#include "models/clip.h"

/* Texts and pictures as a CLIP model's embeddings, for the commands that compare them. Making a network counts as
 * loading in the compute's figures. */

/* count rows of `width`, one for each text or picture; not normalised. Initialise with {0}. */
typedef struct vqc_embeddings {
    int64_t count, width;
    float *data;
} vqc_embeddings;

void vqc_embeddings_release(vqc_embeddings *rows);

/* Texts as token ids (count, length), new memory. One of more tokens than the model takes is VQC_BAD_INPUT, or cut
 * with `truncate`. */
VQC_MUST_CHECK vqc_status vqc_embeddings_tokenize(const vqc_clip *clip, const char *vocabulary,
                                                  const char *const *texts, size_t count, bool truncate,
                                                  int32_t **ids_out, int64_t *length_out, vqc_error *error);

/* Embeds texts given as token ids (count, length), at most VQC_EMBEDDINGS_BATCH at a time. */
enum { VQC_EMBEDDINGS_BATCH = 64 };
VQC_MUST_CHECK vqc_status vqc_embeddings_of_ids(vqc_compute *compute, const vqc_clip *clip, const int32_t *ids,
                                                int64_t count, int64_t length, vqc_embeddings *rows_out,
                                                vqc_error *error);

/* Embeds at least one text, as the two above. */
VQC_MUST_CHECK vqc_status vqc_embeddings_of_texts(vqc_compute *compute, const vqc_clip *clip, const char *vocabulary,
                                                  const char *const *texts, size_t count, bool truncate,
                                                  vqc_embeddings *rows_out, vqc_error *error);

/* Embeds pictures one after another. */
typedef struct vqc_picture_embedder {
    int64_t side;
    const vqc_picture_preparation *preparation; /* the model's */
    float *pixels;                              /* (side, side, 3) */
    vqc_clip_image_tower tower;
} vqc_picture_embedder;

VQC_MUST_CHECK vqc_status vqc_picture_embedder_init(vqc_picture_embedder *embedder, vqc_compute *compute,
                                                    const vqc_clip *clip, vqc_error *error);
/* A zeroed embedder is allowed. */
void vqc_picture_embedder_release(vqc_picture_embedder *embedder);
/* row (width) receives the picture's embedding. */
VQC_MUST_CHECK vqc_status vqc_picture_embedder_run(vqc_picture_embedder *embedder, const vqc_image *picture,
                                                   float *row, vqc_error *error);

/* Euclidean length of an embedding, and cosine of the angle between two. */
double vqc_embeddings_length(const float *row, int64_t width);
double vqc_embeddings_cosine(const float *left, const float *right, int64_t width);

/* Makes an image tower for `batch` pictures. */
VQC_MUST_CHECK vqc_status vqc_embeddings_image_tower(vqc_compute *compute, const vqc_clip *clip, int64_t batch,
                                                     bool backward, vqc_clip_image_tower *tower, vqc_error *error);

#endif
