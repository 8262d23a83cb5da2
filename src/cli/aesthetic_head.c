#include "cli/aesthetic_head.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "weights/parts.h"
#include "weights/weights.h"

static vqc_status tensors_check(const vqc_weights *weights, vqc_error *error)
{
    const char *path = vqc_weights_path(weights);
    for (size_t i = 0; i < vqc_weights_count(weights); i++) {
        const vqc_weights_tensor *tensor = vqc_weights_at(weights, i);
        if (strcmp(tensor->name, "weight") != 0 && strcmp(tensor->name, "bias") != 0)
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "%s: expected a linear layer, the tensors weight and bias, found the tensor %s",
                                 path, tensor->name);
    }
    const vqc_weights_tensor *weight = vqc_weights_find(weights, "weight");
    const vqc_weights_tensor *bias = vqc_weights_find(weights, "bias");
    if (weight == NULL || weight->rank != 2 || weight->shape[0] != 1 || weight->shape[1] < 1)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a tensor weight of 1 × the width of embeddings",
                             path);
    if (bias == NULL || bias->rank != 1 || bias->shape[0] != 1)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a tensor bias of 1 element", path);
    return VQC_OK;
}

static vqc_status tensors_read(const vqc_weights *weights, vqc_aesthetic_head *head, vqc_error *error)
{
    VQC_TRY(tensors_check(weights, error));
    const vqc_weights_tensor *weight = vqc_weights_find(weights, "weight");
    head->width = weight->shape[1];
    VQC_TRY(
        vqc_memory_allocate((size_t)head->width, sizeof *head->weight, "an aesthetic head", &head->weight, error));
    VQC_TRY(vqc_weights_read_f32(weights, weight, head->weight, error));
    return vqc_weights_read_f32(weights, vqc_weights_find(weights, "bias"), &head->bias, error);
}

vqc_status vqc_aesthetic_head_read(const char *path, vqc_aesthetic_head *head_out, vqc_error *error)
{
    vqc_weights *weights;
    vqc_aesthetic_head head = {.path = path};
    VQC_TRY(vqc_weights_open(path, &weights, error));
    vqc_status status = tensors_read(weights, &head, error);
    vqc_weights_close(weights);
    if (status == VQC_OK)
        status = vqc_weights_digest(path, head.sha256, error);
    if (status != VQC_OK) {
        vqc_aesthetic_head_release(&head);
        return status;
    }
    *head_out = head;
    return VQC_OK;
}

void vqc_aesthetic_head_release(vqc_aesthetic_head *head)
{
    free(head->weight);
    *head = (vqc_aesthetic_head){0};
}

double vqc_aesthetic_head_score(const vqc_aesthetic_head *head, const float *row, double length)
{
    double sum = 0.0;
    for (int64_t i = 0; i < head->width; i++)
        sum += (double)head->weight[i] * (double)row[i];
    return sum / length + (double)head->bias;
}
