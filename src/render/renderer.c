#include "render/renderer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "guide/gradient_sum.h"
#include "guide/perceptor.h"
#include "guide/targets.h"
#include "render/init.h"
#include "render/latent_optimiser.h"

struct vqc_renderer {
    const vqc_study *study;
    vqc_ops *ops;
    vqc_dtype precision;
    vqc_vqgan vqgan;
    vqc_clip *clips[VQC_STUDY_MAX_PERCEPTORS];
    vqc_targets targets[VQC_STUDY_MAX_PERCEPTORS];
    /* Of the render under way. */
    const vqc_render *render;
    vqc_render_shape shape;
    int64_t steps_done;
    vqc_vqgan_decoder decoder;
    vqc_perceptor *perceptors[VQC_STUDY_MAX_PERCEPTORS];
    vqc_latent_optimiser *optimiser;
    float *latent;           /* (rows, columns, latent_width) */
    float *picture;          /* (height, width, 3) */
    float *picture_gradient; /* the same */
    int64_t *gradient_sum;   /* the same */
};

static vqc_status perceptor_open(vqc_renderer *renderer, size_t index, vqc_error *error)
{
    const vqc_perceptor_source *source = &renderer->study->perceptors[index];
    vqc_clip_options options = {.head_width = source->head_width, .activation = source->activation};
    VQC_TRY(vqc_clip_open(source->checkpoint, &options, &renderer->clips[index], error));
    return vqc_targets_create(renderer->study, source, renderer->clips[index], renderer->ops, renderer->precision,
                              &renderer->targets[index], error);
}

vqc_status vqc_renderer_create(const vqc_study *study, vqc_ops *ops, vqc_dtype precision, vqc_renderer **renderer_out,
                               vqc_error *error)
{
    vqc_renderer *renderer;
    VQC_TRY(vqc_memory_allocate(1, sizeof *renderer, "a renderer", &renderer, error));
    renderer->study = study;
    renderer->ops = ops;
    renderer->precision = precision;
    vqc_status status = vqc_vqgan_open(study->generator.config, study->generator.checkpoint, &renderer->vqgan, error);
    for (size_t i = 0; i < study->perceptor_count && status == VQC_OK; i++)
        status = perceptor_open(renderer, i, error);
    if (status != VQC_OK) {
        vqc_renderer_destroy(renderer);
        return status;
    }
    *renderer_out = renderer;
    return VQC_OK;
}

/* Lets go of the networks and buffers of the render under way. */
static void networks_release(vqc_renderer *renderer)
{
    vqc_vqgan_decoder_destroy(&renderer->decoder);
    for (size_t i = 0; i < renderer->study->perceptor_count; i++) {
        vqc_perceptor_destroy(renderer->perceptors[i]);
        renderer->perceptors[i] = NULL;
    }
    free(renderer->latent);
    free(renderer->picture);
    free(renderer->picture_gradient);
    free(renderer->gradient_sum);
    renderer->latent = NULL;
    renderer->picture = NULL;
    renderer->picture_gradient = NULL;
    renderer->gradient_sum = NULL;
}

void vqc_renderer_destroy(vqc_renderer *renderer)
{
    if (renderer == NULL)
        return;
    networks_release(renderer);
    vqc_latent_optimiser_destroy(renderer->optimiser);
    for (size_t i = 0; i < renderer->study->perceptor_count; i++) {
        vqc_targets_release(&renderer->targets[i]);
        vqc_clip_close(renderer->clips[i]);
    }
    vqc_vqgan_close(&renderer->vqgan);
    free(renderer);
}

