#include "ops/ops.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "ops/implementation.h"

struct vqc_ops {
    const vqc_ops_implementation *implementation;
    void *device;
    int threads;
    size_t memory_limit; /* 0: none */
};

struct vqc_plan {
    const vqc_ops_implementation *implementation;
    void *state;
    bool backward;
    vqc_operation_kind kind;
    vqc_plan_sizes sizes;
};

struct vqc_recording {
    const vqc_ops *ops;
    void *state;
};

static const vqc_ops_implementation *const implementations[] = {
    &vqc_ops_ref,
    &vqc_ops_cpu,
#ifdef VQC_WITH_CUDA
    &vqc_ops_cuda,
#endif
};

static const vqc_ops_implementation *implementation_find(const char *name)
{
    for (size_t i = 0; i < sizeof implementations / sizeof implementations[0]; i++)
        if (strcmp(implementations[i]->name, name) == 0)
            return implementations[i];
    return NULL;
}

vqc_status vqc_ops_create(const char *name, const vqc_ops_options *options, vqc_ops **ops_out, vqc_error *error)
{
    const vqc_ops_implementation *implementation = implementation_find(name);
    if (implementation == NULL && strcmp(name, "cuda") == 0)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "cuda: this build has no CUDA support (configure with -DVQC_CUDA=ON)");
    if (implementation == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "device %s: expected ref, cpu, cuda or auto", name);
    if (options->tf32 && implementation->queue == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "tf32: %s does not have it, only cuda does", name);
    vqc_ops *ops;
    VQC_TRY(vqc_memory_allocate(1, sizeof *ops, "a device", &ops, error));
    ops->implementation = implementation;
    ops->memory_limit = options->memory_limit;
    vqc_status status = implementation->create(options, &ops->device, &ops->threads, error);
    if (status != VQC_OK) {
        free(ops);
        return status;
    }
    *ops_out = ops;
    return VQC_OK;
}

void vqc_ops_destroy(vqc_ops *ops)
{
    if (ops == NULL)
        return;
    ops->implementation->destroy(ops->device);
    free(ops);
}

const char *vqc_ops_name(const vqc_ops *ops)
{
    return ops->implementation->name;
}

int vqc_ops_threads(const vqc_ops *ops)
{
    return ops->threads;
}

void vqc_ops_describe(const vqc_ops *ops, vqc_ops_description *description_out)
{
    *description_out = (vqc_ops_description){0};
    if (ops->implementation->describe != NULL)
        ops->implementation->describe(ops->device, description_out);
}

void vqc_ops_identify(const vqc_ops *ops, vqc_ops_identity *identity_out)
{
    *identity_out = (vqc_ops_identity){0};
    if (ops->implementation->identify != NULL)
        ops->implementation->identify(ops->device, identity_out);
}

vqc_status vqc_ops_memory(const vqc_ops *ops, size_t *free_out, size_t *total_out, vqc_error *error)
{
    *free_out = 0;
    *total_out = 0;
    if (ops->implementation->memory != NULL)
        VQC_TRY(ops->implementation->memory(ops->device, free_out, total_out, error));
    bool limited = ops->memory_limit > 0;
    if (limited && (*total_out == 0 || *free_out > ops->memory_limit))
        *free_out = ops->memory_limit;
    if (limited && *total_out == 0)
        *total_out = ops->memory_limit;
    return VQC_OK;
}

vqc_status vqc_ops_memory_allocate(vqc_ops *ops, size_t size, void **memory_out, vqc_error *error)
{
    return ops->implementation->memory_allocate(ops->device, size, memory_out, error);
}

void vqc_ops_memory_release(vqc_ops *ops, void *memory)
{
    ops->implementation->memory_release(ops->device, memory);
}

vqc_status vqc_ops_upload(vqc_ops *ops, void *device, const void *host, size_t size, vqc_error *error)
{
    return ops->implementation->upload(ops->device, device, host, size, error);
}

vqc_status vqc_ops_download(vqc_ops *ops, void *host, const void *device, size_t size, vqc_error *error)
{
    return ops->implementation->download(ops->device, host, device, size, error);
}

vqc_status vqc_ops_clear(vqc_ops *ops, void *device, size_t size, vqc_error *error)
{
    return ops->implementation->clear(ops->device, device, size, error);
}

vqc_status vqc_plan_create(vqc_ops *ops, const vqc_operation *operation, bool backward, vqc_plan **plan_out,
                           vqc_error *error)
{
    VQC_TRY(vqc_operation_check(operation, error));
    vqc_plan *plan;
    VQC_TRY(vqc_memory_allocate(1, sizeof *plan, "a plan", &plan, error));
    plan->implementation = ops->implementation;
    plan->backward = backward;
    plan->kind = operation->kind;
    vqc_status status =
        ops->implementation->plan_create(ops->device, operation, backward, &plan->sizes, &plan->state, error);
    if (status != VQC_OK) {
        free(plan);
        return status;
    }
    *plan_out = plan;
    return VQC_OK;
}

