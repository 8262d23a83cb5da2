#include "render/guidance.h"

#include <stdlib.h>

#include "base/memory.h"
#include "guide/perceptor.h"
#include "ops/replay.h"
#include "render/latent_optimiser.h"
#include "render/picture_terms.h"

/* Events of a step: its begin, the end of decode, that of each perceptor's groups, that of gather, then begin and
 * end of update. */
enum {
    EVENT_BEGIN,
    EVENT_DECODED,
    EVENT_LOOKED, /* of perceptor 0; those of the others follow */
    EVENT_GATHERED = EVENT_LOOKED + VQC_STUDY_MAX_PERCEPTORS,
    EVENT_UPDATE,
    EVENT_UPDATED,
    EVENT_COUNT
};

struct vqc_guidance {
    vqc_render_models models;
    vqc_network_key key;
    int64_t rows, columns;
    vqc_generator_decoder decoder;
    vqc_perceptor *perceptors[VQC_STUDY_MAX_PERCEPTORS];
    int64_t *gradient_sum;                /* on the device */
    vqc_guidance_results *device_results; /* on the device */
    vqc_guidance_results *results;        /* in host memory that the device reaches */
    vqc_timer *timer;
    /* Of the render. */
    vqc_latent_optimiser *optimiser;
    vqc_picture_terms *terms; /* NULL: none */
    size_t optimiser_size;    /* bytes that these and the gradients' sum take on the device */
    int64_t target_count;
    double *distances; /* (groups of all perceptors, targets), in host memory that the device reaches */
    vqc_replay decode, update;
};

static size_t latent_size(const vqc_guidance *guidance)
{
    return (size_t)vqc_shape_count(vqc_network_shape(guidance->decoder.network, guidance->decoder.z)) * sizeof(float);
}

/* Elements of the picture. */
static size_t picture_count(const vqc_guidance *guidance)
{
    return (size_t)vqc_shape_count(vqc_network_shape(guidance->decoder.network, guidance->decoder.picture));
}

static vqc_perceptor_extents perceptor_extents(const vqc_render_models *models, int64_t rows, int64_t columns)
{
    return (vqc_perceptor_extents){.height = rows * models->generator->factor,
                                   .width = columns * models->generator->factor,
                                   .precision = models->precision};
}

static vqc_status memory_create(vqc_guidance *guidance, vqc_error *error)
{
    vqc_ops *ops = guidance->models.ops;
    void *memory;
    VQC_TRY(vqc_ops_memory_allocate(ops, picture_count(guidance) * sizeof *guidance->gradient_sum, &memory, error));
    guidance->gradient_sum = memory;
    VQC_TRY(vqc_ops_memory_allocate(ops, sizeof *guidance->device_results, &memory, error));
    guidance->device_results = memory;
    VQC_TRY(vqc_ops_host_allocate(ops, sizeof *guidance->results, &memory, error));
    guidance->results = memory;
    *guidance->results = (vqc_guidance_results){0};
    VQC_TRY(vqc_timer_create(ops, EVENT_COUNT, &guidance->timer, error));
    for (int event = 0; event < EVENT_COUNT; event++)
        VQC_TRY(vqc_timer_mark(guidance->timer, event, error)); /* so that all can be asked for */
    return VQC_OK;
}

/* Makes the networks, with their parameters, but not the memory that they compute in. */
static vqc_status networks_prepare(vqc_guidance *guidance, const vqc_settings *settings, vqc_error *error)
{
    const vqc_render_models *models = &guidance->models;
    vqc_perceptor_extents extents = perceptor_extents(models, guidance->rows, guidance->columns);
    VQC_TRY(vqc_render_decoder_build(models, settings, guidance->rows, guidance->columns, &guidance->decoder, error));
    if (settings->recompute)
        VQC_TRY(vqc_network_recompute(guidance->decoder.network, error));
    VQC_TRY(vqc_network_prepare(guidance->decoder.network, error));
    for (size_t i = 0; i < models->study->perceptor_count; i++) {
        extents.group = guidance->key.groups[i];
        VQC_TRY(vqc_perceptor_prepare(models->clips[i], models->ops, settings, &extents, (uint32_t)i,
                                      &guidance->perceptors[i], error));
    }
    return VQC_OK;
}