vqc_status vqc_renderer_shape(const vqc_renderer *renderer, const vqc_render *render, vqc_render_shape *shape_out,
                              vqc_error *error)
{
    int64_t factor = renderer->vqgan.factor;
    int64_t rows = render->settings.height / factor;
    int64_t columns = render->settings.width / factor;
    if (rows == 0 || columns == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: prompt %s: size: expected at least %lld × %lld pixels",
                             renderer->study->path, render->prompt->id, (long long)factor, (long long)factor);
    *shape_out = (vqc_render_shape){
        .height = rows * factor,
        .width = columns * factor,
        .rows = rows,
        .columns = columns,
        .latent_width = renderer->vqgan.config.embed_width,
        .steps = render->settings.steps,
        .terms = (int64_t)(renderer->study->perceptor_count * render->prompt->target_count) + 2,
    };
    return VQC_OK;
}

static size_t latent_count(const vqc_renderer *renderer)
{
    const vqc_render_shape *shape = &renderer->shape;
    return (size_t)(shape->rows * shape->columns * shape->latent_width);
}

static size_t picture_count(const vqc_renderer *renderer)
{
    return (size_t)(3 * renderer->shape.height * renderer->shape.width);
}

static vqc_status buffers_allocate(vqc_renderer *renderer, vqc_error *error)
{
    size_t pixels = picture_count(renderer);
    VQC_TRY(vqc_memory_allocate(latent_count(renderer), sizeof(float), "a latent", &renderer->latent, error));
    VQC_TRY(vqc_memory_allocate(pixels, sizeof(float), "a picture", &renderer->picture, error));
    VQC_TRY(vqc_memory_allocate(pixels, sizeof(float), "a picture", &renderer->picture_gradient, error));
    return vqc_memory_allocate(pixels, sizeof(int64_t), "a picture", &renderer->gradient_sum, error);
}

static vqc_perceptor_shape perceptor_shape(const vqc_renderer *renderer)
{
    return (vqc_perceptor_shape){renderer->shape.height, renderer->shape.width, renderer->precision};
}

/* Whether the networks at hand serve the render, too. */
static bool networks_fit(const vqc_renderer *renderer, const vqc_render *render, const vqc_render_shape *shape)
{
    vqc_perceptor_shape wanted = {shape->height, shape->width, renderer->precision};
    if (renderer->decoder.network == NULL || renderer->shape.rows != shape->rows ||
        renderer->shape.columns != shape->columns)
        return false;
    for (size_t i = 0; i < renderer->study->perceptor_count; i++)
        if (renderer->perceptors[i] == NULL ||
            !vqc_perceptor_fits(renderer->perceptors[i], &render->settings, &wanted))
            return false;
    return true;
}

/* Makes the networks for the render under way. */
static vqc_status networks_create(vqc_renderer *renderer, vqc_error *error)
{
    const vqc_render_shape *shape = &renderer->shape;
    vqc_perceptor_shape looked_at = perceptor_shape(renderer);
    VQC_TRY(buffers_allocate(renderer, error));
    VQC_TRY(vqc_vqgan_decoder_create(&renderer->vqgan, renderer->ops, renderer->precision, 1, shape->rows,
                                     shape->columns, true, true, &renderer->decoder, error));
    for (size_t i = 0; i < renderer->study->perceptor_count; i++)
        VQC_TRY(vqc_perceptor_create(renderer->clips[i], renderer->ops, &renderer->render->settings, &looked_at,
                                     (uint32_t)i, &renderer->perceptors[i], error));
    return VQC_OK;
}

/* Points every perceptor at the render's targets. */
static vqc_status perceptors_aim(vqc_renderer *renderer, vqc_error *error)
{
    const vqc_render *render = renderer->render;
    for (size_t i = 0; i < renderer->study->perceptor_count; i++)
        VQC_TRY(vqc_perceptor_aim(renderer->perceptors[i], &render->settings,
                                  vqc_targets_of(&renderer->targets[i], renderer->study, render->prompt),
                                  (int64_t)render->prompt->target_count, error));
    return VQC_OK;
}

