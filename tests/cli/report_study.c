#include "report_study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const hostile_prompts[] = {
    "</script><script>document.title = 'broken'</script>",
    "\"><img src=x onerror=\"document.title = 'broken'\">",
    "a bell \x01\x1b[31m\x07 and \xc2\x9b",
    "right \xe2\x80\xae to left, \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe2\x80\x8f and \xe2\x81\xa6 on",
    "<!--<script> ]]> & &amp; &#60;b&#62;",
    "two\nlines, a\ttab, \\u003c, ${1}, `, ', \" and \xe2\x80\xa8 a separator",
};
enum { HOSTILE_PROMPTS = sizeof hostile_prompts / sizeof hostile_prompts[0] };

static const char *const categories[] = {"animals", "houses </script>", ""};
static const char *const loss_names[REPORT_LOSSES] = {"vit: target 1", "</script><b>L2", "total"};

static const vqc_archive_model models[] = {
    {"generator", "f16", "/home/somebody/models/demo</script>.safetensors",
     "0000000000000000000000000000000000000000000000000000000000000001", "model: </script>\n"},
    {"perceptor", "vit <b>", "models/clip.safetensors",
     "0000000000000000000000000000000000000000000000000000000000000002", ""},
};

static const vqc_archive_input inputs[] = {
    {"init", "/home/somebody/in</script>.png", "12",
     "0000000000000000000000000000000000000000000000000000000000000003"},
};

vqc_archive_state report_state(size_t render)
{
    return render % 50 == 7 ? VQC_ARCHIVE_FAILED : render % 50 == 9 ? VQC_ARCHIVE_PENDING : VQC_ARCHIVE_DONE;
}

const char *report_reason(const report_study *study)
{
    return study->sizes.hostile ? "step 3: </script><script>document.title = 'broken'</script>"
                                : "step 3: not finite";
}

/* New memory; enough for every text here. */
static char *text_make(const char *format, const char *word, unsigned a, unsigned b, const char *end)
{
    char *text = calloc(1, 4096);
    (void)snprintf(text, 4096, format, word, a, b, end);
    return text;
}

static void settings_make(report_study *study, char **settings)
{
    static const char *const rates[] = {"0.10000000000000001", "0.5"};
    for (int i = 0; i < 2; i++) {
        settings[i] = calloc(1, 4096);
        (void)snprintf(settings[i], 4096,
                       "render:\n  size: [%u, %u]\n  steps: %u\n  optimizer: {name: adam, lr: %s}\n"
                       "  init: {image: \"%s\"}\n  augment:\n    - {name: Hf, p: 0.5}\n  snapshots: %u\n",
                       study->shape.width, study->shape.height, study->shape.steps, rates[i],
                       study->sizes.hostile ? "</script>.png" : "in.png", study->shape.snapshot_count);
    }
}

static void renders_make(report_study *study)
{
    const report_sizes *sizes = &study->sizes;
    char **settings = study->texts + sizes->prompts;
    for (size_t i = 0; i < sizes->prompts; i++)
        study->texts[i] = sizes->hostile && i < HOSTILE_PROMPTS
                              ? text_make("%s", hostile_prompts[i], 0, 0, "")
                              : text_make("%s number %u of a small drawn world", "a picture", (unsigned)i, 0, "");
    settings_make(study, settings);
    for (size_t i = 0; i < study->outline.render_count; i++) {
        const size_t prompt = i / (2 * sizes->seeds);
        const unsigned seed = (unsigned)(i / 2 % sizes->seeds);
        settings[2 + i] = text_make("%s%u.%u.optimizer.lr=%s", sizes->hostile ? "<b>\"'" : "p", (unsigned)prompt,
                                    seed, i % 2 == 0 ? "0.1" : "0.5");
        study->renders[i] = (vqc_archive_render){.id = settings[2 + i],
                                                 .prompt = study->texts[prompt],
                                                 .settings = settings[i % 2],
                                                 .seed = sizes->hostile ? UINT64_MAX - seed : seed};
        study->categories[i] = categories[prompt % 3];
    }
}

