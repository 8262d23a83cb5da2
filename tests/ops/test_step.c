/* What a step computes besides operations (ops/step.h), on the implementation that the argument names. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../support/check.h"
#include "../support/optimiser_steps.h"
#include "../tolerances.h"
#include "execution.h"
#include "ops/step.h"

/* Memory on the device with a copy of the bytes. */
static void *device_copy(vqc_ops *ops, const void *bytes, size_t size)
{
    vqc_error error = {0};
    void *memory;
    check(vqc_ops_memory_allocate(ops, size, &memory, &error), &error);
    check(vqc_ops_upload(ops, memory, bytes, size, &error), &error);
    return memory;
}

static void device_read(vqc_ops *ops, void *bytes, const void *memory, size_t size)
{
    vqc_error error = {0};
    check(vqc_ops_download(ops, bytes, memory, size, &error), &error);
}

/* What a case's latent is on the device. */
typedef struct optimiser_memory {
    float *state, *average, *origin, *mask, *limits;
} optimiser_memory;

static optimiser_memory optimiser_start(vqc_ops *ops, const optimiser_case *c)
{
    const optimiser_steps *known = optimiser_steps_known();
    const float *start = known->start;
    float values[(1 + MAX_MOMENTS) * COUNT] = {0};
    memcpy(values, start, sizeof known->start);
    return (optimiser_memory){.state = device_copy(ops, values, sizeof values),
                              .average = device_copy(ops, start, sizeof known->start),
                              .origin = c->towards_start ? device_copy(ops, start, sizeof known->start) : NULL,
                              .mask = device_copy(ops, known->mask, sizeof known->mask),
                              .limits = device_copy(ops, known->limits, sizeof known->limits)};
}

static void optimiser_end(vqc_ops *ops, const optimiser_memory *memory)
{
    vqc_ops_memory_release(ops, memory->state);
    vqc_ops_memory_release(ops, memory->average);
    if (memory->origin != NULL)
        vqc_ops_memory_release(ops, memory->origin);
    vqc_ops_memory_release(ops, memory->mask);
    vqc_ops_memory_release(ops, memory->limits);
}

/* One step of a case; `values` receives z and its moments. */
static void optimiser_step(vqc_ops *ops, const optimiser_case *c, const optimiser_memory *memory, int step,
                           float *values)
{
    const optimiser_steps *known = optimiser_steps_known();
    vqc_error error = {0};
    const vqc_latent_numbers numbers = {.update = c->numbers[step],
                                        .l2_slope = (float)known->l2_slopes[step],
                                        .decay = c->decay,
                                        .average_share = known->average_shares[step]};
    float *gradient = device_copy(ops, known->gradients[step], sizeof known->gradients[step]);
    vqc_latent_numbers *device_numbers = device_copy(ops, &numbers, sizeof numbers);
    const vqc_latent latent = {.cells = CELLS,
                               .width = WIDTH,
                               .optimiser = c->optimiser,
                               .state = memory->state,
                               .average = memory->average,
                               .gradient = gradient,
                               .origin = memory->origin,
                               .mask = memory->mask,
                               .limits = memory->limits};
    check(vqc_ops_latent_step(ops, &latent, device_numbers, &error), &error);
    device_read(ops, values, memory->state, (1 + (size_t)c->moment_count) * COUNT * sizeof *values);
    vqc_ops_memory_release(ops, gradient);
    vqc_ops_memory_release(ops, device_numbers);
}

static void optimisers_are_the_public_ones(void **state)
{
    vqc_ops *ops = *state;
    const optimiser_steps *known = optimiser_steps_known();
    for (int number = 0; number < known->case_count; number++) {
        const optimiser_case *c = &known->cases[number];
        float values[(1 + MAX_MOMENTS) * COUNT];
        const optimiser_memory memory = optimiser_start(ops, c);
        for (int step = 0; step < STEPS; step++) {
            optimiser_step(ops, c, &memory, step, values);
            optimiser_check(c, "z", values, c->z[step], step);
        }
        for (int i = 0; i < c->moment_count; i++)
            optimiser_check(c, "a moment", values + (1 + i) * COUNT, c->moments[i], STEPS - 1);
        device_read(ops, values, memory.average, sizeof known->start);
        optimiser_check(c, "the average", values, c->average, STEPS - 1);
        optimiser_end(ops, &memory);
    }
}

