/* Nothing is half added: every row of augmentations.def, optimisers.def, inits.def and regularisers.def, and every
 * schedule, goes the whole way from the text of a job file over its settings, its random numbers and steps of
 * guidance to the account of memory; what seeds list by hand has all of them; networks serve again by their key. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/rendering.h"
#include "guide/augment.h"
#include "image/image.h"
#include "render/guidance.h"
#include "render/regulariser.h"
#include "render/start.h"
#include "study/tables.h"

enum { STEPS = 2, TERMS = 3, ROWS = 2, COLUMNS = 3, MOST_LATENT = 4096, TEXT = 16384 };

/* A job whose first render is plain, and its renderer. */
typedef struct fixture {
    char text[TEXT];
    size_t size; /* of the text */
    rendering r;
} fixture;

__attribute__((format(printf, 2, 3))) static void append(fixture *f, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    f->size += (size_t)vsnprintf(f->text + f->size, TEXT - f->size, format, arguments);
    va_end(arguments);
    assert_true(f->size < TEXT);
}

static void job_begin(fixture *f)
{
    *f = (fixture){0};
    append(f, "study: completeness\n" JOB_MODELS
              "render: {size: [6, 4], steps: 2, crops: {count: 3, group: 2}, augment: [], noise: 0}\n"
              "prompts:\n"
              "  - {id: plain, targets: [{noise: 1}]}\n");
}

static void study_begin(fixture *f)
{
    f->r = rendering_open(f->text, "cpu", (vqc_ops_options){.threads = 1});
}

static void study_end(fixture *f)
{
    rendering_close(&f->r);
}

/* Where a render starts. */
static void start_make(fixture *f, size_t number, float z[MOST_LATENT])
{
    vqc_error error = {0};
    check(vqc_renderer_start(f->r.renderer, &f->r.study->renders[number], &error), &error);
    check(vqc_renderer_latent(f->r.renderer, z, &error), &error);
}

/* The first step's loss, behind all steps; the L2 term's if asked for. */
static double render_make(fixture *f, size_t number, bool l2)
{
    vqc_error error = {0};
    static float begin[MOST_LATENT];
    static float end[MOST_LATENT];
    double losses[STEPS][TERMS];
    start_make(f, number, begin);
    memcpy(end, begin, sizeof end);
    for (int step = 0; step < STEPS; step++)
        check(vqc_renderer_step(f->r.renderer, losses[step], &error), &error);
    check(vqc_renderer_latent(f->r.renderer, end, &error), &error);
    assert_memory_not_equal(begin, end, sizeof begin);
    assert_true(isfinite(losses[0][TERMS - 1]) && isfinite(losses[1][TERMS - 1]));
    return losses[0][l2 ? 1 : TERMS - 1];
}

/* A device of as many bytes as the render computes in is large enough, and one of a byte less is not: the account of
 * its memory has everything. A start that needs the encoder takes more. */
static void memory_check(fixture *f, size_t number, bool encoded)
{
    vqc_error error = {0};
    const vqc_render *render = &f->r.study->renders[number];
    check(vqc_renderer_start(f->r.renderer, render, &error), &error);
    size_t bytes = vqc_renderer_device_memory(f->r.renderer).activations;
    for (size_t lacking = 0; lacking < 2; lacking++) {
        rendering limited = {.study = f->r.study};
        bool enough = lacking == 0 && !encoded;
        renderer_open(&limited, "cpu", (vqc_ops_options){.threads = 1, .memory_limit = bytes - lacking});
        assert_int_equal(vqc_renderer_start(limited.renderer, render, &error), enough ? VQC_OK : VQC_FAILED);
        renderer_close(&limited);
    }
}

/* ---- Augmentations ---- */

static void draws_make(const fixture *f, size_t number, vqc_augment_draw draws[VQC_SETTINGS_MAX_AUGMENTATIONS])
{
    vqc_stream stream = {.seed = 1, .purpose = VQC_STREAM_AUGMENTATION};
    memset(draws, 255, VQC_SETTINGS_MAX_AUGMENTATIONS * sizeof *draws);
    vqc_augment_draw_all(f->r.study->renders[number].settings, 32, false, &stream, draws);
}

