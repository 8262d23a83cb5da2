/* The distance operation of one implementation, named by the argument, against the public implementations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "../comparison.h"
#include "execution.h"
#include "reference_file.h"

static void distance_is_as_published(void **state)
{
    vqc_weights *file = reference_file_open("clip_vit_expected.safetensors");
    const vqc_weights_tensor *images;
    const vqc_weights_tensor *texts;
    const vqc_weights_tensor *distances;
    double *image = reference_file_read(file, "image_embed", &images);
    double *text = reference_file_read(file, "text_embed", &texts);
    double *expected = reference_file_read(file, "spherical_distance", &distances);
    float *targets = malloc((size_t)texts->count * sizeof *targets);
    assert_non_null(targets);
    for (int64_t i = 0; i < texts->count; i++)
        targets[i] = (float)text[i];
    const vqc_operation operation = {
        .kind = VQC_OPERATION_DISTANCE,
        .dtype = VQC_DTYPE_F32,
        .distance = {
            .rows = images->shape[0], .width = images->shape[1], .prompts = texts->shape[0], .targets = targets}};
    operation_execution execution;
    execution_open(&execution, *state, &operation);
    double *output = execution_doubles(distances->count);
    assert_int_equal(execution.layout.output_count_elements, distances->count);
    execution_forward(&execution, (const double *const[2]){image, NULL}, output);
    comparison found = comparison_of(output, expected, distances->count);
    print_message("relative %.2e, largest %.2e\n", found.relative, found.largest);
    if (!comparison_is_within(&found, &tolerances[TOLERANCE_DISTANCE]))
        fail_msg("relative %.3e, largest %.3e at %lld", found.relative, found.largest, (long long)found.worst);
    execution_close(&execution);
    free(output);
    free(targets);
    free(expected);
    free(text);
    free(image);
    vqc_weights_close(file);
}

static int tests_run(vqc_ops *ops)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(distance_is_as_published, ops)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argument_count, char **arguments)
{
    return execution_main(argument_count, arguments, tests_run);
}