/* Terms of very different size add up exactly, and what is not finite or too large marks its element only. */
static void sums_are_exact(void **state)
{
    enum { ELEMENTS = 4, TERMS = 3 };
    vqc_ops *ops = *state;
    vqc_error error = {0};
    const float terms[TERMS][ELEMENTS] = {
        {0x1p11F, NAN, 0.5F, -1.0F}, {0x1p-44F, 1.0F, 0x1p13F, 0.25F}, {-0x1p11F, 1.0F, 0.5F, 0.25F}};
    const int64_t zeros[ELEMENTS] = {0};
    int64_t *sum = device_copy(ops, zeros, sizeof zeros);
    for (int t = 0; t < TERMS; t++) {
        float *values = device_copy(ops, terms[t], sizeof terms[t]);
        check(vqc_ops_gradient_sum_add(ops, sum, values, ELEMENTS, &error), &error);
        check(vqc_ops_wait(ops, &error), &error);
        vqc_ops_memory_release(ops, values);
    }
    float result[ELEMENTS] = {0.0F};
    int64_t marks = 0;
    float *read = device_copy(ops, result, sizeof result);
    int64_t *device_marks = device_copy(ops, &marks, sizeof marks);
    check(vqc_ops_gradient_sum_read(ops, sum, read, ELEMENTS, &error), &error);
    device_read(ops, result, read, sizeof result);
    assert_true(result[0] == 0x1p-44F);
    assert_true(isnan(result[1]));
    assert_true(isnan(result[2]));
    assert_true(result[3] == -0.5F);
    const int64_t found[] = {2, 0};
    for (int i = 0; i < 2; i++) {
        check(vqc_ops_gradient_sum_clear_marks(ops, sum, ELEMENTS, device_marks, &error), &error);
        device_read(ops, &marks, device_marks, sizeof marks);
        assert_int_equal(marks, found[i]);
    }
    check(vqc_ops_gradient_sum_read(ops, sum, read, ELEMENTS, &error), &error);
    device_read(ops, result, read, sizeof result);
    assert_true(result[0] == 0x1p-44F && result[1] == 0.0F && result[2] == 0.0F && result[3] == -0.5F);
    vqc_ops_memory_release(ops, sum);
    vqc_ops_memory_release(ops, read);
    vqc_ops_memory_release(ops, device_marks);
}

/* A negative weight looks for large distances; a stop ends the gradient but not the loss; filling counts nothing. */
static void distances_are_weighed(void **state)
{
    enum { CROPS = 3, TARGETS = 2 };
    vqc_ops *ops = *state;
    vqc_error error = {0};
    const float distances[CROPS * TARGETS] = {0.5F, 0.25F, 1.5F, 0.75F, 8.0F, 8.0F};
    const double weights[TARGETS] = {2.0, -3.0};
    const double stops[TARGETS] = {1.0, -0.5};
    const int32_t real = 2;
    const float wanted[CROPS * TARGETS] = {0.0F, -3.0F, 2.0F, 0.0F, 0.0F, 0.0F};
    float gradients_found[CROPS * TARGETS] = {9.0F};
    double sums[TARGETS] = {9.0, 9.0};
    const vqc_weighing weighing = {.crops = CROPS,
                                   .targets = TARGETS,
                                   .distances = device_copy(ops, distances, sizeof distances),
                                   .weights = device_copy(ops, weights, sizeof weights),
                                   .stops = device_copy(ops, stops, sizeof stops),
                                   .real = device_copy(ops, &real, sizeof real),
                                   .gradients = device_copy(ops, gradients_found, sizeof gradients_found),
                                   .sums = device_copy(ops, sums, sizeof sums)};
    check(vqc_ops_distances_weigh(ops, &weighing, &error), &error);
    device_read(ops, gradients_found, weighing.gradients, sizeof gradients_found);
    device_read(ops, sums, weighing.sums, sizeof sums);
    assert_memory_equal(gradients_found, wanted, sizeof wanted);
    assert_true(sums[0] == 2.0 && sums[1] == 1.0);
    const void *memory[] = {weighing.distances, weighing.weights,   weighing.stops,
                            weighing.real,      weighing.gradients, weighing.sums};
    for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++)
        vqc_ops_memory_release(ops, (void *)(uintptr_t)memory[i]);
}

