#ifndef VQC_RENDER_RENDERER_H
#define VQC_RENDER_RENDERER_H

#include <stdint.h>

#include "archive/archive.h"
#include "comm/team.h"
#include "guide/targets.h"
#include "render/guidance.h"
#include "render/mask.h"
#include "render/share.h"
#include "study/study.h"

/* Makes the pictures of a study on one device, one after another; alone, or as a member of a team whose renderers
 * make one picture together.
 *
 *     create → { start → [join] → { step }* → read }* → destroy
 *
 * A step (guidance.h) is a function of the render, the models and z alone.
 *
 * In a team every member holds the same z and decodes it, but looks only at the crop groups that are its share. Two
 * sums over the team in whole numbers, of the gradients and of a message (step_message.h), give every member all
 * gradients and losses, bit by bit the same as if it had computed all groups itself. The gradients' sum is queued
 * right behind the groups and the way to the next latent behind it, so that a GPU goes from one to the other by
 * itself; the hosts sum the message, and learn what became of the step, while it does. */
typedef struct vqc_renderer vqc_renderer;

/* Opens the study's models and computes the targets of all its prompts. The study and the device must outlive it. */
VQC_MUST_CHECK vqc_status vqc_renderer_create(const vqc_study *study, vqc_ops *ops, vqc_dtype precision,
                                              vqc_renderer **renderer_out, vqc_error *error);
/* The same for renders of these prompts of the study alone: no other targets are computed. */
VQC_MUST_CHECK vqc_status vqc_renderer_create_for(const vqc_study *study, vqc_prompt_range prompts, vqc_ops *ops,
                                                  vqc_dtype precision, vqc_renderer **renderer_out, vqc_error *error);
/* Another one with the same study, models and targets, whose first renderer must outlive it, on a vqc_ops of its own
 * of the same device. Where the implementation shares parameters (ops.h) it makes its networks beside the first
 * renderer's, if those are for renders like its own. */
VQC_MUST_CHECK vqc_status vqc_renderer_create_beside(const vqc_renderer *first, vqc_ops *ops,
                                                     vqc_renderer **renderer_out, vqc_error *error);
/* NULL is allowed. */
void vqc_renderer_destroy(vqc_renderer *renderer);

/* The study's perceptor number `index`, opened. */
const vqc_generator *vqc_renderer_generator(const vqc_renderer *renderer);
const vqc_clip *vqc_renderer_clip(const vqc_renderer *renderer, size_t index);

/* What is kept of a render: sizes of its parts. */
typedef struct vqc_render_extents {
    int64_t height, width;               /* of the picture: multiples of the generator's factor */
    int64_t rows, columns, latent_width; /* of the latent */
    int64_t codes;                       /* of a picture: rows · columns, or 0 where it has none */
    int64_t steps;
    int64_t terms; /* loss terms of a step: per perceptor one for each target, then L2, those of the regularisers
                      that look at the picture, then the total */
    uint32_t picture_terms; /* which those are (vqc_picture_regularisers_used) */
    int64_t state_tensors;  /* of the optimiser's state, each shaped like the latent */
    bool relevance;         /* its mask is found by a text */
} vqc_render_extents;

VQC_MUST_CHECK vqc_status vqc_renderer_extents(const vqc_renderer *renderer, const vqc_render *render,
                                               vqc_render_extents *shape_out, vqc_error *error);

/* Where the renders stand that others of the study start from (init: render): the study's archive, which must outlive
 * the renderer's work. Without one such a render is VQC_BAD_INPUT. */
void vqc_renderer_starts_from(vqc_renderer *renderer, const vqc_archive *archive);

/* Turns to a render and computes where it starts; alone, until it joins a team. Networks of the render before serve
 * again where they fit. A start or a mask that is not as the study expects it (study_inputs.h) is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_renderer_start(vqc_renderer *renderer, const vqc_render *render, vqc_error *error);

/* Goes on with the render as a member of the team, which must outlive the render or the next join; collective over
 * it, and all members have started the same render. The leader's state, that which it was started or restored with or
 * has come to, becomes everybody's. */
