#include "forecast/prediction.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "forecast/agenda.h"
#include "forecast/lane_course.h"
#include "render/latent_optimiser.h"
#include "render/regulariser.h"
#include "render/step_message.h"
#include "schedule/cost.h"
#include "schedule/division.h"

/* As recruitment.c has them: leaders look for free ranks now and then, on average half a period after one is free,
 * and ask them if the rest of the render is worth it. */
static const double look_after = 0.25;
static const double starts_worth = 2.0;
static const double least_left = 0.1;

/* Renders that cost the same step. */
typedef struct step_class {
    size_t shape; /* in the table */
    int64_t crops;
    size_t targets;
    vqc_share_work work;
    uint64_t message; /* bytes */
    double alone;     /* seconds of a step on one rank */
    int groups;
    double *share; /* (groups): largest share with 1, 2, ... members; negative until it is known */
    int *best;     /* (groups): smallest team of up to so many members that is as fast as any; 0 until it is known */
} step_class;

/* A team, or what was one. */
typedef struct team_state {
    int size, first;
    bool running;
    size_t index;      /* of its render in the list */
    size_t networks;   /* shape that its networks were made for; the table's count if there are none */
    double begin;      /* of the first of steps_left */
    double steps_left; /* from then on */
    double changed;    /* when its size or render was last changed */
    int joining;       /* ranks that make ready to join */
    unsigned version;  /* of its plans: events of older ones are void */
    /* Of a team of one with lanes, which hold its renders instead. */
    bool has_lanes;
    vqc_lane_course lanes;
} team_state;

typedef enum event_kind { EVENT_END, EVENT_JOIN, EVENT_LOOK, EVENT_LANES } event_kind;

typedef struct simulation {
    const vqc_study *study;
    const vqc_cost_table *costs;
    const vqc_prediction_options *options;
    int64_t *numbers; /* (render_count): the renders as they are taken */
    size_t *class_of; /* (render_count), by number */
    step_class *classes;
    size_t class_count, class_capacity;
    team_state *teams;
    int team_count, running;
    int free;
    bool look_due; /* a look is in the queue */
    size_t next;   /* render to be taken */
    vqc_agenda agenda;
    double busy; /* rank-seconds on renders */
    vqc_prediction *prediction;
} simulation;

double vqc_prediction_sum(const vqc_prediction_options *options, uint64_t bytes, int members)
{
    double p = (double)members;
    if (members == 1)
        return 0.0;
    return 2.0 * log2(p) * options->latency + 2.0 * (p - 1.0) / p * (double)bytes / options->bandwidth;
}

uint64_t vqc_prediction_message(const vqc_study *study, const vqc_render *render, const vqc_network_cost *shape)
{
    uint64_t groups = (uint64_t)vqc_cost_groups(study, render);
    return sizeof(int64_t) * (3 * (uint64_t)shape->pixels + groups * render->prompt->target_count +
                              2 * study->perceptor_count + VQC_CONTROL_COUNT);
}

uint64_t vqc_prediction_host(const vqc_study *study, const vqc_cost_table *costs, const vqc_render *render,
                             const vqc_network_cost *shape)
{
    enum { BYTES_OF_TENSOR = 12, BYTES_OF_PIXEL = 63 };
    uint64_t tensors = (uint64_t)vqc_latent_optimiser_tensors(render->settings);
    uint64_t terms = study->perceptor_count * render->prompt->target_count + 2 +
                     (uint64_t)vqc_picture_regularisers_count(render->settings);
    uint64_t targets = 0;
    for (size_t i = 0; i < study->prompt_count; i++)
        targets += study->prompts[i].target_count;
    return BYTES_OF_TENSOR * tensors * (uint64_t)shape->latent_size + BYTES_OF_PIXEL * (uint64_t)shape->pixels +
           sizeof(float) * (uint64_t)render->settings->steps * terms + vqc_prediction_message(study, render, shape) +
           sizeof(float) * targets * costs->embedding_width;
}

