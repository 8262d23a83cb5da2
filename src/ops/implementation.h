#ifndef VQC_OPS_IMPLEMENTATION_H
#define VQC_OPS_IMPLEMENTATION_H

#include "ops/ops.h"

typedef struct vqc_plan_sizes {
    size_t saved;
    size_t workspace;
    size_t parameters;
} vqc_plan_sizes;

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
    void (*plan_destroy)(void *state);
    vqc_status (*forward)(void *state, const vqc_forward *arguments, vqc_error *error);
    vqc_status (*backward)(void *state, const vqc_backward *arguments, vqc_error *error);
    /* All four or, in an implementation that does not record, none. record_end ends in any case. */
    vqc_status (*record_begin)(void *device, vqc_error *error);
    vqc_status (*record_end)(void *device, void **recording_out, vqc_error *error);
    vqc_status (*recording_run)(void *device, void *recording, vqc_error *error);
    void (*recording_destroy)(void *device, void *recording);
} vqc_ops_implementation;

extern const vqc_ops_implementation vqc_ops_ref;
extern const vqc_ops_implementation vqc_ops_cpu;
extern const vqc_ops_implementation vqc_ops_cuda; /* only in builds with CUDA */

#endif