/* The descriptor has what it must, and draws no more numbers than it says. */
static void type_check(const fixture *f, vqc_augmentation_kind kind)
{
    const vqc_augment_type *type = vqc_augment_type_of(kind);
    vqc_augment_draw draws[VQC_SETTINGS_MAX_AUGMENTATIONS];
    assert_in_range(type->numbers, 1, VQC_AUGMENT_MOST_NUMBERS);
    assert_true(type->dtype == VQC_DTYPE_F32 || type->dtype == VQC_DTYPE_I32);
    assert_true((type->warp == NULL) != (type->draw == NULL));
    assert_true(!type->joins || type->warp != NULL);
    assert_non_null(type->add);
    draws_make(f, 2 + 2 * kind, draws);
    for (int64_t i = type->numbers; i < VQC_AUGMENT_MOST_NUMBERS; i++)
        assert_int_equal(draws[0].whole[i], 0);
}

/* Left out, it changes nothing but by rounding; used, it does, unless its numbers are those of not being used. */
static void augmentation_check(fixture *f, vqc_augmentation_kind kind, double plain)
{
    size_t unused = 1 + 2 * (size_t)kind;
    vqc_augment_draw draws[2][VQC_SETTINGS_MAX_AUGMENTATIONS];
    print_message("%s\n", vqc_augmentation_code(kind));
    assert_int_equal(f->r.study->renders[unused].settings->augmentations[0].kind, kind);
    type_check(f, kind);
    draws_make(f, unused, draws[0]);
    draws_make(f, unused + 1, draws[1]);
    assert_float_equal(render_make(f, unused, false), plain, 1e-5);
    double used = render_make(f, unused + 1, false);
    if (memcmp(draws[0], draws[1], sizeof draws[0]) != 0)
        assert_true(fabs(used - plain) > 1e-5);
    memory_check(f, unused, false);
}

static void every_augmentation_is_whole(void **state)
{
    (void)state;
    static fixture f;
    job_begin(&f);
    for (int kind = 0; kind < VQC_AUGMENTATION_COUNT; kind++)
        for (int p = 0; p < 2; p++)
            append(&f, "  - {id: %s%d, targets: [{noise: 1}], augment: [{name: %s, p: %d}]}\n",
                   vqc_augmentation_code((vqc_augmentation_kind)kind), p,
                   vqc_augmentation_code((vqc_augmentation_kind)kind), p);
    study_begin(&f);
    double plain = render_make(&f, 0, false);
    for (int kind = 0; kind < VQC_AUGMENTATION_COUNT; kind++)
        augmentation_check(&f, (vqc_augmentation_kind)kind, plain);
    study_end(&f);
}

/* ---- Optimisers ---- */

static void every_optimiser_is_whole(void **state)
{
    (void)state;
    static fixture f;
    vqc_error error = {0};
    job_begin(&f);
    for (int kind = 0; kind < VQC_OPTIMISER_COUNT; kind++)
        append(&f, "  - {id: %s, targets: [{noise: 1}], optimizer: {name: %s}}\n", vqc_optimiser_words[kind].word,
               vqc_optimiser_words[kind].word);
    study_begin(&f);
    for (int kind = 0; kind < VQC_OPTIMISER_COUNT; kind++) {
        const vqc_render *render = &f.r.study->renders[1 + kind];
        vqc_render_extents extents;
        print_message("%s\n", vqc_optimiser_words[kind].word);
        assert_int_equal(render->settings->optimiser, kind);
        check(vqc_renderer_extents(f.r.renderer, render, &extents, &error), &error);
        assert_in_range(extents.state_tensors, 2, 4);
        (void)render_make(&f, 1 + (size_t)kind, false);
        memory_check(&f, 1 + (size_t)kind, false);
    }
    study_end(&f);
}

/* ---- Starts ---- */

/* The file of a start that needs one. */
static void file_make(vqc_init_kind kind, char path[PATH_SIZE])
{
    static const int32_t codes[ROWS * COLUMNS] = {1, 2, 3, 4, 5, 6};
    const vqc_weights_source source = {
        .name = "codes", .dtype = VQC_DTYPE_I32, .rank = 2, .shape = {ROWS, COLUMNS}, .data = codes};
    uint8_t pixels[12] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0};
    const vqc_image image = {.width = 2, .height = 2, .pixels = pixels};
    vqc_error error = {0};
    (void)bytes_write(path, vqc_init_forms[kind].word, "", 0);
    if (kind == VQC_INIT_IMAGE)
        check(vqc_image_write_png(path, &image, NULL, 0, &error), &error);
    if (kind == VQC_INIT_CODES)
        check(vqc_weights_write(path, &source, 1, &error), &error);
}

