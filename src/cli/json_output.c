#include "cli/json_output.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"

vqc_status vqc_json_print(json_t *value, vqc_error *error)
{
    if (value == NULL)
        return vqc_error_set(error, VQC_FAILED, "out of memory for the JSON output");
    int result = json_dumpf(value, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(value);
    if (result != 0)
        return vqc_error_set(error, VQC_FAILED, "standard output cannot be written");
    (void)printf("\n");
    return VQC_OK;
}

json_t *vqc_json_numbers(const float *values, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; array != NULL && i < count; i++)
        json_array_append_new(array, json_real((double)values[i]));
    return array;
}

json_t *vqc_json_integers(const int64_t *values, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; array != NULL && i < count; i++)
        json_array_append_new(array, json_integer(values[i]));
    return array;
}

json_t *vqc_json_seed(uint64_t seed)
{
    char digits[32];
    if (seed <= INT64_MAX)
        return json_integer((json_int_t)seed);
    (void)snprintf(digits, sizeof digits, "%" PRIu64, seed);
    return json_string(digits);
}

void vqc_json_add_compute(json_t *object, const vqc_compute *compute)
{
    double elapsed = vqc_clock_seconds() - compute->started;
    json_object_set_new(object, "device", json_string(vqc_ops_name(compute->ops)));
    json_object_set_new(object, "precision", json_string(vqc_dtype_name(compute->dtype)));
    json_object_set_new(object, "threads", json_integer(vqc_ops_threads(compute->ops)));
    json_object_set_new(object, "load_seconds", json_real(compute->load_seconds));
    json_object_set_new(object, "compute_seconds", json_real(elapsed - compute->load_seconds));
    json_object_set_new(object, "peak_memory_bytes", json_integer((json_int_t)vqc_memory_peak()));
}
