/* A perceptor that looks at the whole picture: distances and gradient put together from the tower, which has tests of
 * its own, and, in double, the pooling and the distance as they are defined. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../comparison.h"
#include "../support/check.h"
#include "base/random.h"
#include "guide/perceptor.h"
#include "ops/step.h"

#define CHECKPOINT VQC_SOURCE_DIR "/tests/models/fixtures/open_clip_gelu/open_clip_model.safetensors"

/* Three crops in groups of two: the second group is filled up with one that does not count. */
enum { PIXELS = 3 * 24 * 72, CROPS = 3, GROUP = 2, GROUPS = 2, MOST = 4096 };

/* Pictures of 3:5, 2:1 and 1:3. */
static const struct {
    int64_t height, width;
} shapes[] = {{24, 40}, {24, 48}, {72, 24}};

typedef struct fixture {
    vqc_ops *ops;
    vqc_clip *clip;
    int64_t height, width; /* of the picture, at most PIXELS numbers */
    float picture[PIXELS];
    float target[MOST];
} fixture;

/* Between 0 and 1, the same every time. */
static float number_of(uint32_t stream, uint32_t index)
{
    return vqc_random_uniform(
        vqc_random_block_at((vqc_random_key){{5, 6}}, (vqc_random_block){{index, stream, 0, 0}}).word[0]);
}

static void fixture_open(fixture *f)
{
    vqc_error error = {0};
    const vqc_ops_options options = {.threads = 1};
    const vqc_clip_options clip = {0};
    check(vqc_ops_create("ref", &options, &f->ops, &error), &error);
    check(vqc_clip_open(CHECKPOINT, &clip, &f->clip, &error), &error);
    assert_true(f->clip->embed_width <= MOST && 3 * f->clip->vision.side * f->clip->vision.side <= MOST);
    for (uint32_t i = 0; i < PIXELS; i++)
        f->picture[i] = 0.1F + 0.8F * number_of(0, i);
    for (uint32_t i = 0; i < (uint32_t)f->clip->embed_width; i++)
        f->target[i] = number_of(1, i) - 0.5F;
}

static void fixture_close(fixture *f)
{
    vqc_clip_close(f->clip);
    vqc_ops_destroy(f->ops);
}

/* ---- As it is defined ---- */

/* Calls `visit` with every pixel of the window of an output element and the number of pixels in it. */
typedef void window_visit(void *context, int64_t element, int64_t pixel, double area);

static void windows_go_through(const fixture *f, window_visit *visit, void *context)
{
    const int64_t side = f->clip->vision.side;
    for (int64_t i = 0; i < 3 * side * side; i++) {
        double row = (double)(i / 3 / side);
        double column = (double)(i / 3 % side);
        int64_t top = (int64_t)floor(row * (double)f->height / (double)side);
        int64_t bottom = (int64_t)ceil((row + 1.0) * (double)f->height / (double)side);
        int64_t left = (int64_t)floor(column * (double)f->width / (double)side);
        int64_t right = (int64_t)ceil((column + 1.0) * (double)f->width / (double)side);
        for (int64_t y = top; y < bottom; y++)
            for (int64_t x = left; x < right; x++)
                visit(context, i, 3 * (y * f->width + x) + i % 3, (double)((bottom - top) * (right - left)));
    }
}

typedef struct pooling {
    const float *picture;
    double mean[MOST], most[MOST];
    double given[MOST];      /* gradients of the elements */
    double gradient[PIXELS]; /* what comes of them */
} pooling;

static void element_add(void *context, int64_t element, int64_t pixel, double area)
{
    pooling *p = context;
    p->mean[element] += (double)p->picture[pixel] / area;
    p->most[element] = fmax(p->most[element], (double)p->picture[pixel]);
}

static void gradient_spread(void *context, int64_t element, int64_t pixel, double area)
{
    pooling *p = context;
    p->gradient[pixel] += 0.5 * p->given[element] / area;
    if ((double)p->picture[pixel] == p->most[element])
        p->gradient[pixel] += 0.5 * p->given[element];
}

/* The angle t between embedding and target makes the distance t² / 2; its gradient with respect to the embedding. */
static double distance_of(const float *embedding, const float *target, int64_t width, float *gradient)
{
    double squares = 0.0;
    double target_squares = 0.0;
    double product = 0.0;
    for (int64_t i = 0; i < width; i++) {
        squares += (double)embedding[i] * (double)embedding[i];
        target_squares += (double)target[i] * (double)target[i];
        product += (double)embedding[i] * (double)target[i];
    }
    double length = sqrt(squares);
    double target_length = sqrt(target_squares);
    double cosine = product / length / target_length;
    double angle = acos(cosine);
    for (int64_t i = 0; i < width; i++) {
        double across = (double)target[i] / target_length - cosine * (double)embedding[i] / length;
        gradient[i] = (float)(-angle / sin(angle) * across / length);
    }
    return 0.5 * angle * angle;
}

