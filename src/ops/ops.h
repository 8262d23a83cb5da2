#ifndef VQC_OPS_OPS_H
#define VQC_OPS_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "ops/operation.h"

/* An implementation of the operations on one device, chosen by name at run time: "ref" (plain loops in double
 * precision, the oracle), "cpu" (oneDNN), "cuda" (an NVIDIA GPU). An operation is planned once for its shape and then
 * executed many times; execution allocates nothing. What an implementation lacks is an error when the plan is made,
 * never a fallback.
 *
 * All functions of one vqc_ops and its plans are to be called from one thread. None is collective over MPI. */
typedef struct vqc_ops vqc_ops;
typedef struct vqc_plan vqc_plan;

typedef struct vqc_ops_options {
    int threads; /* CPU threads to compute with; 0: what the environment allows this process */
    int device;  /* cuda: which of the devices that this process sees, from 0; if it sees one only, that one */
    bool shared; /* cuda: several processes compute on one device; numbers beyond the last begin again at the first */
    bool tf32;   /* cuda: products of f32 may round their factors to TF32 (10 bits of fraction); others refuse it */
    size_t memory_limit; /* vqc_ops_memory says that no more bytes than these are free; 0: no limit */
} vqc_ops_options;

/* Opens the implementation. VQC_BAD_INPUT: an unknown name, with a list of the known ones; "cuda" in a build without
 * it; "cuda" where there is no driver, no device or no device of that number; "cpu" with more threads than OpenMP
 * grants. */
VQC_MUST_CHECK vqc_status vqc_ops_create(const char *name, const vqc_ops_options *options, vqc_ops **ops_out,
                                         vqc_error *error);
/* Closes it; all plans and buffers must have been released. NULL is allowed. */
void vqc_ops_destroy(vqc_ops *ops);

/* The name it was opened by. */
const char *vqc_ops_name(const vqc_ops *ops);
/* Number of CPU threads that it computes with. */
int vqc_ops_threads(const vqc_ops *ops);

/* Counts up with every change of the operations, or of how networks are made of them, that gives other last bits than
 * before: the name and the version of the program may be the same. Part of how the program was built
 * (record/environment.h). */
#define VQC_OPS_ROUNDING "rounding 3"

/* What the bytes of its results depend on besides operations, shapes and the number of threads. */
typedef struct vqc_ops_description {
    char instruction_set[32]; /* that the arithmetic is compiled for at run time, "avx2"; "" if it is always the same
                               */
    char library[32];         /* that computes, with its version, "oneDNN 2.6.0"; "" for none */
    bool tf32;                /* products of f32 are made in TF32 */
} vqc_ops_description;

void vqc_ops_describe(const vqc_ops *ops, vqc_ops_description *description_out);

/* Which device it is: two are the same if host and PCI id are. Empty texts where it is the host itself. */
typedef struct vqc_ops_identity {
    char name[256];  /* "NVIDIA H100 80GB HBM3" */
    char pci_id[32]; /* "0000:3b:00.0" */
} vqc_ops_identity;
void vqc_ops_identify(const vqc_ops *ops, vqc_ops_identity *identity_out);

/* Bytes of memory that are free on the device now, and that it has. Both are 0 where that is not known: on the host,
 * whose memory is shared out by its system. */
