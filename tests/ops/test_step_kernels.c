/* The kernels of ops/cuda/step.h on whatever CUDA device there is; skips where there is none. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../adam_steps.h"
#include "../tolerances.h"
#include "ops/cuda/step.h"

/* Memory on the device with a copy of the bytes. */
static void *device_copy(const void *bytes, size_t size)
{
    void *memory = NULL;
    assert_int_equal(cudaMalloc(&memory, size), cudaSuccess);
    assert_int_equal(cudaMemcpyAsync(memory, bytes, size, cudaMemcpyHostToDevice, NULL), cudaSuccess);
    return memory;
}

static void device_read(const void *memory, void *bytes, size_t size)
{
    assert_int_equal(cudaMemcpyAsync(bytes, memory, size, cudaMemcpyDeviceToHost, NULL), cudaSuccess);
    assert_int_equal(cudaStreamSynchronize(NULL), cudaSuccess);
}

static void two_steps_are_adam(void **state)
{
    (void)state;
    const float mask[CELLS] = {1.0F, 1.0F, 0.0F, 1.0F};
    const float limits[2 * WIDTH] = {-0.625F, -1.0F, 1.0F, 0.5625F};
    float values[3 * COUNT] = {0};
    memcpy(values, start, sizeof start);
    float *device_state = device_copy(values, sizeof values);
    float *device_mask = device_copy(mask, sizeof mask);
    float *device_limits = device_copy(limits, sizeof limits);
    for (int step = 0; step < STEPS; step++) {
        const double number = step + 1;
        const vqc_cuda_latent_numbers numbers = {.adam = {.rate = 0.15F,
                                                          .beta1 = 0.9F,
                                                          .beta2 = 0.999F,
                                                          .share1 = (float)(1.0 - 0.9),
                                                          .share2 = (float)(1.0 - 0.999),
                                                          .correction1 = (float)(1.0 - pow(0.9, number)),
                                                          .correction2 = (float)(1.0 - pow(0.999, number)),
                                                          .epsilon = 1e-8F},
                                                 .l2_slope = (float)l2_slopes[step]};
        float *gradient = device_copy(gradients[step], sizeof gradients[step]);
        vqc_cuda_latent_numbers *device_numbers = device_copy(&numbers, sizeof numbers);
        const vqc_cuda_latent latent = {.cells = CELLS,
                                        .width = WIDTH,
                                        .state = device_state,
                                        .gradient = gradient,
                                        .mask = device_mask,
                                        .limits = device_limits};
        assert_int_equal(vqc_cuda_latent_step(&latent, device_numbers, NULL), cudaSuccess);
        device_read(device_state, values, sizeof values);
        for (int i = 0; i < 3 * COUNT; i++) {
            double size = fabs(expected[step][i]) > 1e-4 ? fabs(expected[step][i]) : 1e-4;
            assert_true(fabs((double)values[i] - expected[step][i]) <= OPTIMISER_LARGEST * size);
        }
        (void)cudaFree(gradient);
        (void)cudaFree(device_numbers);
    }
    (void)cudaFree(device_state);
    (void)cudaFree(device_mask);
    (void)cudaFree(device_limits);
}

/* Terms of very different size add up exactly, and what is not finite or too large marks its element only. */
static void sums_are_exact(void **state)
{
    (void)state;
    enum { ELEMENTS = 4, TERMS = 3 };
    const float terms[TERMS][ELEMENTS] = {
        {0x1p11F, NAN, 0.5F, -1.0F}, {0x1p-44F, 1.0F, 0x1p13F, 0.25F}, {-0x1p11F, 1.0F, 0.5F, 0.25F}};
    const int64_t zeros[ELEMENTS] = {0};
    int64_t *sum = device_copy(zeros, sizeof zeros);
    for (int t = 0; t < TERMS; t++) {
        float *values = device_copy(terms[t], sizeof terms[t]);
        assert_int_equal(vqc_cuda_gradient_sum_add(sum, values, ELEMENTS, NULL), cudaSuccess);
        assert_int_equal(cudaStreamSynchronize(NULL), cudaSuccess);
        (void)cudaFree(values);
    }
    float result[ELEMENTS] = {0.0F};
    float *read = device_copy(result, sizeof result);
    assert_int_equal(vqc_cuda_gradient_sum_read(sum, read, ELEMENTS, NULL), cudaSuccess);
    device_read(read, result, sizeof result);
    assert_true(result[0] == 0x1p-44F);
    assert_true(isnan(result[1]));
    assert_true(isnan(result[2]));
    assert_true(result[3] == -0.5F);
    (void)cudaFree(sum);
    (void)cudaFree(read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_steps_are_adam), cmocka_unit_test(sums_are_exact)};
    int devices = 0;
    if (cudaGetDeviceCount(&devices) != cudaSuccess || devices < 1) {
        print_message("SKIPPED: no CUDA device\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
