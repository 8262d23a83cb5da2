#include "cli/tensor_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Turns (pictures, rows, columns) into (pictures, columns, rows): with rows the channels and columns the pixels, or
 * the other way round, it changes between the two layouts of a picture. */
static void planes_transpose(const float *source, float *target, int64_t pictures, int64_t rows, int64_t columns)
{
    for (int64_t n = 0; n < pictures; n++)
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < columns; j++)
                target[(n * columns + j) * rows + i] = source[(n * rows + i) * columns + j];
}

static vqc_status rank_check(const vqc_weights *weights, const vqc_weights_tensor *tensor, int rank, vqc_error *error)
{
    if (tensor->rank == rank && tensor->count > 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s: expected %d axes, none of length zero, found %d axes",
                         vqc_weights_path(weights), tensor->name, rank, tensor->rank);
}

/* Replaces a tensor of rank 4 by its channels-last form. */
static vqc_status channels_to_last(vqc_host_tensor *tensor, vqc_error *error)
{
    int64_t *shape = tensor->shape;
    int64_t pixels = shape[2] * shape[3];
    float *last;
    VQC_TRY(vqc_memory_allocate((size_t)(shape[0] * shape[1] * pixels), sizeof *last, "a tensor", &last, error));
    planes_transpose(tensor->data, last, shape[0], shape[1], pixels);
    free(tensor->data);
    tensor->data = last;
    int64_t channels = shape[1];
    shape[1] = shape[2];
    shape[2] = shape[3];
    shape[3] = channels;
    return VQC_OK;
}

vqc_status vqc_host_tensor_read(const vqc_weights *weights, const char *name, int rank, vqc_host_tensor *tensor_out,
                                vqc_error *error)
{
    *tensor_out = (vqc_host_tensor){.rank = rank};
    const vqc_weights_tensor *tensor = vqc_weights_find(weights, name);
    if (tensor == NULL)
        return VQC_OK;
    VQC_TRY(rank_check(weights, tensor, rank, error));
    memcpy(tensor_out->shape, tensor->shape, sizeof tensor->shape);
    VQC_TRY(vqc_memory_allocate((size_t)tensor->count, sizeof(float), name, &tensor_out->data, error));
    vqc_status status = vqc_weights_read_f32(weights, tensor, tensor_out->data, error);
    if (status == VQC_OK && rank == 4)
        status = channels_to_last(tensor_out, error);
    if (status != VQC_OK) {
        free(tensor_out->data);
        tensor_out->data = NULL;
    }
    return status;
}

static vqc_status ids_narrow(const vqc_weights *weights, const vqc_weights_tensor *tensor, const int64_t *wide,
                             int32_t *ids, vqc_error *error)
{
    for (int64_t i = 0; i < tensor->count; i++) {
        if (wide[i] < INT32_MIN || wide[i] > INT32_MAX)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s: %lld is no token id",
                                 vqc_weights_path(weights), tensor->name, (long long)wide[i]);
        ids[i] = (int32_t)wide[i];
    }
    return VQC_OK;
}

vqc_status vqc_host_ids_read(const vqc_weights *weights, const char *name, int64_t shape_out[2], int32_t **ids_out,
                             vqc_error *error)
{
    *ids_out = NULL;
    const vqc_weights_tensor *tensor = vqc_weights_find(weights, name);
    if (tensor == NULL)
        return VQC_OK;
    VQC_TRY(rank_check(weights, tensor, 2, error));
    int64_t *wide;
    int32_t *ids = NULL;
    VQC_TRY(vqc_memory_allocate((size_t)tensor->count, sizeof *wide, name, &wide, error));
    vqc_status status = vqc_weights_read_i64(weights, tensor, wide, error);
    if (status == VQC_OK)
        status = vqc_memory_allocate((size_t)tensor->count, sizeof *ids, name, &ids, error);
    if (status == VQC_OK)
        status = ids_narrow(weights, tensor, wide, ids, error);
    free(wide);
    if (status != VQC_OK) {
        free(ids);
        return status;
    }
    memcpy(shape_out, tensor->shape, 2 * sizeof *shape_out);
    *ids_out = ids;
    return VQC_OK;
}

/* Takes a copy of `count` elements of 4 bytes and gives its source to fill in. */
static vqc_status file_append(vqc_tensor_file *file, const char *name, vqc_dtype dtype, int rank,
                              const int64_t *shape, const void *data, vqc_error *error)
{
    if (file->count == VQC_TENSOR_FILE_MAX)
        return vqc_error_set(error, VQC_FAILED, "too many tensors for one file");
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= (size_t)shape[i];
    void *copy;
    VQC_TRY(vqc_memory_allocate(count, 4, name, &copy, error));
    memcpy(copy, data, 4 * count);
    vqc_weights_source *source = &file->sources[file->count];
    *source = (vqc_weights_source){.name = name, .dtype = dtype, .rank = rank, .data = copy};
    memcpy(source->shape, shape, (size_t)rank * sizeof *shape);
    file->owned[file->count++] = copy;
    return VQC_OK;
}

vqc_status vqc_tensor_file_add(vqc_tensor_file *file, const char *name, int rank, const int64_t *shape,
                               const float *data, vqc_error *error)
{
    VQC_TRY(file_append(file, name, VQC_DTYPE_F32, rank, shape, data, error));
    if (rank != 4)
        return VQC_OK;
    vqc_weights_source *source = &file->sources[file->count - 1];
    planes_transpose(data, file->owned[file->count - 1], shape[0], shape[1] * shape[2], shape[3]);
    source->shape[1] = shape[3];
    source->shape[2] = shape[1];
    source->shape[3] = shape[2];
    return VQC_OK;
}

vqc_status vqc_tensor_file_add_ids(vqc_tensor_file *file, const char *name, int rank, const int64_t *shape,
                                   const int32_t *data, vqc_error *error)
{
    return file_append(file, name, VQC_DTYPE_I32, rank, shape, data, error);
}

void vqc_tensor_file_release(vqc_tensor_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        free(file->owned[i]);
    *file = (vqc_tensor_file){0};
}
