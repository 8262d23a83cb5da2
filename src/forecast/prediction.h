#ifndef VQC_FORECAST_PREDICTION_H
#define VQC_FORECAST_PREDICTION_H

#include "forecast/cost_table.h"

/* How a launch on any number of ranks would go: its course simulated from measured costs, by the rules of the launch
 * itself (schedule/cost.h, division.h, recruitment.h, lanes.h).
 *
 * Every rank opens the models and computes the targets of all prompts. Then, for a render of `steps` steps in a team
 * of p members:
 *
 *     render = make (if the networks at hand do not serve) + start + steps × step + (snapshots + 1) × picture
 *     step   = decode + the largest share of the crop groups (longest first, render/share.h) + sum
 *     sum    = 2 · log2(p) · latency + 2 · (p − 1)/p · S / bandwidth
 *
 * the time of an all-reduce of S bytes as reduce-scatter and all-gather by recursive halving and doubling (Thakur,
 * Rabenseifner, Gropp 2005, "Optimization of Collective Communication Operations in MPICH", Int. J. High Performance
 * Computing Applications 19(1), section 4.4), without its additions, which are few beside a step. Not counted:
 * writing the archive, checkpoints, and the messages by which renders are handed out.
 *
 * A rank that is a team of its own makes up to `lanes` renders at a time, where there is more than one for each rank
 * (lane_count.h). With k of them at work each takes
 *
 *     step(k) = step · slowdown(k)
 *
 * as measured side by side (cost_table.h), `make` is for a further lane what it takes beside the first, and while
 * one starts, draws a snapshot or its last picture, the others wait; lane_course.h says it exactly, also for renders
 * of different shapes and for lanes that the device's memory is not enough for. */

typedef struct vqc_prediction_options {
    int ranks;        /* 1 or more */
    int lanes;        /* renders that a rank makes at a time, 1 or more, as far as there are renders for them */
    int64_t team;     /* size of teams asked for; 0: left to the program, and free ranks join running teams */
    double latency;   /* of a message, seconds */
    double bandwidth; /* of a rank's connection, bytes per second */
} vqc_prediction_options;

typedef struct vqc_predicted_render {
    int64_t number;    /* of the study */
    int rank;          /* lowest rank of its team */
    int lane;          /* of that rank */
    int members;       /* of the team when it begins */
    int joined;        /* ranks that join it on the way */
    double begin, end; /* seconds from the start of the launch */
} vqc_predicted_render;

typedef struct vqc_prediction {
    vqc_predicted_render *renders; /* (count), in the order in which they are taken */
    size_t count;
    int teams;         /* at the start */
    int lanes;         /* of each rank, as far as there are renders for them */
    int closed;        /* lanes in which no render could be started, of all ranks */
    double seconds;    /* of the launch */
    double serial;     /* of the launch on one rank, with lanes */
    double one_lane;   /* of the launch with one lane on each rank */
    double efficiency; /* serial / (ranks × seconds) */
    double used;       /* share of the ranks' time in which they work on renders */
} vqc_prediction;

/* Simulates the launch of all of the study's renders, whose shapes are in the table; one that is not is
 * VQC_BAD_INPUT, and so are more lanes than the costs were measured for, where there are renders for them. */
VQC_MUST_CHECK vqc_status vqc_prediction_create(const vqc_study *study, const vqc_cost_table *costs,
                                                const vqc_prediction_options *options, vqc_prediction *prediction_out,
                                                vqc_error *error);
void vqc_prediction_release(vqc_prediction *prediction);

/* Seconds that the sum of `bytes` over a team takes; 0 for a team of one. */
double vqc_prediction_sum(const vqc_prediction_options *options, uint64_t bytes, int members);

/* One step of the render in a team of this many members, 1 or more. */
VQC_MUST_CHECK vqc_status vqc_prediction_step(const vqc_study *study, const vqc_render *render,
                                              const vqc_network_cost *shape, const vqc_prediction_options *options,
                                              int members, double *seconds_out, vqc_error *error);

/* Bytes S of a step's message, 8 · (3 · pixels + groups · targets + 2 · perceptors + control words): what every
 * member gives and gets (render/step_message.h). */
uint64_t vqc_prediction_message(const vqc_study *study, const vqc_render *render, const vqc_network_cost *shape);

/* Host memory that a render takes on a rank besides the device's and the mapped models' files: 12 bytes for each
 * element of the optimiser's state, of Adam three to an element of the latent (optimiser, its copy on the way,
 * checkpoint), 63 for each pixel (picture and gradient in f32, gradients' sum, result), 4 for each step and loss, the
 * step's message, and 4 for each element of the targets of all prompts, which the renders of several lanes have in
 * common. */
uint64_t vqc_prediction_host(const vqc_study *study, const vqc_cost_table *costs, const vqc_render *render,
                             const vqc_network_cost *shape);

#endif