/* Allocates what the prepared networks compute in, if it fits the device, and the rest. */
static vqc_status networks_finish(vqc_guidance *guidance, const vqc_render *render, vqc_error *error)
{
    VQC_TRY(vqc_render_memory_check(&guidance->models, render, &guidance->decoder, guidance->perceptors, error));
    VQC_TRY(vqc_network_finish(guidance->decoder.network, error));
    for (size_t i = 0; i < guidance->models.study->perceptor_count; i++)
        VQC_TRY(vqc_perceptor_finish(guidance->perceptors[i], error));
    return memory_create(guidance, error);
}

/* The same with the parameters of the first one's. */
static vqc_status networks_prepare_beside(vqc_guidance *guidance, const vqc_guidance *first, vqc_error *error)
{
    vqc_ops *ops = guidance->models.ops;
    VQC_TRY(vqc_generator_decoder_build_beside(&first->decoder, ops, &guidance->decoder, error));
    VQC_TRY(vqc_network_prepare(guidance->decoder.network, error));
    for (size_t i = 0; i < guidance->models.study->perceptor_count; i++)
        VQC_TRY(vqc_perceptor_prepare_beside(first->perceptors[i], ops, &guidance->perceptors[i], error));
    return VQC_OK;
}

/* Makes the networks of `guidance`, which has models and size: new ones, or beside the first one's. */
static vqc_status guidance_fill(vqc_guidance *guidance, const vqc_guidance *first, const vqc_render *render,
                                vqc_guidance **guidance_out, vqc_error *error)
{
    vqc_status status = first == NULL ? networks_prepare(guidance, render->settings, error)
                                      : networks_prepare_beside(guidance, first, error);
    if (status == VQC_OK)
        status = networks_finish(guidance, render, error);
    if (status != VQC_OK) {
        vqc_guidance_destroy(guidance);
        return status;
    }
    *guidance_out = guidance;
    return VQC_OK;
}

vqc_status vqc_guidance_create(const vqc_render_models *models, const vqc_render *render, int64_t rows,
                               int64_t columns, vqc_guidance **guidance_out, vqc_error *error)
{
    vqc_guidance *guidance;
    VQC_TRY(vqc_memory_allocate(1, sizeof *guidance, "a picture's networks", &guidance, error));
    guidance->models = *models;
    guidance->key = vqc_network_key_of(models->study, render->settings, models->generator->factor);
    guidance->rows = rows;
    guidance->columns = columns;
    return guidance_fill(guidance, NULL, render, guidance_out, error);
}

vqc_status vqc_guidance_create_beside(const vqc_guidance *first, vqc_ops *ops, const vqc_render *render,
                                      vqc_guidance **guidance_out, vqc_error *error)
{
    vqc_guidance *guidance;
    VQC_TRY(vqc_memory_allocate(1, sizeof *guidance, "a picture's networks", &guidance, error));
    guidance->models = first->models;
    guidance->key = first->key;
    guidance->models.ops = ops;
    guidance->rows = first->rows;
    guidance->columns = first->columns;
    return guidance_fill(guidance, first, render, guidance_out, error);
}

/* Lets go of what belongs to the last render. */
static void render_release(vqc_guidance *guidance)
{
    vqc_replay_reset(&guidance->decode);
    vqc_replay_reset(&guidance->update);
    vqc_latent_optimiser_destroy(guidance->optimiser);
    vqc_picture_terms_destroy(guidance->terms);
    vqc_ops_host_release(guidance->models.ops, guidance->distances);
    guidance->optimiser = NULL;
    guidance->terms = NULL;
    guidance->distances = NULL;
}

void vqc_guidance_destroy(vqc_guidance *guidance)
{
    if (guidance == NULL)
        return;
    vqc_ops *ops = guidance->models.ops;
    render_release(guidance);
    vqc_timer_destroy(guidance->timer);
    vqc_ops_host_release(ops, guidance->results);
    if (guidance->device_results != NULL)
        vqc_ops_memory_release(ops, guidance->device_results);
    if (guidance->gradient_sum != NULL)
        vqc_ops_memory_release(ops, guidance->gradient_sum);
    for (size_t i = 0; i < guidance->models.study->perceptor_count; i++)
        vqc_perceptor_destroy(guidance->perceptors[i]);
    vqc_generator_decoder_destroy(&guidance->decoder);
    free(guidance);
}

const vqc_network_key *vqc_guidance_key(const vqc_guidance *guidance)
{
    return &guidance->key;
}