/* ---- Classes of steps ---- */

static void work_describe(const vqc_study *study, const vqc_render *render, const vqc_network_cost *shape,
                          vqc_share_work *work_out)
{
    vqc_cost_seconds seconds = {0};
    for (size_t i = 0; i < study->perceptor_count; i++)
        seconds.crop[i] = shape->group_seconds[i] / (double)shape->key.groups[i];
    vqc_cost_work(study, render, &seconds, work_out);
}

vqc_status vqc_prediction_step(const vqc_study *study, const vqc_render *render, const vqc_network_cost *shape,
                               const vqc_prediction_options *options, int members, double *seconds_out,
                               vqc_error *error)
{
    double *load;
    vqc_share_work work;
    VQC_TRY(vqc_memory_allocate((size_t)members, sizeof *load, "a team's load", &load, error));
    work_describe(study, render, shape, &work);
    *seconds_out = shape->decode + vqc_share_assign(&work, members, load, NULL) +
                   vqc_prediction_sum(options, vqc_prediction_message(study, render, shape), members);
    free(load);
    return VQC_OK;
}

static vqc_status class_add(simulation *s, const vqc_render *render, size_t shape, vqc_error *error)
{
    const vqc_network_cost *cost = &s->costs->shapes[shape];
    VQC_TRY(vqc_memory_grow(&s->classes, &s->class_capacity, s->class_count + 1, sizeof *s->classes, "kinds of steps",
                            error));
    step_class *class = &s->classes[s->class_count];
    *class = (step_class){.shape = shape,
                          .crops = render->settings->crop_count,
                          .targets = render->prompt->target_count,
                          .message = vqc_prediction_message(s->study, render, cost),
                          .groups = (int)vqc_cost_groups(s->study, render)};
    work_describe(s->study, render, cost, &class->work);
    s->class_count++;
    VQC_TRY(vqc_memory_allocate((size_t) class->groups, sizeof(double), "kinds of steps", &class->share, error));
    VQC_TRY(vqc_memory_allocate((size_t) class->groups, sizeof(int), "kinds of steps", &class->best, error));
    for (int i = 0; i < class->groups; i++)
        class->share[i] = -1.0;
    return vqc_prediction_step(s->study, render, cost, s->options, 1, &class->alone, error);
}

static vqc_status class_find(simulation *s, const vqc_render *render, size_t *class_out, vqc_error *error)
{
    size_t shape = vqc_cost_table_find(s->costs, s->study, render);
    if (shape == s->costs->count)
        return vqc_error_set(
            error, VQC_BAD_INPUT,
            "the costs lack the shape of render %lld: %lld × %lld pixels, crops in groups of %lld%s; "
            "measure them anew",
            (long long)render->number, (long long)render->settings->width, (long long)render->settings->height,
            (long long)render->settings->crop_group, render->settings->recompute ? ", recompute: true" : "");
    size_t place = 0;
    while (place < s->class_count &&
           (s->classes[place].shape != shape || s->classes[place].crops != render->settings->crop_count ||
            s->classes[place].targets != render->prompt->target_count))
        place++;
    *class_out = place;
    return place < s->class_count ? VQC_OK : class_add(s, render, shape, error);
}

/* Largest share of the groups in a team of this size; more members than groups do not change it. */
static vqc_status share_find(step_class *class, int size, double *seconds_out, vqc_error *error)
{
    int members = size < class->groups ? size : class->groups;
    if (class->share[members - 1] < 0.0) {
        double *load;
        VQC_TRY(vqc_memory_allocate((size_t)members, sizeof *load, "a team's load", &load, error));
        class->share[members - 1] = vqc_share_assign(&class->work, members, load, NULL);
        free(load);
    }
    *seconds_out = class->share[members - 1];
    return VQC_OK;
}

