/* What guidance draws at random, and its order-free sum. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guide/augment.h"
#include "guide/crops.h"
#include "ops/gradient_sum.h"

enum { DRAWS = 2000, SIDE = 33 };

static vqc_settings settings_with(int count, const vqc_augmentation_kind *kinds, double probability)
{
    vqc_settings settings;
    vqc_settings_default(&settings);
    settings.augmentation_count = count;
    for (int i = 0; i < count; i++) {
        settings.augmentations[i] = vqc_augmentation_default(kinds[i]);
        settings.augmentations[i].probability = probability;
    }
    return settings;
}

static vqc_stream stream_of(uint32_t item)
{
    return (vqc_stream){.seed = 11, .purpose = VQC_STREAM_AUGMENTATION, .item = item};
}

static void test_crops_lie_inside(void **state)
{
    (void)state;
    vqc_settings settings;
    vqc_settings_default(&settings);
    int64_t smallest = 1000;
    int64_t largest = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        int32_t crop[5];
        vqc_stream stream = stream_of(i);
        vqc_crop_draw(settings.crop_power, 90, 70, 32, &stream, crop);
        assert_int_equal(crop[3], crop[4]);
        assert_true(crop[1] >= 0 && crop[1] + crop[3] <= 70);
        assert_true(crop[2] >= 0 && crop[2] + crop[4] <= 90);
        smallest = crop[3] < smallest ? crop[3] : smallest;
        largest = crop[3] > largest ? crop[3] : largest;
    }
    assert_in_range(smallest, 32, 33);
    assert_in_range(largest, 68, 70);
}

/* A perceptor as large as the picture sees all of it. */
static void test_crop_of_a_small_picture(void **state)
{
    (void)state;
    vqc_settings settings;
    int32_t crop[5];
    vqc_stream stream = stream_of(0);
    vqc_settings_default(&settings);
    vqc_crop_draw(settings.crop_power, 32, 32, 224, &stream, crop);
    const int32_t whole[5] = {0, 0, 0, 32, 32};
    assert_memory_equal(crop, whole, sizeof whole);
}

static const float identity_matrix[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};

static void test_left_out_augmentations_are_neutral(void **state)
{
    (void)state;
    static const vqc_augmentation_kind kinds[] = {VQC_AUGMENTATION_FLIP, VQC_AUGMENTATION_AFFINE,
                                                  VQC_AUGMENTATION_JITTER};
    static const float neutral[5] = {0, 1, 1, 0, 0};
    vqc_settings settings = settings_with(3, kinds, 0.0);
    vqc_augment_draw draws[VQC_SETTINGS_MAX_AUGMENTATIONS];
    vqc_stream stream = stream_of(3);
    vqc_augmentation_kind stages[VQC_SETTINGS_MAX_AUGMENTATIONS];
    assert_int_equal(vqc_augment_stages(&settings, stages), 2); /* the flip joins the affine warp */
    assert_ptr_equal(vqc_augment_type_of(stages[0])->add, vqc_augment_warp_add);
    assert_int_equal(stages[1], VQC_AUGMENTATION_JITTER);
    vqc_augment_draw_all(&settings, SIDE, false, &stream, draws);
    assert_memory_equal(draws[0].real, identity_matrix, sizeof identity_matrix);
    assert_memory_equal(draws[1].real, neutral, sizeof neutral);
}