static vqc_status perceptors_turn(vqc_guidance *guidance, const vqc_guidance_aim *aim, vqc_error *error)
{
    for (size_t i = 0; i < guidance->models.study->perceptor_count; i++) {
        const vqc_perceptor_aim one = {.settings = aim->settings,
                                       .seed = aim->seed,
                                       .own_crops = guidance->models.study->perceptors[i].crops,
                                       .target_count = aim->target_count,
                                       .targets = aim->targets[i],
                                       .weights = aim->weights + (int64_t)i * aim->target_count,
                                       .stops = aim->stops,
                                       .gradient_sum = guidance->gradient_sum};
        VQC_TRY(vqc_perceptor_turn(guidance->perceptors[i], &one, error));
    }
    return VQC_OK;
}

vqc_status vqc_guidance_weigh(vqc_guidance *guidance, const double *weights, vqc_error *error)
{
    for (size_t i = 0; i < guidance->models.study->perceptor_count; i++)
        VQC_TRY(vqc_perceptor_weigh(guidance->perceptors[i], weights + (int64_t)i * guidance->target_count, error));
    return VQC_OK;
}

/* Groups of the perceptors before this one. */
static int64_t groups_before(const vqc_guidance *guidance, size_t perceptor)
{
    int64_t groups = 0;
    for (size_t i = 0; i < perceptor; i++)
        groups += vqc_perceptor_groups(guidance->perceptors[i]);
    return groups;
}

vqc_status vqc_guidance_turn(vqc_guidance *guidance, const vqc_guidance_aim *aim, vqc_error *error)
{
    void *memory;
    render_release(guidance);
    VQC_TRY(perceptors_turn(guidance, aim, error));
    guidance->target_count = aim->target_count;
    VQC_TRY(vqc_render_memory_optimiser(&guidance->models, aim->settings, guidance->rows, guidance->columns,
                                        &guidance->optimiser_size, error));
    int64_t distances = groups_before(guidance, guidance->models.study->perceptor_count) * aim->target_count;
    VQC_TRY(
        vqc_ops_host_allocate(guidance->models.ops, (size_t)distances * sizeof *guidance->distances, &memory, error));
    guidance->distances = memory;
    const vqc_picture_terms_site site =
        vqc_render_memory_terms(&guidance->models, aim->settings, guidance->rows, guidance->columns);
    VQC_TRY(vqc_picture_terms_create(&site, &guidance->terms, error));
    return vqc_latent_optimiser_create(guidance->models.generator, guidance->models.ops, aim->settings,
                                       guidance->rows, guidance->columns, &guidance->optimiser, error);
}

/* Queues the measures of z. */
static vqc_status latent_measure(vqc_guidance *guidance, vqc_error *error)
{
    return vqc_ops_latent_measure(guidance->models.ops, vqc_latent_optimiser_z(guidance->optimiser),
                                  vqc_latent_optimiser_origin(guidance->optimiser),
                                  (int64_t)(latent_size(guidance) / sizeof(float)), &guidance->device_results->latent,
                                  error);
}

static vqc_status latent_measures_fetch(vqc_guidance *guidance, vqc_error *error)
{
    return vqc_ops_copy(guidance->models.ops, &guidance->results->latent, &guidance->device_results->latent,
                        sizeof guidance->results->latent, error);
}

static vqc_status latent_measure_now(vqc_guidance *guidance, vqc_error *error)
{
    VQC_TRY(latent_measure(guidance, error));
    VQC_TRY(latent_measures_fetch(guidance, error));
    return vqc_ops_wait(guidance->models.ops, error);
}

vqc_status vqc_guidance_mask(vqc_guidance *guidance, const float *mask, vqc_error *error)
{
    return vqc_latent_optimiser_mask(guidance->optimiser, mask, error);
}

vqc_status vqc_guidance_start_picture(vqc_guidance *guidance, const float *picture, vqc_error *error)
{
    return vqc_picture_terms_start(guidance->terms, picture, error);
}

vqc_status vqc_guidance_reset(vqc_guidance *guidance, const float *z, vqc_error *error)
{
    VQC_TRY(vqc_latent_optimiser_reset(guidance->optimiser, z, error));
    return latent_measure_now(guidance, error);
}

vqc_status vqc_guidance_save(const vqc_guidance *guidance, float *state, vqc_error *error)
{
    return vqc_latent_optimiser_save(guidance->optimiser, state, error);
}

vqc_status vqc_guidance_restore(vqc_guidance *guidance, const float *state, vqc_error *error)
{
    VQC_TRY(vqc_latent_optimiser_restore(guidance->optimiser, state, error));
    return latent_measure_now(guidance, error);
}

