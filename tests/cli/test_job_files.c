/* The job files that come with the program: each is planned with the public vocabulary, and each of the published
 * models' studies is run for a few steps, with small models in the places of the published ones. */

#include <glob.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/command_run.h"
#include "../support/scratch.h"
#include "cli/commands.h"
#include "placeholder_clip.h"
#include "study/study.h"

#define JOBS VQC_SOURCE_DIR "/jobs"
#define PICTURES JOBS "/models/test-pictures/"
#define REFERENCE VQC_SHARED_DIR "/reference/"
#define VOCABULARY VQC_SHARED_DIR "/data/bpe_simple_vocab_16e6.txt.gz"

enum { TEXT_SIZE = 1 << 16 };

/* What a job file must come to; each of its renders has this size, these steps and these crops. */
typedef struct expected_job {
    const char *name;
    size_t renders, perceptors;
    int64_t width, height, steps, crops;
} expected_job;

static const expected_job expected_jobs[] = {
    {"quickstart.yaml", 12, 2, 64, 64, 150, 8},           {"demo/prompts.yaml", 200, 2, 64, 64, 150, 8},
    {"demo/vit-alone.yaml", 48, 1, 64, 64, 150, 8},       {"demo/resnet-alone.yaml", 48, 1, 64, 64, 150, 8},
    {"demo/no-l2.yaml", 48, 2, 64, 64, 150, 8},           {"demo/masking.yaml", 3, 2, 64, 64, 150, 8},
    {"demo/self-masking.yaml", 3, 2, 64, 64, 150, 8},     {"demo/no-augmentations.yaml", 48, 2, 64, 64, 150, 8},
    {"paper/table-1.yaml", 12, 1, 256, 256, 400, 32},     {"paper/table-2.yaml", 10, 1, 256, 256, 400, 32},
    {"paper/figure-3.yaml", 6, 1, 256, 256, 400, 32},     {"paper/figure-4.yaml", 4, 1, 256, 256, 400, 32},
    {"paper/editing.yaml", 8, 1, 256, 256, 400, 32},      {"paper/masking.yaml", 2, 1, 256, 256, 400, 32},
    {"paper/self-masking.yaml", 2, 1, 256, 256, 400, 32}, {"paper/prompt-addition.yaml", 5, 1, 256, 256, 400, 32},
    {"paper/ensemble.yaml", 12, 3, 256, 256, 400, 32},    {"paper/components.yaml", 48, 1, 256, 256, 400, 32},
    {"presets/draft.yaml", 1, 1, 144, 144, 200, 24},      {"presets/normal.yaml", 1, 2, 288, 288, 250, 30},
    {"presets/better.yaml", 1, 3, 432, 432, 300, 36},     {"presets/best.yaml", 1, 3, 576, 576, 350, 24},
    {"presets/supreme.yaml", 1, 4, 720, 720, 400, 32},    {"presets/command-line.yaml", 1, 1, 512, 512, 500, 32},
};

enum { EXPECTED_JOBS = sizeof expected_jobs / sizeof expected_jobs[0] };

/* Figure 2's captions, A to L, written down apart from the job file. */
static const char *const paper_prompts[] = {
    "Oil painting of a candy dish of glass candies, mints, and other assorted sweets",
    "A colored pencil drawing of a waterfall",
    "A fantasy painting of a city in a deep valley by Ivan Aivazovsky",
    "A beautiful painting of a building in a serene landscape",
    "sketch of a 3D printer by Leonardo da Vinci",
    "an autogyro flying car, trending on artstation",
    "an astronaut in the style of van Gogh",
    "Baba Yaga's house + fantasy art",
    "pickled eggs, tempera on wood",
    "effervescent hope",
    "the Tower of Babel by J.M.W. Turner",
    "a futuristic city in synthwave style",
};

/* What users put beside the studies, and what stands for it here; NULL: the placeholder for a CLIP model. */
static const char *const user_files[][2] = {
    {"weights/bpe_simple_vocab_16e6.txt.gz", VOCABULARY},
    {"weights/vqgan_imagenet_f16_16384.yaml", REFERENCE "vqgan.yaml"},
    {"weights/vqgan_imagenet_f16_16384.ckpt", REFERENCE "vqgan.ckpt"},
    {"weights/ViT-B-32.pt", NULL},
    {"weights/ViT-B-16.pt", NULL},
    {"weights/RN50.pt", NULL},
    {"weights/RN101.pt", NULL},
    {"weights/RN50x4.pt", NULL},
    {"paper/pictures/green.png", PICTURES "09-black-moon.png"},
    {"paper/pictures/green-mask.png", PICTURES "09-black-moon-mask.png"},
    {"paper/pictures/flowers.png", PICTURES "01-black-flower.png"},
    {"paper/pictures/flowers-mask.png", PICTURES "01-black-flower-mask.png"},
    {"paper/pictures/bus.png", PICTURES "00-orange-car.png"},
    {"paper/pictures/foggy.png", PICTURES "06-red-sun.png"},
    {"paper/pictures/clear.png", PICTURES "02-white-butterfly.png"},
    {"paper/pictures/cloudy.png", PICTURES "03-yellow-fish.png"},
    {"paper/pictures/wooden.png", PICTURES "12-white-house.png"},
    {"paper/pictures/blurred.png", PICTURES "04-brown-rocket.png"},
};

