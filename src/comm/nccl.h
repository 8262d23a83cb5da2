#ifndef VQC_COMM_NCCL_H
#define VQC_COMM_NCCL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "comm/devices.h"

/* What team_device.c needs from NCCL, which lets GPUs sum what lies in their memory among themselves. nccl.c
 * implements it; nccl_none.c stands in for it in a build without NCCL, where none of this is called but the first
 * two.
 *
 * No call waits for other members. What a call starts is watched with vqc_nccl_poll until it is ready, before the
 * next call. A communicator that has failed is given up with vqc_nccl_abort. */
typedef struct vqc_nccl vqc_nccl;

enum { VQC_NCCL_ID_SIZE = 128, VQC_NCCL_VERSION_SIZE = VQC_COMM_LIBRARY_SIZE };

/* Whether this build has NCCL. */
bool vqc_nccl_built(void);
/* "NCCL 2.28.9", the library that is loaded; "" for none. */
void vqc_nccl_version(char version_out[VQC_NCCL_VERSION_SIZE]);

/* What makes members find each other: made by one of them, and handed to the others. */
VQC_MUST_CHECK vqc_status vqc_nccl_id_create(unsigned char id_out[VQC_NCCL_ID_SIZE], vqc_error *error);

/* Starts to connect member `member` of `size`, on the GPU that is this thread's current one, with the others. */
VQC_MUST_CHECK vqc_status vqc_nccl_create(const unsigned char id[VQC_NCCL_ID_SIZE], int size, int member,
                                          vqc_nccl **nccl_out, vqc_error *error);

/* Starts to put the sum of the values over all members, in the place of each member's, onto the stream (a
 * cudaStream_t of the member's GPU). When it is ready the stream does it in its turn. */
VQC_MUST_CHECK vqc_status vqc_nccl_sum(vqc_nccl *nccl, int64_t *values, size_t count, void *stream, vqc_error *error);

/* Whether what was started last is ready. VQC_FAILED also for what has gone wrong on the way to other members since,
 * while the stream is at a sum. */
VQC_MUST_CHECK vqc_status vqc_nccl_poll(vqc_nccl *nccl, bool *ready_out, vqc_error *error);

/* Starts to part with the other members; the sums have been done. Ready: it is to be destroyed. */
VQC_MUST_CHECK vqc_status vqc_nccl_finish(vqc_nccl *nccl, vqc_error *error);
/* After vqc_nccl_finish. NULL is allowed. */
void vqc_nccl_destroy(vqc_nccl *nccl);

/* Ends what is under way and destroys the communicator, in any state. Where NCCL has not come to an end with it after
 * so many seconds, it is left to itself: then the process should end. NULL is allowed. */
void vqc_nccl_abort(vqc_nccl *nccl, double seconds);

#endif
