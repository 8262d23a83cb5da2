#include "forecast/measurement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/median.h"
#include "base/memory.h"
#include "render/guidance.h"
#include "render/init.h"
#include "render/latent_optimiser.h"
#include "render/motion.h"
#include "render/parametrisation.h"
#include "render/study_models.h"
#include "weights/parts.h"

enum { RUNS = 5, PROMPTS = 4, LANE_WARM_UPS = 2 };

/* The study's models, and what they are measured on. */
typedef struct models {
    const vqc_study *study;
    vqc_study_models opened;
    vqc_ops *const *queues; /* (lanes): the first also for all that is not of lanes */
    int lanes;
    vqc_dtype precision;
} models;

/* The guidance of one shape. */
typedef struct shape_work {
    const models *models;
    const vqc_render *render;
    int64_t rows, columns;
    int lanes;                                     /* that have started */
    vqc_guidance *guidances[VQC_LAUNCH_MAX_LANES]; /* (lanes) */
    vqc_guidance_aim aim;                          /* of all lanes */
    float *z;                                      /* (rows, columns, latent width) */
    float *picture;                                /* (height, width, 3) */
    int32_t *codes;                                /* (rows, columns) */
    float *targets;                                /* (targets, the widest embedding) */
    double *weights;                               /* (perceptors, targets), and behind them the stops (targets) */
} shape_work;

/* What one run took. */
typedef struct step_seconds {
    double decode[RUNS];
    double picture[RUNS];
    double group[VQC_STUDY_MAX_PERCEPTORS][RUNS];
} step_seconds;

/* ---- Models ---- */

/* Reads a model's file once, as every rank does for its digest, and counts its bytes. */
static vqc_status file_read(const char *path, vqc_cost_table *table, vqc_error *error)
{
    char digest[VQC_DIGEST_TEXT_SIZE];
    struct stat information;
    vqc_weights_parts parts;
    VQC_TRY(vqc_weights_parts_find(path, &parts, error));
    for (size_t i = 0; i < parts.count; i++)
        if (stat(parts.files[i], &information) == 0)
            table->model_bytes += (uint64_t)information.st_size;
    vqc_weights_parts_release(&parts);
    return vqc_weights_digest(path, digest, error);
}

static vqc_status models_open(models *opened, vqc_cost_table *table, vqc_error *error)
{
    const vqc_study *study = opened->study;
    double started = vqc_clock_seconds();
    VQC_TRY(file_read(study->generator.checkpoint, table, error));
    for (size_t i = 0; i < study->perceptor_count; i++)
        VQC_TRY(file_read(study->perceptors[i].checkpoint, table, error));
    VQC_TRY(vqc_study_models_open(study, &opened->opened, error));
    for (size_t i = 0; i < study->perceptor_count; i++)
        table->embedding_width += (uint64_t)opened->opened.clips[i]->embed_width;
    table->perceptors = study->perceptor_count;
    table->open = vqc_clock_seconds() - started;
    return VQC_OK;
}

/* Seconds for the targets of the study's first `count` prompts. */
static vqc_status prompts_time(const models *opened, size_t count, double *seconds_out, vqc_error *error)
{
    const vqc_prompt_range range = {opened->study->prompts, count};
    vqc_targets targets[VQC_STUDY_MAX_PERCEPTORS] = {0};
    double started = vqc_clock_seconds();
    vqc_status status =
        vqc_study_models_targets(&opened->opened, range, opened->queues[0], opened->precision, targets, error);
    for (size_t i = 0; i < VQC_STUDY_MAX_PERCEPTORS; i++)
        vqc_targets_release(&targets[i]);
    *seconds_out = vqc_clock_seconds() - started;
    return status;
}

/* What the targets take: a part for the text towers, which goes to `open`, and a part for each prompt. */
static vqc_status prompts_measure(const models *opened, vqc_cost_table *table, vqc_error *error)
{
    double one;
    double several;
    size_t count = opened->study->prompt_count < PROMPTS ? opened->study->prompt_count : PROMPTS;
    VQC_TRY(prompts_time(opened, 1, &one, error));
    table->prompt = 0.0;
    if (count > 1) {
        VQC_TRY(prompts_time(opened, count, &several, error));
        table->prompt = fmax(0.0, (several - one) / (double)(count - 1));
    }
    table->open += fmax(0.0, one - table->prompt);
    return VQC_OK;
}

/* ---- One shape ---- */