vqc_status vqc_renderer_start(vqc_renderer *renderer, const vqc_render *render, vqc_error *error)
{
    vqc_render_shape shape;
    VQC_TRY(vqc_renderer_shape(renderer, render, &shape, error));
    bool fit = networks_fit(renderer, render, &shape);
    renderer->render = render;
    renderer->shape = shape;
    renderer->steps_done = 0;
    if (!fit) {
        networks_release(renderer);
        VQC_TRY(networks_create(renderer, error));
    }
    VQC_TRY(perceptors_aim(renderer, error));
    vqc_latent_optimiser_destroy(renderer->optimiser);
    renderer->optimiser = NULL;
    VQC_TRY(vqc_latent_optimiser_create(&renderer->vqgan, &render->settings, shape.rows, shape.columns,
                                        &renderer->optimiser, error));
    VQC_TRY(vqc_init_latent(&renderer->vqgan, renderer->ops, renderer->precision, render, shape.rows, shape.columns,
                            renderer->latent, error));
    vqc_latent_optimiser_reset(renderer->optimiser, renderer->latent);
    return VQC_OK;
}

/* Decodes the latent. */
static vqc_status picture_decode(vqc_renderer *renderer, vqc_error *error)
{
    vqc_network *network = renderer->decoder.network;
    VQC_TRY(vqc_network_write(network, renderer->decoder.z, renderer->latent, error));
    VQC_TRY(vqc_network_forward(network, error));
    return vqc_network_read(network, renderer->decoder.picture, renderer->picture, error);
}

/* What each target's distance counts in the loss, for one crop: weight of target and perceptor over the crops. */
static void weights_of(const vqc_renderer *renderer, size_t perceptor, double *weight, double *stop)
{
    const vqc_prompt *prompt = renderer->render->prompt;
    double share = renderer->study->perceptors[perceptor].weight / (double)renderer->render->settings.crop_count;
    for (size_t t = 0; t < prompt->target_count; t++) {
        weight[t] = prompt->targets[t].weight * share;
        stop[t] = prompt->targets[t].stop;
    }
}

/* All crop groups of one perceptor: its loss terms, and its part of the picture's gradient. */
static vqc_status perceptor_look(vqc_renderer *renderer, size_t index, const double *weight, const double *stop,
                                 double *losses, vqc_error *error)
{
    vqc_perceptor *perceptor = renderer->perceptors[index];
    size_t targets = renderer->render->prompt->target_count;
    for (size_t t = 0; t < targets; t++)
        losses[t] = 0.0;
    VQC_TRY(vqc_perceptor_look(perceptor, renderer->picture, error));
    for (int64_t group = 0; group < vqc_perceptor_groups(perceptor); group++) {
        VQC_TRY(vqc_perceptor_run(perceptor, renderer->render->seed, renderer->steps_done, group, weight, stop,
                                  losses, renderer->picture_gradient, error));
        vqc_gradient_sum_add(renderer->gradient_sum, renderer->picture_gradient, picture_count(renderer));
    }
    for (size_t t = 0; t < targets; t++)
        losses[t] *= weight[t];
    return VQC_OK;
}

/* All perceptors: the loss terms, and the sum of their gradients on the picture. */
static vqc_status perceptors_look(vqc_renderer *renderer, double *losses, vqc_error *error)
{
    size_t targets = renderer->render->prompt->target_count;
    double *weight;
    VQC_TRY(vqc_memory_allocate(2 * targets, sizeof *weight, "weights", &weight, error));
    double *stop = weight + targets;
    vqc_status status = VQC_OK;
    memset(renderer->gradient_sum, 0, picture_count(renderer) * sizeof *renderer->gradient_sum);
    for (size_t i = 0; i < renderer->study->perceptor_count && status == VQC_OK; i++) {
        weights_of(renderer, i, weight, stop);
        status = perceptor_look(renderer, i, weight, stop, losses + i * targets, error);
    }
    free(weight);
    vqc_gradient_sum_read(renderer->gradient_sum, renderer->picture_gradient, picture_count(renderer));
    return status;
}

/* The weight of the L2 term at a step: it falls by `decay` of its first value every step, down to nothing. */
static double l2_weight(const vqc_settings *settings, int64_t step)
{
    double left = 1.0 - settings->l2_decay * (double)step;
    return left > 0.0 ? settings->l2_weight * left : 0.0;
}