/* What stands behind `init:`; a NULL is a row of inits.def that this test does not know. */
static void init_append(fixture *f, vqc_init_kind kind, const char *path)
{
    static const char *const texts[VQC_INIT_COUNT] = {
        [VQC_INIT_RANDOM] = "random",
        [VQC_INIT_PIXELS] = "pixels",
        [VQC_INIT_GRADIENT] = "gradient",
        [VQC_INIT_IMAGE] = "{image: PATH}",
        [VQC_INIT_CODES] = "{codes: {file: PATH, tensor: codes}}",
        [VQC_INIT_LATENT] = "{latent: {archive: PATH, render: 0}}",
        [VQC_INIT_RENDER] = "{render: plain}",
        [VQC_INIT_COLOR] = "{color: {red: 1, green: 0.5}}",
        [VQC_INIT_PERLIN] = "{perlin: {mode: gray}}",
    };
    if (texts[kind] == NULL)
        fail_msg("init %s has no text here", vqc_init_forms[kind].word);
    const char *place = strstr(texts[kind], "PATH");
    int before = place == NULL ? (int)strlen(texts[kind]) : (int)(place - texts[kind]);
    append(f, "  - {targets: [{noise: 1}], init: %.*s%s%s}\n", before, texts[kind], place == NULL ? "" : path,
           place == NULL ? "" : place + strlen("PATH"));
}

static void start_check(fixture *f, vqc_init_kind kind, const float *plain)
{
    static const vqc_start_type *const types[VQC_INIT_COUNT] = {
#define VQC_INIT(kind, identifier) [VQC_INIT_##kind] = &vqc_start_##identifier,
#include "study/inits.def"
    };
    static float z[MOST_LATENT];
    const vqc_start_type *type = types[kind];
    vqc_error error = {0};
    print_message("%s\n", vqc_init_forms[kind].word);
    assert_int_equal(f->r.study->renders[1 + kind].settings->init.kind, kind);
    assert_int_equal((type->latent != NULL) + (type->codes != NULL) + (type->picture != NULL), 1);
    if (kind == VQC_INIT_LATENT ||
        kind == VQC_INIT_RENDER) { /* an empty file is no archive, and there is none here */
        assert_int_equal(vqc_renderer_start(f->r.renderer, &f->r.study->renders[1 + kind], &error), VQC_BAD_INPUT);
        return;
    }
    start_make(f, 1 + (size_t)kind, z);
    assert_true((memcmp(z, plain, sizeof z) == 0) == (kind == VQC_INIT_RANDOM));
    (void)render_make(f, 1 + (size_t)kind, false);
    memory_check(f, 1 + (size_t)kind, type->picture != NULL);
}

static void a_colour_is_everywhere(void **state)
{
    enum { HEIGHT = 2, WIDTH = 3 };
    (void)state;
    const vqc_settings settings = {.init = {.kind = VQC_INIT_COLOR, .red = 1.0, .green = 0.5, .blue = 0.25}};
    const vqc_render render = {.settings = &settings};
    const vqc_start_site site = {.render = &render, .height = HEIGHT, .width = WIDTH};
    float pixels[3 * HEIGHT * WIDTH] = {0};
    vqc_error error = {0};
    check(vqc_start_color.picture(&site, pixels, &error), &error);
    for (int i = 0; i < HEIGHT * WIDTH; i++) {
        assert_float_equal(pixels[3 * i], 1.0, 0.0);
        assert_float_equal(pixels[3 * i + 1], 0.5, 0.0);
        assert_float_equal(pixels[3 * i + 2], 0.25, 0.0);
    }
}