static void work_release(shape_work *work)
{
    for (int lane = 0; lane < VQC_LAUNCH_MAX_LANES; lane++)
        vqc_guidance_destroy(work->guidances[lane]);
    free(work->z);
    free(work->picture);
    free(work->codes);
    free(work->targets);
    free(work->weights);
}

static vqc_render_models parts_of(const models *opened, int lane)
{
    return vqc_study_models_on(&opened->opened, opened->queues[lane], opened->precision);
}

static vqc_status guidance_make(shape_work *work, int lane, vqc_error *error)
{
    vqc_ops *queue = work->models->queues[lane];
    const vqc_render_models parts = parts_of(work->models, lane);
    if (lane != 0 && vqc_ops_shares_parameters(queue))
        return vqc_guidance_create_beside(work->guidances[0], queue, work->render, &work->guidances[lane], error);
    return vqc_guidance_create(&parts, work->render, work->rows, work->columns, &work->guidances[lane], error);
}

static vqc_status buffers_make(shape_work *work, const vqc_network_cost *shape, vqc_error *error)
{
    VQC_TRY(vqc_memory_allocate((size_t)shape->latent_size, sizeof(float), "a latent", &work->z, error));
    VQC_TRY(vqc_memory_allocate((size_t)(3 * shape->pixels), sizeof(float), "a picture", &work->picture, error));
    return vqc_memory_allocate((size_t)(work->rows * work->columns), sizeof(int32_t), "codes", &work->codes, error);
}

/* Makes targets for the perceptors to look for; which ones does not change the time. */
static vqc_status aim_make(shape_work *work, vqc_error *error)
{
    const models *opened = work->models;
    size_t perceptors = opened->study->perceptor_count;
    size_t targets = work->render->prompt->target_count;
    int64_t widest = 0;
    for (size_t i = 0; i < perceptors; i++)
        widest = opened->opened.clips[i]->embed_width > widest ? opened->opened.clips[i]->embed_width : widest;
    VQC_TRY(vqc_memory_allocate(targets * (size_t)widest, sizeof(float), "targets", &work->targets, error));
    VQC_TRY(vqc_memory_allocate((perceptors + 1) * targets, sizeof(double), "targets", &work->weights, error));
    work->aim = (vqc_guidance_aim){.settings = work->render->settings,
                                   .seed = work->render->seed,
                                   .target_count = (int64_t)targets,
                                   .weights = work->weights,
                                   .stops = work->weights + perceptors * targets};
    for (size_t i = 0; i < targets * (size_t)widest; i++)
        work->targets[i] = (float)(i % 7) - 3.0F;
    for (size_t i = 0; i < (perceptors + 1) * targets; i++)
        work->weights[i] = i < perceptors * targets
                               ? 1.0 / (double)vqc_settings_most_crops(work->aim.settings,
                                                                       opened->study->perceptors[i / targets].crops)
                               : -INFINITY;
    for (size_t i = 0; i < perceptors; i++)
        work->aim.targets[i] = work->targets;
    return VQC_OK;
}

/* Turns the lane to the render. */
static vqc_status lane_turn(shape_work *work, int lane, vqc_error *error)
{
    VQC_TRY(vqc_guidance_turn(work->guidances[lane], &work->aim, error));
    VQC_TRY(vqc_guidance_reset(work->guidances[lane], work->z, error));
    work->lanes = lane + 1;
    return VQC_OK;
}

/* A step with one group of each perceptor, with the time of its parts. */
static vqc_status step_time(shape_work *work, int64_t step, step_seconds *seconds, int run, vqc_error *error)
{
    size_t perceptors = work->models->study->perceptor_count;
    vqc_guidance *guidance = work->guidances[0];
    vqc_step_seconds parts;
    double started = vqc_clock_seconds();
    VQC_TRY(vqc_guidance_decode(guidance, error));
    for (size_t i = 0; i < perceptors; i++)
        VQC_TRY(vqc_guidance_look(guidance, step, i, 0, error));
    VQC_TRY(vqc_guidance_gather(guidance, error));
    VQC_TRY(vqc_guidance_update(guidance, step, 0.0, error));
    vqc_guidance_draw(guidance, step + 1);
    VQC_TRY(vqc_ops_wait(work->models->queues[0], error));
    seconds->decode[run] = vqc_clock_seconds() - started;
    VQC_TRY(vqc_guidance_look_seconds(guidance, &parts, error));
    for (size_t i = 0; i < perceptors; i++) {
        seconds->group[i][run] = parts.groups[i];
        seconds->decode[run] -= parts.groups[i];
    }
    started = vqc_clock_seconds();
    VQC_TRY(vqc_guidance_picture(guidance, work->picture, work->codes, error));
    seconds->picture[run] = vqc_clock_seconds() - started;
    return VQC_OK;
}

