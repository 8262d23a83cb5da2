/* What augmentations draw, against kornia's own generators, called as the public notebooks call them: how often they
 * are used, whether crops of a step share that and their numbers, and mean, deviation and extremes of everything that
 * they draw. tests/oracle/draws.py makes draws_cases.h. Every row of augmentations.def is here. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../tolerances.h"
#include "guide/augment.h"
#include "ops/elastic_formulas.h"
#include "ops/noise_formulas.h"

/* What a version of kornia draws: a quantity, over so many draws. */
typedef struct reference {
    const char *version, *code, *name;
    double count, mean, deviation, fourth, least, low, high, most;
} reference;

#include "draws_cases.h"

enum {
    DRAWS = 20000,
    SIDE = 48,
    MOST = 24 /* quantities */
};

/* The quantities of an augmentation, in the order in which they are told, over the draws. */
typedef struct samples {
    int count, next;
    char names[MOST][64];
    double *values[MOST];
} samples;

/* A draw, and where it came from. */
typedef struct drawn {
    const vqc_augmentation *augmentation;
    const vqc_augment_draw *draw, *other; /* of two crops of a step */
    vqc_stream stream;                    /* before */
    size_t number;
} drawn;

static void tell(samples *s, const drawn *d, const char *name, double value)
{
    assert_true(s->next < MOST);
    if (s->next == s->count) {
        (void)snprintf(s->names[s->count], sizeof s->names[0], "%s", name);
        s->values[s->count++] = calloc(DRAWS, sizeof(double));
    }
    assert_string_equal(s->names[s->next], name);
    s->values[s->next++][d->number] = value;
}

static void tell_at(samples *s, const drawn *d, const char *what, int i, int axis, double value)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s %d %c", what, i, axis == 0 ? 'x' : 'y');
    tell(s, d, name, value);
}

/* ---- What each of them draws ---- */

/* A flip has no numbers, nor has grey. */
static void nothing(samples *s, const drawn *d)
{
    (void)s;
    (void)d;
}

static void affine(samples *s, const drawn *d)
{
    const float *m = d->draw->real;
    const double middle = (SIDE - 1) / 2.0;
    tell(s, d, "m00", (double)m[0]);
    tell(s, d, "m01", (double)m[1]);
    tell(s, d, "m10", (double)m[3]);
    tell(s, d, "m11", (double)m[4]);
    tell(s, d, "m01 m10", (double)m[1] * (double)m[3]);
    tell(s, d, "shift x", ((double)m[0] + (double)m[1] - 1) * middle + (double)m[2]);
    tell(s, d, "shift y", ((double)m[3] + (double)m[4] - 1) * middle + (double)m[5]);
}

/* How far the picture's corner went inwards: the place in the crop that shows it. */
static void corner_move(const float *m, double x, double y, double move[2])
{
    const double a[2][3] = {
        {(double)m[0] - x * (double)m[6], (double)m[1] - x * (double)m[7], x * (double)m[8] - (double)m[2]},
        {(double)m[3] - y * (double)m[6], (double)m[4] - y * (double)m[7], y * (double)m[8] - (double)m[5]}};
    const double divisor = a[0][0] * a[1][1] - a[0][1] * a[1][0];
    move[0] = fabs((a[0][2] * a[1][1] - a[0][1] * a[1][2]) / divisor - x);
    move[1] = fabs((a[0][0] * a[1][2] - a[0][2] * a[1][0]) / divisor - y);
}

static void perspective(samples *s, const drawn *d)
{
    static const int corners[4][2] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
    double first[2];
    for (int i = 0; i < 4; i++) {
        double move[2];
        corner_move(d->draw->real, corners[i][0] * (SIDE - 1), corners[i][1] * (SIDE - 1), move);
        for (int axis = 0; axis < 2; axis++)
            tell_at(s, d, "corner", i, axis, move[axis]);
        if (i == 0)
            memcpy(first, move, sizeof first);
    }
    tell(s, d, "corner 0 x y", first[0] * first[1]);
}

static void jitter(samples *s, const drawn *d)
{
    static const char *const names[] = {"brightness", "contrast", "saturation", "hue", "order"};
    for (int i = 0; i < VQC_COLOUR_NUMBERS; i++)
        tell(s, d, names[i], (double)d->draw->real[i]);
    tell(s, d, "order shared", d->draw->real[4] == d->other->real[4]);
}

