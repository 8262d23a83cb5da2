#ifndef VQC_FORECAST_LANE_COURSE_H
#define VQC_FORECAST_LANE_COURSE_H

#include "forecast/prediction.h"

/* The lanes of one rank in a simulated launch, by the rules of lanes.h. One thread does all of the rank's work:
 *
 *     init → { advance → the given moment comes }* → over → release
 *
 * In a round every lane at work makes a step, k of them in
 *
 *     round = the larger of Σ lanes step · slowdown(k) / k and the longest step alone
 *
 * with the slowdown of each lane's shape (cost_table.h): k lanes of one shape take step · slowdown(k), and lanes of
 * different shapes each their part of what so many of their own would take. Between rounds, while the others wait,
 * the lanes whose renders have ended draw their last pictures and take and start other renders, in their order. A
 * snapshot is added to the rounds that it is made in.
 *
 * Networks are held until a render needs others. A lane that needs such as the first lane has makes its own beside
 * them, with their parameters where lanes share them (cost_table.h). Where the device's memory is known, what lanes
 * hold of it is counted, and one, but not the first, whose render does not fit beside the others' networks is closed;
 * its render waits for the next lane that is free. */

/* A render as a lane sees it. */
typedef struct vqc_lane_render {
    const vqc_network_cost *shape;
    double step; /* seconds of one, alone */
    int64_t steps;
    int64_t snapshots;            /* one after every so many steps; 0: none */
    int64_t motion;               /* the picture is moved after every so many steps, but not the last; 0: never */
    vqc_predicted_render *result; /* its lane, begin and end are set */
} vqc_lane_render;

typedef enum vqc_lane_state { VQC_LANE_FREE, VQC_LANE_AT_WORK, VQC_LANE_DRAWING, VQC_LANE_CLOSED } vqc_lane_state;

typedef struct vqc_course_lane {
    vqc_lane_state state;
    vqc_lane_render render;           /* under way, if the lane is not free or closed */
    int64_t left;                     /* of its steps */
    const vqc_network_cost *networks; /* shape that the lane holds networks for; NULL: none */
    int parameters;                   /* number of the parameters that they compute with, alone or with other lanes */
    vqc_lane_render waiting;          /* see waiting_count */
} vqc_course_lane;

typedef struct vqc_lane_course {
    int count;
    vqc_course_lane *lanes; /* (count) */
    int turn;               /* lane that is looked at next between rounds; those before it are seen to */
    int waiting_count;      /* renders that wait for a lane, the last to be taken first: the first lanes' `waiting` */
    int closed;             /* lanes */
    int parameters;         /* that have been made */
    uint64_t free_bytes;    /* of the device before any lane has networks; 0: not known */
} vqc_lane_course;

/* Gives the next render of the launch; false: none is left. */
typedef bool vqc_lane_course_source(void *context, vqc_lane_render *render_out);

/* Lanes that are all free; `first` will be taken first. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_lane_course_init(vqc_lane_course *course, int lanes, uint64_t free_bytes,
                                               const vqc_lane_render *first, vqc_error *error);
void vqc_lane_course_release(vqc_lane_course *course);

/* What the rank does from `now` on, up to where it takes another render or rounds end: *next_out is when that is, and
 * this is to be called again. False: no render is left, and all lanes are free. */
bool vqc_lane_course_advance(vqc_lane_course *course, double now, vqc_lane_course_source *source, void *context,
                             double *next_out);

#endif