enum { LATENT = 20000 }; /* more than a device takes at a time */

/* One step of AdamP on a latent so large; z and its moments are in `values`. */
static void adamp_step(vqc_ops *ops, const vqc_latent_numbers *numbers, const float *gradient, float *values)
{
    enum { LATENT_WIDTH = 16 };
    vqc_error error = {0};
    const size_t size = 3 * LATENT * sizeof *values;
    float *device_state = device_copy(ops, values, size);
    float *device_gradient = device_copy(ops, gradient, LATENT * sizeof *gradient);
    vqc_latent_numbers *device_numbers = device_copy(ops, numbers, sizeof *numbers);
    const vqc_latent latent = {.cells = LATENT / LATENT_WIDTH,
                               .width = LATENT_WIDTH,
                               .optimiser = VQC_OPTIMISER_ADAMP,
                               .state = device_state,
                               .gradient = device_gradient};
    check(vqc_ops_latent_step(ops, &latent, device_numbers, &error), &error);
    device_read(ops, values, device_state, size);
    vqc_ops_memory_release(ops, device_state);
    vqc_ops_memory_release(ops, device_gradient);
    vqc_ops_memory_release(ops, device_numbers);
}

/* Sums over many elements, in whatever parts, come to what the reference's do, and twice to the same bits. */
static void large_latents_are_projected(void **state)
{
    vqc_ops *ops = *state;
    vqc_ops *ref;
    vqc_error error = {0};
    static float begin[3 * LATENT];
    static float wanted[3 * LATENT];
    static float found[2][3 * LATENT];
    static float gradient[LATENT];
    vqc_latent_numbers numbers = {.update = optimiser_steps_known()->cases[0].numbers[0]};
    numbers.update.delta = 1e6F; /* so that the step is projected */
    for (int i = 0; i < LATENT; i++) {
        begin[i] = 1.0F + (float)(i % 13) / 8.0F;
        gradient[i] = i % 3 == 0 ? 0.5F : -0.25F;
    }
    memcpy(wanted, begin, sizeof begin);
    check(vqc_ops_create("ref", &(vqc_ops_options){.threads = 1}, &ref, &error), &error);
    adamp_step(ref, &numbers, gradient, wanted);
    vqc_ops_destroy(ref);
    for (int i = 0; i < 2; i++) {
        memcpy(found[i], begin, sizeof begin);
        adamp_step(ops, &numbers, gradient, found[i]);
    }
    assert_memory_equal(found[0], found[1], sizeof found[0]);
    for (int i = 0; i < 3 * LATENT; i++)
        assert_float_equal(found[0][i], wanted[i], OPTIMISER_LARGEST);
}

/* Of an offset from the origin, which may be NULL. */
static vqc_latent_measures offset_measure(vqc_ops *ops, const float *z, const float *origin)
{
    vqc_error error = {0};
    vqc_latent_measures measures = {0};
    float *device_z = device_copy(ops, z, LATENT * sizeof *z);
    float *device_origin = origin == NULL ? NULL : device_copy(ops, origin, LATENT * sizeof *origin);
    vqc_latent_measures *device_measures = device_copy(ops, &measures, sizeof measures);
    check(vqc_ops_latent_measure(ops, device_z, device_origin, LATENT, device_measures, &error), &error);
    device_read(ops, &measures, device_measures, sizeof measures);
    vqc_ops_memory_release(ops, device_z);
    if (device_origin != NULL)
        vqc_ops_memory_release(ops, device_origin);
    vqc_ops_memory_release(ops, device_measures);
    return measures;
}

