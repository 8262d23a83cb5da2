#include "render/renderer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "render/init.h"
#include "render/latent_optimiser.h"
#include "render/motion.h"
#include "render/parametrisation.h"
#include "render/regulariser.h"
#include "render/step_failure.h"
#include "render/step_message.h"
#include "render/study_inputs.h"
#include "render/study_models.h"

/* What crop groups have cost in this team; every member has the same numbers. */
typedef struct render_costs {
    int64_t steps; /* that they are from */
    int64_t nanoseconds[VQC_STUDY_MAX_PERCEPTORS];
    int64_t groups[VQC_STUDY_MAX_PERCEPTORS];
} render_costs;

/* What all renderers of a process share. */
typedef struct shared_models {
    vqc_study_models opened;
    vqc_targets targets[VQC_STUDY_MAX_PERCEPTORS];
} shared_models;

struct vqc_renderer {
    const vqc_study *study;
    vqc_ops *ops;
    vqc_dtype precision;
    shared_models *models;      /* its own, or the first renderer's */
    const vqc_renderer *first;  /* NULL: this one has none before it */
    const vqc_archive *archive; /* that renders start from; NULL: there is none */
    /* Of the render under way. */
    const vqc_render *render;
    vqc_render_extents shape;
    int64_t steps_done;
    vqc_guidance *guidance;
    vqc_render_mask mask;
    float *state;    /* (state_tensors, rows, columns, latent_width): the optimiser's, on its way */
    double *weights; /* (perceptors, targets): what each target's distance counts in the loss, for one crop */
    double *stops;   /* (targets) */
    vqc_latent_measures latent; /* of z before the step under way */
    vqc_error begun;            /* what came of the step's first part */
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

static void models_close(shared_models *models)
{
    if (models == NULL)
        return;
    for (size_t i = 0; i < VQC_STUDY_MAX_PERCEPTORS; i++)
        vqc_targets_release(&models->targets[i]);
    vqc_study_models_close(&models->opened);
    free(models);
}

static vqc_status models_open(vqc_renderer *renderer, vqc_prompt_range prompts, vqc_error *error)
{
    VQC_TRY(vqc_memory_allocate(1, sizeof *renderer->models, "models", &renderer->models, error));
    VQC_TRY(vqc_study_models_open(renderer->study, &renderer->models->opened, error));
    return vqc_study_models_targets(&renderer->models->opened, prompts, renderer->ops, renderer->precision,
                                    renderer->models->targets, error);
}

vqc_status vqc_renderer_create_for(const vqc_study *study, vqc_prompt_range prompts, vqc_ops *ops,
                                   vqc_dtype precision, vqc_renderer **renderer_out, vqc_error *error)
{
    vqc_renderer *renderer;
    VQC_TRY(vqc_memory_allocate(1, sizeof *renderer, "a renderer", &renderer, error));
    renderer->study = study;
    renderer->ops = ops;
    renderer->precision = precision;
    vqc_status status = models_open(renderer, prompts, error);
    if (status != VQC_OK) {
        vqc_renderer_destroy(renderer);
        return status;
    }
    *renderer_out = renderer;
    return VQC_OK;
}

vqc_status vqc_renderer_create(const vqc_study *study, vqc_ops *ops, vqc_dtype precision, vqc_renderer **renderer_out,
                               vqc_error *error)
{
    const vqc_prompt_range all = {study->prompts, study->prompt_count};
    return vqc_renderer_create_for(study, all, ops, precision, renderer_out, error);
}

vqc_status vqc_renderer_create_beside(const vqc_renderer *first, vqc_ops *ops, vqc_renderer **renderer_out,
                                      vqc_error *error)
{
    VQC_TRY(vqc_memory_allocate(1, sizeof **renderer_out, "a renderer", renderer_out, error));
    (*renderer_out)->study = first->study;
    (*renderer_out)->ops = ops;
    (*renderer_out)->precision = first->precision;
    (*renderer_out)->models = first->models;
    (*renderer_out)->first = first;
    return VQC_OK;
}

/* Lets go of the networks and buffers of the render under way. */
static void networks_release(vqc_renderer *renderer)
{
    vqc_guidance_destroy(renderer->guidance);
    renderer->guidance = NULL;
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
    vqc_render_mask_release(&renderer->mask);
    free(renderer->state);
    vqc_step_message_release(&renderer->message);
    if (renderer->first == NULL)
        models_close(renderer->models);
    free(renderer);
}

const vqc_generator *vqc_renderer_generator(const vqc_renderer *renderer)
{
    return &renderer->models->opened.generator;
}

const vqc_clip *vqc_renderer_clip(const vqc_renderer *renderer, size_t index)
{
    return renderer->models->opened.clips[index];
}

vqc_status vqc_renderer_extents(const vqc_renderer *renderer, const vqc_render *render, vqc_render_extents *shape_out,
                                vqc_error *error)
{
    const vqc_generator *generator = &renderer->models->opened.generator;
    const vqc_parametrisation_type *parametrisation = vqc_parametrisation_of(render->settings);
    int64_t rows;
    int64_t columns;
    VQC_TRY(vqc_study_models_cells(&renderer->models->opened, render, &rows, &columns, error));
    *shape_out = (vqc_render_extents){
        .height = rows * generator->factor,
        .width = columns * generator->factor,
        .rows = rows,
        .columns = columns,
        .latent_width = parametrisation->width(generator),
        .codes = parametrisation->has_codes(generator) ? rows * columns : 0,
        .steps = render->settings->steps,
        .terms = (int64_t)(renderer->study->perceptor_count * render->prompt->target_count) + 2 +
                 vqc_picture_regularisers_count(render->settings),
        .picture_terms = vqc_picture_regularisers_used(render->settings),
        .state_tensors = vqc_latent_optimiser_tensors(render->settings),
        .relevance = render->settings->mask.text != NULL,
    };
    return VQC_OK;
}

static size_t latent_count(const vqc_renderer *renderer)
{
    const vqc_render_extents *shape = &renderer->shape;
    return (size_t)(shape->rows * shape->columns * shape->latent_width);
}

static size_t state_count(const vqc_renderer *renderer)
{
    return (size_t)renderer->shape.state_tensors * latent_count(renderer);
}

static size_t picture_count(const vqc_renderer *renderer)
{
    return (size_t)(3 * renderer->shape.height * renderer->shape.width);
}

/* Whether the networks at hand serve the render, too. */
static bool networks_fit(const vqc_renderer *renderer, const vqc_render *render)
{
    const vqc_network_key key =
        vqc_network_key_of(renderer->study, render->settings, renderer->models->opened.generator.factor);
    return renderer->guidance != NULL && vqc_network_key_equal(vqc_guidance_key(renderer->guidance), &key);
}

/* New networks; with the parameters of the first renderer's, where those are for renders like this one. */
static vqc_status guidance_create(vqc_renderer *renderer, vqc_error *error)
{
    const vqc_renderer *first = renderer->first;
    const vqc_render_models models =
        vqc_study_models_on(&renderer->models->opened, renderer->ops, renderer->precision);
    if (first != NULL && vqc_ops_shares_parameters(renderer->ops) && networks_fit(first, renderer->render))
        return vqc_guidance_create_beside(first->guidance, renderer->ops, renderer->render, &renderer->guidance,
                                          error);
    return vqc_guidance_create(&models, renderer->render, renderer->shape.rows, renderer->shape.columns,
                               &renderer->guidance, error);
}

/* Makes the networks for the render under way; after a failure there are none. */
static vqc_status networks_create(vqc_renderer *renderer, vqc_error *error)
{
    renderer->costs = (render_costs){0};
    vqc_status status = guidance_create(renderer, error);
    if (status != VQC_OK)
        networks_release(renderer);
    return status;
}

/* Points the guidance at the render's targets. */
static vqc_status guidance_turn(vqc_renderer *renderer, vqc_error *error)
{
    const vqc_render *render = renderer->render;
    vqc_guidance_aim aim = {.settings = render->settings,
                            .seed = render->seed,
                            .target_count = (int64_t)render->prompt->target_count,
                            .weights = renderer->weights,
                            .stops = renderer->stops};
    for (size_t i = 0; i < renderer->study->perceptor_count; i++)
        aim.targets[i] = vqc_targets_of(&renderer->models->targets[i], render->prompt);
    return vqc_guidance_turn(renderer->guidance, &aim, error);
}

static int members(const vqc_renderer *renderer)
{
    return renderer->team == NULL ? 1 : vqc_team_size(renderer->team);
}

static int own_member(const vqc_renderer *renderer)
{
    return renderer->team == NULL ? 0 : vqc_team_member(renderer->team);
}

/* What each target counts in the step under way: weight of target and perceptor over the crops. */
static void weights_fill(vqc_renderer *renderer)
{
    const vqc_prompt *prompt = renderer->render->prompt;
    const int64_t step = renderer->steps_done;
    for (size_t i = 0; i < renderer->study->perceptor_count; i++) {
        const vqc_perceptor_source *source = &renderer->study->perceptors[i];
        double share = vqc_curve_at(&source->weight_curve, source->weight, step) /
                       (double)vqc_settings_crops(renderer->render->settings, source->crops, step);
        for (size_t t = 0; t < prompt->target_count; t++)
            renderer->weights[i * prompt->target_count + t] =
                vqc_target_weight(&prompt->targets[t], renderer->render->settings, step) * share;
    }
    for (size_t t = 0; t < prompt->target_count; t++)
        renderer->stops[t] = prompt->targets[t].stop;
}

/* Shares the groups out anew, by what they have cost so far. */
static void share_assign(vqc_renderer *renderer)
{
    vqc_share_work *work = &renderer->work;
    for (size_t i = 0; i < work->perceptors; i++) {
        double side = (double)renderer->models->opened.clips[i]->vision.side;
        int64_t groups = renderer->costs.groups[i];
        work->seconds[i] = side * side;
        if (groups > 0)
            work->seconds[i] = (double)renderer->costs.nanoseconds[i] * 1e-9 / (double)groups;
    }
    (void)vqc_share_assign(work, members(renderer), renderer->load, renderer->owner);
}

static bool weights_change(const vqc_renderer *renderer)
{
    const vqc_prompt *prompt = renderer->render->prompt;
    if (renderer->render->settings->crop_count_curve.count > 0)
        return true;
    for (size_t i = 0; i < renderer->study->perceptor_count; i++)
        if (renderer->study->perceptors[i].weight_curve.count > 0)
            return true;
    for (size_t t = 0; t < prompt->target_count; t++)
        if (vqc_target_changes(&prompt->targets[t]))
            return true;
    return false;
}

/* Brings the weights of the step under way to the device, where they are others than the step before had. */
static vqc_status weights_update(vqc_renderer *renderer, vqc_error *error)
{
    if (!weights_change(renderer))
        return VQC_OK;
    weights_fill(renderer);
    return vqc_guidance_weigh(renderer->guidance, renderer->weights, error);
}

static vqc_status weights_create(vqc_renderer *renderer, vqc_error *error)
{
    size_t targets = renderer->render->prompt->target_count;
    size_t perceptors = renderer->study->perceptor_count;
    VQC_TRY(vqc_memory_allocate(perceptors * targets, sizeof(double), "weights", &renderer->weights, error));
    VQC_TRY(vqc_memory_allocate(targets, sizeof(double), "weights", &renderer->stops, error));
    weights_fill(renderer);
    return VQC_OK;
}

/* Makes what depends on the render's groups. */
static vqc_status share_create(vqc_renderer *renderer, vqc_error *error)
{
    size_t perceptors = renderer->study->perceptor_count;
    renderer->work.perceptors = perceptors;
    for (size_t i = 0; i < perceptors; i++)
        renderer->work.groups[i] = vqc_guidance_groups(renderer->guidance, i);
    size_t groups = (size_t)vqc_share_groups(&renderer->work);
    const vqc_step_message_extents shape = {picture_count(renderer), groups, renderer->render->prompt->target_count,
                                            perceptors};
    VQC_TRY(vqc_memory_allocate(groups, sizeof(int), "crop groups", &renderer->owner, error));
    VQC_TRY(vqc_memory_allocate(1, sizeof(double), "a team's load", &renderer->load, error));
    VQC_TRY(vqc_step_message_extents_set(&renderer->message, &shape, error));
    share_assign(renderer);
    return VQC_OK;
}

/* The render's first latent. */
static vqc_status latent_start(vqc_renderer *renderer, vqc_error *error)
{
    free(renderer->state);
    renderer->state = NULL;
    VQC_TRY(vqc_memory_allocate(state_count(renderer), sizeof *renderer->state, "a latent", &renderer->state, error));
    float *z = renderer->state;
    VQC_TRY(vqc_init_latent(&renderer->models->opened.generator, renderer->ops, renderer->precision, renderer->render,
                            renderer->archive, renderer->shape.rows, renderer->shape.columns, z, error));
    return vqc_guidance_reset(renderer->guidance, z, error);
}

/* The picture that the render starts from: the given one, or that of the first latent. */
static vqc_status start_picture(vqc_renderer *renderer, float *picture, vqc_error *error)
{
    const vqc_render_extents *shape = &renderer->shape;
    int32_t *codes;
    if (vqc_init_is_encoded(renderer->render->settings))
        return vqc_init_picture(&renderer->models->opened.generator, renderer->render, shape->rows, shape->columns,
                                picture, error);
    VQC_TRY(vqc_memory_allocate((size_t)(shape->rows * shape->columns), sizeof *codes, "codes", &codes, error));
    vqc_status status = vqc_guidance_picture(renderer->guidance, picture, codes, error);
    free(codes);
    return status;
}

/* Shows the picture that the render starts from to the regularisers that look at it. */
static vqc_status start_show(vqc_renderer *renderer, vqc_error *error)
{
    float *start;
    if (!vqc_picture_regularisers_beside_start(renderer->render->settings))
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate(picture_count(renderer), sizeof *start, "a picture", &start, error));
    vqc_status status = start_picture(renderer, start, error);
    if (status == VQC_OK)
        status = vqc_guidance_start_picture(renderer->guidance, start, error);
    free(start);
    return status;
}

