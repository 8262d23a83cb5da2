#include "optimiser_steps.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../tolerances.h"

static const char *const optimiser_names[] = {
#define VQC_OPTIMISER(kind, ...) #kind,
#include "ops/optimisers.def"
};

static const json_t *member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (value == NULL)
        fail_msg("optimisers.json: no %s", name);
    return value;
}

static void doubles_read(const json_t *array, double *values, size_t count)
{
    assert_int_equal(json_array_size(array), count);
    for (size_t i = 0; i < count; i++)
        values[i] = json_number_value(json_array_get(array, i));
}

static void floats_read(const json_t *array, float *values, size_t count)
{
    double wide[COUNT + STEPS];
    assert_true(count <= sizeof wide / sizeof *wide);
    doubles_read(array, wide, count);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)wide[i];
}

/* A row of the file has the members of vqc_update in their order. */
static vqc_update update_read(const json_t *array)
{
    enum { MEMBERS = 13, RECTIFIED = 8 };
    float values[MEMBERS];
    floats_read(array, values, MEMBERS);
    return (vqc_update){.rate = values[0],
                        .beta1 = values[1],
                        .beta2 = values[2],
                        .share1 = values[3],
                        .share2 = values[4],
                        .correction1 = values[5],
                        .correction2 = values[6],
                        .corrected_rate = values[7],
                        .rectified = json_is_true(json_array_get(array, RECTIFIED)),
                        .epsilon = values[9],
                        .keep = values[10],
                        .projected_keep = values[11],
                        .delta = values[12]};
}

static vqc_optimiser_kind optimiser_of(const char *name)
{
    int kind = 0;
    while (kind < VQC_OPTIMISER_COUNT && strcmp(optimiser_names[kind], name) != 0)
        kind++;
    if (kind == VQC_OPTIMISER_COUNT)
        fail_msg("optimisers.json: %s is not in ops/optimisers.def", name);
    return (vqc_optimiser_kind)kind;
}

static void case_read(const json_t *object, optimiser_case *c)
{
    const json_t *moments = member(object, "moments");
    (void)snprintf(c->settings, sizeof c->settings, "%s", json_string_value(member(object, "settings")));
    c->towards_start = json_is_true(member(object, "towards_start"));
    c->optimiser = optimiser_of(json_string_value(member(object, "optimiser")));
    c->decay = (float)json_number_value(member(object, "decay"));
    c->moment_count = (int)json_array_size(moments);
    assert_in_range(c->moment_count, 1, MAX_MOMENTS);
    for (int i = 0; i < c->moment_count; i++)
        doubles_read(json_array_get(moments, (size_t)i), c->moments[i], COUNT);
    for (size_t step = 0; step < STEPS; step++) {
        c->numbers[step] = update_read(json_array_get(member(object, "numbers"), step));
        doubles_read(json_array_get(member(object, "z"), step), c->z[step], COUNT);
    }
    doubles_read(member(object, "average"), c->average, COUNT);
}

static void steps_read(const json_t *root, optimiser_steps *steps)
{
    const json_t *cases = member(root, "cases");
    floats_read(member(root, "mask"), steps->mask, CELLS);
    floats_read(member(root, "limits"), steps->limits, 2 * WIDTH);
    floats_read(member(root, "start"), steps->start, COUNT);
    for (size_t step = 0; step < STEPS; step++)
        floats_read(json_array_get(member(root, "gradients"), step), steps->gradients[step], COUNT);
    doubles_read(member(root, "l2_slopes"), steps->l2_slopes, STEPS);
    steps->average_kept = json_number_value(member(root, "average_kept"));
    floats_read(member(root, "average_shares"), steps->average_shares, STEPS);
    steps->case_count = (int)json_array_size(cases);
    assert_in_range(steps->case_count, 1, MAX_OPTIMISER_CASES);
    for (int i = 0; i < steps->case_count; i++)
        case_read(json_array_get(cases, (size_t)i), &steps->cases[i]);
}

const optimiser_steps *optimiser_steps_known(void)
{
    static optimiser_steps steps;
    if (steps.case_count == 0) {
        json_error_t error;
        json_t *root = json_load_file(VQC_SOURCE_DIR "/tests/ops/fixtures/optimisers.json", 0, &error);
        if (root == NULL)
            fail_msg("optimisers.json, line %d: %s", error.line, error.text);
        steps_read(root, &steps);
        json_decref(root);
    }
    return &steps;
}

void optimiser_check(const optimiser_case *c, const char *what, const float *actual, const double *expected, int step)
{
    for (int i = 0; i < COUNT; i++) {
        double size = fmax(fabs(expected[i]), OPTIMISER_SMALL);
        if (!(fabs((double)actual[i] - expected[i]) <= OPTIMISER_LARGEST * size))
            fail_msg("%s: step %d, element %d of %s is %.9g, expected %.9g", c->settings, step, i, what,
                     (double)actual[i], expected[i]);
    }
}