/* Of crops that an augmentation is not for it has the neutral numbers; behind it the same are drawn. */
static void test_augmentations_of_some_crops(void **state)
{
    (void)state;
    static const vqc_augmentation_kind kinds[] = {VQC_AUGMENTATION_JITTER, VQC_AUGMENTATION_JITTER,
                                                  VQC_AUGMENTATION_JITTER};
    static const float neutral[5] = {0, 1, 1, 0, 0};
    vqc_settings settings = settings_with(3, kinds, 1.0);
    vqc_augment_draw all[VQC_SETTINGS_MAX_AUGMENTATIONS];
    vqc_stream stream = stream_of(5);
    vqc_augment_draw_all(&settings, SIDE, false, &stream, all);
    settings.augmentations[0].crops = VQC_AUGMENTED_INNER;
    settings.augmentations[1].crops = VQC_AUGMENTED_OVERVIEW;
    for (int overview = 0; overview < 2; overview++) {
        vqc_augment_draw draws[VQC_SETTINGS_MAX_AUGMENTATIONS];
        vqc_stream again = stream_of(5);
        vqc_augment_draw_all(&settings, SIDE, overview == 1, &again, draws);
        assert_int_equal(again.draw, stream.draw);
        assert_memory_equal(draws[1 - overview].real, neutral, sizeof neutral);
        assert_memory_equal(draws[overview].real, all[overview].real, sizeof neutral);
        assert_memory_equal(draws[2].real, all[2].real, sizeof neutral);
    }
}

static void test_flip_alone(void **state)
{
    (void)state;
    static const vqc_augmentation_kind kinds[] = {VQC_AUGMENTATION_FLIP};
    static const float flip[9] = {-1, 0, SIDE - 1, 0, 1, 0, 0, 0, 1};
    vqc_settings settings = settings_with(1, kinds, 1.0);
    vqc_augment_draw draws[VQC_SETTINGS_MAX_AUGMENTATIONS];
    vqc_stream stream = stream_of(4);
    vqc_augment_draw_all(&settings, SIDE, false, &stream, draws);
    assert_memory_equal(draws[0].real, flip, sizeof flip);
}

/* Perspective takes every place of the moved picture back into the picture, and the middle is always seen. */
static void test_perspective_reaches_corners(void **state)
{
    (void)state;
    static const vqc_augmentation_kind kinds[] = {VQC_AUGMENTATION_PERSPECTIVE};
    vqc_settings settings = settings_with(1, kinds, 1.0);
    double last = SIDE - 1;
    for (uint32_t i = 0; i < DRAWS; i++) {
        vqc_augment_draw draws[VQC_SETTINGS_MAX_AUGMENTATIONS];
        vqc_stream stream = stream_of(i);
        vqc_augment_draw_all(&settings, SIDE, false, &stream, draws);
        const float *m = draws[0].real;
        double middle = last / 2.0;
        double w = (double)m[6] * middle + (double)m[7] * middle + (double)m[8];
        double x = ((double)m[0] * middle + (double)m[1] * middle + (double)m[2]) / w;
        double y = ((double)m[3] * middle + (double)m[4] * middle + (double)m[5]) / w;
        assert_true(w > 0.0);
        assert_true(x > -0.01 && y > -0.01 && x < last + 0.01 && y < last + 0.01);
    }
}

/* The numbers of an augmentation that is the only one, for a crop. */
static vqc_augment_draw drawn_alone(const vqc_augmentation *augmentation, vqc_stream stream)
{
    vqc_settings settings = settings_with(1, &augmentation->kind, 1.0);
    vqc_augment_draw draws[VQC_SETTINGS_MAX_AUGMENTATIONS];
    settings.augmentations[0] = *augmentation;
    vqc_augment_draw_all(&settings, SIDE, false, &stream, draws);
    return draws[0];
}

static vqc_augmentation always(vqc_augmentation_kind kind)
{
    vqc_augmentation augmentation = vqc_augmentation_default(kind);
    augmentation.probability = 1.0;
    return augmentation;
}

/* The numbers of the augmentations that old studies use are those which they were drawn with, whatever stands behind
 * them in the list. */