/* ---- The copy of jobs/ ---- */

/* Links a file of another place into the copy. */
static void link_make(const char *target, const char *name)
{
    char path[PATH_SIZE];
    if (symlink(target, path_in(path, name)) != 0)
        fail_msg("%s: cannot be linked to", path);
}

/* Links the files below jobs/ that match the pattern: job files and what lies beside them. */
static void files_link(const char *pattern)
{
    glob_t found;
    char path[PATH_SIZE];
    struct stat state;
    (void)snprintf(path, PATH_SIZE, JOBS "/%s", pattern);
    assert_int_equal(glob(path, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *name = found.gl_pathv[i] + strlen(JOBS "/");
        if (stat(found.gl_pathv[i], &state) == 0 && S_ISREG(state.st_mode))
            link_make(found.gl_pathv[i], name);
    }
    globfree(&found);
}

/* Whether this folder of jobs/, or the one of this file, holds studies; the others hold models. */
static int holds_studies(const char *name)
{
    return strncmp(name, "models/", strlen("models/")) != 0 && strncmp(name, "weights/", strlen("weights/")) != 0;
}

static void folders_copy(void)
{
    glob_t found;
    char path[PATH_SIZE];
    assert_int_equal(glob(JOBS "/*/", GLOB_MARK, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char name[256];
        (void)snprintf(name, sizeof name, "%s", found.gl_pathv[i] + strlen(JOBS "/"));
        if (!holds_studies(name))
            continue;
        assert_int_equal(mkdir(path_in(path, name), 0700), 0);
        (void)snprintf(name + strlen(name), sizeof name - strlen(name), "*");
        files_link(name);
    }
    globfree(&found);
}

static void user_files_link(void)
{
    char placeholder[PATH_SIZE];
    char path[PATH_SIZE];
    assert_true(placeholder_clip_write(path_in(placeholder, "clip.safetensors")));
    assert_int_equal(mkdir(path_in(path, "weights"), 0700), 0);
    assert_int_equal(mkdir(path_in(path, "paper/pictures"), 0700), 0);
    for (size_t i = 0; i < sizeof user_files / sizeof user_files[0]; i++)
        link_make(user_files[i][1] == NULL ? placeholder : user_files[i][1], user_files[i][0]);
}

static int copy_make(void **state)
{
    (void)state;
    link_make(JOBS "/models", "models");
    files_link("*.yaml");
    folders_copy();
    user_files_link();
    return 0;
}

/* Skips the test where the public vocabulary is not there. */
static void shared_require(void)
{
    if (access(VOCABULARY, R_OK) == 0 && access(REFERENCE "vqgan.ckpt", R_OK) == 0)
        return;
    print_message("skipped: %s and the reference files are not there\n", VOCABULARY);
    skip();
}

/* ---- Tests ---- */

/* Calls a command with these words; what it prints goes to a file. */
static void call_ok(const vqc_command *command, int count, char **words)
{
    char output[PATH_SIZE];
    vqc_error error;
    if (command_run_into(path_in(output, "output"), command, count, words, &error) != VQC_OK)
        fail_msg("%s", error.message);
}

/* Plans the job files that match the pattern; how many. */
static size_t jobs_plan(const char *pattern)
{
    glob_t found;
    char path[PATH_SIZE];
    size_t count = 0;
    assert_int_equal(glob(path_in(path, pattern), 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (!holds_studies(found.gl_pathv[i] + strlen(scratch_folder()) + 1))
            continue;
        call_ok(&vqc_command_plan, 1, &found.gl_pathv[i]);
        count++;
    }
    globfree(&found);
    return count;
}

/* Every job file that there is, so that a new one is checked as well: its keys, its files, the lengths of its texts.
 */
static void test_every_job_is_planned(void **state)
{
    (void)state;
    shared_require();
    assert_true(jobs_plan("*.yaml") + jobs_plan("*/*.yaml") >= EXPECTED_JOBS);
}

static vqc_study *study_open(const char *name)
{
    char path[PATH_SIZE];
    vqc_study *study;
    vqc_error error = {0};
    if (vqc_study_open(path_in(path, name), &study, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return study;
}

static void job_check(const expected_job *expected)
{
    vqc_study *study = study_open(expected->name);
    const char *base = strrchr(expected->name, '/');
    base = base == NULL ? expected->name : base + 1;
    if (study->render_count != expected->renders || study->perceptor_count != expected->perceptors)
        fail_msg("%s: %zu renders, %zu perceptors", expected->name, study->render_count, study->perceptor_count);
    if (strlen(study->name) + strlen(".yaml") != strlen(base) || strncmp(base, study->name, strlen(study->name)) != 0)
        fail_msg("%s: the study is called %s", expected->name, study->name);
    for (size_t i = 0; i < study->render_count; i++) {
        const vqc_settings *settings = study->renders[i].settings;
        if (settings->width != expected->width || settings->height != expected->height ||
            settings->steps != expected->steps || settings->crop_count != expected->crops)
            fail_msg("%s: render %zu: other settings", expected->name, i);
    }
    vqc_study_close(study);
}

static void test_jobs_come_to_what_they_should(void **state)
{
    (void)state;
    shared_require();
    for (int i = 0; i < EXPECTED_JOBS; i++)
        job_check(&expected_jobs[i]);
}

static void prompts_check(const char *name)
{
    vqc_study *study = study_open(name);
    for (size_t i = 0; i < study->render_count; i++) {
        const char id[] = {(char)('A' + i), '\0'};
        assert_string_equal(study->renders[i].prompt->id, id);
        assert_string_equal(study->renders[i].prompt->text, paper_prompts[i]);
        assert_int_equal(study->renders[i].prompt->target_count, 1);
        assert_string_equal(study->renders[i].prompt->targets[0].text, paper_prompts[i]);
    }
    vqc_study_close(study);
}

static void test_table_1_has_the_prompts_of_the_paper(void **state)
{
    (void)state;
    shared_require();
    prompts_check("paper/table-1.yaml");
    prompts_check("paper/ensemble.yaml");
}

/* The paper's numbers, and every augmentation, in all of its studies but where a sweep takes them away. */
static void test_settings_of_the_paper(void **state)
{
    (void)state;
    shared_require();
    for (int i = 0; i < EXPECTED_JOBS; i++) {
        if (strncmp(expected_jobs[i].name, "paper/", strlen("paper/")) != 0)
            continue;
        vqc_study *study = study_open(expected_jobs[i].name);
        const vqc_settings *last = study->renders[study->render_count - 1].settings;
        assert_float_equal(last->learning_rate, 0.15, 0.0);
        assert_true(last->learning_rate_end < 0.0); /* stays what it is */
        assert_float_equal(last->beta1, 0.9, 0.0);
        assert_float_equal(last->beta2, 0.999, 0.0);
        assert_float_equal(last->l2_decay, 0.005, 0.0);
        assert_float_equal(last->noise, 0.1, 0.0);
        assert_int_equal(last->augmentation_count, 4);
        assert_true(last->clamp);
        vqc_study_close(study);
    }
}

/* ---- Short runs ---- */

/* What makes a study short and small. */
static const char *const shortenings[][2] = {
    {"size: \\[[0-9]+, [0-9]+\\]", "size: [32, 32]"},
    {"steps: [0-9]+", "steps: 2"},
    {"count: [0-9]+", "count: 3"},
    {"overview: [0-9]+", "overview: 1"},
    {"group: [0-9]+", "group: 2"},
    {"snapshots: [0-9]+", "snapshots: 1"},
};

/* Puts the replacement in the place of the pattern's first match; the key stands once in each job file. */
static void text_replace(char text[TEXT_SIZE], const char *pattern, const char *replacement)
{
    regex_t expression;
    regmatch_t match;
    static char rest[TEXT_SIZE];
    assert_int_equal(regcomp(&expression, pattern, REG_EXTENDED), 0);
    if (regexec(&expression, text, 1, &match, 0) == 0) {
        (void)snprintf(rest, TEXT_SIZE, "%s", text + match.rm_eo);
        (void)snprintf(text + match.rm_so, TEXT_SIZE - (size_t)match.rm_so, "%s%s", replacement, rest);
    }
    regfree(&expression);
}

/* Writes the short copy of a job beside it. */
static void short_job_write(const char *name, char path[PATH_SIZE])
{
    static char text[TEXT_SIZE];
    FILE *stream = fopen(path_in(path, name), "r");
    assert_non_null(stream);
    size_t size = fread(text, 1, TEXT_SIZE - 1, stream);
    text[size] = '\0';
    (void)fclose(stream);
    for (size_t i = 0; i < sizeof shortenings / sizeof shortenings[0]; i++)
        text_replace(text, shortenings[i][0], shortenings[i][1]);
    (void)snprintf(path + strlen(path), PATH_SIZE - strlen(path), ".short");
    stream = fopen(path, "w");
    assert_non_null(stream);
    assert_true(fputs(text, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

/* Nothing but the published weights is missing: each of their studies makes all of its pictures. */
static void test_each_study_runs(void **state)
{
    (void)state;
    shared_require();
    for (int i = 0; i < EXPECTED_JOBS; i++) {
        char job[PATH_SIZE];
        char output[PATH_SIZE];
        if (strncmp(expected_jobs[i].name, "p", 1) != 0) /* paper and presets */
            continue;
        short_job_write(expected_jobs[i].name, job);
        char *words[] = {job, (char *)"-o", (char *)path_in(output, "archives"), (char *)"--threads", (char *)"1"};
        call_ok(&vqc_command_render, 5, words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_job_is_planned),
        cmocka_unit_test(test_jobs_come_to_what_they_should),
        cmocka_unit_test(test_table_1_has_the_prompts_of_the_paper),
        cmocka_unit_test(test_settings_of_the_paper),
        cmocka_unit_test(test_each_study_runs),
    };
    return cmocka_run_group_tests(tests, copy_make, NULL);
}