static void rotation(samples *s, const drawn *d)
{
    const double pi = acos(-1.0);
    tell(s, d, "angle", atan2((double)d->draw->real[1], (double)d->draw->real[0]) * 180.0 / pi);
}

static void part_tell(samples *s, const drawn *d, double width, double height, double left, double top)
{
    tell(s, d, "width", width);
    tell(s, d, "height", height);
    tell(s, d, "area", width * height);
    tell(s, d, "aspect", log(height / width));
    tell(s, d, "left", (left + 0.5) / (SIDE - width + 1));
    tell(s, d, "top", (top + 0.5) / (SIDE - height + 1));
}

static void part(samples *s, const drawn *d)
{
    const float *m = d->draw->real;
    part_tell(s, d, rint((double)m[0] * (SIDE - 1)) + 1, rint((double)m[4] * (SIDE - 1)) + 1, (double)m[2],
              (double)m[5]);
}

static void erase(samples *s, const drawn *d)
{
    const int32_t *r = d->draw->whole;
    part_tell(s, d, r[3], r[2], r[1], r[0]);
}

static void pixels_tell(samples *s, const drawn *d, double first, double second)
{
    tell(s, d, "value", first);
    tell(s, d, "next", second);
    tell(s, d, "product", first * second);
}

static void noise(samples *s, const drawn *d)
{
    const vqc_noise_block block = vqc_noise_block_of(d->draw->whole, 1);
    pixels_tell(s, d, (double)block.value[0], (double)block.value[1]);
}

static void elastic(samples *s, const drawn *d)
{
    const double strength = (double)vqc_elastic_strength(d->draw->whole);
    float numbers[4];
    vqc_elastic_numbers(d->draw->whole, 1, numbers);
    pixels_tell(s, d, strength * (double)numbers[0], strength * (double)numbers[1]);
}

static void sharpness(samples *s, const drawn *d)
{
    tell(s, d, "share", (double)d->draw->real[0]);
}

/* The moves are the stream's ten numbers: test_guide shows that the spline takes the moved points back. */
static void spline(samples *s, const drawn *d)
{
    vqc_stream stream = d->stream;
    for (int i = 0; i < VQC_SPLINE_CENTRES; i++)
        for (int axis = 0; axis < 2; axis++)
            tell_at(s, d, "point", i, axis, vqc_stream_symmetric(&stream, d->augmentation->reach));
}

/* Who tells what a kind draws. */
static void (*const tellers[VQC_AUGMENTATION_COUNT])(samples *s, const drawn *d) = {
    [VQC_AUGMENTATION_FLIP] = nothing,
    [VQC_AUGMENTATION_AFFINE] = affine,
    [VQC_AUGMENTATION_PERSPECTIVE] = perspective,
    [VQC_AUGMENTATION_JITTER] = jitter,
    [VQC_AUGMENTATION_ROTATION] = rotation,
    [VQC_AUGMENTATION_RESIZED_CROP] = part,
    [VQC_AUGMENTATION_CROP] = part,
    [VQC_AUGMENTATION_NOISE] = noise,
    [VQC_AUGMENTATION_ERASE] = erase,
    [VQC_AUGMENTATION_SHARPNESS] = sharpness,
    [VQC_AUGMENTATION_SPLINE] = spline,
    [VQC_AUGMENTATION_ELASTIC] = elastic,
    [VQC_AUGMENTATION_GREYSCALE] = nothing,
};

/* ---- Drawing ---- */

/* Crop `item` of a step, of a study with this augmentation alone. */
static vqc_augment_draw draw_of(const vqc_augmentation *augmentation, uint32_t step, uint32_t item,
                                vqc_stream *before)
{
    vqc_settings settings;
    vqc_augment_draw draws[VQC_SETTINGS_MAX_AUGMENTATIONS];
    vqc_stream stream = {.seed = 54, .purpose = VQC_STREAM_AUGMENTATION, .item = item, .step = step};
    vqc_settings_default(&settings);
    settings.augmentation_count = 1;
    settings.augmentations[0] = *augmentation;
    *before = stream;
    vqc_augment_draw_all(&settings, SIDE, false, &stream, draws);
    if (!vqc_augment_type_of(augmentation->kind)->together)
        before->draw++; /* whether it is used */
    return draws[0];
}