/* weight · mean(z²) (paper, section 3.4). */
static double l2_loss(const vqc_renderer *renderer, double weight)
{
    double sum = 0.0;
    size_t count = latent_count(renderer);
    for (size_t i = 0; i < count; i++)
        sum += (double)renderer->latent[i] * (double)renderer->latent[i];
    return weight * sum / (double)count;
}

/* Copies z out of the optimiser. */
static void latent_fetch(vqc_renderer *renderer)
{
    memcpy(renderer->latent, vqc_latent_optimiser_state(renderer->optimiser),
           latent_count(renderer) * sizeof *renderer->latent);
}

/* The gradient from the picture back to the latent, and the optimiser's step. */
static vqc_status latent_update(vqc_renderer *renderer, double weight, vqc_error *error)
{
    vqc_network *network = renderer->decoder.network;
    VQC_TRY(vqc_network_gradient_write(network, renderer->decoder.picture, renderer->picture_gradient, error));
    VQC_TRY(vqc_network_backward(network, error));
    VQC_TRY(vqc_network_gradient_read(network, renderer->decoder.z,
                                      vqc_latent_optimiser_gradient(renderer->optimiser), error));
    double slope = 2.0 * weight / (double)latent_count(renderer);
    vqc_latent_optimiser_step(renderer->optimiser, renderer->steps_done, slope);
    latent_fetch(renderer);
    return VQC_OK;
}

static vqc_status step_check(const vqc_renderer *renderer, double total, vqc_error *error)
{
    bool finite = isfinite(total);
    for (size_t i = 0; finite && i < latent_count(renderer); i++)
        finite = isfinite(renderer->latent[i]);
    if (finite)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED,
                         "render %lld: step %lld: the loss or the latent is not finite; a smaller "
                         "learning rate may help",
                         (long long)renderer->render->number, (long long)renderer->steps_done);
}

vqc_status vqc_renderer_step(vqc_renderer *renderer, double *losses, vqc_error *error)
{
    int64_t terms = renderer->shape.terms;
    double weight = l2_weight(&renderer->render->settings, renderer->steps_done);
    VQC_TRY(picture_decode(renderer, error));
    VQC_TRY(perceptors_look(renderer, losses, error));
    losses[terms - 2] = l2_loss(renderer, weight);
    losses[terms - 1] = 0.0;
    for (int64_t i = 0; i < terms - 1; i++)
        losses[terms - 1] += losses[i];
    VQC_TRY(latent_update(renderer, weight, error));
    renderer->steps_done++;
    return step_check(renderer, losses[terms - 1], error);
}

int64_t vqc_renderer_steps_done(const vqc_renderer *renderer)
{
    return renderer->steps_done;
}

void vqc_renderer_latent(const vqc_renderer *renderer, float *z)
{
    memcpy(z, renderer->latent, latent_count(renderer) * sizeof *z);
}

vqc_status vqc_renderer_picture(vqc_renderer *renderer, float *picture, int32_t *codes, vqc_error *error)
{
    size_t count = (size_t)(renderer->shape.rows * renderer->shape.columns);
    VQC_TRY(picture_decode(renderer, error));
    memcpy(picture, renderer->picture, picture_count(renderer) * sizeof *picture);
    return vqc_ops_download(renderer->ops, codes,
                            vqc_network_saved(renderer->decoder.network, renderer->decoder.quantised),
                            count * sizeof *codes, error);
}

void vqc_renderer_save(const vqc_renderer *renderer, float *state)
{
    memcpy(state, vqc_latent_optimiser_state(renderer->optimiser), 3 * latent_count(renderer) * sizeof *state);
}

void vqc_renderer_restore(vqc_renderer *renderer, const float *state, int64_t steps_done)
{
    vqc_latent_optimiser_restore(renderer->optimiser, state);
    renderer->steps_done = steps_done;
    latent_fetch(renderer);
}
