#include "forecast/lane_course.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

vqc_status vqc_lane_course_init(vqc_lane_course *course, int lanes, uint64_t free_bytes, const vqc_lane_render *first,
                                vqc_error *error)
{
    *course = (vqc_lane_course){.count = lanes, .free_bytes = free_bytes, .waiting_count = 1};
    VQC_TRY(vqc_memory_allocate((size_t)lanes, sizeof *course->lanes, "lanes", &course->lanes, error));
    course->lanes[0].waiting = *first;
    return VQC_OK;
}

void vqc_lane_course_release(vqc_lane_course *course)
{
    free(course->lanes);
    *course = (vqc_lane_course){0};
}

/* ---- Between rounds ---- */

/* Whether a lane before this one computes with the same parameters. */
static bool parameters_are_counted(const vqc_lane_course *course, int place)
{
    for (int i = 0; i < place; i++)
        if (course->lanes[i].networks != NULL && course->lanes[i].parameters == course->lanes[place].parameters)
            return true;
    return false;
}

/* Bytes of the networks that all lanes hold. */
static uint64_t bytes_held(const vqc_lane_course *course)
{
    uint64_t bytes = 0;
    for (int i = 0; i < course->count; i++) {
        const vqc_network_cost *networks = course->lanes[i].networks;
        if (networks != NULL)
            bytes += networks->activation_bytes + (parameters_are_counted(course, i) ? 0 : networks->parameter_bytes);
    }
    return bytes;
}

static bool networks_serve(const vqc_course_lane *lane, const vqc_network_cost *shape)
{
    return lane->networks != NULL && vqc_network_key_equal(&lane->networks->key, &shape->key);
}

/* Changes the lane's networks unless they serve the shape; *seconds_out is what that takes. False: they do not fit
 * the device, and except in the first lane there are none any more. */
static bool networks_change(vqc_lane_course *course, int place, const vqc_network_cost *shape, double *seconds_out)
{
    vqc_course_lane *lane = &course->lanes[place];
    bool serve = networks_serve(lane, shape);
    bool beside = !serve && place > 0 && networks_serve(&course->lanes[0], shape);
    *seconds_out = serve ? 0.0 : beside ? shape->beside : shape->make;
    if (!serve) {
        lane->networks = shape;
        lane->parameters = beside && shape->shared ? course->lanes[0].parameters : course->parameters++;
    }
    if (course->free_bytes == 0 || place == 0 || bytes_held(course) + shape->encoder_bytes <= course->free_bytes)
        return true;
    lane->networks = serve ? lane->networks : NULL;
    return false;
}

/* Starts a render in the free lane, in so many seconds, or closes the lane. */
static bool render_start(vqc_lane_course *course, int place, const vqc_lane_render *render, double now,
                         double *seconds_out)
{
    vqc_course_lane *lane = &course->lanes[place];
    if (!networks_change(course, place, render->shape, seconds_out)) {
        lane->state = VQC_LANE_CLOSED;
        course->closed++;
        course->lanes[course->waiting_count++].waiting = *render;
        return false;
    }
    lane->state = VQC_LANE_AT_WORK;
    lane->render = *render;
    lane->left = render->steps;
    render->result->lane = place;
    render->result->begin = now;
    *seconds_out += render->shape->start;
    return true;
}

static bool render_take(vqc_lane_course *course, vqc_lane_course_source *source, void *context,
                        vqc_lane_render *render_out)
{
    if (course->waiting_count == 0)
        return source(context, render_out);
    *render_out = course->lanes[--course->waiting_count].waiting;
    return true;
}

/* Does what is due in the lane, in so many seconds; false: nothing is. */
static bool lane_see_to(vqc_lane_course *course, int place, double now, vqc_lane_course_source *source, void *context,
                        double *seconds_out)
{
    vqc_course_lane *lane = &course->lanes[place];
    vqc_lane_render render;
    if (lane->state == VQC_LANE_AT_WORK && lane->left == 0) {
        lane->state = VQC_LANE_DRAWING;
        *seconds_out = lane->render.shape->picture;
        return true;
    }
    if (lane->state == VQC_LANE_DRAWING) {
        lane->state = VQC_LANE_FREE;
        lane->render.result->end = now;
    }
    if (lane->state != VQC_LANE_FREE || !render_take(course, source, context, &render))
        return false;
    return render_start(course, place, &render, now, seconds_out);
}

/* ---- Rounds ---- */

/* Rounds until the next render has made its last step; 0: no lane is at work. */
static int64_t rounds_left(const vqc_lane_course *course)
{
    int64_t rounds = 0;
    for (int i = 0; i < course->count; i++) {
        const vqc_course_lane *lane = &course->lanes[i];
        if (lane->state == VQC_LANE_AT_WORK && (rounds == 0 || lane->left < rounds))
            rounds = lane->left;
    }
    return rounds;
}

static double round_seconds(const vqc_lane_course *course)
{
    int at_work = 0;
    double sum = 0.0;
    double longest = 0.0;
    for (int i = 0; i < course->count; i++)
        at_work += course->lanes[i].state == VQC_LANE_AT_WORK;
    for (int i = 0; i < course->count; i++) {
        const vqc_lane_render *render = &course->lanes[i].render;
        if (course->lanes[i].state != VQC_LANE_AT_WORK)
            continue;
        sum += render->step * vqc_network_cost_slowdown(render->shape, at_work) / (double)at_work;
        longest = fmax(longest, render->step);
    }
    return fmax(sum, longest);
}

/* Moves of the picture before so many steps are done. */
static int64_t moves_before(const vqc_lane_render *render, int64_t steps)
{
    return render->motion == 0 || steps == 0 ? 0 : (steps - 1) / render->motion;
}

/* Counts the rounds off the lane; seconds of the snapshots and moves in them. */
static double snapshots_make(vqc_course_lane *lane, int64_t rounds)
{
    const vqc_lane_render *render = &lane->render;
    const int64_t done = render->steps - lane->left;
    const int64_t then = done + rounds;
    lane->left -= rounds;
    const int64_t snapshots = render->snapshots == 0 ? 0 : then / render->snapshots - done / render->snapshots;
    const int64_t moves = moves_before(render, then) - moves_before(render, done);
    return (double)snapshots * render->shape->picture + (double)moves * render->shape->move;
}

static double rounds_make(vqc_lane_course *course, int64_t rounds)
{
    double seconds = (double)rounds * round_seconds(course);
    for (int i = 0; i < course->count; i++)
        if (course->lanes[i].state == VQC_LANE_AT_WORK)
            seconds += snapshots_make(&course->lanes[i], rounds);
    return seconds;
}

bool vqc_lane_course_advance(vqc_lane_course *course, double now, vqc_lane_course_source *source, void *context,
                             double *next_out)
{
    double seconds;
    for (; course->turn < course->count; course->turn++)
        if (lane_see_to(course, course->turn, now, source, context, &seconds)) {
            *next_out = now + seconds;
            return true;
        }
    course->turn = 0;
    int64_t rounds = rounds_left(course);
    if (rounds > 0)
        *next_out = now + rounds_make(course, rounds);
    return rounds > 0;
}