/* The distance of one crop; p->gradient becomes its gradient. */
static double crop_expect(const fixture *f, pooling *p)
{
    vqc_error error = {0};
    vqc_clip_image_tower tower;
    const int64_t side = f->clip->vision.side;
    float pixels[MOST];
    float embedding[MOST];
    float slopes[MOST];
    windows_go_through(f, element_add, p);
    for (int64_t i = 0; i < 3 * side * side; i++)
        pixels[i] = (float)(0.5 * (p->mean[i] + p->most[i]));
    check(vqc_clip_image_tower_create(f->clip, f->ops, VQC_DTYPE_F32, 1, true, &tower, &error), &error);
    check(vqc_network_write(tower.network, tower.pixels, pixels, &error), &error);
    check(vqc_network_forward(tower.network, &error), &error);
    check(vqc_network_read(tower.network, tower.embedding, embedding, &error), &error);
    double distance = distance_of(embedding, f->target, f->clip->embed_width, slopes);
    check(vqc_network_gradient_write(tower.network, tower.embedding, slopes, &error), &error);
    check(vqc_network_backward(tower.network, &error), &error);
    check(vqc_network_gradient_read(tower.network, tower.pixels, pixels, &error), &error);
    vqc_clip_image_tower_destroy(&tower);
    for (int64_t i = 0; i < 3 * side * side; i++)
        p->given[i] = (double)pixels[i];
    windows_go_through(f, gradient_spread, p);
    return distance;
}

/* ---- As the perceptor does it ---- */

static vqc_perceptor *perceptor_make(const fixture *f, const vqc_settings *settings, int64_t *sum)
{
    vqc_error error = {0};
    vqc_perceptor *perceptor;
    const vqc_perceptor_extents shape = {
        .height = f->height, .width = f->width, .group = GROUP, .precision = VQC_DTYPE_F32};
    const double weight = 1.0 / CROPS;
    const double stop = -INFINITY;
    const vqc_perceptor_aim aim = {.settings = settings,
                                   .seed = 1,
                                   .target_count = 1,
                                   .targets = f->target,
                                   .weights = &weight,
                                   .stops = &stop,
                                   .gradient_sum = sum};
    check(vqc_perceptor_prepare(f->clip, f->ops, settings, &shape, 0, &perceptor, &error), &error);
    check(vqc_perceptor_finish(perceptor, &error), &error);
    check(vqc_perceptor_turn(perceptor, &aim, &error), &error);
    return perceptor;
}

static void shape_is_pooled(const fixture *f)
{
    vqc_error error = {0};
    int64_t sum[PIXELS] = {0};
    float gradient[PIXELS];
    double found[PIXELS];
    pooling p = {0};
    const int64_t pixels = 3 * f->height * f->width;
    vqc_settings settings;
    double distances[GROUPS];
    vqc_settings_default(&settings);
    settings.crop_method = VQC_CROPS_POOLED;
    settings.crop_count = CROPS;
    settings.crop_group = GROUP;
    settings.augmentation_count = 0;
    settings.noise = 0.0;
    p.picture = f->picture;
    double expected = crop_expect(f, &p);
    vqc_perceptor *perceptor = perceptor_make(f, &settings, sum);
    assert_int_equal(vqc_perceptor_groups(perceptor), GROUPS);
    memcpy(vqc_perceptor_picture(perceptor), f->picture, (size_t)pixels * sizeof(float));
    for (int64_t group = 0; group < GROUPS; group++)
        check(vqc_perceptor_run(perceptor, 0, group, &distances[group], &error), &error);
    assert_float_equal(distances[0], 2.0 * expected, 1e-5 * expected);
    assert_float_equal(distances[1], expected, 1e-5 * expected);
    check(vqc_ops_gradient_sum_read(f->ops, sum, gradient, (size_t)pixels, &error), &error);
    for (int64_t i = 0; i < pixels; i++)
        found[i] = (double)gradient[i];
    comparison difference = comparison_of(found, p.gradient, (size_t)pixels);
    print_message("gradient: relative %.2e\n", difference.relative);
    assert_true(comparison_is_within(&difference, &tolerances[TOLERANCE_MODEL_GRADIENT_F32]));
    vqc_perceptor_destroy(perceptor);
}

static void whole_picture_is_pooled(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        f->height = shapes[i].height;
        f->width = shapes[i].width;
        shape_is_pooled(f);
    }
}

int main(void)
{
    static fixture f;
    fixture_open(&f);
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(whole_picture_is_pooled, &f)};
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fixture_close(&f);
    return failed;
}
