#include "render/renderer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "guide/gradient_sum.h"
#include "guide/perceptor.h"
#include "guide/targets.h"
#include "render/init.h"
#include "render/latent_optimiser.h"
#include "render/memory.h"
#include "render/step_message.h"

/* What crop groups have cost in this team; every member has the same numbers. */
typedef struct render_costs {
    int64_t steps; /* that they are from */
    int64_t nanoseconds[VQC_STUDY_MAX_PERCEPTORS];
    int64_t groups[VQC_STUDY_MAX_PERCEPTORS];
} render_costs;

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
    double *weights;         /* (perceptors, targets): what each target's distance counts in the loss, for one crop */
    double *stops;           /* (targets) */
    float *state;            /* (3, rows, columns, latent_width): the optimiser's, on its way to other members */
    /* As a member of a team. */
    vqc_team *team; /* NULL: alone */
    vqc_share_work work;
    render_costs costs;
    vqc_step_seconds seconds; /* of the last step */
    int *owner;               /* (groups of all perceptors): the member that computes each */
    double *load;             /* (members) */
    vqc_step_message message;
    vqc_render_notice notice;
    vqc_error failure; /* kept for the next step */
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
    free(renderer->state);
    free(renderer->picture);
    free(renderer->picture_gradient);
    renderer->latent = NULL;
    renderer->state = NULL;
    renderer->picture = NULL;
    renderer->picture_gradient = NULL;
}

/* Lets go of what depends on the render's groups and targets. */
static void share_release(vqc_renderer *renderer)
{
    free(renderer->weights);
    free(renderer->stops);
    free(renderer->owner);
    free(renderer->load);
    renderer->weights = NULL;
    renderer->stops = NULL;
    renderer->owner = NULL;
    renderer->load = NULL;
}

