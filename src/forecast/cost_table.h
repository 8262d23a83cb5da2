#ifndef VQC_FORECAST_COST_TABLE_H
#define VQC_FORECAST_COST_TABLE_H

#include <stdint.h>

#include "guide/network_key.h"
#include "schedule/lane_count.h"
#include "study/study.h"

/* What renders cost on one device, for each of the shapes that a study has: measured (measurement.h) or read from an
 * earlier measurement. */

/* A step of one render while so many lanes of a rank (lanes.h) make steps of such renders. */
typedef struct vqc_lane_phase {
    int lanes;
    double seconds;
} vqc_lane_phase;

/* One shape of renders: their networks, and how their first latents are made. Seconds are of one rank. */
typedef struct vqc_network_cost {
    /* What renders of it have in common. */
    vqc_network_key key;
    vqc_init_kind init;
    bool moves; /* the picture is moved on the way */
    /* What the models make of it. */
    int64_t pixels;      /* of the picture, without its channels */
    int64_t latent_size; /* elements of the latent */
    double make;         /* the networks for it */
    double beside; /* those of a further lane, beside the first lane's of the same shape; `make` where not measured */
    double start;  /* its first latent */
    double move;   /* moving the picture once (render/motion.h); 0: it is not */
    double decode; /* a step's decoder, forward and backward */
    double picture;                                 /* the decoder forward alone: last picture, snapshots */
    double group_seconds[VQC_STUDY_MAX_PERCEPTORS]; /* one crop group of each perceptor */
    uint64_t activation_bytes; /* of decoder and perceptors together, with gradients and workspace */
    uint64_t parameter_bytes;
    bool shared;            /* networks beside the first lane's compute with its parameters */
    uint64_t encoder_bytes; /* of both kinds, while the first latent is made; 0: it is made without one */
    vqc_lane_phase lane_phases[VQC_LAUNCH_MAX_LANES]; /* by rising number of lanes; the first is of one */
    int lane_phase_count;                             /* 0: nothing was measured but one lane */
} vqc_network_cost;

typedef struct vqc_cost_table {
    size_t perceptors;
    int64_t factor;           /* the generator's; 1: sizes count as the settings ask for them, as in older files */
    double open;              /* opening and digesting the models */
    double prompt;            /* the targets of one prompt, on all perceptors */
    uint64_t model_bytes;     /* the models' files, which are mapped */
    uint64_t embedding_width; /* of all perceptors together: elements that a target takes */
    uint64_t free_bytes;      /* on the device before there is any network; 0: not known */
    int lanes; /* the most that were to be measured beside each other, as far as they fit; at least 1 */
    vqc_network_cost *shapes;
    size_t count, capacity;
} vqc_cost_table;

void vqc_cost_table_release(vqc_cost_table *table);

/* What renders of the same shape have in common, with a generator of this factor; the rest of the result is zero. */
vqc_network_cost vqc_network_cost_describe(const vqc_study *study, const vqc_render *render, int64_t factor);

/* How many times as long as alone a step takes with so many lanes at work on the shape: between the measured numbers
 * of lanes, seconds on the straight line from one to the next; beyond the last, in proportion to the lanes, as on a
 * device that is busy. At least 1. */
double vqc_network_cost_slowdown(const vqc_network_cost *shape, int lanes);

/* The place of the render's shape in the table; the table's count where it is not there. */
size_t vqc_cost_table_find(const vqc_cost_table *table, const vqc_study *study, const vqc_render *render);

/* Appends a shape. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_cost_table_add(vqc_cost_table *table, const vqc_network_cost *shape, vqc_error *error);

#endif