bool vqc_ops_shares_parameters(const vqc_ops *ops)
{
    return ops->implementation->plan_create_beside != NULL;
}

vqc_status vqc_plan_create_beside(vqc_ops *ops, const vqc_plan *first, vqc_plan **plan_out, vqc_error *error)
{
    if (first->implementation != ops->implementation || !vqc_ops_shares_parameters(ops))
        return vqc_error_set(error, VQC_FAILED, "%s: its parameters cannot be shared",
                             vqc_operation_name(first->kind));
    vqc_plan *plan;
    VQC_TRY(vqc_memory_allocate(1, sizeof *plan, "a plan", &plan, error));
    *plan = *first;
    plan->sizes = (vqc_plan_sizes){0};
    vqc_status status =
        ops->implementation->plan_create_beside(ops->device, first->state, &plan->sizes, &plan->state, error);
    if (status != VQC_OK) {
        free(plan);
        return status;
    }
    *plan_out = plan;
    return VQC_OK;
}

void vqc_plan_destroy(vqc_plan *plan)
{
    if (plan == NULL)
        return;
    plan->implementation->plan_destroy(plan->state);
    free(plan);
}

size_t vqc_plan_saved_size(const vqc_plan *plan)
{
    return plan->sizes.saved;
}

size_t vqc_plan_workspace_size(const vqc_plan *plan)
{
    return plan->sizes.workspace;
}

size_t vqc_plan_parameter_size(const vqc_plan *plan)
{
    return plan->sizes.parameters;
}

vqc_status vqc_plan_forward(vqc_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    return plan->implementation->forward(plan->state, arguments, error);
}

vqc_status vqc_plan_backward(vqc_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    if (!plan->backward)
        return vqc_error_set(error, VQC_FAILED, "%s: planned without a backward pass",
                             vqc_operation_name(plan->kind));
    return plan->implementation->backward(plan->state, arguments, error);
}

/* ---- The queue ---- */

vqc_status vqc_ops_host_allocate(vqc_ops *ops, size_t size, void **memory_out, vqc_error *error)
{
    const vqc_queue_functions *queue = ops->implementation->queue;
    if (queue == NULL)
        return ops->implementation->memory_allocate(ops->device, size, memory_out, error);
    return queue->host_allocate(ops->device, size, memory_out, error);
}

void vqc_ops_host_release(vqc_ops *ops, void *memory)
{
    const vqc_queue_functions *queue = ops->implementation->queue;
    if (memory == NULL)
        return;
    if (queue == NULL)
        ops->implementation->memory_release(ops->device, memory);
    else
        queue->host_release(ops->device, memory);
}

vqc_status vqc_ops_copy(vqc_ops *ops, void *target, const void *source, size_t size, vqc_error *error)
{
    const vqc_queue_functions *queue = ops->implementation->queue;
    if (queue == NULL)
        return ops->implementation->upload(ops->device, target, source, size, error);
    return queue->copy(ops->device, target, source, size, error);
}

vqc_status vqc_ops_wait(vqc_ops *ops, vqc_error *error)
{
    const vqc_queue_functions *queue = ops->implementation->queue;
    return queue == NULL ? VQC_OK : queue->wait(ops->device, error);
}

void *vqc_ops_stream(const vqc_ops *ops)
{
    const vqc_queue_functions *queue = ops->implementation->queue;
    return queue == NULL ? NULL : queue->stream(ops->device);
}

vqc_status vqc_ops_poll(vqc_ops *ops, bool *done_out, vqc_error *error)
{
    const vqc_queue_functions *queue = ops->implementation->queue;
    *done_out = true;
    return queue == NULL ? VQC_OK : queue->poll(ops->device, done_out, error);
}

/* An event: the queue's own, or, where calls are done on return, the time of the call. */
typedef struct timer_event {
    void *queued;
    double seconds;
} timer_event;

struct vqc_timer {
    vqc_ops *ops;
    int count;
    timer_event events[];
};

vqc_status vqc_timer_create(vqc_ops *ops, int events, vqc_timer **timer_out, vqc_error *error)
{
    const vqc_queue_functions *queue = ops->implementation->queue;
    void *memory;
    VQC_TRY(
        vqc_memory_allocate(1, sizeof(vqc_timer) + (size_t)events * sizeof(timer_event), "a timer", &memory, error));
    vqc_timer *timer = memory;
    timer->ops = ops;
    timer->count = events;
    vqc_status status = VQC_OK;
    for (int i = 0; i < events && status == VQC_OK && queue != NULL; i++)
        status = queue->event_create(ops->device, &timer->events[i].queued, error);
    if (status != VQC_OK) {
        vqc_timer_destroy(timer);
        return status;
    }
    *timer_out = timer;
    return VQC_OK;
}