static void test_old_draws_stay(void **state)
{
    (void)state;
    static const vqc_augmentation_kind kinds[] = {VQC_AUGMENTATION_FLIP,        VQC_AUGMENTATION_AFFINE,
                                                  VQC_AUGMENTATION_PERSPECTIVE, VQC_AUGMENTATION_JITTER,
                                                  VQC_AUGMENTATION_NOISE,       VQC_AUGMENTATION_RESIZED_CROP};
    static const double expected[] = {-0x1.ffd764p-1, 0x1.f554a4p+0, -0x1.4cea62p+13, -0x1.7d6642p+5, 0x1.0edf52p-5,
                                      -0x1.cc5a3p-10, 20.0};
    for (int count = 4; count <= 6; count++) {
        vqc_settings settings = settings_with(count, kinds, 1.0);
        vqc_augment_draw draws[VQC_SETTINGS_MAX_AUGMENTATIONS];
        vqc_stream stream = stream_of(5);
        settings.augmentations[1].translate[0] = 0.1;
        settings.augmentations[1].shear[1] = 5.0;
        settings.augmentations[1].rotated_first = true;
        settings.augmentations[3].ordered_alone = true;
        vqc_augment_draw_all(&settings, SIDE, false, &stream, draws);
        const float found[] = {draws[0].real[0], draws[0].real[5], draws[1].real[2], draws[1].real[7],
                               draws[2].real[0], draws[2].real[3], draws[2].real[4]};
        for (size_t i = 0; i < sizeof found / sizeof found[0]; i++)
            assert_float_equal(found[i], expected[i], 1e-6 * fabs(expected[i]));
    }
}

/* Rotations are rotations, around the middle, of angles that fill their range evenly. */
static void test_rotation(void **state)
{
    (void)state;
    const vqc_augmentation augmentation = always(VQC_AUGMENTATION_ROTATION);
    const double limit = 15.0 * acos(-1.0) / 180.0;
    const double middle = (SIDE - 1) / 2.0;
    double sum = 0.0;
    double squares = 0.0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        const vqc_augment_draw draw = drawn_alone(&augmentation, stream_of(i));
        const float *m = draw.real;
        double angle = atan2((double)m[1], (double)m[0]);
        assert_true(fabs(angle) <= limit);
        assert_float_equal(m[0], cos(angle), 1e-6);
        assert_float_equal(m[3], -sin(angle), 1e-6);
        assert_float_equal(m[4], cos(angle), 1e-6);
        assert_float_equal((double)m[0] * middle + (double)m[1] * middle + (double)m[2], middle, 1e-4);
        assert_float_equal((double)m[3] * middle + (double)m[4] * middle + (double)m[5], middle, 1e-4);
        assert_true(m[6] == 0.0F && m[7] == 0.0F && m[8] == 1.0F && m[9] == 0.0F);
        sum += angle / limit;
        squares += angle * angle / (limit * limit);
    }
    /* Uniform in ±1: standard errors 0.013 and 0.0067. */
    assert_float_equal(sum / DRAWS, 0.0, 0.05);
    assert_float_equal(squares / DRAWS, 1.0 / 3.0, 0.03);
}

/* A part of the crop, with whole pixels at its corners, that goes to the corners of all of it. */
static void part_check(const float *m, double *width, double *height)
{
    double last = SIDE - 1;
    *width = (double)m[0] * last + 1.0;
    *height = (double)m[4] * last + 1.0;
    assert_float_equal(*width, round(*width), 1e-4);
    assert_float_equal(*height, round(*height), 1e-4);
    assert_true(m[2] >= 0.0F && m[5] >= 0.0F && m[2] == floorf(m[2]) && m[5] == floorf(m[5]));
    assert_true((double)m[2] + *width - 1.0 <= last + 1e-4 && (double)m[5] + *height - 1.0 <= last + 1e-4);
    assert_true(m[1] == 0.0F && m[3] == 0.0F && m[6] == 0.0F && m[7] == 0.0F && m[8] == 1.0F);
}