/* Whether it is used, in crop 0 and 1 of a step, with its probability. The public notebooks' crop changes nothing, so
 * that it cannot be seen. */
static void use_tell(samples *s, const vqc_augmentation *always, double probability, size_t number)
{
    vqc_augmentation chance = *always;
    vqc_augmentation never = *always;
    bool used[2];
    vqc_stream before;
    chance.probability = probability;
    never.probability = 0.0;
    chance.size = never.size = 0.5;
    const vqc_augment_draw neutral = draw_of(&never, 0, 0, &before);
    for (uint32_t item = 0; item < 2; item++) {
        const vqc_augment_draw draw = draw_of(&chance, (uint32_t)number, item, &before);
        used[item] = memcmp(&draw, &neutral, sizeof draw) != 0;
    }
    tell(s, &(drawn){.number = number}, "used", used[0]);
    tell(s, &(drawn){.number = number}, "used alike", used[0] == used[1]);
}

static void samples_draw(samples *s, const vqc_augmentation *augmentation)
{
    vqc_augmentation always = *augmentation;
    always.probability = 1.0;
    for (size_t i = 0; i < DRAWS; i++) {
        vqc_stream ignored;
        drawn d = {.augmentation = &always, .number = i};
        const vqc_augment_draw draw = draw_of(&always, (uint32_t)i, 0, &d.stream);
        const vqc_augment_draw other = draw_of(&always, (uint32_t)i, 1, &ignored);
        d.draw = &draw;
        d.other = &other;
        s->next = 0;
        tellers[augmentation->kind](s, &d);
        tell(s, &d, "shared", memcmp(&draw, &other, sizeof draw) == 0);
        if (augmentation->probability < 1.0)
            use_tell(s, &always, augmentation->probability, i);
    }
}

static void samples_release(samples *s)
{
    for (int i = 0; i < s->count; i++)
        free(s->values[i]);
}

/* ---- Comparing ---- */

static void differ(const reference *row, const char *what, double found, double expected, double limit)
{
    fail_msg("kornia %s, %s, %s: %s %.9g, expected %.9g within %.2g", row->version, row->code, row->name, what, found,
             expected, limit);
}

static void moments_check(const reference *row, const double values[DRAWS])
{
    const double share = 1.0 / DRAWS + 1.0 / row->count;
    const double square = row->deviation * row->deviation;
    double mean = 0.0;
    double variance = 0.0;
    for (int i = 0; i < DRAWS; i++)
        mean += values[i] / DRAWS;
    for (int i = 0; i < DRAWS; i++)
        variance += (values[i] - mean) * (values[i] - mean) / DRAWS;
    const double rounding = DRAWS_ROUNDING * (1.0 + fabs(row->mean));
    const double mean_limit = DRAWS_ERRORS * row->deviation * sqrt(share) + rounding;
    const double variance_limit = DRAWS_ERRORS * square * sqrt(fmax(row->fourth - 1.0, 0.0) * share) +
                                  pow(DRAWS_ERRORS * row->deviation, 2.0) * share + rounding * rounding;
    if (!(fabs(mean - row->mean) <= mean_limit))
        differ(row, "mean", mean, row->mean, mean_limit);
    if (!(fabs(variance - square) <= variance_limit))
        differ(row, "variance", variance, square, variance_limit);
}

static void extremes_check(const reference *row, const double values[DRAWS])
{
    const double rounding = DRAWS_ROUNDING * (1.0 + fmax(fabs(row->least), fabs(row->most)));
    const double below = DRAWS_TAIL * (row->low - row->least) + rounding;
    const double above = DRAWS_TAIL * (row->most - row->high) + rounding;
    double least = values[0];
    double most = values[0];
    for (int i = 1; i < DRAWS; i++) {
        least = fmin(least, values[i]);
        most = fmax(most, values[i]);
    }
    if (!(least >= row->least - below && least <= row->low + rounding))
        differ(row, "least", least, row->least, below);
    if (!(most <= row->most + above && most >= row->high - rounding))
        differ(row, "most", most, row->most, above);
}