void vqc_timer_destroy(vqc_timer *timer)
{
    if (timer == NULL)
        return;
    for (int i = 0; i < timer->count; i++)
        if (timer->events[i].queued != NULL)
            timer->ops->implementation->queue->event_destroy(timer->ops->device, timer->events[i].queued);
    free(timer);
}

vqc_status vqc_timer_mark(vqc_timer *timer, int event, vqc_error *error)
{
    const vqc_queue_functions *queue = timer->ops->implementation->queue;
    if (queue != NULL)
        return queue->event_mark(timer->ops->device, timer->events[event].queued, error);
    timer->events[event].seconds = vqc_clock_seconds();
    return VQC_OK;
}

vqc_status vqc_event_poll(vqc_event event, bool *over_out, vqc_error *error)
{
    const vqc_timer *timer = event.timer;
    const vqc_queue_functions *queue = timer->ops->implementation->queue;
    *over_out = true;
    if (queue == NULL)
        return VQC_OK;
    return queue->event_poll(timer->ops->device, timer->events[event.number].queued, over_out, error);
}

vqc_status vqc_timer_seconds(const vqc_timer *timer, int from, int to, double *seconds_out, vqc_error *error)
{
    const vqc_queue_functions *queue = timer->ops->implementation->queue;
    if (queue != NULL)
        return queue->event_seconds(timer->ops->device, timer->events[from].queued, timer->events[to].queued,
                                    seconds_out, error);
    *seconds_out = timer->events[to].seconds - timer->events[from].seconds;
    return VQC_OK;
}

bool vqc_ops_can_record(const vqc_ops *ops)
{
    return ops->implementation->queue != NULL;
}

vqc_status vqc_ops_record_begin(vqc_ops *ops, vqc_error *error)
{
    if (!vqc_ops_can_record(ops))
        return vqc_error_set(error, VQC_FAILED, "%s does not record operations", vqc_ops_name(ops));
    return ops->implementation->queue->record_begin(ops->device, error);
}

vqc_status vqc_ops_record_end(vqc_ops *ops, vqc_recording **recording_out, vqc_error *error)
{
    vqc_recording *recording;
    void *state;
    VQC_TRY(ops->implementation->queue->record_end(ops->device, &state, error));
    vqc_status status = vqc_memory_allocate(1, sizeof *recording, "a recording", &recording, error);
    if (status != VQC_OK) {
        ops->implementation->queue->recording_destroy(ops->device, state);
        return status;
    }
    recording->ops = ops;
    recording->state = state;
    *recording_out = recording;
    return VQC_OK;
}

vqc_status vqc_recording_run(vqc_recording *recording, vqc_error *error)
{
    return recording->ops->implementation->queue->recording_run(recording->ops->device, recording->state, error);
}

void vqc_recording_destroy(vqc_recording *recording)
{
    if (recording == NULL)
        return;
    recording->ops->implementation->queue->recording_destroy(recording->ops->device, recording->state);
    free(recording);
}

/* ---- ops/step.h ---- */

vqc_status vqc_ops_gradient_sum_add(vqc_ops *ops, int64_t *sum, const float *values, size_t count, vqc_error *error)
{
    return ops->implementation->step->gradient_sum_add(ops->device, sum, values, count, error);
}

vqc_status vqc_ops_gradient_sum_clear_marks(vqc_ops *ops, int64_t *sum, size_t count, int64_t *marks,
                                            vqc_error *error)
{
    return ops->implementation->step->gradient_sum_clear_marks(ops->device, sum, count, marks, error);
}

vqc_status vqc_ops_gradient_sum_read(vqc_ops *ops, const int64_t *sum, float *values, size_t count, vqc_error *error)
{
    return ops->implementation->step->gradient_sum_read(ops->device, sum, values, count, error);
}

vqc_status vqc_ops_distances_weigh(vqc_ops *ops, const vqc_weighing *weighing, vqc_error *error)
{
    return ops->implementation->step->distances_weigh(ops->device, weighing, error);
}

vqc_status vqc_ops_latent_step(vqc_ops *ops, const vqc_latent *latent, const vqc_latent_numbers *numbers,
                               vqc_error *error)
{
    return ops->implementation->step->latent_step(ops->device, latent, numbers, error);
}

vqc_status vqc_ops_latent_measure(vqc_ops *ops, const float *z, const float *origin, int64_t count,
                                  vqc_latent_measures *measures, vqc_error *error)
{
    return ops->implementation->step->latent_measure(ops->device, z, origin, count, measures, error);
}