static vqc_status step_find(simulation *s, size_t class, int size, double *seconds_out, vqc_error *error)
{
    step_class *kind = &s->classes[class];
    VQC_TRY(share_find(kind, size, seconds_out, error));
    *seconds_out += s->costs->shapes[kind->shape].decode + vqc_prediction_sum(s->options, kind->message, size);
    return VQC_OK;
}

/* The smallest team of up to `most` members whose largest share is the least. */
static vqc_status best_find(step_class *class, int most, int *size_out, vqc_error *error)
{
    if (class->best[most - 1] == 0) {
        double fastest;
        VQC_TRY(share_find(class, 1, &fastest, error));
        class->best[most - 1] = 1;
        for (int size = 2; size <= most; size++) {
            double seconds;
            VQC_TRY(share_find(class, size, &seconds, error));
            if (seconds < fastest)
                class->best[most - 1] = size;
            fastest = fmin(fastest, seconds);
        }
    }
    *size_out = class->best[most - 1];
    return VQC_OK;
}

/* ---- The course of a launch ---- */

static step_class *class_of(simulation *s, const team_state *team)
{
    return &s->classes[s->class_of[s->numbers[team->index]]];
}

/* What comes after the last step, and between steps, for snapshots and motion. */
static double pictures_seconds(const simulation *s, const team_state *team)
{
    const vqc_render *render = &s->study->renders[s->numbers[team->index]];
    size_t shape = s->classes[s->class_of[render->number]].shape;
    int64_t every = render->settings->snapshots;
    int64_t snapshots = every == 0 ? 0 : render->settings->steps / every;
    int64_t moves = vqc_settings_motion_moves(render->settings);
    return (double)(snapshots + 1) * s->costs->shapes[shape].picture + (double)moves * s->costs->shapes[shape].move;
}

static vqc_status end_plan(simulation *s, int number, vqc_error *error)
{
    team_state *team = &s->teams[number];
    double step;
    VQC_TRY(step_find(s, s->class_of[s->numbers[team->index]], team->size, &step, error));
    return vqc_agenda_add(
        &s->agenda,
        &(vqc_agenda_entry){.time = team->begin + team->steps_left * step + pictures_seconds(s, team),
                            .kind = EVENT_END,
                            .subject = number,
                            .version = ++team->version},
        error);
}

/* Seconds until a rank with these networks is ready for the shape. */
static double start_seconds(const simulation *s, size_t networks, size_t shape)
{
    const vqc_network_cost *wanted = &s->costs->shapes[shape];
    bool serve = networks < s->costs->count && vqc_network_key_equal(&s->costs->shapes[networks].key, &wanted->key);
    return wanted->start + (serve ? 0.0 : wanted->make);
}

static vqc_status render_begin(simulation *s, int number, double now, vqc_error *error)
{
    team_state *team = &s->teams[number];
    team->index = s->next++;
    int64_t render = s->numbers[team->index];
    size_t shape = s->classes[s->class_of[render]].shape;
    team->begin = now + start_seconds(s, team->networks, shape);
    team->networks = shape;
    team->steps_left = (double)s->study->renders[render].settings->steps;
    team->changed = now;
    s->prediction->renders[team->index] =
        (vqc_predicted_render){.number = render, .rank = team->first, .members = team->size, .begin = now};
    return end_plan(s, number, error);
}

/* Counts the time that the team's ranks worked since its last change. */
static void busy_add(simulation *s, team_state *team, double now)
{
    s->busy += (double)team->size * (now - team->changed);
    team->changed = now;
}

static vqc_status look_plan(simulation *s, double now, vqc_error *error)
{
    if (s->look_due || s->free == 0 || s->running == 0)
        return VQC_OK;
    s->look_due = true;
    return vqc_agenda_add(&s->agenda, &(vqc_agenda_entry){.time = now + look_after, .kind = EVENT_LOOK}, error);
}

