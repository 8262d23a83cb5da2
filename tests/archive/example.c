#include "example.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const loss_names[] = {"total", "ViT-B/32 · prompt", "L2"};

static const vqc_archive_model models[] = {
    {"generator", "f16", "models/demo.safetensors",
     "0000000000000000000000000000000000000000000000000000000000000001", "model:\n  target: VQModel\n"},
    {"perceptor", "vit", "models/clip.safetensors",
     "0000000000000000000000000000000000000000000000000000000000000002", ""},
};

static const vqc_archive_extents shapes[] = {
    {.height = 96,
     .width = 128,
     .latent_rows = 6,
     .latent_columns = 8,
     .latent_width = 32,
     .steps = 5,
     .loss_count = 3,
     .loss_names = loss_names,
     .snapshot_count = 2,
     .checkpoint_bytes = 20011},
    {.height = 16,
     .width = 24,
     .latent_rows = 1,
     .latent_columns = 2,
     .latent_width = 3,
     .steps = 7,
     .loss_count = 1,
     .loss_names = loss_names,
     .snapshot_count = 0,
     .checkpoint_bytes = 0},
};

void example_study_init(example_study *study, size_t renders)
{
    *study = (example_study){.renders = calloc(renders, sizeof *study->renders),
                             .ids = calloc(renders, sizeof *study->ids)};
    for (size_t i = 0; i < renders; i++) {
        (void)snprintf(study->ids[i], sizeof study->ids[i], "render-%zu", i);
        study->renders[i] =
            (vqc_archive_render){.id = study->ids[i],
                                 .prompt = i % 2 == 0 ? "ein Käse, 絵" : "pickled eggs, tempera on wood",
                                 .settings = "{\"steps\": 5}",
                                 .seed = UINT64_MAX - i,
                                 .shape = i % 3 == 2};
    }
    study->outline = (vqc_archive_outline){
        .study = "example",
        .job_text = "study: example\n",
        .job_sha256 = "00000000000000000000000000000000000000000000000000000000000000ab",
        .versions = "{\"vqclip\": \"0.1.0\"}",
        .build = "",
        .models = models,
        .model_count = sizeof models / sizeof models[0],
        .shapes = shapes,
        .shape_count = renders > 2 ? 2 : 1,
        .renders = study->renders,
        .render_count = renders,
    };
}

void example_study_release(example_study *study)
{
    free(study->renders);
    free(study->ids);
}

vqc_status example_snapshots_write(vqc_archive *archive, size_t render, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    const uint32_t count = outline->shapes[outline->renders[render].shape].snapshot_count;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *picture = example_part_make(outline, render, EXAMPLE_SNAPSHOT + (int)i);
        vqc_status status = vqc_archive_snapshot_write(archive, render, i, picture, error);
        free(picture);
        VQC_TRY(status);
    }
    return VQC_OK;
}

size_t example_bytes(const vqc_archive_outline *outline, size_t render, int part)
{
    const vqc_archive_extents *shape = &outline->shapes[outline->renders[render].shape];
    const size_t picture = (size_t)shape->height * shape->width * 3;
    const size_t cells = (size_t)shape->latent_rows * shape->latent_columns;
    if (part >= EXAMPLE_CHECKPOINT)
        return shape->checkpoint_bytes;
    switch (part) {
    case EXAMPLE_LATENT:
        return cells * shape->latent_width * sizeof(float);
    case EXAMPLE_CODES:
        return cells * sizeof(int32_t);
    case EXAMPLE_LOSSES:
        return (size_t)shape->steps * shape->loss_count * sizeof(float);
    default:
        return picture;
    }
}

void *example_part_make(const vqc_archive_outline *outline, size_t render, int part)
{
    const size_t bytes = example_bytes(outline, render, part);
    uint32_t *words = calloc(bytes / 4 + 1, 4);
    uint32_t word = (uint32_t)render * 2654435761U + (uint32_t)part * 40503U + 1;
    for (size_t i = 0; i < bytes / 4 + 1; i++) {
        word = word * 1664525U + 1013904223U;
        words[i] = word;
        if (part == EXAMPLE_LATENT || part == EXAMPLE_LOSSES) {
            const float value = (float)(int32_t)word / 65536.0F;
            memcpy(&words[i], &value, sizeof value);
        }
    }
    return words;
}

