#ifndef VQC_RENDER_MEMORY_H
#define VQC_RENDER_MEMORY_H

#include "guide/perceptor.h"
#include "models/generator.h"
#include "render/picture_terms.h"
#include "study/study.h"

/* What a render takes on the device, known before the memory that it computes in is allocated. All networks of a
 * render are there at the same time: their memory, and so the peak, is the sum of theirs. Not counted are the
 * libraries of the device and what the targets take, a few kilobytes each. */

/* What the networks of a study's renders are made from. */
typedef struct vqc_render_models {
    const vqc_study *study;
    vqc_ops *ops;
    vqc_dtype precision;
    const vqc_generator *generator;
    vqc_clip *const *clips; /* one for each perceptor */
} vqc_render_models;

/* One network, or the optimiser. */
typedef struct vqc_render_memory_part {
    const char *kind;   /* "decoder", "perceptor"; "optimiser": z, its moments, the sum of picture
                           gradients, and the regularisers; "encoder": of the first latent, while it is computed */
    const char *name;   /* of a perceptor, else "" */
    size_t parameters;  /* packed */
    size_t activations; /* values, gradients and workspace, without recomputation */
    size_t recomputed;  /* the same with it */
    size_t workspace;   /* the largest, which is among them */
} vqc_render_memory_part;

enum { VQC_RENDER_MEMORY_MAX_PARTS = VQC_STUDY_MAX_PERCEPTORS + 3 };

typedef struct vqc_render_memory {
    size_t count;
    vqc_render_memory_part parts[VQC_RENDER_MEMORY_MAX_PARTS];
} vqc_render_memory;

/* Prepares the networks of a render with a latent of this size, one after the other, for their sizes alone. On the
 * device are only the packed parameters of one of them at a time. */
VQC_MUST_CHECK vqc_status vqc_render_memory_prepare(const vqc_render_models *models, const vqc_render *render,
                                                    int64_t rows, int64_t columns, vqc_render_memory *memory_out,
                                                    vqc_error *error);

/* Bytes of the optimiser's part. */
VQC_MUST_CHECK vqc_status vqc_render_memory_optimiser(const vqc_render_models *models, const vqc_settings *settings,
                                                      int64_t rows, int64_t columns, size_t *bytes_out,
                                                      vqc_error *error);
/* The decoder of a render with the settings, not prepared, for guidance: with all that its regularisers look at. */
VQC_MUST_CHECK vqc_status vqc_render_decoder_build(const vqc_render_models *models, const vqc_settings *settings,
                                                   int64_t rows, int64_t columns, vqc_generator_decoder *decoder_out,
                                                   vqc_error *error);
/* Where the regularisers that look at the picture are computed. */
vqc_picture_terms_site vqc_render_memory_terms(const vqc_render_models *models, const vqc_settings *settings,
                                               int64_t rows, int64_t columns);

/* Bytes of all parts. */
size_t vqc_render_memory_total(const vqc_render_memory *memory, bool recompute);

/* Renders beside each other, each with networks of its own. */
typedef struct vqc_render_lanes {
    int count;
    bool shared; /* the networks of all compute with the first one's parameters */
} vqc_render_lanes;

/* The sums over the parts of so many such renders. They start one after the other, so that the encoder's part counts
 * once. */
vqc_render_memory_part vqc_render_memory_lanes(const vqc_render_memory *memory, vqc_render_lanes lanes);

/* Bytes of a part. */
size_t vqc_render_memory_part_size(const vqc_render_memory_part *part, bool recompute);

/* How many such renders, at most `most.count`, the check below lets in, one after the other, where so many bytes are
 * free before the first. */
int vqc_render_memory_fitting(const vqc_render_memory *memory, bool recompute, size_t available,
                              vqc_render_lanes most);

/* Bytes of the encoder that the render needs for its first latent; 0 if it needs none. Plans it for its size, as
 * above. */
VQC_MUST_CHECK vqc_status vqc_render_memory_encoder(const vqc_render_models *models, const vqc_render *render,
                                                    int64_t rows, int64_t columns, size_t *bytes_out,
                                                    vqc_error *error);

/* Whether the networks, prepared and not finished, and the optimiser fit what is free on the device. If not,
 * VQC_FAILED says what is needed, by part, what is free, and what would help, with the bytes that would be needed
 * then: recomputation, a smaller crop group. Where the device does not know what is free everything fits. */
VQC_MUST_CHECK vqc_status vqc_render_memory_check(const vqc_render_models *models, const vqc_render *render,
                                                  const vqc_generator_decoder *decoder,
                                                  vqc_perceptor *const *perceptors, vqc_error *error);

enum { VQC_MEMORY_TEXT_SIZE = 32 };

/* Writes bytes for people: "3.21 GiB", "14.2 MiB". */
const char *vqc_memory_text(size_t bytes, char text[VQC_MEMORY_TEXT_SIZE]);

#endif