static vqc_status mask_create(vqc_renderer *renderer, vqc_error *error)
{
    const vqc_render_models models =
        vqc_study_models_on(&renderer->models->opened, renderer->ops, renderer->precision);
    float *start = NULL;
    vqc_status status = VQC_OK;
    if (vqc_render_mask_needs_start(&renderer->render->settings->mask)) {
        VQC_TRY(vqc_memory_allocate(picture_count(renderer), sizeof *start, "a picture", &start, error));
        status = start_picture(renderer, start, error);
    }
    if (status == VQC_OK)
        status = vqc_render_mask_create(&models, renderer->render, renderer->shape.rows, renderer->shape.columns,
                                        start, &renderer->mask, error);
    free(start);
    return status;
}

/* Where the first latent may change. */
static vqc_status mask_start(vqc_renderer *renderer, vqc_error *error)
{
    vqc_render_mask_release(&renderer->mask);
    VQC_TRY(mask_create(renderer, error));
    return renderer->mask.cells == NULL ? VQC_OK : vqc_guidance_mask(renderer->guidance, renderer->mask.cells, error);
}

void vqc_renderer_starts_from(vqc_renderer *renderer, const vqc_archive *archive)
{
    renderer->archive = archive;
}

vqc_status vqc_renderer_start(vqc_renderer *renderer, const vqc_render *render, vqc_error *error)
{
    vqc_render_extents shape;
    VQC_TRY(vqc_renderer_extents(renderer, render, &shape, error));
    VQC_TRY(vqc_motion_check(&renderer->models->opened.generator, render, shape.rows, shape.columns, error));
    bool fit = networks_fit(renderer, render);
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
    share_release(renderer);
    VQC_TRY(weights_create(renderer, error));
    VQC_TRY(guidance_turn(renderer, error));
    VQC_TRY(share_create(renderer, error));
    VQC_TRY(latent_start(renderer, error));
    VQC_TRY(start_show(renderer, error));
    VQC_TRY(mask_start(renderer, error));
    return vqc_render_inputs_check(renderer->study, render, error); /* its files have been read now */
}