static vqc_status steps_measure(shape_work *work, vqc_network_cost *shape, vqc_error *error)
{
    step_seconds seconds;
    VQC_TRY(step_time(work, 0, &seconds, 0, error)); /* warms up */
    for (int run = 0; run < RUNS; run++)
        VQC_TRY(step_time(work, run + 1, &seconds, run, error));
    shape->decode = vqc_median(seconds.decode, RUNS);
    shape->picture = vqc_median(seconds.picture, RUNS);
    for (size_t i = 0; i < work->models->study->perceptor_count; i++)
        shape->group_seconds[i] = vqc_median(seconds.group[i], RUNS);
    return VQC_OK;
}

/* ---- Lanes ---- */

/* Queues a whole step of the lane, as vqc_renderer_step_begin does. */
static vqc_status lane_phase_begin(const shape_work *work, int lane, int64_t step, vqc_error *error)
{
    vqc_guidance *guidance = work->guidances[lane];
    VQC_TRY(vqc_guidance_decode(guidance, error));
    for (size_t i = 0; i < work->models->study->perceptor_count; i++)
        for (int64_t group = 0; group < vqc_guidance_groups(guidance, i); group++)
            VQC_TRY(vqc_guidance_look(guidance, step, i, group, error));
    VQC_TRY(vqc_guidance_gather(guidance, error));
    VQC_TRY(vqc_guidance_update(guidance, step, 0.0, error));
    vqc_guidance_draw(guidance, step + 1);
    return VQC_OK;
}

/* One step of every lane. */
static vqc_status round_time(const shape_work *work, int64_t step, double *seconds_out, vqc_error *error)
{
    double started = vqc_clock_seconds();
    for (int lane = 0; lane < work->lanes; lane++)
        VQC_TRY(lane_phase_begin(work, lane, step, error));
    for (int lane = 0; lane < work->lanes; lane++)
        VQC_TRY(vqc_ops_wait(work->models->queues[lane], error));
    *seconds_out = vqc_clock_seconds() - started;
    return VQC_OK;
}

/* Adds what a step takes in as many lanes as there are. */
static vqc_status rounds_measure(const shape_work *work, vqc_network_cost *shape, vqc_error *error)
{
    double seconds[RUNS];
    double warm_up;
    for (int run = 0; run < LANE_WARM_UPS; run++)
        VQC_TRY(round_time(work, run, &warm_up, error));
    for (int run = 0; run < RUNS; run++)
        VQC_TRY(round_time(work, LANE_WARM_UPS + run, &seconds[run], error));
    shape->lane_phases[shape->lane_phase_count++] = (vqc_lane_phase){work->lanes, vqc_median(seconds, RUNS)};
    return VQC_OK;
}

/* Starts one more lane, whose networks take so many seconds; false if that cannot be, which closes it in a launch. */
static bool lane_add(shape_work *work, double *seconds_out)
{
    vqc_error unheard = {0};
    int lane = work->lanes;
    double started = vqc_clock_seconds();
    if (lane == work->models->lanes || guidance_make(work, lane, &unheard) != VQC_OK)
        return false;
    *seconds_out = vqc_clock_seconds() - started;
    return lane_turn(work, lane, &unheard) == VQC_OK;
}

static vqc_status lanes_measure(shape_work *work, vqc_network_cost *shape, vqc_error *error)
{
    shape->beside = shape->make;
    if (work->models->lanes == 1)
        return VQC_OK;
    VQC_TRY(rounds_measure(work, shape, error));
    if (!lane_add(work, &shape->beside))
        return VQC_OK;
    shape->shared = vqc_guidance_memory_of(work->guidances[1]).parameters < shape->parameter_bytes;
    VQC_TRY(rounds_measure(work, shape, error));
    double further;
    while (lane_add(work, &further)) {
    }
    return work->lanes > 2 ? rounds_measure(work, shape, error) : VQC_OK;
}

/* ---- All of a shape ---- */

static vqc_status encoder_measure(const shape_work *work, vqc_network_cost *shape, vqc_error *error)
{
    size_t bytes;
    const vqc_render_models parts = parts_of(work->models, 0);
    VQC_TRY(vqc_render_memory_encoder(&parts, work->render, work->rows, work->columns, &bytes, error));
    shape->encoder_bytes = bytes;
    return VQC_OK;
}