/* The team goes apart; its ranks are free. */
static vqc_status team_leave(simulation *s, team_state *team, double now, vqc_error *error)
{
    team->running = false;
    s->running--;
    s->free += team->size;
    return look_plan(s, now, error);
}

static vqc_status team_end(simulation *s, int number, double now, vqc_error *error)
{
    team_state *team = &s->teams[number];
    busy_add(s, team, now);
    s->prediction->renders[team->index].end = now;
    s->prediction->seconds = fmax(s->prediction->seconds, now);
    s->free += team->joining;
    team->joining = 0;
    if (s->next < s->prediction->count)
        return render_begin(s, number, now, error);
    return team_leave(s, team, now, error);
}

/* Lets a team ask for its part of the free ranks, as far as they make it faster and its render still takes long. They
 * join at the end of the step in which they are ready. */
static vqc_status team_look(simulation *s, int number, double now, vqc_error *error)
{
    team_state *team = &s->teams[number];
    step_class *class = class_of(s, team);
    double step;
    int best;
    int most = team->size + (s->free + s->running - 1) / s->running;
    int64_t limit = class->groups;
    if (s->options->team > 0 && s->options->team < limit)
        limit = s->options->team;
    most = most < limit ? most : (int)limit;
    double ready = start_seconds(s, s->costs->count, class->shape);
    VQC_TRY(step_find(s, s->class_of[s->numbers[team->index]], team->size, &step, error));
    double steps_made = ceil(fmax(0.0, now + ready - team->begin) / step);
    double left = team->begin + team->steps_left * step - now;
    if (team->joining > 0 || most <= team->size || left < starts_worth * ready + least_left ||
        steps_made >= team->steps_left)
        return VQC_OK;
    VQC_TRY(best_find(class, most, &best, error));
    if (best <= team->size)
        return VQC_OK;
    team->joining = best - team->size < s->free ? best - team->size : s->free;
    s->free -= team->joining;
    return vqc_agenda_add(
        &s->agenda,
        &(vqc_agenda_entry){
            .time = team->begin + steps_made * step, .kind = EVENT_JOIN, .subject = number, .version = team->version},
        error);
}

static vqc_status look(simulation *s, double now, vqc_error *error)
{
    s->look_due = false;
    for (int i = 0; i < s->team_count && s->free > 0; i++)
        if (s->teams[i].running && !s->teams[i].has_lanes)
            VQC_TRY(team_look(s, i, now, error));
    return VQC_OK;
}

static vqc_status team_join(simulation *s, int number, double now, vqc_error *error)
{
    team_state *team = &s->teams[number];
    double step;
    VQC_TRY(step_find(s, s->class_of[s->numbers[team->index]], team->size, &step, error));
    busy_add(s, team, now);
    team->steps_left -= fmax(0.0, round((now - team->begin) / step));
    team->begin = now;
    team->size += team->joining;
    s->prediction->renders[team->index].joined += team->joining;
    team->joining = 0;
    return end_plan(s, number, error);
}

/* What the lanes of a team take renders from. */
typedef struct lane_source {
    simulation *simulation;
    const team_state *team;
} lane_source;

/* Takes the next render; false: none is left. */
static bool lane_next(void *context, vqc_lane_render *render_out)
{
    const lane_source *source = context;
    simulation *s = source->simulation;
    if (s->next == s->prediction->count)
        return false;
    const vqc_render *render = &s->study->renders[s->numbers[s->next]];
    const step_class *class = &s->classes[s->class_of[render->number]];
    vqc_predicted_render *result = &s->prediction->renders[s->next++];
    *result = (vqc_predicted_render){.number = render->number, .rank = source->team->first, .members = 1};
    *render_out = (vqc_lane_render){.shape = &s->costs->shapes[class->shape],
                                    .step = class->alone,
                                    .steps = render->settings->steps,
                                    .snapshots = render->settings->snapshots,
                                    .motion = render->settings->motion_every,
                                    .result = result};
    return true;
}