static void test_resized_crop(void **state)
{
    (void)state;
    const vqc_augmentation augmentation = always(VQC_AUGMENTATION_RESIZED_CROP);
    double areas = 0.0;
    double aspects = 0.0;
    double offsets = 0.0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        const vqc_augment_draw draw = drawn_alone(&augmentation, stream_of(i));
        double width;
        double height;
        part_check(draw.real, &width, &height);
        assert_true(width >= 9.0 && height >= 9.0 && width < SIDE && height < SIDE);
        /* Rounding to pixels moves a side of 9 by 1/18. */
        assert_true(height / width > 0.75 * 0.89 && height / width < 1.333 * 1.12);
        areas += width * height / (SIDE * SIDE);
        aspects += log(height / width);
        offsets += ((double)draw.real[2] + 0.5) / (SIDE - width + 1.0);
    }
    /* Means of 200,000 draws by kornia 0.5.4 for this side: 0.4753 of the area (deviation 0.220), 0.0005 (0.160). */
    assert_float_equal(areas / DRAWS, 0.4753, 0.015);
    assert_float_equal(aspects / DRAWS, 0.0005, 0.012);
    assert_float_equal(offsets / DRAWS, 0.5, 0.03);
}

/* Where nothing drawn fits, the widest part of the least aspect. */
static void test_resized_crop_that_does_not_fit(void **state)
{
    (void)state;
    static const double ratios[][4] = {
        {0.5, 0.5, SIDE, 16}, {2.0, 2.0, 16, SIDE}, {1.0, 1.0, SIDE, SIDE}}; /* ratio, width, height */
    for (int i = 0; i < 3; i++) {
        vqc_augmentation augmentation = always(VQC_AUGMENTATION_RESIZED_CROP);
        double width;
        double height;
        augmentation.scale[0] = augmentation.scale[1] = 1.0;
        memcpy(augmentation.ratio, ratios[i], sizeof augmentation.ratio);
        const vqc_augment_draw draw = drawn_alone(&augmentation, stream_of(1));
        part_check(draw.real, &width, &height);
        assert_float_equal(width, ratios[i][2], 1e-4);
        assert_float_equal(height, ratios[i][3], 1e-4);
    }
}

static void test_crop(void **state)
{
    (void)state;
    vqc_augmentation augmentation = always(VQC_AUGMENTATION_CROP);
    const vqc_augment_draw whole = drawn_alone(&augmentation, stream_of(2));
    bool seen[17] = {false};
    assert_memory_equal(whole.real, identity_matrix, sizeof identity_matrix); /* as in the public notebooks */
    augmentation.size = 0.52;
    for (uint32_t i = 0; i < DRAWS; i++) {
        const vqc_augment_draw draw = drawn_alone(&augmentation, stream_of(i));
        double width;
        double height;
        part_check(draw.real, &width, &height);
        assert_float_equal(width, 17.0, 1e-4);
        assert_float_equal(height, 17.0, 1e-4);
        seen[(int)draw.real[2]] = true;
    }
    for (int i = 0; i < 17; i++)
        assert_true(seen[i]);
}

/* Rectangles of the shares and aspects asked for, anywhere inside, and the same for all crops of a step. */
static void test_erase(void **state)
{
    (void)state;
    const vqc_augmentation augmentation = always(VQC_AUGMENTATION_ERASE);
    double areas = 0.0;
    double places[2] = {0.0, 0.0};
    int wide = 0;
    for (uint32_t step = 0; step < DRAWS; step++) {
        vqc_stream stream = stream_of(0);
        stream.step = step;
        const vqc_augment_draw draw = drawn_alone(&augmentation, stream);
        stream.item = 7;
        const vqc_augment_draw other = drawn_alone(&augmentation, stream);
        const int32_t *r = draw.whole;
        assert_memory_equal(draw.whole, other.whole, 4 * sizeof *draw.whole);
        assert_true(r[0] >= 0 && r[1] >= 0 && r[2] >= 1 && r[3] >= 1 && r[0] + r[2] <= SIDE && r[1] + r[3] <= SIDE);
        areas += (double)r[2] * r[3] / (SIDE * SIDE);
        wide += r[3] > r[2];
        places[0] += (r[0] + 0.5) / (SIDE - r[2] + 1);
        places[1] += (r[1] + 0.5) / (SIDE - r[3] + 1);
    }
    /* Means of 200,000 draws by kornia 0.5.4 for this side: 0.2491 of the area (deviation 0.0859), 0.4776 wide. */
    assert_float_equal(areas / DRAWS, 0.2491, 0.006);
    assert_float_equal((double)wide / DRAWS, 0.4776, 0.035);
    assert_float_equal(places[0] / DRAWS, 0.5, 0.03);
    assert_float_equal(places[1] / DRAWS, 0.5, 0.03);
}