void vqc_renderer_destroy(vqc_renderer *renderer)
{
    if (renderer == NULL)
        return;
    networks_release(renderer);
    share_release(renderer);
    vqc_step_message_release(&renderer->message);
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
    VQC_TRY(vqc_memory_allocate(3 * latent_count(renderer), sizeof(float), "a latent", &renderer->state, error));
    VQC_TRY(vqc_memory_allocate(pixels, sizeof(float), "a picture", &renderer->picture, error));
    return vqc_memory_allocate(pixels, sizeof(float), "a picture", &renderer->picture_gradient, error);
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

/* Makes the networks for the render under way, with their parameters, but not the memory that they compute in. */
static vqc_status networks_plan(vqc_renderer *renderer, vqc_error *error)
{
    const vqc_render_shape *shape = &renderer->shape;
    const vqc_settings *settings = &renderer->render->settings;
    vqc_perceptor_shape looked_at = perceptor_shape(renderer);
    VQC_TRY(vqc_vqgan_decoder_build(&renderer->vqgan, renderer->ops, renderer->precision, 1, shape->rows,
                                    shape->columns, true, true, &renderer->decoder, error));
    if (settings->recompute)
        VQC_TRY(vqc_network_recompute(renderer->decoder.network, error));
    VQC_TRY(vqc_network_plan(renderer->decoder.network, error));
    for (size_t i = 0; i < renderer->study->perceptor_count; i++)
        VQC_TRY(vqc_perceptor_plan(renderer->clips[i], renderer->ops, settings, &looked_at, (uint32_t)i,
                                   &renderer->perceptors[i], error));
    return VQC_OK;
}

/* Allocates what the planned networks compute in, if it fits the device. */
static vqc_status networks_finish(vqc_renderer *renderer, vqc_error *error)
{
    const vqc_render_models models = {.study = renderer->study,
                                      .ops = renderer->ops,
                                      .precision = renderer->precision,
                                      .vqgan = &renderer->vqgan,
                                      .clips = renderer->clips};
    VQC_TRY(vqc_render_memory_check(&models, renderer->render, &renderer->decoder, renderer->perceptors, 0, error));
    VQC_TRY(vqc_network_finish(renderer->decoder.network, error));
    for (size_t i = 0; i < renderer->study->perceptor_count; i++)
        VQC_TRY(vqc_perceptor_finish(renderer->perceptors[i], error));
    return VQC_OK;
}

/* Makes networks and buffers for the render under way; after a failure there are none. */
static vqc_status networks_create(vqc_renderer *renderer, vqc_error *error)
{
    renderer->costs = (render_costs){0};
    vqc_status status = buffers_allocate(renderer, error);
    if (status == VQC_OK)
        status = networks_plan(renderer, error);
    if (status == VQC_OK)
        status = networks_finish(renderer, error);
    if (status != VQC_OK)
        networks_release(renderer);
    return status;
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

static int members(const vqc_renderer *renderer)
{
    return renderer->team == NULL ? 1 : vqc_team_size(renderer->team);
}

static int own_member(const vqc_renderer *renderer)
{
    return renderer->team == NULL ? 0 : vqc_team_member(renderer->team);
}

/* What each target counts: weight of target and perceptor over the crops. */
static void weights_fill(vqc_renderer *renderer)
{
    const vqc_prompt *prompt = renderer->render->prompt;
    for (size_t i = 0; i < renderer->study->perceptor_count; i++) {
        double share = renderer->study->perceptors[i].weight / (double)renderer->render->settings.crop_count;
        for (size_t t = 0; t < prompt->target_count; t++)
            renderer->weights[i * prompt->target_count + t] = prompt->targets[t].weight * share;
    }
    for (size_t t = 0; t < prompt->target_count; t++)
        renderer->stops[t] = prompt->targets[t].stop;
}

/* Shares the groups out anew, by what they have cost so far. */
static void share_assign(vqc_renderer *renderer)
{
    vqc_share_work *work = &renderer->work;
    for (size_t i = 0; i < work->perceptors; i++) {
        double side = (double)renderer->clips[i]->vision.side;
        int64_t groups = renderer->costs.groups[i];
        work->seconds[i] = side * side;
        if (groups > 0)
            work->seconds[i] = (double)renderer->costs.nanoseconds[i] * 1e-9 / (double)groups;
    }
    (void)vqc_share_assign(work, members(renderer), renderer->load, renderer->owner);
}

/* Makes what depends on the render's groups and targets. */
static vqc_status share_create(vqc_renderer *renderer, vqc_error *error)
{
    size_t targets = renderer->render->prompt->target_count;
    size_t perceptors = renderer->study->perceptor_count;
    share_release(renderer);
    renderer->work.perceptors = perceptors;
    for (size_t i = 0; i < perceptors; i++)
        renderer->work.groups[i] = vqc_perceptor_groups(renderer->perceptors[i]);
    size_t groups = (size_t)vqc_share_groups(&renderer->work);
    vqc_step_message_shape shape = {picture_count(renderer), groups, targets, perceptors};
    VQC_TRY(vqc_memory_allocate(perceptors * targets, sizeof(double), "weights", &renderer->weights, error));
    VQC_TRY(vqc_memory_allocate(targets, sizeof(double), "weights", &renderer->stops, error));
    VQC_TRY(vqc_memory_allocate(groups, sizeof(int), "crop groups", &renderer->owner, error));
    VQC_TRY(vqc_memory_allocate(1, sizeof(double), "a team's load", &renderer->load, error));
    VQC_TRY(vqc_step_message_shape_set(&renderer->message, &shape, error));
    weights_fill(renderer);
    share_assign(renderer);
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
    renderer->team = NULL;
    renderer->notice = (vqc_render_notice){0};
    renderer->failure.status = VQC_OK;
    if (!fit) {
        networks_release(renderer);
        VQC_TRY(networks_create(renderer, error));
    }
    VQC_TRY(perceptors_aim(renderer, error));
    VQC_TRY(share_create(renderer, error));
    vqc_latent_optimiser_destroy(renderer->optimiser);
    renderer->optimiser = NULL;
    VQC_TRY(vqc_latent_optimiser_create(&renderer->vqgan, &render->settings, shape.rows, shape.columns,
                                        &renderer->optimiser, error));
    VQC_TRY(vqc_init_latent(&renderer->vqgan, renderer->ops, renderer->precision, render, shape.rows, shape.columns,
                            renderer->latent, error));
    vqc_latent_optimiser_reset(renderer->optimiser, renderer->latent);
    return VQC_OK;
}

/* The leader's steps, costs and optimiser's state to everybody. */
static vqc_status state_broadcast(vqc_renderer *renderer, vqc_error *error)
{
    size_t size = 3 * latent_count(renderer) * sizeof *renderer->state;
    VQC_TRY(vqc_team_broadcast(renderer->team, &renderer->steps_done, sizeof renderer->steps_done, 0, error));
    VQC_TRY(vqc_team_broadcast(renderer->team, &renderer->costs, sizeof renderer->costs, 0, error));
    vqc_renderer_save(renderer, renderer->state);
    VQC_TRY(vqc_team_broadcast(renderer->team, renderer->state, size, 0, error));
    vqc_renderer_restore(renderer, renderer->state, renderer->steps_done);
    return VQC_OK;
}

vqc_status vqc_renderer_join(vqc_renderer *renderer, vqc_team *team, vqc_error *error)
{
    renderer->team = team;
    free(renderer->load);
    VQC_TRY(vqc_memory_allocate((size_t)members(renderer), sizeof(double), "a team's load", &renderer->load, error));
    if (members(renderer) > 1)
        VQC_TRY(state_broadcast(renderer, error));
    share_assign(renderer);
    return VQC_OK;
}

/* Decodes the latent. */
static vqc_status picture_decode(vqc_renderer *renderer, vqc_error *error)
{
    vqc_network *network = renderer->decoder.network;
    double started = vqc_clock_seconds();
    VQC_TRY(vqc_network_write(network, renderer->decoder.z, renderer->latent, error));
    VQC_TRY(vqc_network_forward(network, error));
    VQC_TRY(vqc_network_read(network, renderer->decoder.picture, renderer->picture, error));
    renderer->seconds.decode = vqc_clock_seconds() - started;
    return VQC_OK;
}

/* One crop group: its gradient and distances into the message. */
static vqc_status group_look(vqc_renderer *renderer, size_t perceptor, int64_t group, int64_t place, vqc_error *error)
{
    vqc_step_message *message = &renderer->message;
    size_t targets = renderer->render->prompt->target_count;
    double started = vqc_clock_seconds();
    /* The words of the distances are all bits 0, which is what a sum starts from. */
    double *distances = (double *)(void *)(message->distances + (size_t)place * targets);
    VQC_TRY(vqc_perceptor_run(renderer->perceptors[perceptor], renderer->render->seed, renderer->steps_done, group,
                              renderer->weights + perceptor * targets, renderer->stops, distances,
                              renderer->picture_gradient, error));
    vqc_gradient_sum_add(message->gradient, renderer->picture_gradient, picture_count(renderer));
    message->nanoseconds[perceptor] += (int64_t)((vqc_clock_seconds() - started) * 1e9);
    message->groups[perceptor]++;
    return renderer->team == NULL ? VQC_OK : vqc_team_progress(renderer->team, error);
}

/* This member's groups of one perceptor, whose groups begin at `first` among all. */
static vqc_status perceptor_look(vqc_renderer *renderer, size_t perceptor, int64_t first, vqc_error *error)
{
    bool looks = false;
    double started = vqc_clock_seconds();
    for (int64_t group = 0; group < renderer->work.groups[perceptor]; group++) {
        if (renderer->owner[first + group] != own_member(renderer))
            continue;
        if (!looks)
            VQC_TRY(vqc_perceptor_look(renderer->perceptors[perceptor], renderer->picture, error));
        looks = true;
        VQC_TRY(group_look(renderer, perceptor, group, first + group, error));
    }
    renderer->seconds.groups[perceptor] = vqc_clock_seconds() - started;
    return VQC_OK;
}

/* This member's part of the step: decodes the latent and looks at its share of the groups. */
static vqc_status share_look(vqc_renderer *renderer, vqc_error *error)
{
    int64_t first = 0;
    VQC_TRY(vqc_renderer_failure(renderer, error));
    VQC_TRY(picture_decode(renderer, error));
    for (size_t i = 0; i < renderer->work.perceptors; i++) {
        VQC_TRY(perceptor_look(renderer, i, first, error));
        first += renderer->work.groups[i];
    }
    return VQC_OK;
}

/* A digest of the latent: FNV-1a over its words. */
static uint64_t latent_digest(const vqc_renderer *renderer)
{
    uint64_t digest = 0xcbf29ce484222325U;
    for (size_t i = 0; i < latent_count(renderer); i++) {
        uint32_t word;
        memcpy(&word, &renderer->latent[i], sizeof word);
        digest = (digest ^ word) * 0x100000001b3U;
    }
    return digest;
}

/* Sums the message over the team. `status` is what came of this member's part; every member gets the team's. */
static vqc_status message_exchange(vqc_renderer *renderer, vqc_status status, vqc_error *error)
{
    vqc_step_message *message = &renderer->message;
    int64_t *control = message->control;
    uint64_t digest = latent_digest(renderer);
    control[VQC_CONTROL_FAILED] = status != VQC_OK;
    control[VQC_CONTROL_STOP] = renderer->notice.stop != 0;
    control[VQC_CONTROL_NEWCOMERS] = own_member(renderer) == 0 ? renderer->notice.newcomers : 0;
    control[VQC_CONTROL_MARKS] = vqc_gradient_sum_clear_marks(message->gradient, picture_count(renderer));
    control[VQC_CONTROL_LATENT] = (int64_t)digest;
    if (renderer->team == NULL)
        return status;
    VQC_TRY(vqc_team_sum(renderer->team, message->words, message->count, error));
    if (control[VQC_CONTROL_FAILED] > 0)
        return vqc_team_agree(renderer->team, status, error);
    if ((uint64_t)control[VQC_CONTROL_LATENT] == digest * (uint64_t)members(renderer))
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED,
                         "render %lld: step %lld: the ranks of a team hold different latents; their processors or "
                         "libraries compute differently, so that each render needs a rank of its own (--team 1)",
                         (long long)renderer->render->number, (long long)renderer->steps_done + 1);
}

/* The loss terms of the perceptors: the distances of their groups added in the groups' order, weighted. */
static void losses_collect(const vqc_renderer *renderer, double *losses)
{
    size_t targets = renderer->render->prompt->target_count;
    const int64_t *words = renderer->message.distances;
    for (size_t i = 0; i < renderer->work.perceptors; i++) {
        for (size_t t = 0; t < targets; t++) {
            double sum = 0.0;
            for (int64_t group = 0; group < renderer->work.groups[i]; group++) {
                double distance;
                memcpy(&distance, &words[(size_t)group * targets + t], sizeof distance);
                sum += distance;
            }
            losses[i * targets + t] = sum * renderer->weights[i * targets + t];
        }
        words += (size_t)renderer->work.groups[i] * targets;
    }
}

/* Adds a step's costs up; at the first, second, fourth, eighth ... step the groups are shared out by them. */
static void costs_add(vqc_renderer *renderer)
{
    render_costs *costs = &renderer->costs;
    costs->steps++;
    for (size_t i = 0; i < renderer->work.perceptors; i++) {
        costs->nanoseconds[i] += renderer->message.nanoseconds[i];
        costs->groups[i] += renderer->message.groups[i];
    }
    if ((costs->steps & (costs->steps - 1)) == 0)
        share_assign(renderer);
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
    double started = vqc_clock_seconds();
    VQC_TRY(vqc_network_gradient_write(network, renderer->decoder.picture, renderer->picture_gradient, error));
    VQC_TRY(vqc_network_backward(network, error));
    VQC_TRY(vqc_network_gradient_read(network, renderer->decoder.z,
                                      vqc_latent_optimiser_gradient(renderer->optimiser), error));
    renderer->seconds.backward = vqc_clock_seconds() - started;
    double slope = 2.0 * weight / (double)latent_count(renderer);
    vqc_latent_optimiser_step(renderer->optimiser, renderer->steps_done, slope);
    latent_fetch(renderer);
    return VQC_OK;
}

static vqc_status not_finite(const vqc_renderer *renderer, int64_t step, vqc_error *error)
{
    return vqc_error_set(error, VQC_FAILED,
                         "render %lld: step %lld: the loss or the latent is not finite; a smaller "
                         "learning rate may help",
                         (long long)renderer->render->number, (long long)step);
}

/* The loss terms, from what all members know. */
static vqc_status losses_complete(vqc_renderer *renderer, double weight, double *losses, vqc_error *error)
{
    int64_t terms = renderer->shape.terms;
    losses_collect(renderer, losses);
    losses[terms - 2] = l2_loss(renderer, weight);
    losses[terms - 1] = 0.0;
    for (int64_t i = 0; i < terms - 1; i++)
        losses[terms - 1] += losses[i];
    if (isfinite(losses[terms - 1]) && renderer->message.control[VQC_CONTROL_MARKS] == 0)
        return VQC_OK;
    return not_finite(renderer, renderer->steps_done + 1, error);
}

static vqc_status latent_check(const vqc_renderer *renderer, vqc_error *error)
{
    for (size_t i = 0; i < latent_count(renderer); i++)
        if (!isfinite(renderer->latent[i]))
            return not_finite(renderer, renderer->steps_done + 1, error);
    return VQC_OK;
}

/* From the summed gradients to the next latent, on every member by itself. */
static vqc_status step_finish(vqc_renderer *renderer, double weight, vqc_error *error)
{
    vqc_gradient_sum_read(renderer->message.gradient, renderer->picture_gradient, picture_count(renderer));
    VQC_TRY(latent_update(renderer, weight, error));
    return latent_check(renderer, error);
}

vqc_status vqc_renderer_step(vqc_renderer *renderer, double *losses, vqc_error *error)
{
    double weight = l2_weight(&renderer->render->settings, renderer->steps_done);
    vqc_error failure = {0};
    vqc_step_message_clear(&renderer->message);
    VQC_TRY(message_exchange(renderer, share_look(renderer, error), error));
    renderer->notice.stop = renderer->message.control[VQC_CONTROL_STOP];
    renderer->notice.newcomers = renderer->message.control[VQC_CONTROL_NEWCOMERS];
    VQC_TRY(losses_complete(renderer, weight, losses, error));
    costs_add(renderer);
    if (step_finish(renderer, weight, &failure) != VQC_OK)
        vqc_renderer_fail(renderer, &failure);
    renderer->steps_done++;
    return members(renderer) == 1 ? vqc_renderer_failure(renderer, error) : VQC_OK;
}

void vqc_renderer_fail(vqc_renderer *renderer, const vqc_error *failure)
{
    if (renderer->failure.status == VQC_OK)
        renderer->failure = *failure;
}

vqc_status vqc_renderer_failure(const vqc_renderer *renderer, vqc_error *error)
{
    if (renderer->failure.status != VQC_OK)
        *error = renderer->failure;
    return renderer->failure.status;
}

vqc_render_notice *vqc_renderer_notice(vqc_renderer *renderer)
{
    return &renderer->notice;
}

const vqc_share_work *vqc_renderer_work(const vqc_renderer *renderer)
{
    return &renderer->work;
}

const vqc_step_seconds *vqc_renderer_step_seconds(const vqc_renderer *renderer)
{
    return &renderer->seconds;
}

vqc_renderer_memory vqc_renderer_device_memory(const vqc_renderer *renderer)
{
    vqc_renderer_memory memory = {
        .activations = vqc_network_activation_size(renderer->decoder.network),
        .parameters = vqc_network_parameter_size(renderer->decoder.network),
    };
    for (size_t i = 0; i < renderer->study->perceptor_count; i++) {
        memory.activations += vqc_perceptor_activation_size(renderer->perceptors[i]);
        memory.parameters += vqc_perceptor_parameter_size(renderer->perceptors[i]);
    }
    return memory;
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
