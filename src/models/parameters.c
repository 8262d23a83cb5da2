#include "models/parameters.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "models/prefixes.h"

const vqc_weights_tensor *vqc_parameters_find(const vqc_parameters *parameters, const char *name)
{
    char translated[VQC_PARAMETER_NAME_SIZE];
    parameters->translate(parameters->context, name, translated);
    return vqc_weights_find(parameters->weights, translated);
}

vqc_status vqc_parameters_require(const vqc_parameters *parameters, const char *name,
                                  const vqc_weights_tensor **tensor_out, vqc_error *error)
{
    *tensor_out = vqc_parameters_find(parameters, name);
    if (*tensor_out != NULL)
        return VQC_OK;
    char translated[VQC_PARAMETER_NAME_SIZE];
    parameters->translate(parameters->context, name, translated);
    return vqc_prefixes_missing(parameters->weights, translated, error);
}

void vqc_parameter_name(char name[VQC_PARAMETER_NAME_SIZE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(name, VQC_PARAMETER_NAME_SIZE, format, arguments);
    va_end(arguments);
}

void vqc_parameters_shape_text(int rank, const int64_t *shape, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "(");
    for (int i = 0; i < rank && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, i == 0 ? "%lld" : ", %lld", (long long)shape[i]);
    if (used < size)
        (void)snprintf(text + used, size - used, ")");
}

vqc_status vqc_parameters_require_rank(const vqc_parameters *parameters, const char *name, int rank,
                                       const vqc_weights_tensor **tensor_out, vqc_error *error)
{
    VQC_TRY(vqc_parameters_require(parameters, name, tensor_out, error));
    if ((*tensor_out)->rank == rank && (*tensor_out)->count > 0)
        return VQC_OK;
    char found[128];
    vqc_parameters_shape_text((*tensor_out)->rank, (*tensor_out)->shape, found, sizeof found);
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s: expected %d axes, found the shape %s",
                         vqc_weights_path(parameters->weights), (*tensor_out)->name, rank, found);
}

int64_t vqc_parameters_blocks(const vqc_parameters *parameters, const char *name, const char *part)
{
    for (int64_t count = 0;; count++) {
        char full[VQC_PARAMETER_NAME_SIZE];
        vqc_parameter_name(full, "%s.%lld.%s", name, (long long)count, part);
        if (vqc_parameters_find(parameters, full) == NULL)
            return count;
    }
}

static bool shape_is(const vqc_weights_tensor *tensor, int rank, const int64_t *shape)
{
    if (tensor->rank != rank)
        return false;
    for (int i = 0; i < rank; i++)
        if (tensor->shape[i] != shape[i])
            return false;
    return true;
}

static vqc_status require_shape(const vqc_parameters *parameters, const char *name, int rank, const int64_t *shape,
                                const vqc_weights_tensor **tensor_out, vqc_error *error)
{
    VQC_TRY(vqc_parameters_require(parameters, name, tensor_out, error));
    if (shape_is(*tensor_out, rank, shape))
        return VQC_OK;
    char expected[128];
    char found[128];
    vqc_parameters_shape_text(rank, shape, expected, sizeof expected);
    vqc_parameters_shape_text((*tensor_out)->rank, (*tensor_out)->shape, found, sizeof found);
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s: expected the shape %s, found %s",
                         vqc_weights_path(parameters->weights), (*tensor_out)->name, expected, found);
}

vqc_status vqc_parameters_claim(const vqc_parameters *parameters, const char *name, int rank, const int64_t *shape,
                                vqc_error *error)
{
    const vqc_weights_tensor *tensor;
    VQC_TRY(require_shape(parameters, name, rank, shape, &tensor, error));
    vqc_weights_mark_read(parameters->weights, tensor);
    return VQC_OK;
}

vqc_status vqc_parameters_read(const vqc_parameters *parameters, const char *name, int rank, const int64_t *shape,
                               float **data_out, vqc_error *error)
{
    const vqc_weights_tensor *tensor;
    VQC_TRY(require_shape(parameters, name, rank, shape, &tensor, error));
    VQC_TRY(vqc_memory_allocate((size_t)tensor->count, sizeof(float), tensor->name, data_out, error));
    vqc_status status = vqc_weights_read_f32(parameters->weights, tensor, *data_out, error);
    if (status != VQC_OK) {
        free(*data_out);
        *data_out = NULL;
    }
    return status;
}
