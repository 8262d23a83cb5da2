#ifndef VQC_NETWORK_NETWORK_H
#define VQC_NETWORK_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "ops/ops.h"

/* A network of fixed shape: a list of planned operations and the values between them. It is built once, operation by
 * operation; then all of its memory is laid out, with values that are never alive together sharing it; then it is
 * run any number of times, the list forwards for the outputs and backwards for the gradients. Running allocates
 * nothing.
 *
 *     create → add inputs, constants and operations → [recompute] → [prepare] → finish
 *         → { write inputs, forward, [write gradients, backward], read }*
 *
 * Functions are not collective over MPI; a network belongs to one thread, like the vqc_ops it was made with, which
 * must outlive it. All failures are VQC_FAILED: for want of memory, or an operation that the implementation refuses.
 */
typedef struct vqc_network vqc_network;

/* One value of a network: an index, valid for the network that gave it out. */
typedef struct vqc_value {
    int index;
} vqc_value;

enum { VQC_SHAPE_MAX_RANK = 4 };

/* Shape of a value, row-major: pictures are (batch, height, width, channels), token sequences (batch, token, width),
 * embeddings (batch, width). */
typedef struct vqc_shape {
    int rank;
    int64_t size[VQC_SHAPE_MAX_RANK];
} vqc_shape;

/* Length of the last axis; product of the others; product of all. */
int64_t vqc_shape_width(vqc_shape shape);
int64_t vqc_shape_rows(vqc_shape shape);
int64_t vqc_shape_count(vqc_shape shape);

/* Starts a network. `backward`: whether gradients will be asked for. `ops` NULL: a rehearsal, in which operations are
 * checked as they are added and nothing is planned; to prepare and to finish it does nothing, and it cannot be run.
 * It tells whether what is built of a file can be built. */
VQC_MUST_CHECK vqc_status vqc_network_create(vqc_ops *ops, bool backward, vqc_network **network_out,
                                             vqc_error *error);
/* Starts a network with the values and operations of another one, for a vqc_ops of the same device whose plans share
 * parameters (ops.h): nothing is read or packed again. Values have the same numbers. What was asked of the first one
 * (recomputation) is asked of this one; it is neither prepared nor finished. The first one may go before it. */
VQC_MUST_CHECK vqc_status vqc_network_create_beside(const vqc_network *first, vqc_ops *ops, vqc_network **network_out,
                                                    vqc_error *error);
/* NULL is allowed. */
void vqc_network_destroy(vqc_network *network);

/* Adds a value that is written from outside. `gradient`: whether backward computes the gradient with respect to it;
 * only operations on the way from such an input take part in the backward pass. */
VQC_MUST_CHECK vqc_status vqc_network_input(vqc_network *network, vqc_dtype dtype, vqc_shape shape, bool gradient,
                                            vqc_value *value_out, vqc_error *error);

/* Adds a value that never changes: `data`, as many elements of the dtype as the shape has, is copied and uploaded
 * once, when the network is finished. It has no gradient. */
VQC_MUST_CHECK vqc_status vqc_network_constant(vqc_network *network, vqc_dtype dtype, vqc_shape shape,
                                               const void *data, vqc_value *value_out, vqc_error *error);

/* Adds an operation on the given inputs (as many as it has) and gives its output, whose element count the shape must
 * fit. The operation's parameters are not needed afterwards. */
VQC_MUST_CHECK vqc_status vqc_network_add(vqc_network *network, const vqc_operation *operation,
                                          const vqc_value *inputs, vqc_shape shape, vqc_value *value_out,
                                          vqc_error *error);

/* Makes the value an output: its data stays readable after every run, and backward starts from the gradient that the
 * caller writes to it. A network has at least one. */
VQC_MUST_CHECK vqc_status vqc_network_output(vqc_network *network, vqc_value value, vqc_error *error);

/* Keeps the value's data and saved state readable after every run, as those of inputs and outputs are, and no more.
 */
VQC_MUST_CHECK vqc_status vqc_network_keep(vqc_network *network, vqc_value value, vqc_error *error);

/* Asks for a backward pass that computes values again instead of keeping them all from the forward pass: the network
 * is cut into segments so that the memory becomes as small as it can; of each segment only what others read is kept,
 * and the rest computed a second time right before its backward pass, by the same operations from the same values, so
 * that the results are the same bits. The inputs must not be changed between forward and backward. Where no cut makes
 * the memory smaller nothing changes. Before prepare and finish. */
VQC_MUST_CHECK vqc_status vqc_network_recompute(vqc_network *network, vqc_error *error);

/* Lays out the memory without allocating it: the sizes below are known then. After this nothing can be added. */
VQC_MUST_CHECK vqc_status vqc_network_prepare(vqc_network *network, vqc_error *error);

/* Bytes that the memory would take with or without recomputation, whatever was asked for; at any time. */
VQC_MUST_CHECK vqc_status vqc_network_size(const vqc_network *network, bool recompute, size_t *bytes_out,
                                           vqc_error *error);

/* Lays out the memory, if that has not been done, allocates it and uploads the constants. */
VQC_MUST_CHECK vqc_status vqc_network_finish(vqc_network *network, vqc_error *error);

/* Shape and element type of a value. */
vqc_shape vqc_network_shape(const vqc_network *network, vqc_value value);
vqc_dtype vqc_network_dtype(const vqc_network *network, vqc_value value);

/* Device memory of the data of an input, output or kept value, and of the gradient of an input or output, in the
 * value's dtype. The gradient is NULL where the network computes none. Valid until the network is destroyed. */
void *vqc_network_data(vqc_network *network, vqc_value value);
void *vqc_network_gradient(vqc_network *network, vqc_value value);
/* The state that a value's operation saved in the last forward run, such as the codes of quantise. Only for values
 * that are kept or outputs. */
void *vqc_network_saved(vqc_network *network, vqc_value value);

/* Computes all values from the inputs. */
VQC_MUST_CHECK vqc_status vqc_network_forward(vqc_network *network, vqc_error *error);
/* Computes the gradients of the inputs from those of the outputs, after a forward run. The gradients of outputs that
 * lie inside the network are used up. */
VQC_MUST_CHECK vqc_status vqc_network_backward(vqc_network *network, vqc_error *error);

/* Bytes on the device, once prepared: activations, gradients and workspace; the largest workspace among these; packed
 * parameters. */
size_t vqc_network_activation_size(const vqc_network *network);
size_t vqc_network_workspace_size(const vqc_network *network);
size_t vqc_network_parameter_size(const vqc_network *network);

/* Copies between host memory and an input's or output's data or gradient: as many elements as the value has, f32 on
 * the host (int32 for integer values). Convenience for commands and tests; values must be f32 or int32. */
VQC_MUST_CHECK vqc_status vqc_network_write(vqc_network *network, vqc_value value, const void *host,
                                            vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_network_read(vqc_network *network, vqc_value value, void *host, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_network_gradient_write(vqc_network *network, vqc_value value, const float *host,
                                                     vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_network_gradient_read(vqc_network *network, vqc_value value, float *host,
                                                    vqc_error *error);

#endif