/* Moves the picture once, as it is before the first step that it is moved at. */
static vqc_status motion_measure(const shape_work *work, vqc_network_cost *shape, vqc_error *error)
{
    const vqc_settings *settings = work->render->settings;
    const vqc_render_models parts = parts_of(work->models, 0);
    float *state;
    if (settings->motion_every == 0)
        return VQC_OK;
    VQC_TRY(vqc_motion_check(parts.generator, work->render, work->rows, work->columns, error));
    VQC_TRY(vqc_memory_allocate((size_t)(vqc_latent_optimiser_tensors(settings) * shape->latent_size), sizeof *state,
                                "a latent", &state, error));
    const double started = vqc_clock_seconds();
    vqc_status status = vqc_motion_make(&parts, work->guidances[0], settings, settings->motion_every, work->rows,
                                        work->columns, state, error);
    shape->move = vqc_clock_seconds() - started;
    free(state);
    return status;
}

/* The first latent. Renders that start from others of the study begin anywhere: those are not made. */
static vqc_status start_measure(shape_work *work, vqc_network_cost *shape, vqc_error *error)
{
    const models *opened = work->models;
    vqc_settings settings;
    vqc_render render = *work->render;
    const double started = vqc_clock_seconds();
    memcpy(&settings, work->render->settings, sizeof settings);
    if (settings.init.kind == VQC_INIT_RENDER)
        settings.init.kind = VQC_INIT_RANDOM;
    render.settings = &settings;
    VQC_TRY(vqc_init_latent(&opened->opened.generator, opened->queues[0], opened->precision, &render, NULL,
                            work->rows, work->columns, work->z, error));
    shape->start = vqc_clock_seconds() - started;
    return VQC_OK;
}

static vqc_status work_measure(shape_work *work, vqc_network_cost *shape, vqc_error *error)
{
    const double started = vqc_clock_seconds();
    VQC_TRY(guidance_make(work, 0, error));
    shape->make = vqc_clock_seconds() - started;
    VQC_TRY(buffers_make(work, shape, error));
    VQC_TRY(start_measure(work, shape, error));
    VQC_TRY(aim_make(work, error));
    VQC_TRY(lane_turn(work, 0, error));
    VQC_TRY(steps_measure(work, shape, error));
    VQC_TRY(motion_measure(work, shape, error));
    vqc_guidance_memory memory = vqc_guidance_memory_of(work->guidances[0]);
    shape->activation_bytes = memory.activations;
    shape->parameter_bytes = memory.parameters;
    VQC_TRY(encoder_measure(work, shape, error));
    return lanes_measure(work, shape, error);
}

static vqc_status shape_measure(const models *opened, const vqc_render *render, vqc_network_cost *shape,
                                vqc_error *error)
{
    const int64_t factor = opened->opened.generator.factor;
    shape_work work = {.models = opened, .render = render};
    VQC_TRY(vqc_study_models_cells(&opened->opened, render, &work.rows, &work.columns, error));
    shape->pixels = work.rows * work.columns * factor * factor;
    shape->latent_size =
        work.rows * work.columns * vqc_parametrisation_of(render->settings)->width(&opened->opened.generator);
    vqc_status status = work_measure(&work, shape, error);
    work_release(&work);
    return status;
}

static vqc_status shapes_measure(const models *opened, vqc_cost_table *table, vqc_error *error)
{
    const vqc_study *study = opened->study;
    size_t available;
    size_t total;
    VQC_TRY(prompts_measure(opened, table, error));
    VQC_TRY(vqc_ops_memory(opened->queues[0], &available, &total, error));
    table->free_bytes = available;
    table->lanes = opened->lanes;
    table->factor = opened->opened.generator.factor;
    for (size_t i = 0; i < study->render_count; i++) {
        if (vqc_cost_table_find(table, study, &study->renders[i]) < table->count)
            continue;
        vqc_network_cost shape = vqc_network_cost_describe(study, &study->renders[i], table->factor);
        VQC_TRY(shape_measure(opened, &study->renders[i], &shape, error));
        VQC_TRY(vqc_cost_table_add(table, &shape, error));
    }
    return VQC_OK;
}

vqc_status vqc_measurement_run(const vqc_study *study, vqc_ops *const *queues, int lanes, vqc_dtype precision,
                               vqc_cost_table *table, vqc_error *error)
{
    models opened = {.study = study, .queues = queues, .lanes = lanes, .precision = precision};
    vqc_status status = models_open(&opened, table, error);
    if (status == VQC_OK)
        status = shapes_measure(&opened, table, error);
    vqc_study_models_close(&opened.opened);
    return status;
}