static void test_erase_of_another_perceptor(void **state)
{
    (void)state;
    const vqc_augmentation augmentation = always(VQC_AUGMENTATION_ERASE);
    vqc_stream stream = stream_of(0);
    const vqc_augment_draw draw = drawn_alone(&augmentation, stream);
    stream.perceptor = 1;
    const vqc_augment_draw other = drawn_alone(&augmentation, stream);
    assert_memory_not_equal(draw.whole, other.whole, 4 * sizeof *draw.whole);
}

static void test_sharpness(void **state)
{
    (void)state;
    const vqc_augmentation augmentation = always(VQC_AUGMENTATION_SHARPNESS);
    double sum = 0.0;
    double squares = 0.0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        const vqc_augment_draw draw = drawn_alone(&augmentation, stream_of(i));
        double share = (double)draw.real[0] / 0.3;
        assert_true(share >= 0.0 && share <= 1.0);
        sum += share;
        squares += share * share;
    }
    assert_float_equal(sum / DRAWS, 0.5, 0.03);
    assert_float_equal(squares / DRAWS, 1.0 / 3.0, 0.03);
}

enum { CENTRES = 5 };
static const double centres[CENTRES][2] = {{-1, -1}, {-1, 1}, {1, -1}, {1, -1}, {0, 0}};

/* Where a spline takes a point (operation.h, vqc_spline_field). */
static void spline_at(const float *numbers, const double v[2], double at[2])
{
    for (int axis = 0; axis < 2; axis++) {
        const float *affine = numbers + 1 + 2 * CENTRES + axis;
        at[axis] = (double)affine[0] + (double)affine[2] * v[0] + (double)affine[4] * v[1];
        for (int i = 0; i < CENTRES; i++) {
            double square = pow(v[0] - centres[i][0], 2.0) + pow(v[1] - centres[i][1], 2.0);
            at[axis] += (double)numbers[1 + 2 * i + axis] * 0.5 * square * log(square + 1e-8);
        }
    }
}

/* Splines take the points that their ten numbers say back to their centres. */
static void test_spline(void **state)
{
    (void)state;
    const vqc_augmentation augmentation = always(VQC_AUGMENTATION_SPLINE);
    double squares = 0.0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        vqc_stream stream = stream_of(i);
        const vqc_augment_draw draw = drawn_alone(&augmentation, stream);
        assert_true(draw.real[0] == 1.0F);
        double size = 1.0;
        for (int k = 1; k < VQC_SPLINE_NUMBERS; k++)
            size = fmax(size, fabs((double)draw.real[k]));
        for (int k = 0; k < CENTRES; k++) {
            double point[2];
            double at[2];
            for (int axis = 0; axis < 2; axis++) {
                double move = (2.0 * vqc_stream_uniform(&stream) - 1.0) * 0.8;
                point[axis] = centres[k][axis] + move;
                squares += move * move / (0.8 * 0.8 * 2 * CENTRES);
            }
            spline_at(draw.real, point, at);
            assert_float_equal(at[0], centres[k][0], 1e-5 * size);
            assert_float_equal(at[1], centres[k][1], 1e-5 * size);
        }
    }
    assert_float_equal(squares / DRAWS, 1.0 / 3.0, 0.01);
}