bool example_part_equals(const vqc_archive_outline *outline, size_t render, int part, const void *bytes)
{
    void *expected = example_part_make(outline, render, part);
    const bool equal = memcmp(expected, bytes, example_bytes(outline, render, part)) == 0;
    free(expected);
    return equal;
}

vqc_status example_result_write(vqc_archive *archive, size_t render, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    const vqc_archive_result result = {
        .picture = example_part_make(outline, render, EXAMPLE_PICTURE),
        .latent = example_part_make(outline, render, EXAMPLE_LATENT),
        .codes = example_part_make(outline, render, EXAMPLE_CODES),
        .losses = example_part_make(outline, render, EXAMPLE_LOSSES),
        .seconds = (double)render + 0.5,
        .device = "CPU",
        .host = "somewhere",
    };
    vqc_status status = vqc_archive_result_write(archive, render, &result, error);
    free((void *)(uintptr_t)result.picture);
    free((void *)(uintptr_t)result.latent);
    free((void *)(uintptr_t)result.codes);
    free((void *)(uintptr_t)result.losses);
    return status;
}

static bool parts_are_right(const vqc_archive *archive, size_t render, void *memory)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    vqc_error error = {0};
    return vqc_archive_picture_read(archive, render, memory, &error) == VQC_OK &&
           example_part_equals(outline, render, EXAMPLE_PICTURE, memory) &&
           vqc_archive_latent_read(archive, render, memory, &error) == VQC_OK &&
           example_part_equals(outline, render, EXAMPLE_LATENT, memory) &&
           vqc_archive_codes_read(archive, render, memory, &error) == VQC_OK &&
           example_part_equals(outline, render, EXAMPLE_CODES, memory) &&
           vqc_archive_losses_read(archive, render, memory, &error) == VQC_OK &&
           example_part_equals(outline, render, EXAMPLE_LOSSES, memory);
}

/* What checking a right result finds: tests that write it may leave snapshots out. */
static vqc_archive_damage damage_expected(const vqc_archive *archive, size_t render)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    const uint32_t count = outline->shapes[outline->renders[render].shape].snapshot_count;
    vqc_error error = {0};
    bool all = true;
    void *picture = malloc(example_bytes(outline, render, EXAMPLE_PICTURE));
    for (uint32_t i = 0; i < count; i++) {
        bool present = false;
        all = vqc_archive_snapshot_read(archive, render, i, picture, &present, &error) == VQC_OK && present && all;
    }
    free(picture);
    return all || !vqc_archive_has_record_digests(archive) ? VQC_ARCHIVE_DAMAGE_NONE : VQC_ARCHIVE_DAMAGE_SNAPSHOT;
}

bool example_result_is_right(const vqc_archive *archive, size_t render)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    vqc_error error = {0};
    vqc_archive_outcome outcome;
    vqc_archive_damage damage;
    void *memory = malloc(example_bytes(outline, render, EXAMPLE_PICTURE)); /* the largest part */
    const bool right = parts_are_right(archive, render, memory) &&
                       vqc_archive_outcome_read(archive, render, &outcome, &error) == VQC_OK &&
                       outcome.state == VQC_ARCHIVE_DONE && outcome.seconds == (double)render + 0.5 &&
                       strcmp(outcome.device, "CPU") == 0 && strcmp(outcome.host, "somewhere") == 0 &&
                       vqc_archive_result_check(archive, render, &damage, &error) == VQC_OK &&
                       damage == damage_expected(archive, render);
    free(memory);
    return right;
}

bool example_checkpoint_is_right(const vqc_archive *archive, size_t render, int64_t *step_out)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    vqc_error error = {0};
    vqc_archive_checkpoint found;
    void *memory = malloc(example_bytes(outline, render, EXAMPLE_CHECKPOINT) + 1);
    *step_out = -1;
    bool right = vqc_archive_checkpoint_read(archive, render, EXAMPLE_ENVIRONMENT, memory, &found, &error) == VQC_OK;
    if (right && found.present) {
        *step_out = found.step;
        right = example_part_equals(outline, render, EXAMPLE_CHECKPOINT + (int)found.step, memory);
    }
    free(memory);
    return right;
}