/* Plans a team's next moment between rounds, or its end. */
static vqc_status lanes_go_on(simulation *s, int number, double now, vqc_error *error)
{
    team_state *team = &s->teams[number];
    lane_source source = {s, team};
    double next;
    if (vqc_lane_course_advance(&team->lanes, now, lane_next, &source, &next))
        return vqc_agenda_add(
            &s->agenda,
            &(vqc_agenda_entry){.time = next, .kind = EVENT_LANES, .subject = number, .version = team->version},
            error);
    busy_add(s, team, now);
    s->prediction->seconds = fmax(s->prediction->seconds, now);
    s->prediction->closed += team->lanes.closed;
    return team_leave(s, team, now, error);
}

static vqc_status lanes_begin(simulation *s, int number, double now, vqc_error *error)
{
    team_state *team = &s->teams[number];
    lane_source source = {s, team};
    vqc_lane_render first = {0};
    (void)lane_next(&source, &first); /* there are not more teams than renders */
    team->changed = now;
    VQC_TRY(vqc_lane_course_init(&team->lanes, s->prediction->lanes, s->costs->free_bytes, &first, error));
    return lanes_go_on(s, number, now, error);
}

static vqc_status event_handle(simulation *s, const vqc_agenda_entry *event, vqc_error *error)
{
    if (event->kind == EVENT_LOOK)
        return look(s, event->time, error);
    if (event->version != s->teams[event->subject].version)
        return VQC_OK;
    if (event->kind == EVENT_LANES)
        return lanes_go_on(s, event->subject, event->time, error);
    if (event->kind == EVENT_JOIN)
        return team_join(s, event->subject, event->time, error);
    return team_end(s, event->subject, event->time, error);
}

static vqc_status course_run(simulation *s, vqc_error *error)
{
    double opened = s->costs->open + (double)s->study->prompt_count * s->costs->prompt;
    vqc_agenda_entry event;
    for (int i = 0; i < s->team_count; i++)
        VQC_TRY(s->teams[i].has_lanes ? lanes_begin(s, i, opened, error) : render_begin(s, i, opened, error));
    VQC_TRY(look_plan(s, opened, error));
    while (vqc_agenda_take(&s->agenda, &event))
        VQC_TRY(event_handle(s, &event, error));
    return VQC_OK;
}

/* ---- Making ready ---- */

static vqc_status renders_order(simulation *s, const vqc_cost_seconds *guess, vqc_error *error)
{
    size_t count = s->study->render_count;
    VQC_TRY(vqc_memory_allocate(count, sizeof(int64_t), "renders", &s->numbers, error));
    VQC_TRY(vqc_memory_allocate(count, sizeof(size_t), "renders", &s->class_of, error));
    for (size_t i = 0; i < count; i++) {
        s->numbers[i] = (int64_t)i;
        VQC_TRY(class_find(s, &s->study->renders[i], &s->class_of[i], error));
    }
    return vqc_cost_order(s->study, guess, s->numbers, count, error);
}

static vqc_status teams_make(simulation *s, const vqc_cost_seconds *guess, vqc_error *error)
{
    vqc_division division;
    VQC_TRY(vqc_division_create(s->study, guess, s->numbers, s->study->render_count, s->options->ranks,
                                s->options->team, &division, error));
    vqc_status status = vqc_memory_allocate((size_t)division.teams, sizeof *s->teams, "teams", &s->teams, error);
    s->free = s->options->ranks;
    for (int i = 0; status == VQC_OK && i < division.teams; i++) {
        s->teams[i] = (team_state){.size = division.size[i],
                                   .first = division.first[i],
                                   .running = true,
                                   .networks = s->costs->count,
                                   .has_lanes = s->prediction->lanes > 1 && division.size[i] == 1};
        s->free -= division.size[i];
    }
    s->team_count = division.teams;
    s->running = division.teams;
    vqc_division_release(&division);
    return status;
}