/* Where nothing moves, the points do not decide a spline: two of them are the same. */
static void test_spline_that_is_none(void **state)
{
    (void)state;
    vqc_augmentation augmentation = always(VQC_AUGMENTATION_SPLINE);
    augmentation.reach = 0.0;
    const vqc_augment_draw draw = drawn_alone(&augmentation, stream_of(1));
    assert_true(draw.real[0] == 0.0F);
}

/* An augmentation that always changes something where it is used: the public notebooks' crop does not. */
static vqc_augmentation changing(vqc_augmentation_kind kind)
{
    vqc_augmentation augmentation = vqc_augmentation_default(kind);
    augmentation.probability = 0.5;
    augmentation.size = 0.5;
    return augmentation;
}

/* How often an augmentation is used, and whether all crops of a step have it or none. Where it is not used its
 * numbers are the neutral ones; of a warp, those of the identity. */
static void use_count(vqc_augmentation_kind kind)
{
    enum { STEPS = 400, CROPS = 5 };
    const vqc_augment_type *type = vqc_augment_type_of(kind);
    vqc_augmentation augmentation = changing(kind);
    vqc_augmentation none = augmentation;
    none.probability = 0.0;
    const vqc_augment_draw neutral = type->warp == NULL ? type->neutral : drawn_alone(&none, stream_of(0));
    int used = 0;
    int mixed = 0;
    print_message("%s\n", vqc_augmentation_code(kind));
    if (type->warp != NULL)
        assert_memory_equal(neutral.real, identity_matrix, sizeof identity_matrix);
    for (uint32_t step = 0; step < STEPS; step++) {
        int count = 0;
        for (uint32_t crop = 0; crop < CROPS; crop++) {
            vqc_stream stream = stream_of(crop);
            stream.step = step;
            const vqc_augment_draw draw = drawn_alone(&augmentation, stream);
            count += memcmp(&draw, &neutral, sizeof draw) != 0;
        }
        used += count;
        mixed += count != 0 && count != CROPS;
    }
    assert_float_equal((double)used / (STEPS * CROPS), 0.5, type->together ? 0.08 : 0.04);
    if (type->together)
        assert_int_equal(mixed, 0);
    else
        assert_in_range(mixed, STEPS * 8 / 10, STEPS);
}

static void test_uses(void **state)
{
    (void)state;
    for (int kind = 0; kind < VQC_AUGMENTATION_COUNT; kind++)
        use_count((vqc_augmentation_kind)kind);
}

/* What the manual says of an augmentation agrees with what it does. */
static void test_together_is_said(void **state)
{
    (void)state;
    static const char *const says[VQC_AUGMENTATION_COUNT] = {
#define VQC_AUGMENTATION(kind, identifier, code, p, words) [VQC_AUGMENTATION_##kind] = (words),
#include "study/augmentations.def"
    };
    for (int kind = 0; kind < VQC_AUGMENTATION_COUNT; kind++)
        if ((strstr(says[kind], "all crops of a step or none") != NULL) !=
            vqc_augment_type_of((vqc_augmentation_kind)kind)->together)
            fail_msg("%s: \"together\" in guide/augmentations is not what augmentations.def says",
                     vqc_augmentation_code((vqc_augmentation_kind)kind));
}

/* Every noise and elastic deformation in the list, for every crop, has a place of its own among the random numbers.
 */
static void test_noises_differ(void **state)
{
    (void)state;
    static const vqc_augmentation_kind kinds[] = {VQC_AUGMENTATION_NOISE, VQC_AUGMENTATION_ROTATION,
                                                  VQC_AUGMENTATION_ELASTIC};
    vqc_settings settings = settings_with(3, kinds, 1.0);
    int32_t words[5][VQC_STREAM_NOISE_WORDS];
    float scale;
    for (uint32_t i = 0; i < 2; i++) {
        vqc_augment_draw draws[VQC_SETTINGS_MAX_AUGMENTATIONS];
        vqc_stream stream = stream_of(i);
        vqc_augment_draw_all(&settings, SIDE, false, &stream, draws);
        memcpy(words[2 * i], draws[0].whole, sizeof words[0]);
        memcpy(words[2 * i + 1], draws[2].whole, sizeof words[0]);
    }
    vqc_stream last = stream_of(0); /* the noise behind all augmentations */
    last.purpose = VQC_STREAM_NOISE;
    vqc_stream_noise(&last, 1.0F, words[4]);
    memcpy(&scale, &words[0][5], sizeof scale);
    assert_true(scale == 1.0F);
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(words[i], words[j], 5 * sizeof(int32_t));
}

