#ifndef VQC_OPS_IMPLEMENTATION_H
#define VQC_OPS_IMPLEMENTATION_H

#include "ops/step.h"

typedef struct vqc_plan_sizes {
    size_t saved;
    size_t workspace;
    size_t parameters;
} vqc_plan_sizes;

/* The functions of ops/step.h. */
typedef struct vqc_step_functions {
    vqc_status (*gradient_sum_add)(void *device, int64_t *sum, const float *values, size_t count, vqc_error *error);
    vqc_status (*gradient_sum_clear_marks)(void *device, int64_t *sum, size_t count, int64_t *marks,
                                           vqc_error *error);
    vqc_status (*gradient_sum_read)(void *device, const int64_t *sum, float *values, size_t count, vqc_error *error);
    vqc_status (*distances_weigh)(void *device, const vqc_weighing *weighing, vqc_error *error);
    vqc_status (*latent_step)(void *device, const vqc_latent *latent, const vqc_latent_numbers *numbers,
                              vqc_error *error);
    vqc_status (*latent_measure)(void *device, const float *z, const float *origin, int64_t count,
                                 vqc_latent_measures *measures, vqc_error *error);
} vqc_step_functions;

/* What a device that computes beside the host has, and the host itself has not. */
typedef struct vqc_queue_functions {
    void *(*stream)(const void *device);
    vqc_status (*poll)(void *device, bool *done_out, vqc_error *error);
    vqc_status (*host_allocate)(void *device, size_t size, void **memory_out, vqc_error *error);
    void (*host_release)(void *device, void *memory);
    vqc_status (*copy)(void *device, void *target, const void *source, size_t size, vqc_error *error);
    vqc_status (*wait)(void *device, vqc_error *error);
    /* An event in the queue. */
    vqc_status (*event_create)(void *device, void **event_out, vqc_error *error);
    void (*event_destroy)(void *device, void *event);
    vqc_status (*event_mark)(void *device, void *event, vqc_error *error);
    vqc_status (*event_poll)(void *device, void *event, bool *over_out, vqc_error *error);
    vqc_status (*event_seconds)(void *device, void *from, void *to, double *seconds_out, vqc_error *error);
    /* Recordings; record_end ends in any case. */
    vqc_status (*record_begin)(void *device, vqc_error *error);
    vqc_status (*record_end)(void *device, void **recording_out, vqc_error *error);
    vqc_status (*recording_run)(void *device, void *recording, vqc_error *error);
    void (*recording_destroy)(void *device, void *recording);
} vqc_queue_functions;

/* What an implementation provides; for ops.c and the implementations only. A plan's description has been checked,
 * its parameters are only valid during plan_create. */
typedef struct vqc_ops_implementation {
    const char *name;
    vqc_status (*create)(const vqc_ops_options *options, void **device_out, int *threads_out, vqc_error *error);
    void (*destroy)(void *device);
    /* Fills the description, which is all zeros; NULL where there is nothing to say. */
    void (*describe)(const void *device, vqc_ops_description *description_out);
    /* Fills in what is known of a device that is not the host itself; NULL for the host. */
    void (*identify)(const void *device, vqc_ops_identity *identity_out);
    /* Sets the bytes that are free and that there are; NULL for the host. */
    vqc_status (*memory)(const void *device, size_t *free_out, size_t *total_out, vqc_error *error);
    vqc_status (*memory_allocate)(void *device, size_t size, void **memory_out, vqc_error *error);
    void (*memory_release)(void *device, void *memory);
    vqc_status (*upload)(void *device, void *target, const void *host, size_t size, vqc_error *error);
    vqc_status (*download)(void *device, void *host, const void *source, size_t size, vqc_error *error);
    vqc_status (*clear)(void *device, void *target, size_t size, vqc_error *error);
    /* Sets sizes_out and *state_out; on failure nothing is left behind. */
    vqc_status (*plan_create)(void *device, const vqc_operation *operation, bool backward, vqc_plan_sizes *sizes_out,
                              void **state_out, vqc_error *error);
    /* The same, of the operation of another plan's on the same device, with its parameters. NULL where every plan
     * packs its own. */
    vqc_status (*plan_create_beside)(void *device, const void *first, vqc_plan_sizes *sizes_out, void **state_out,
                                     vqc_error *error);
    void (*plan_destroy)(void *state);
    vqc_status (*forward)(void *state, const vqc_forward *arguments, vqc_error *error);
    vqc_status (*backward)(void *state, const vqc_backward *arguments, vqc_error *error);
    const vqc_step_functions *step;
    const vqc_queue_functions *queue; /* NULL where calls are done on return and memory is the host's */
} vqc_ops_implementation;

extern const vqc_ops_implementation vqc_ops_ref;
extern const vqc_ops_implementation vqc_ops_cpu;
extern const vqc_ops_implementation vqc_ops_cuda; /* only in builds with CUDA */

#endif