VQC_MUST_CHECK vqc_status vqc_renderer_join(vqc_renderer *renderer, vqc_team *team, vqc_error *error);

/* Makes the next step; collective over the team. losses (terms), weighted as they are summed. A loss or latent that
 * is not finite is VQC_FAILED and says at which step.
 *
 * A member's failure is the result of all members. What fails on one of them after the step's message would be known
 * to it alone; it is kept, and becomes the result of the next step. */
VQC_MUST_CHECK vqc_status vqc_renderer_step(vqc_renderer *renderer, double *losses, vqc_error *error);

/* The same in two parts, so that several renderers, each with a device queue (ops.h) of its own, can be at work at a
 * time: begin queues the step, and end waits for it. In a team, begin waits for other members where their sums go
 * through the host's memory. A failure of begin is the result of end. Nothing else is asked of the renderer in
 * between. */
void vqc_renderer_step_begin(vqc_renderer *renderer);
VQC_MUST_CHECK vqc_status vqc_renderer_step_end(vqc_renderer *renderer, double *losses, vqc_error *error);

/* Keeps a failure of the caller's own on this render, so that the next step tells the team. */
void vqc_renderer_fail(vqc_renderer *renderer, const vqc_error *failure);
/* The failure that is kept, if any; for the leader after the last step. */
VQC_MUST_CHECK vqc_status vqc_renderer_failure(const vqc_renderer *renderer, vqc_error *error);

/* What else goes with a step's message. The caller sets its own before a step; after it, it holds the team's. */
typedef struct vqc_render_notice {
    int64_t stop;      /* asked to stop: 0 or 1; after the step the number of members that are */
    int64_t newcomers; /* ranks that shall join after this step; the leader sets it */
} vqc_render_notice;

vqc_render_notice *vqc_renderer_notice(vqc_renderer *renderer);

/* The crop groups of a step and the mean seconds that one of each perceptor took in this team; a rough guess, in
 * proportion only, before the first step. */
const vqc_share_work *vqc_renderer_work(const vqc_renderer *renderer);

/* Where the time of the last step went. */
const vqc_step_seconds *vqc_renderer_step_seconds(const vqc_renderer *renderer);

/* Bytes that the networks of the render under way take on the device. */
vqc_guidance_memory vqc_renderer_device_memory(const vqc_renderer *renderer);

/* Steps made so far. */
int64_t vqc_renderer_steps_done(const vqc_renderer *renderer);

/* The latent (rows, columns, latent_width) after the last step, or its moving average if the settings ask for it. */
VQC_MUST_CHECK vqc_status vqc_renderer_latent(vqc_renderer *renderer, float *z, vqc_error *error);
/* The picture (height, width, 3), 0 to 1, and the codes (rows, columns) of that latent, if it has any; where the mask
 * keeps pixels, the picture laid over the start. */
VQC_MUST_CHECK vqc_status vqc_renderer_picture(vqc_renderer *renderer, float *picture, int32_t *codes,
                                               vqc_error *error);

/* The optimiser's state, (state_tensors, rows, columns, latent_width) f32, z first, with which the render goes on
 * exactly as if it had not been interrupted. */
VQC_MUST_CHECK vqc_status vqc_renderer_save(const vqc_renderer *renderer, float *state, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_renderer_restore(vqc_renderer *renderer, const float *state, int64_t steps_done,
                                               vqc_error *error);

/* The mask of the render under way. */
const vqc_render_mask *vqc_renderer_mask(const vqc_renderer *renderer);

/* Goes to this latent, with an optimiser that has not begun: to look at its picture. */
VQC_MUST_CHECK vqc_status vqc_renderer_visit(vqc_renderer *renderer, const float *z, vqc_error *error);

#endif