/* Another crop, step, perceptor or seed gives other numbers; the same gives the same. */
static void test_streams_differ(void **state)
{
    (void)state;
    vqc_stream streams[5];
    for (int i = 0; i < 5; i++)
        streams[i] = stream_of(1);
    streams[1].item = 2;
    streams[2].step = 1;
    streams[3].perceptor = 1;
    streams[4].seed = 12;
    vqc_stream again = streams[0];
    double first = vqc_stream_uniform(&streams[0]);
    assert_true(first == vqc_stream_uniform(&again));
    for (int i = 1; i < 5; i++)
        assert_true(first != vqc_stream_uniform(&streams[i]));
}

static void test_sum_has_no_order(void **state)
{
    (void)state;
    static const float values[] = {1e-3F, -7.25F, 3.3e-9F, 812.5F, -1e-7F, 0.3333F};
    enum { COUNT = sizeof values / sizeof values[0] };
    int64_t forwards = 0;
    int64_t backwards = 0;
    float sums[2];
    for (int i = 0; i < COUNT; i++) {
        vqc_gradient_sum_add(&forwards, &values[i], 1);
        vqc_gradient_sum_add(&backwards, &values[COUNT - 1 - i], 1);
    }
    vqc_gradient_sum_read(&forwards, &sums[0], 1);
    vqc_gradient_sum_read(&backwards, &sums[1], 1);
    assert_memory_equal(&sums[0], &sums[1], sizeof sums[0]);
    assert_true(fabs((double)sums[0] - 805.5843) < 1e-3);
}

static void test_sum_keeps_what_is_not_finite(void **state)
{
    (void)state;
    static const float values[] = {1.0F, NAN, -1e30F, 1.0F};
    for (int bad = 1; bad < 3; bad++) {
        int64_t sum = 0;
        float result;
        vqc_gradient_sum_add(&sum, &values[0], 1);
        vqc_gradient_sum_add(&sum, &values[bad], 1);
        vqc_gradient_sum_add(&sum, &values[3], 1);
        vqc_gradient_sum_read(&sum, &result, 1);
        assert_true(isnan(result));
        assert_int_equal(vqc_gradient_sum_clear_marks(&sum, 1), 1);
        assert_int_equal(sum, 0);
        assert_int_equal(vqc_gradient_sum_clear_marks(&sum, 1), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crops_lie_inside),
        cmocka_unit_test(test_crop_of_a_small_picture),
        cmocka_unit_test(test_left_out_augmentations_are_neutral),
        cmocka_unit_test(test_augmentations_of_some_crops),
        cmocka_unit_test(test_flip_alone),
        cmocka_unit_test(test_perspective_reaches_corners),
        cmocka_unit_test(test_old_draws_stay),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_resized_crop),
        cmocka_unit_test(test_resized_crop_that_does_not_fit),
        cmocka_unit_test(test_crop),
        cmocka_unit_test(test_erase),
        cmocka_unit_test(test_erase_of_another_perceptor),
        cmocka_unit_test(test_sharpness),
        cmocka_unit_test(test_spline),
        cmocka_unit_test(test_spline_that_is_none),
        cmocka_unit_test(test_uses),
        cmocka_unit_test(test_together_is_said),
        cmocka_unit_test(test_noises_differ),
        cmocka_unit_test(test_streams_differ),
        cmocka_unit_test(test_sum_has_no_order),
        cmocka_unit_test(test_sum_keeps_what_is_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