/* The leader's steps, costs and optimiser's state to everybody. */
static vqc_status state_broadcast(vqc_renderer *renderer, vqc_error *error)
{
    size_t size = state_count(renderer) * sizeof *renderer->state;
    VQC_TRY(vqc_team_broadcast(renderer->team, &renderer->steps_done, sizeof renderer->steps_done, 0, error));
    VQC_TRY(vqc_team_broadcast(renderer->team, &renderer->costs, sizeof renderer->costs, 0, error));
    VQC_TRY(vqc_renderer_save(renderer, renderer->state, error));
    VQC_TRY(vqc_team_broadcast(renderer->team, renderer->state, size, 0, error));
    return vqc_renderer_restore(renderer, renderer->state, renderer->steps_done, error);
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

/* ---- The parts of a step ---- */

/* Queues this member's groups of one perceptor, whose groups begin at `first` among all. */
static vqc_status perceptor_look(vqc_renderer *renderer, size_t perceptor, int64_t first, vqc_error *error)
{
    for (int64_t group = 0; group < renderer->work.groups[perceptor]; group++) {
        if (renderer->owner[first + group] != own_member(renderer))
            continue;
        VQC_TRY(vqc_guidance_look(renderer->guidance, renderer->steps_done, perceptor, group, error));
        if (renderer->team != NULL)
            VQC_TRY(vqc_team_progress(renderer->team, error));
    }
    return VQC_OK;
}

/* Queues this member's part of the step: decodes the latent and looks at its share of the groups. */
static vqc_status share_look(vqc_renderer *renderer, vqc_error *error)
{
    int64_t first = 0;
    VQC_TRY(vqc_renderer_failure(renderer, error));
    VQC_TRY(vqc_guidance_decode(renderer->guidance, error));
    for (size_t i = 0; i < renderer->work.perceptors; i++) {
        VQC_TRY(perceptor_look(renderer, i, first, error));
        first += renderer->work.groups[i];
    }
    return vqc_guidance_gather(renderer->guidance, error);
}

/* What this member has computed of one perceptor, into the message. */
static void perceptor_tell(vqc_renderer *renderer, size_t perceptor, int64_t first)
{
    vqc_step_message *message = &renderer->message;
    size_t targets = renderer->render->prompt->target_count;
    for (int64_t group = 0; group < renderer->work.groups[perceptor]; group++) {
        if (renderer->owner[first + group] != own_member(renderer))
            continue;
        memcpy(message->distances + (size_t)(first + group) * targets,
               vqc_guidance_distances(renderer->guidance, perceptor, group), targets * sizeof(double));
        message->groups[perceptor]++;
    }
    message->nanoseconds[perceptor] = (int64_t)(renderer->seconds.groups[perceptor] * 1e9);
}

/* Waits for this member's part of the step and writes it into the message. In a team the device goes on with the sum
 * and the update meanwhile. */
static vqc_status share_await(vqc_renderer *renderer, vqc_error *error)
{
    int64_t first = 0;
    if (members(renderer) > 1)
        VQC_TRY(vqc_team_wait_event(renderer->team, vqc_guidance_gathered(renderer->guidance), error));
    else
        VQC_TRY(vqc_ops_wait(renderer->ops, error));
    VQC_TRY(vqc_guidance_look_seconds(renderer->guidance, &renderer->seconds, error));
    for (size_t i = 0; i < renderer->work.perceptors; i++) {
        perceptor_tell(renderer, i, first);
        first += renderer->work.groups[i];
    }
    renderer->message.control[VQC_CONTROL_MARKS] = vqc_guidance_results_of(renderer->guidance)->marks;
    return VQC_OK;
}

/* Sums the message over the team. `status` is what came of this member's part; every member gets the team's. */
static vqc_status message_exchange(vqc_renderer *renderer, vqc_status status, vqc_error *error)
{
    vqc_step_message *message = &renderer->message;
    int64_t *control = message->control;
    uint64_t digest = renderer->latent.digest;
    control[VQC_CONTROL_FAILED] = status != VQC_OK;
    control[VQC_CONTROL_STOP] = renderer->notice.stop != 0;
    control[VQC_CONTROL_NEWCOMERS] = own_member(renderer) == 0 ? renderer->notice.newcomers : 0;
    control[VQC_CONTROL_LATENT] = (int64_t)digest;
    if (members(renderer) == 1)
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

/* weight · mean((z − towards)²) of the latent before the step. */
static double l2_loss(const vqc_renderer *renderer)
{
    double weight = vqc_regulariser_weight(renderer->render->settings, renderer->steps_done);
    return weight * renderer->latent.squares / (double)latent_count(renderer);
}

/* Where the step under way is, for what is said if it fails. */
static vqc_step_place step_place(const vqc_renderer *renderer)
{
    return (vqc_step_place){.study = renderer->study,
                            .render = renderer->render,
                            .steps_done = renderer->steps_done,
                            .mean_square = renderer->latent.squares / (double)latent_count(renderer)};
}

/* The loss terms, from what all members know. */
static vqc_status losses_complete(vqc_renderer *renderer, double *losses, vqc_error *error)
{
    int64_t terms = renderer->shape.terms;
    size_t distances = renderer->work.perceptors * renderer->render->prompt->target_count;
    const vqc_step_place place = step_place(renderer);
    losses_collect(renderer, losses);
    losses[distances] = l2_loss(renderer);
    vqc_guidance_picture_losses(renderer->guidance, renderer->steps_done, losses + distances + 1);
    losses[terms - 1] = 0.0;
    for (int64_t i = 0; i < terms - 1; i++)
        losses[terms - 1] += losses[i];
    if (!isfinite(losses[terms - 1]))
        return vqc_step_failure_loss(&place, error);
    return renderer->message.control[VQC_CONTROL_MARKS] == 0 ? VQC_OK : vqc_step_failure_gradient(&place, error);
}

/* Queues the way from the summed gradients to the next latent. */
static vqc_status latent_update(vqc_renderer *renderer, vqc_error *error)
{
    double weight = vqc_regulariser_weight(renderer->render->settings, renderer->steps_done);
    double slope = 2.0 * weight / (double)latent_count(renderer);
    return vqc_guidance_update(renderer->guidance, renderer->steps_done, slope, error);
}

static vqc_status latent_check(const vqc_renderer *renderer, vqc_error *error)
{
    if (vqc_guidance_results_of(renderer->guidance)->latent.not_finite == 0)
        return VQC_OK;
    const vqc_step_place place = step_place(renderer);
    return vqc_step_failure_latent(&place, error);
}

/* Adds the other members' gradients. */
static vqc_status gradients_sum(vqc_renderer *renderer, vqc_error *error)
{
    if (members(renderer) == 1)
        return VQC_OK;
    return vqc_team_sum_device(renderer->team, renderer->ops, vqc_guidance_gradient_sum(renderer->guidance),
                               picture_count(renderer), error);
}

/* Queues all of the step. A member that fails comes to the sum nevertheless, as the others wait for it there and hear
 * of it later, by the message. */
static vqc_status step_queue(vqc_renderer *renderer, vqc_status status, vqc_error *error)
{
    vqc_error unheard = {0};
    if (status == VQC_OK)
        status = weights_update(renderer, error);
    if (status == VQC_OK)
        status = share_look(renderer, error);
    vqc_status summed = gradients_sum(renderer, status == VQC_OK ? error : &unheard);
    if (status != VQC_OK || summed != VQC_OK)
        return status != VQC_OK ? status : summed;
    return latent_update(renderer, error);
}

/* Waits until the device has come to the next latent, and looks at it. */
static vqc_status update_await(vqc_renderer *renderer, vqc_error *error)
{
    if (members(renderer) > 1)
        VQC_TRY(vqc_team_wait_device(renderer->team, renderer->ops, error));
    VQC_TRY(vqc_guidance_update_seconds(renderer->guidance, &renderer->seconds, error));
    return latent_check(renderer, error);
}

/* Moves the picture, where that is due before the step. */
static vqc_status picture_move(vqc_renderer *renderer, vqc_error *error)
{
    const vqc_settings *settings = renderer->render->settings;
    const vqc_render_models models =
        vqc_study_models_on(&renderer->models->opened, renderer->ops, renderer->precision);
    if (!vqc_settings_motion_due(settings, renderer->steps_done))
        return VQC_OK;
    return vqc_motion_make(&models, renderer->guidance, settings, renderer->steps_done, renderer->shape.rows,
                           renderer->shape.columns, renderer->state, error);
}

void vqc_renderer_step_begin(vqc_renderer *renderer)
{
    renderer->begun.status = VQC_OK;
    const vqc_status moved = picture_move(renderer, &renderer->begun);
    renderer->latent = vqc_guidance_results_of(renderer->guidance)->latent;
    vqc_step_message_clear(&renderer->message);
    if (step_queue(renderer, moved, &renderer->begun) == VQC_OK && renderer->steps_done + 1 < renderer->shape.steps)
        vqc_guidance_draw(renderer->guidance, renderer->steps_done + 1);
}

/* What came of the queued part. */
static vqc_status begun_await(vqc_renderer *renderer, vqc_error *error)
{
    vqc_status status = share_await(renderer, error);
    if (renderer->begun.status == VQC_OK)
        return status;
    *error = renderer->begun;
    return error->status;
}

vqc_status vqc_renderer_step_end(vqc_renderer *renderer, double *losses, vqc_error *error)
{
    vqc_error failure = {0};
    vqc_status told = message_exchange(renderer, begun_await(renderer, error), error);
    vqc_status status = update_await(renderer, &failure);
    VQC_TRY(told);
    renderer->notice.stop = renderer->message.control[VQC_CONTROL_STOP];
    renderer->notice.newcomers = renderer->message.control[VQC_CONTROL_NEWCOMERS];
    VQC_TRY(losses_complete(renderer, losses, error));
    costs_add(renderer);
    if (status != VQC_OK)
        vqc_renderer_fail(renderer, &failure);
    renderer->steps_done++;
    return members(renderer) == 1 ? vqc_renderer_failure(renderer, error) : VQC_OK;
}

vqc_status vqc_renderer_step(vqc_renderer *renderer, double *losses, vqc_error *error)
{
    vqc_renderer_step_begin(renderer);
    return vqc_renderer_step_end(renderer, losses, error);
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

vqc_guidance_memory vqc_renderer_device_memory(const vqc_renderer *renderer)
{
    return vqc_guidance_memory_of(renderer->guidance);
}

int64_t vqc_renderer_steps_done(const vqc_renderer *renderer)
{
    return renderer->steps_done;
}

vqc_status vqc_renderer_latent(vqc_renderer *renderer, float *z, vqc_error *error)
{
    size_t tensor = (size_t)vqc_latent_optimiser_result_tensor(renderer->render->settings);
    VQC_TRY(vqc_guidance_save(renderer->guidance, renderer->state, error));
    memcpy(z, renderer->state + tensor * latent_count(renderer), latent_count(renderer) * sizeof *z);
    return VQC_OK;
}

vqc_status vqc_renderer_picture(vqc_renderer *renderer, float *picture, int32_t *codes, vqc_error *error)
{
    VQC_TRY(vqc_guidance_picture(renderer->guidance, picture, codes, error));
    vqc_render_mask_apply(&renderer->mask, picture);
    return VQC_OK;
}

const vqc_render_mask *vqc_renderer_mask(const vqc_renderer *renderer)
{
    return &renderer->mask;
}

vqc_status vqc_renderer_save(const vqc_renderer *renderer, float *state, vqc_error *error)
{
    return vqc_guidance_save(renderer->guidance, state, error);
}

vqc_status vqc_renderer_restore(vqc_renderer *renderer, const float *state, int64_t steps_done, vqc_error *error)
{
    renderer->steps_done = steps_done;
    return vqc_guidance_restore(renderer->guidance, state, error);
}

vqc_status vqc_renderer_visit(vqc_renderer *renderer, const float *z, vqc_error *error)
{
    return vqc_guidance_reset(renderer->guidance, z, error);
}