static void every_start_is_whole(void **state)
{
    (void)state;
    static fixture f;
    static float plain[MOST_LATENT];
    static char paths[VQC_INIT_COUNT][PATH_SIZE];
    job_begin(&f);
    for (int kind = 0; kind < VQC_INIT_COUNT; kind++) {
        file_make((vqc_init_kind)kind, paths[kind]);
        init_append(&f, (vqc_init_kind)kind, paths[kind]);
    }
    study_begin(&f);
    start_make(&f, 0, plain);
    for (int kind = 0; kind < VQC_INIT_COUNT; kind++)
        start_check(&f, (vqc_init_kind)kind, plain);
    study_end(&f);
}

/* ---- Regularisers ---- */

static void every_regulariser_is_whole(void **state)
{
    (void)state;
    static const vqc_regulariser_type *const types[] = {
#define VQC_REGULARISER(identifier) &vqc_regulariser_##identifier,
#include "render/regularisers.def"
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        assert_true(types[i]->weight != NULL && types[i]->restart != NULL && types[i]->towards_start != NULL);
}

/* A picture's regulariser of its row: it has all parts, is used where its key gives it a weight and only there, is a
 * loss of its own that the total has, moves the latent, and its memory is accounted for. */
static void picture_regulariser_check(fixture *f, int row, const float *plain)
{
    vqc_error error = {0};
    static float z[MOST_LATENT];
    const vqc_render *render = &f->r.study->renders[1 + row];
    const vqc_picture_regulariser_type *type = vqc_picture_regulariser_of(row);
    double losses[TERMS + 1];
    print_message("%s\n", vqc_picture_regulariser_name(row));
    assert_true(type->weight != NULL && type->most != NULL && type->function != NULL);
    assert_float_equal(type->weight(render->settings, 0), 20.0, 0.0);
    assert_float_equal(type->most(render->settings), 20.0, 0.0);
    assert_true(vqc_picture_regularisers_used(render->settings) == (uint32_t)1 << row);
    assert_true(vqc_picture_regularisers_used(f->r.study->renders[0].settings) == 0);
    check(vqc_renderer_start(f->r.renderer, render, &error), &error);
    for (int step = 0; step < STEPS; step++) {
        check(vqc_renderer_step(f->r.renderer, losses, &error), &error);
        assert_true(losses[TERMS] == losses[0] + losses[1] + losses[2]);
    }
    assert_true(losses[2] != 0.0);
    memset(z, 0, sizeof z);
    check(vqc_renderer_latent(f->r.renderer, z, &error), &error);
    assert_memory_not_equal(z, plain, sizeof z);
    memory_check(f, 1 + (size_t)row, false);
}

static void every_picture_regulariser_is_whole(void **state)
{
    (void)state;
    static fixture f;
    static float plain[MOST_LATENT];
    vqc_error error = {0};
    job_begin(&f);
    for (int row = 0; row < VQC_PICTURE_REGULARISERS; row++)
        append(&f, "  - {targets: [{noise: 1}], latent.kind: free, %s.weight: 20}\n",
               vqc_picture_regulariser_name(row));
    study_begin(&f);
    (void)render_make(&f, 0, false);
    check(vqc_renderer_latent(f.r.renderer, plain, &error), &error);
    for (int row = 0; row < VQC_PICTURE_REGULARISERS; row++)
        picture_regulariser_check(&f, row, plain);
    study_end(&f);
}

/* Every schedule weighs something at first, and goes on in a way of its own. */
static void every_schedule_is_whole(void **state)
{
    (void)state;
    static fixture f;
    const vqc_field *field = vqc_schema_find(&vqc_settings_schema, "l2.schedule");
    job_begin(&f);
    for (size_t i = 0; i < field->word_count; i++)
        append(&f, "  - {id: %s, targets: [{noise: 1}], l2: {schedule: %s}}\n", field->words[i].word,
               field->words[i].word);
    study_begin(&f);
    for (size_t i = 1; i <= field->word_count; i++) {
        const vqc_settings *settings = f.r.study->renders[i].settings;
        print_message("%s\n", field->words[i - 1].word);
        assert_true(vqc_regulariser_weight(settings, 1) > 0.0);
        for (size_t j = 1; j < i; j++)
            assert_true(vqc_regulariser_weight(settings, 60) !=
                        vqc_regulariser_weight(f.r.study->renders[j].settings, 60));
        assert_true(render_make(&f, i, true) > 0.0);
        memory_check(&f, i, false);
    }
    study_end(&f);
}

/* ---- Networks ---- */

static int guidances_made;

/* What every new network goes through: the linker puts it in front of the function of its name. */
vqc_status __real_vqc_guidance_create(const vqc_render_models *models, const vqc_render *render, int64_t rows,
                                      int64_t columns, vqc_guidance **guidance_out, vqc_error *error);
vqc_status __wrap_vqc_guidance_create(const vqc_render_models *models, const vqc_render *render, int64_t rows,
                                      int64_t columns, vqc_guidance **guidance_out, vqc_error *error);
vqc_status __wrap_vqc_guidance_create(const vqc_render_models *models, const vqc_render *render, int64_t rows,
                                      int64_t columns, vqc_guidance **guidance_out, vqc_error *error)
{
    guidances_made++;
    return __real_vqc_guidance_create(models, render, rows, columns, guidance_out, error);
}

/* Networks serve the next render again where its key is theirs, whatever else differs, and only there. */
static void networks_serve_renders_of_their_key(void **state)
{
    (void)state;
    static const struct {
        const char *settings;
        bool made; /* behind the render before it */
    } renders[] = {
        {"steps: 7", false},
        {"optimizer: {name: adamw}, l2: {weight: 0.5}, clamp: false, init: pixels", false},
        {"noise: 0.5", true},
        {"noise: 0.25, crops: {count: 5}", false},
        {"noise: 0.25, crops: {group: 3}", true},
        {"augment: [Hf, Af]", true},
        {"augment: [{name: Pe, p: 0.1}]", false}, /* one warp, as before */
        {"augment: [Gn]", true},
        {"size: [6, 8]", true},
        {"recompute: true", true},
        {"crops: {method: pooled}", true},
        {"l2: {weight: 0.3}", true},
        {"tv: {weight: 1}, likeness: {weight: 1}", false},
        {"range: {weight: 1}", true},
        {"range: {weight: {0: 2, 9: 0}}", false},
    };
    static fixture f;
    vqc_error error = {0};
    job_begin(&f);
    for (size_t i = 0; i < sizeof renders / sizeof renders[0]; i++)
        append(&f, "  - {targets: [{noise: 1}], %s}\n", renders[i].settings);
    study_begin(&f);
    check(vqc_renderer_start(f.r.renderer, &f.r.study->renders[0], &error), &error);
    for (size_t i = 0; i < sizeof renders / sizeof renders[0]; i++) {
        int before = guidances_made;
        check(vqc_renderer_start(f.r.renderer, &f.r.study->renders[1 + i], &error), &error);
        if (guidances_made - before != renders[i].made)
            fail_msg("%s: %d networks made", renders[i].settings, guidances_made - before);
    }
    study_end(&f);
}

/* ---- What is listed by hand ---- */

static void text_read(const char *path, char text[4 * TEXT])
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t size = fread(text, 1, 4 * TEXT - 1, file);
    text[size] = '\0';
    (void)fclose(file);
}

/* Whether the word stands in a list in the text. */
static bool has_word(const char *text, const char *word)
{
    static const char around[] = " ,:[]{}\n";
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        if (at > text && strchr(around, at[-1]) != NULL && strchr(around, at[strlen(word)]) != NULL)
            return true;
    return false;
}

static void seeds_have_every_start(void **state)
{
    (void)state;
    static char text[4 * TEXT];
    text_read(VQC_SOURCE_DIR "/tests/fuzz/seeds/fuzz_study/full", text);
    for (int kind = 0; kind < VQC_INIT_COUNT; kind++)
        if (!has_word(text, vqc_init_forms[kind].word))
            fail_msg("fuzz_study/full: %s is missing", vqc_init_forms[kind].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_augmentation_is_whole),
        cmocka_unit_test(every_optimiser_is_whole),
        cmocka_unit_test(every_start_is_whole),
        cmocka_unit_test(a_colour_is_everywhere),
        cmocka_unit_test(every_regulariser_is_whole),
        cmocka_unit_test(every_picture_regulariser_is_whole),
        cmocka_unit_test(every_schedule_is_whole),
        cmocka_unit_test(seeds_have_every_start),
        cmocka_unit_test(networks_serve_renders_of_their_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