static vqc_latent_measures latent_measure(vqc_ops *ops, const float *z)
{
    return offset_measure(ops, z, NULL);
}

/* The digest is that of the reference, and sees one bit, and two elements that change places. */
static void latents_are_measured(void **state)
{
    vqc_ops *ops = *state;
    vqc_ops *ref;
    vqc_error error = {0};
    const vqc_ops_options options = {.threads = 1};
    float z[LATENT];
    for (int i = 0; i < LATENT; i++)
        z[i] = (float)(i % 17) - 8.0F;
    check(vqc_ops_create("ref", &options, &ref, &error), &error);
    const vqc_latent_measures wanted = latent_measure(ref, z);
    vqc_ops_destroy(ref);
    vqc_latent_measures found = latent_measure(ops, z);
    assert_true(found.squares == wanted.squares); /* whole numbers: exact in any order */
    assert_true(found.digest == wanted.digest);
    assert_int_equal(found.not_finite, 0);
    float origin[LATENT];
    for (int i = 0; i < LATENT; i++)
        origin[i] = z[i] - (i == LATENT - 1 ? 2.0F : 0.5F);
    found = offset_measure(ops, z, origin);
    assert_true(found.squares == 0.25 * (LATENT - 1) + 4.0);
    assert_true(found.digest == wanted.digest);
    z[5] = nextafterf(z[5], 9.0F);
    assert_true(latent_measure(ops, z).digest != wanted.digest);
    z[5] = z[6];
    z[6] = (float)(5 % 17) - 8.0F;
    assert_true(latent_measure(ops, z).digest != wanted.digest);
    z[LATENT - 1] = NAN;
    z[0] = INFINITY;
    assert_int_equal(latent_measure(ops, z).not_finite, 2);
}

/* Copies are made in their order, by way of memory that the device reaches, and events come one after the other. */
static void copies_are_queued(void **state)
{
    vqc_ops *ops = *state;
    vqc_error error = {0};
    vqc_timer *timer;
    const float zeros[4] = {0.0F};
    void *memory;
    double seconds = -1.0;
    bool over = false;
    check(vqc_ops_host_allocate(ops, sizeof zeros, &memory, &error), &error);
    float *host = memory;
    float *first = device_copy(ops, zeros, sizeof zeros);
    float *second = device_copy(ops, zeros, sizeof zeros);
    check(vqc_timer_create(ops, 3, &timer, &error), &error);
    for (int i = 0; i < 4; i++)
        host[i] = (float)i;
    check(vqc_timer_mark(timer, 0, &error), &error);
    check(vqc_ops_copy(ops, first, host, sizeof zeros, &error), &error);
    check(vqc_ops_copy(ops, second, first, sizeof zeros, &error), &error);
    check(vqc_timer_mark(timer, 1, &error), &error);
    check(vqc_ops_wait(ops, &error), &error);
    memset(host, 0, sizeof zeros);
    check(vqc_ops_copy(ops, host, second, sizeof zeros, &error), &error);
    check(vqc_timer_mark(timer, 2, &error), &error);
    while (!over)
        check(vqc_event_poll((vqc_event){timer, 2}, &over, &error), &error);
    for (int i = 0; i < 4; i++)
        assert_float_equal(host[i], (float)i, 0.0F);
    check(vqc_timer_seconds(timer, 0, 1, &seconds, &error), &error);
    assert_true(seconds >= 0.0);
    vqc_timer_destroy(timer);
    vqc_ops_memory_release(ops, first);
    vqc_ops_memory_release(ops, second);
    vqc_ops_host_release(ops, host);
}

static int tests_run(vqc_ops *ops)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(optimisers_are_the_public_ones, ops),
        cmocka_unit_test_prestate(large_latents_are_projected, ops),
        cmocka_unit_test_prestate(sums_are_exact, ops),
        cmocka_unit_test_prestate(distances_are_weighed, ops),
        cmocka_unit_test_prestate(latents_are_measured, ops),
        cmocka_unit_test_prestate(copies_are_queued, ops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argument_count, char **arguments)
{
    return execution_main(argument_count, arguments, tests_run);
}