/* All pairs of crops have the same numbers, or none, but for whole pixels that are the same by chance. */
static void shared_check(const reference *row, const double values[DRAWS])
{
    double mean = 0.0;
    for (int i = 0; i < DRAWS; i++)
        mean += values[i] / DRAWS;
    if (!(fabs(mean - row->mean) <= DRAWS_CHANCE))
        differ(row, "mean", mean, row->mean, DRAWS_CHANCE);
}

/* What is known to differ from a version, and is as the other one has it. */
static const struct {
    const char *version, *code, *name, *why; /* name: NULL for all */
} different[] = {
    {.version = "0.9.0", .code = "Re", .why = "a part may be as large as the crop; with 0.5.4 it is smaller"},
    {.version = "0.9.0", .code = "Ts", .name = "shared", .why = "all crops have one spline; with 0.5.4 each its own"},
};

static bool is_different(const reference *row)
{
    for (size_t i = 0; i < sizeof different / sizeof different[0]; i++)
        if (strcmp(row->version, different[i].version) == 0 && strcmp(row->code, different[i].code) == 0 &&
            (different[i].name == NULL || strcmp(row->name, different[i].name) == 0))
            return true;
    return false;
}

/* Compares all that was told with the rows of every version; their number. */
static int rows_check(const samples *s, const char *code, const char *words)
{
    int compared = 0;
    for (size_t row = 0; row < sizeof references / sizeof references[0]; row++) {
        const reference *r = &references[row];
        const size_t length = strlen(words);
        if (strcmp(r->code, code) != 0 || strncmp(r->name, words, length) != 0 ||
            (length == 0 && strchr(r->name, ':') != NULL))
            continue;
        int i = 0;
        while (i < s->count && strcmp(s->names[i], r->name + length) != 0)
            i++;
        if (i == s->count)
            fail_msg("kornia %s, %s: nobody tells of %s", r->version, r->code, r->name);
        compared++;
        if (is_different(r))
            continue;
        if (strcmp(s->names[i], "shared") == 0) {
            shared_check(r, s->values[i]);
            continue;
        }
        moments_check(r, s->values[i]);
        extremes_check(r, s->values[i]);
    }
    return compared;
}

static void augmentation_check(const vqc_augmentation *augmentation, const char *words, int versions)
{
    samples s = {0};
    const char *code = vqc_augmentation_code(augmentation->kind);
    samples_draw(&s, augmentation);
    const int compared = rows_check(&s, code, words);
    if (compared != versions * s.count)
        fail_msg("%s %s: %d rows, expected %d quantities of %d versions", code, words, compared, s.count, versions);
    samples_release(&s);
}

static void test_every_augmentation(void **state)
{
    (void)state;
    for (int kind = 0; kind < VQC_AUGMENTATION_COUNT; kind++) {
        const vqc_augmentation usual = vqc_augmentation_default((vqc_augmentation_kind)kind);
        if (tellers[kind] == NULL)
            fail_msg("nobody tells what %s draws", vqc_augmentation_code(usual.kind));
        augmentation_check(&usual, "", 2);
    }
}

/* Both axes. Version 0.5.4 does not shear along y around the middle. */
static void test_affine_pairs(void **state)
{
    (void)state;
    vqc_augmentation pairs = vqc_augmentation_default(VQC_AUGMENTATION_AFFINE);
    pairs.probability = 0.8;
    pairs.degrees = 30.0;
    memcpy(pairs.translate, (const double[]){0.1, 0.2}, sizeof pairs.translate);
    memcpy(pairs.shear, (const double[]){5.0, 10.0}, sizeof pairs.shear);
    augmentation_check(&pairs, "pairs: ", 1);
}

/* Larger and smaller. */
static void test_affine_scaled(void **state)
{
    (void)state;
    vqc_augmentation scaled = vqc_augmentation_default(VQC_AUGMENTATION_AFFINE);
    memcpy(scaled.enlargement, (const double[]){0.5, 1.25}, sizeof scaled.enlargement);
    augmentation_check(&scaled, "scaled: ", 2);
}

static void test_crop_of_half(void **state)
{
    (void)state;
    vqc_augmentation half = vqc_augmentation_default(VQC_AUGMENTATION_CROP);
    half.size = 0.5;
    half.probability = 1.0;
    augmentation_check(&half, "half: ", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_augmentation),
        cmocka_unit_test(test_affine_pairs),
        cmocka_unit_test(test_affine_scaled),
        cmocka_unit_test(test_crop_of_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