int64_t vqc_guidance_groups(const vqc_guidance *guidance, size_t perceptor)
{
    return vqc_perceptor_groups(guidance->perceptors[perceptor]);
}

/* ---- The parts of a step ---- */

/* Queues the way from a latent, in device memory, to its picture. */
static vqc_status latent_decode(vqc_guidance *guidance, const float *latent, vqc_error *error)
{
    vqc_network *network = guidance->decoder.network;
    VQC_TRY(vqc_ops_copy(guidance->models.ops, vqc_network_data(network, guidance->decoder.z), latent,
                         latent_size(guidance), error));
    return vqc_network_forward(network, error);
}

static vqc_status decode_work(void *context, vqc_error *error)
{
    vqc_guidance *guidance = context;
    vqc_ops *ops = guidance->models.ops;
    vqc_network *network = guidance->decoder.network;
    size_t pixels = picture_count(guidance);
    VQC_TRY(latent_decode(guidance, vqc_latent_optimiser_z(guidance->optimiser), error));
    for (size_t i = 0; i < guidance->models.study->perceptor_count; i++)
        VQC_TRY(vqc_ops_copy(ops, vqc_perceptor_picture(guidance->perceptors[i]),
                             vqc_network_data(network, guidance->decoder.picture), pixels * sizeof(float), error));
    return vqc_ops_clear(ops, guidance->gradient_sum, pixels * sizeof *guidance->gradient_sum, error);
}

/* Marks the ends of the perceptors from this one on: those that look at nothing more in this step take no time. */
static vqc_status looked_mark(vqc_guidance *guidance, size_t perceptor, vqc_error *error)
{
    for (size_t i = perceptor; i < guidance->models.study->perceptor_count; i++)
        VQC_TRY(vqc_timer_mark(guidance->timer, EVENT_LOOKED + (int)i, error));
    return VQC_OK;
}

vqc_status vqc_guidance_decode(vqc_guidance *guidance, vqc_error *error)
{
    VQC_TRY(vqc_timer_mark(guidance->timer, EVENT_BEGIN, error));
    VQC_TRY(vqc_replay_run(&guidance->decode, guidance->models.ops, decode_work, guidance, error));
    VQC_TRY(vqc_timer_mark(guidance->timer, EVENT_DECODED, error));
    return looked_mark(guidance, 0, error);
}

vqc_status vqc_guidance_look(vqc_guidance *guidance, int64_t step, size_t perceptor, int64_t group, vqc_error *error)
{
    int64_t place = groups_before(guidance, perceptor) + group;
    VQC_TRY(vqc_perceptor_run(guidance->perceptors[perceptor], step, group,
                              guidance->distances + place * guidance->target_count, error));
    return looked_mark(guidance, perceptor, error);
}

vqc_status vqc_guidance_gather(vqc_guidance *guidance, vqc_error *error)
{
    vqc_ops *ops = guidance->models.ops;
    VQC_TRY(vqc_ops_gradient_sum_clear_marks(ops, guidance->gradient_sum, picture_count(guidance),
                                             &guidance->device_results->marks, error));
    VQC_TRY(vqc_ops_copy(ops, &guidance->results->marks, &guidance->device_results->marks,
                         sizeof guidance->results->marks, error));
    return vqc_timer_mark(guidance->timer, EVENT_GATHERED, error);
}

/* Queues the regularisers that look at the picture. */
static vqc_status terms_add(vqc_guidance *guidance, vqc_error *error)
{
    vqc_network *network = guidance->decoder.network;
    const vqc_value picture = guidance->decoder.picture;
    const vqc_value unlimited = guidance->decoder.unlimited;
    const vqc_picture_terms_place place = {
        .picture = vqc_network_data(network, picture),
        .gradient = vqc_network_gradient(network, picture),
        .unlimited = guidance->key.unlimited ? vqc_network_data(network, unlimited) : NULL,
        .unlimited_gradient = guidance->key.unlimited ? vqc_network_gradient(network, unlimited) : NULL};
    return vqc_picture_terms_add(guidance->terms, &place, error);
}

static vqc_status update_work(void *context, vqc_error *error)
{
    vqc_guidance *guidance = context;
    vqc_network *network = guidance->decoder.network;
    VQC_TRY(vqc_ops_gradient_sum_read(guidance->models.ops, guidance->gradient_sum,
                                      vqc_network_gradient(network, guidance->decoder.picture),
                                      picture_count(guidance), error));
    VQC_TRY(terms_add(guidance, error));
    VQC_TRY(vqc_network_backward(network, error));
    VQC_TRY(
        vqc_latent_optimiser_step(guidance->optimiser, vqc_network_gradient(network, guidance->decoder.z), error));
    return latent_measure(guidance, error);
}