VQC_MUST_CHECK vqc_status vqc_ops_memory(const vqc_ops *ops, size_t *free_out, size_t *total_out, vqc_error *error);
/* Device memory, aligned to 64 bytes, contents undefined. The size may be 0. */
VQC_MUST_CHECK vqc_status vqc_ops_memory_allocate(vqc_ops *ops, size_t size, void **memory_out, vqc_error *error);
void vqc_ops_memory_release(vqc_ops *ops, void *memory);
/* Copies between host and device; complete on return. */
VQC_MUST_CHECK vqc_status vqc_ops_upload(vqc_ops *ops, void *device, const void *host, size_t size, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_ops_download(vqc_ops *ops, void *host, const void *device, size_t size,
                                           vqc_error *error);
/* Sets device memory to zero bytes. */
VQC_MUST_CHECK vqc_status vqc_ops_clear(vqc_ops *ops, void *device, size_t size, vqc_error *error);

/* --- The queue ---
 *
 * A GPU computes beside the host: calls of plans, of ops/step.h, clears and the copies below are queued, in their
 * order, and return at once; their errors may show at a later call. Uploads and downloads above wait for all of it.
 * Implementations on the host itself are done on return. */

/* Host memory that the device reaches by itself, aligned to 64 bytes, contents undefined. The size may be 0. */
VQC_MUST_CHECK vqc_status vqc_ops_host_allocate(vqc_ops *ops, size_t size, void **memory_out, vqc_error *error);
/* NULL is allowed. */
void vqc_ops_host_release(vqc_ops *ops, void *memory);
/* Queues a copy; target and source are device memory or host memory of vqc_ops_host_allocate, and do not overlap.
 * Host memory is left alone until vqc_ops_wait returns, or an event after the copy is over. */
VQC_MUST_CHECK vqc_status vqc_ops_copy(vqc_ops *ops, void *target, const void *source, size_t size, vqc_error *error);
/* Waits until everything queued is done. */
VQC_MUST_CHECK vqc_status vqc_ops_wait(vqc_ops *ops, vqc_error *error);

/* Events in the queue, numbered from 0, and the seconds between them. */
typedef struct vqc_timer vqc_timer;
VQC_MUST_CHECK vqc_status vqc_timer_create(vqc_ops *ops, int events, vqc_timer **timer_out, vqc_error *error);
/* Before its vqc_ops is destroyed. NULL is allowed. */
void vqc_timer_destroy(vqc_timer *timer);
/* Event number `event` is when everything queued so far is done. Not in a recording. */
VQC_MUST_CHECK vqc_status vqc_timer_mark(vqc_timer *timer, int event, vqc_error *error);
/* An event, for others to wait for. */
typedef struct vqc_event {
    const vqc_timer *timer;
    int number;
} vqc_event;

/* Whether an event that has been marked is over, without waiting; then so is everything queued before it, and host
 * memory that was copied to till then may be read. Reports what failed on the device meanwhile. Not in a recording.
 */
VQC_MUST_CHECK vqc_status vqc_event_poll(vqc_event event, bool *over_out, vqc_error *error);
/* Seconds between two events that are over. */
VQC_MUST_CHECK vqc_status vqc_timer_seconds(const vqc_timer *timer, int from, int to, double *seconds_out,
                                            vqc_error *error);

/* For libraries that compute on the device themselves: its stream (cuda: a cudaStream_t), on which all that is called
 * for is done in the order of the calls, and whose device becomes the one that this thread's calls of CUDA mean. NULL
 * where there is none: calls are complete on return, and device memory is the host's, to be read and written as
 * such. */
void *vqc_ops_stream(const vqc_ops *ops);
/* Whether the device has done all that it was given so far, without waiting. Reports what failed on the device
 * meanwhile. */
VQC_MUST_CHECK vqc_status vqc_ops_poll(vqc_ops *ops, bool *done_out, vqc_error *error);

/* Makes a plan. With `backward` false only the forward call is allowed, and an implementation keeps no weights for
 * the backward one. The description and its parameters are not needed afterwards. A description that makes no sense
 * (sizes not positive, products that overflow, a missing parameter) is VQC_FAILED. */
VQC_MUST_CHECK vqc_status vqc_plan_create(vqc_ops *ops, const vqc_operation *operation, bool backward,
                                          vqc_plan **plan_out, vqc_error *error);
void vqc_plan_destroy(vqc_plan *plan);

/* Another plan of the same operation, on a vqc_ops of the same device (lanes), which computes with the first one's
 * packed parameters: its own size of parameters is 0. The parameters live as long as one of the plans does. All of
 * them are used from one thread. Only where the implementation shares: cuda does; of the others, creating is
 * VQC_FAILED. */
bool vqc_ops_shares_parameters(const vqc_ops *ops);
VQC_MUST_CHECK vqc_status vqc_plan_create_beside(vqc_ops *ops, const vqc_plan *first, vqc_plan **plan_out,
                                                 vqc_error *error);

/* Bytes of state that the forward call leaves for the backward one, per plan execution. For quantise these are the
 * codes (int32). */
size_t vqc_plan_saved_size(const vqc_plan *plan);
/* Bytes of scratch memory that a call may use and leave undefined; one block may serve many plans in turn. */
size_t vqc_plan_workspace_size(const vqc_plan *plan);
/* Bytes of packed parameters that the plan holds on the device. */
size_t vqc_plan_parameter_size(const vqc_plan *plan);

/* Pointers to device memory, 64-byte aligned, of the sizes that vqc_operation_layout_of gives. */
typedef struct vqc_forward {
    const void *input[VQC_OPERATION_MAX_INPUTS];
    void *output;
    void *saved;
    void *workspace;
} vqc_forward;

typedef struct vqc_backward {
    const void *grad_output;
    const void *input[VQC_OPERATION_MAX_INPUTS]; /* where backward_reads_input, else may be NULL */
    const void *output;                          /* where backward_reads_output, else may be NULL */
    const void *saved;
    void *grad_input[VQC_OPERATION_MAX_INPUTS]; /* NULL: not wanted. May not overlap grad_output or each other */
    bool accumulate[VQC_OPERATION_MAX_INPUTS];  /* add to what grad_input holds instead of replacing it */
    void *workspace;
} vqc_backward;

/* output = operation(inputs); writes saved. Output may not overlap an input. */
VQC_MUST_CHECK vqc_status vqc_plan_forward(vqc_plan *plan, const vqc_forward *arguments, vqc_error *error);

/* grad_input[i] (+)= gradient of Σ output · grad_output with respect to input i. Gradients have the dtype of what
 * they belong to. Inputs of integers have none. */
VQC_MUST_CHECK vqc_status vqc_plan_backward(vqc_plan *plan, const vqc_backward *arguments, vqc_error *error);

/* A sequence of forward, backward and clear calls, those of ops/step.h and copies on the device, recorded once and
 * run many times with the same pointers; on a GPU a CUDA graph, which spares it the launch of each kernel. The
 * sequence is not executed while it is recorded.
 *
 * Every call has been made once before, outside of a recording: libraries set themselves up in their first one.
 * Between begin and end only those calls are made, on plans of this vqc_ops; allocating, uploading and downloading
 * are errors. Whoever begins also ends, even after a call has failed. What a run computes from is what the memory
 * holds then. The plans and the memory must outlive the recording. */
typedef struct vqc_recording vqc_recording;

/* Whether the implementation records: cuda does; of the others, begin is VQC_FAILED. */
bool vqc_ops_can_record(const vqc_ops *ops);
VQC_MUST_CHECK vqc_status vqc_ops_record_begin(vqc_ops *ops, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_ops_record_end(vqc_ops *ops, vqc_recording **recording_out, vqc_error *error);
/* Executes the sequence, in order with the other calls. */
VQC_MUST_CHECK vqc_status vqc_recording_run(vqc_recording *recording, vqc_error *error);
/* Before its vqc_ops is destroyed. NULL is allowed. */
void vqc_recording_destroy(vqc_recording *recording);

#endif