void report_study_init(report_study *study, const report_sizes *sizes)
{
    const size_t count = 2 * sizes->prompts * sizes->seeds;
    *study = (report_study){.sizes = *sizes,
                            .renders = calloc(count, sizeof *study->renders),
                            .categories = calloc(count, sizeof *study->categories),
                            .texts = calloc(sizes->prompts + 2 + count, sizeof *study->texts)};
    study->shape = (vqc_archive_extents){.height = sizes->side,
                                         .width = sizes->side,
                                         .latent_rows = 2,
                                         .latent_columns = 2,
                                         .latent_width = 4,
                                         .steps = sizes->steps,
                                         .loss_count = REPORT_LOSSES,
                                         .loss_names = loss_names,
                                         .snapshot_count = sizes->snapshots};
    const char *job = sizes->hostile ? "study: x # </script><!--\n" : "study: x\n";
    vqc_error ignored;
    (void)!vqc_digest_bytes(job, strlen(job), study->job_sha256, &ignored);
    study->outline = (vqc_archive_outline){
        .study = sizes->hostile ? "a </title><script>document.title = 'broken'</script>" : "a study",
        .job_text = job,
        .job_sha256 = study->job_sha256,
        .versions = "{\"vqclip\": \"0.2.0\"}",
        .build = "</script>",
        .models = models,
        .model_count = sizeof models / sizeof models[0],
        .inputs = inputs,
        .input_count = sizeof inputs / sizeof inputs[0],
        .shapes = &study->shape,
        .shape_count = 1,
        .renders = study->renders,
        .render_count = count,
        .categories = study->categories,
        .category_count = count,
    };
    renders_make(study);
}

void report_study_release(report_study *study)
{
    for (size_t i = 0; i < study->sizes.prompts + 2 + study->outline.render_count; i++)
        free(study->texts[i]);
    free(study->texts);
    free(study->categories);
    free(study->renders);
}

/* Soft forms with grain on them, which compress about as rendered pictures do. */
void report_picture(const report_study *study, size_t render, int snapshot, uint8_t *pixels)
{
    const uint32_t side = study->sizes.side;
    uint32_t word = (uint32_t)render * 2654435761U + (uint32_t)(snapshot + 2) * 40503U;
    const uint32_t shift = word >> 24;
    for (uint32_t y = 0; y < side; y++)
        for (uint32_t x = 0; x < side; x++) {
            const uint32_t wave = (x * (1 + render % 5) + y * (1 + render % 7)) * 256 / side;
            word = word * 1664525U + 1013904223U;
            uint8_t *pixel = pixels + 3 * ((size_t)y * side + x);
            pixel[0] = (uint8_t)((wave & 255) * 3 / 4 + shift / 8 + (word >> 29));
            pixel[1] = (uint8_t)(y * 200 / side + (word >> 26 & 7) + shift / 8);
            pixel[2] = (uint8_t)(shift / 2 + x * 100 / side + (word >> 23 & 7));
        }
}

void report_losses(const report_study *study, size_t render, float *losses)
{
    for (uint32_t step = 0; step < study->sizes.steps; step++) {
        losses[REPORT_LOSSES * step] = 1.0F / (1.0F + 0.01F * (float)(step + render % 13));
        losses[REPORT_LOSSES * step + 1] = 0.1F + 0.001F * (float)(step % 7);
        losses[REPORT_LOSSES * step + 2] = losses[REPORT_LOSSES * step] + losses[REPORT_LOSSES * step + 1];
    }
}

static vqc_status render_write(const report_study *study, vqc_archive *archive, size_t render, uint8_t *pixels,
                               float *losses, vqc_error *error)
{
    static const float latent[16];
    static const int32_t codes[4];
    if (report_state(render) == VQC_ARCHIVE_PENDING)
        return VQC_OK;
    if (report_state(render) == VQC_ARCHIVE_FAILED)
        return vqc_archive_failure_write(archive, render, report_reason(study), error);
    for (uint32_t i = 0; i < study->sizes.snapshots; i++) {
        report_picture(study, render, (int)i, pixels);
        VQC_TRY(vqc_archive_snapshot_write(archive, render, i, pixels, error));
    }
    report_picture(study, render, -1, pixels);
    report_losses(study, render, losses);
    return vqc_archive_result_write(archive, render,
                                    &(vqc_archive_result){.picture = pixels,
                                                          .latent = latent,
                                                          .codes = codes,
                                                          .losses = losses,
                                                          .seconds = 0.5 + (double)render,
                                                          .device = "cpu; </script>",
                                                          .host = "host <b>"},
                                    error);
}

vqc_status report_study_write(const report_study *study, const char *path, vqc_error *error)
{
    uint8_t *pixels = calloc((size_t)3 * study->sizes.side, study->sizes.side);
    float *losses = calloc(study->sizes.steps, REPORT_LOSSES * sizeof *losses);
    vqc_comm *comm;
    vqc_archive *archive;
    bool created;
    VQC_TRY(vqc_comm_start(NULL, NULL, &comm, error));
    VQC_TRY(vqc_archive_start(comm, path, &study->outline, VQC_ARCHIVE_LOCKED, &archive, &created, error));
    vqc_status status =
        vqc_archive_launch_append(archive, "{\"job\": \"/home/somebody/job.yaml\", \"ranks\": 1}", error);
    for (size_t i = 0; i < study->outline.render_count && status == VQC_OK; i++)
        status = render_write(study, archive, i, pixels, losses, error);
    vqc_archive_close(archive);
    vqc_comm_stop(comm);
    free(pixels);
    free(losses);
    return status;
}