vqc_status vqc_guidance_update(vqc_guidance *guidance, int64_t step, double l2_slope, vqc_error *error)
{
    VQC_TRY(vqc_timer_mark(guidance->timer, EVENT_UPDATE, error));
    VQC_TRY(vqc_latent_optimiser_prepare(guidance->optimiser, step, l2_slope, error));
    VQC_TRY(vqc_picture_terms_prepare(guidance->terms, step, error));
    VQC_TRY(vqc_replay_run(&guidance->update, guidance->models.ops, update_work, guidance, error));
    VQC_TRY(vqc_timer_mark(guidance->timer, EVENT_UPDATED, error));
    VQC_TRY(vqc_picture_terms_fetch(guidance->terms, error));
    return latent_measures_fetch(guidance, error);
}

void vqc_guidance_draw(vqc_guidance *guidance, int64_t step)
{
    for (size_t i = 0; i < guidance->models.study->perceptor_count; i++)
        vqc_perceptor_draw(guidance->perceptors[i], step);
}

/* ---- What is known afterwards ---- */

const vqc_guidance_results *vqc_guidance_results_of(const vqc_guidance *guidance)
{
    return guidance->results;
}

const double *vqc_guidance_distances(const vqc_guidance *guidance, size_t perceptor, int64_t group)
{
    return guidance->distances + (groups_before(guidance, perceptor) + group) * guidance->target_count;
}

void vqc_guidance_picture_losses(const vqc_guidance *guidance, int64_t step, double *losses)
{
    vqc_picture_terms_losses(guidance->terms, step, losses);
}

int64_t *vqc_guidance_gradient_sum(vqc_guidance *guidance)
{
    return guidance->gradient_sum;
}

vqc_event vqc_guidance_gathered(const vqc_guidance *guidance)
{
    return (vqc_event){guidance->timer, EVENT_GATHERED};
}

vqc_status vqc_guidance_look_seconds(const vqc_guidance *guidance, vqc_step_seconds *seconds, vqc_error *error)
{
    const vqc_timer *timer = guidance->timer;
    VQC_TRY(vqc_timer_seconds(timer, EVENT_BEGIN, EVENT_DECODED, &seconds->decode, error));
    for (size_t i = 0; i < guidance->models.study->perceptor_count; i++) {
        int event = EVENT_LOOKED + (int)i;
        VQC_TRY(vqc_timer_seconds(timer, event - 1, event, &seconds->groups[i], error));
    }
    return VQC_OK;
}

vqc_status vqc_guidance_update_seconds(const vqc_guidance *guidance, vqc_step_seconds *seconds, vqc_error *error)
{
    return vqc_timer_seconds(guidance->timer, EVENT_UPDATE, EVENT_UPDATED, &seconds->update, error);
}

/* Queues the way to the result's picture; to that of z as a step goes it. */
static vqc_status result_decode(vqc_guidance *guidance, vqc_error *error)
{
    const float *result = vqc_latent_optimiser_result(guidance->optimiser);
    if (result != vqc_latent_optimiser_z(guidance->optimiser))
        return latent_decode(guidance, result, error);
    return vqc_replay_run(&guidance->decode, guidance->models.ops, decode_work, guidance, error);
}

vqc_status vqc_guidance_picture(vqc_guidance *guidance, float *picture, int32_t *codes, vqc_error *error)
{
    vqc_network *network = guidance->decoder.network;
    VQC_TRY(result_decode(guidance, error));
    VQC_TRY(vqc_network_read(network, guidance->decoder.picture, picture, error));
    return vqc_generator_decoder_codes(guidance->models.ops, &guidance->decoder, codes, error);
}

vqc_guidance_memory vqc_guidance_memory_of(const vqc_guidance *guidance)
{
    vqc_guidance_memory memory = {
        .activations = vqc_network_activation_size(guidance->decoder.network) + guidance->optimiser_size,
        .parameters = vqc_network_parameter_size(guidance->decoder.network),
    };
    for (size_t i = 0; i < guidance->models.study->perceptor_count; i++) {
        memory.activations += vqc_perceptor_activation_size(guidance->perceptors[i]);
        memory.parameters += vqc_perceptor_parameter_size(guidance->perceptors[i]);
    }
    return memory;
}