static vqc_status simulation_run(simulation *s, vqc_error *error)
{
    vqc_cost_seconds guess;
    vqc_prediction *prediction = s->prediction;
    vqc_cost_guess(s->study, &guess);
    prediction->count = s->study->render_count;
    prediction->lanes = vqc_lane_count_useful(s->options->lanes, prediction->count, s->options->ranks);
    VQC_TRY(vqc_memory_allocate(prediction->count, sizeof *prediction->renders, "a prediction", &prediction->renders,
                                error));
    VQC_TRY(renders_order(s, &guess, error));
    VQC_TRY(teams_make(s, &guess, error));
    VQC_TRY(course_run(s, error));
    prediction->teams = s->team_count;
    prediction->used = s->busy / ((double)s->options->ranks * prediction->seconds);
    return VQC_OK;
}

static void simulation_release(simulation *s)
{
    for (size_t i = 0; i < s->class_count; i++) {
        free(s->classes[i].share);
        free(s->classes[i].best);
    }
    free(s->classes);
    free(s->numbers);
    free(s->class_of);
    for (int i = 0; i < s->team_count; i++)
        vqc_lane_course_release(&s->teams[i].lanes);
    free(s->teams);
    vqc_agenda_release(&s->agenda);
}

static vqc_status course_predict(const vqc_study *study, const vqc_cost_table *costs,
                                 const vqc_prediction_options *options, vqc_prediction *prediction_out,
                                 vqc_error *error)
{
    simulation s = {.study = study, .costs = costs, .options = options, .prediction = prediction_out};
    *prediction_out = (vqc_prediction){0};
    vqc_status status = simulation_run(&s, error);
    simulation_release(&s);
    if (status != VQC_OK)
        vqc_prediction_release(prediction_out);
    return status;
}

/* The same launch on so many ranks with so many lanes, only to compare. */
static vqc_status seconds_predict(const vqc_study *study, const vqc_cost_table *costs,
                                  const vqc_prediction_options *options, int ranks, int lanes, double *seconds_out,
                                  vqc_error *error)
{
    vqc_prediction_options other = *options;
    vqc_prediction prediction;
    other.ranks = ranks;
    other.lanes = lanes;
    VQC_TRY(course_predict(study, costs, &other, &prediction, error));
    *seconds_out = prediction.seconds;
    vqc_prediction_release(&prediction);
    return VQC_OK;
}

/* On one rank there are most renders for lanes. */
static vqc_status lanes_check(const vqc_study *study, const vqc_cost_table *costs,
                              const vqc_prediction_options *options, vqc_error *error)
{
    int lanes = vqc_lane_count_useful(options->lanes, study->render_count, 1);
    if (lanes <= costs->lanes)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "the costs were measured for up to %d renders at a time on a rank, but %d are asked for; "
                         "measure them anew",
                         costs->lanes, lanes);
}

vqc_status vqc_prediction_create(const vqc_study *study, const vqc_cost_table *costs,
                                 const vqc_prediction_options *options, vqc_prediction *prediction_out,
                                 vqc_error *error)
{
    double serial;
    double one_lane;
    VQC_TRY(lanes_check(study, costs, options, error));
    VQC_TRY(seconds_predict(study, costs, options, 1, options->lanes, &serial, error));
    VQC_TRY(seconds_predict(study, costs, options, options->ranks, 1, &one_lane, error));
    VQC_TRY(course_predict(study, costs, options, prediction_out, error));
    prediction_out->serial = serial;
    prediction_out->one_lane = one_lane;
    prediction_out->efficiency = serial / ((double)options->ranks * prediction_out->seconds);
    return VQC_OK;
}

void vqc_prediction_release(vqc_prediction *prediction)
{
    free(prediction->renders);
    *prediction = (vqc_prediction){0};
}
