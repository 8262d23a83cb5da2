#include "record/agreement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { HOST_SIZE = 256 };

/* What every rank tells the others of its list. */
typedef struct list_label {
    char sha256[VQC_DIGEST_TEXT_SIZE];
    char host[HOST_SIZE];
    uint64_t size; /* of the list */
} list_label;

/* The list is lines "WHAT\tVALUE", in an order that all ranks have. A value has no line feed. */
static vqc_status digest_add(vqc_text *list, const char *what, const char *name, const vqc_text *value,
                             vqc_error *error)
{
    char digest[VQC_DIGEST_TEXT_SIZE];
    VQC_TRY(vqc_digest_bytes(value->data, value->size, digest, error));
    return vqc_text_append(list, error, "%s %s\tSHA-256 %s\n", what, name, digest);
}

static vqc_status models_add(vqc_text *list, const vqc_archive_outline *outline, vqc_error *error)
{
    for (size_t i = 0; i < outline->model_count; i++) {
        const vqc_archive_model *model = &outline->models[i];
        const char *gap = model->name[0] == '\0' ? "" : " ";
        VQC_TRY(vqc_text_append(list, error, "the checkpoint of the %s%s%s\tSHA-256 %s\n", model->role, gap,
                                model->name, model->sha256));
        for (const char *line = model->configuration; *line != '\0';) {
            const int length = (int)strcspn(line, "\n");
            VQC_TRY(vqc_text_append(list, error, "the configuration of the %s%s%s\t%.*s\n", model->role, gap,
                                    model->name, length, line));
            line += length;
            line += *line == '\n';
        }
    }
    return VQC_OK;
}

static vqc_status inputs_add(vqc_text *list, const vqc_archive_outline *outline, vqc_error *error)
{
    for (size_t i = 0; i < outline->input_count; i++) {
        const vqc_archive_input *input = &outline->inputs[i];
        VQC_TRY(vqc_text_append(list, error, "%s (%s)\t%s bytes, SHA-256 %s\n", input->path, input->what, input->size,
                                input->sha256));
    }
    return VQC_OK;
}

static vqc_status render_describe(const vqc_archive_outline *outline, size_t number, vqc_text *text, vqc_error *error)
{
    const vqc_archive_render *render = &outline->renders[number];
    const vqc_archive_extents *shape = &outline->shapes[render->shape];
    VQC_TRY(vqc_text_append(text, error, "%s\n%s\n%s\n%llu %u", render->id, render->prompt, render->settings,
                            (unsigned long long)render->seed, render->shape));
    if (outline->category_count > 0)
        VQC_TRY(vqc_text_append(text, error, " %s", outline->categories[number]));
    return vqc_text_append(text, error, " %u %u %u %u %u %u %u %u %llu %d", shape->height, shape->width,
                           shape->latent_rows, shape->latent_columns, shape->latent_width, shape->steps,
                           shape->loss_count, shape->snapshot_count, (unsigned long long)shape->checkpoint_bytes,
                           shape->relevance ? 1 : 0);
}

static vqc_status renders_add(vqc_text *list, const vqc_archive_outline *outline, vqc_error *error)
{
    vqc_text text = {0};
    vqc_status status = vqc_text_append(list, error, "the number of renders\t%zu\n", outline->render_count);
    for (size_t i = 0; i < outline->render_count && status == VQC_OK; i++) {
        text.size = 0;
        status = render_describe(outline, i, &text, error);
        if (status == VQC_OK)
            status = digest_add(list, "prompt and settings of render", outline->renders[i].id, &text, error);
    }
    vqc_text_release(&text);
    return status;
}

static vqc_status list_make(const vqc_archive_outline *outline, const vqc_environment *environment, vqc_text *list,
                            vqc_error *error)
{
    char line[VQC_ARCHIVE_DEVICE_SIZE];
    vqc_environment_write_bytes(environment, line);
    VQC_TRY(vqc_text_append(list, error, "the job file\tSHA-256 %s\n", outline->job_sha256));
    VQC_TRY(
        vqc_text_append(list, error, "the part of the study\t%s\n", outline->part == NULL ? "all" : outline->part));
    VQC_TRY(vqc_text_append(list, error, "the environment\t%s\n", line));
    VQC_TRY(models_add(list, outline, error));
    VQC_TRY(inputs_add(list, outline, error));
    return renders_add(list, outline, error);
}

/* The first line that differs, without its end; `other` is at the same line. */
static const char *difference_find(const char *own, const char **other)
{
    for (;;) {
        const size_t length = strcspn(own, "\n");
        if (length != strcspn(*other, "\n") || memcmp(own, *other, length) != 0 || own[length] == '\0')
            return own;
        own += length + 1;
        *other += length + 1;
    }
}

/* A line's parts; the value is empty at the list's end. */
typedef struct list_line {
    const char *what, *value;
    int what_size, value_size;
} list_line;

static list_line line_split(const char *text)
{
    list_line line = {.what = text, .what_size = (int)strcspn(text, "\t\n")};
    line.value = text + line.what_size + (text[line.what_size] == '\t');
    line.value_size = (int)strcspn(line.value, "\n");
    return line;
}

static vqc_status difference_say(const char *own, const char *first, int rank, const char *host,
                                 const char *first_host, vqc_error *error)
{
    const list_line here = line_split(difference_find(own, &first));
    const list_line there = line_split(first);
    if (here.what_size != there.what_size || memcmp(here.what, there.what, (size_t)here.what_size) != 0)
        return vqc_error_set(
            error, VQC_BAD_INPUT,
            "rank %d on %s has another plan than rank 0 on %s: %.*s there, %.*s on rank 0; all ranks "
            "must read the same files",
            rank, host, first_host, here.what_size, here.what, there.what_size, there.what);
    return vqc_error_set(
        error, VQC_BAD_INPUT,
        "rank %d on %s differs from rank 0 on %s in %.*s: %.*s there, %.*s on rank 0; all ranks must "
        "read the same files and compute alike",
        rank, host, first_host, here.what_size, here.what, here.value_size, here.value, there.value_size,
        there.value);
}

/* Rank 0's list comes to all; each says what it has that differs. */
static vqc_status lists_compare(vqc_comm *comm, const vqc_text *list, const list_label *first, vqc_error *error)
{
    char *lines;
    VQC_TRY(vqc_memory_allocate(first->size + 1, 1, "rank 0's plan", &lines, error));
    if (vqc_comm_rank(comm) == 0)
        memcpy(lines, list->data, list->size);
    vqc_status status = vqc_comm_broadcast(comm, lines, first->size, 0, error);
    if (status == VQC_OK && strcmp(lines, list->data) != 0)
        status = difference_say(list->data, lines, vqc_comm_rank(comm), vqc_comm_host(comm), first->host, error);
    free(lines);
    return vqc_comm_agree(comm, status, error);
}

static vqc_status lists_agree(vqc_comm *comm, const vqc_text *list, vqc_error *error)
{
    const size_t ranks = (size_t)vqc_comm_size(comm);
    list_label label = {.size = list->size};
    list_label *labels;
    bool equal = true;
    (void)snprintf(label.host, sizeof label.host, "%s", vqc_comm_host(comm));
    vqc_status status = vqc_digest_bytes(list->data, list->size, label.sha256, error);
    VQC_TRY(vqc_comm_agree(comm, status, error));
    VQC_TRY(vqc_memory_allocate(ranks, sizeof *labels, "the ranks' plans", &labels, error));
    status = vqc_comm_all_gather(comm, &label, sizeof label, labels, error);
    for (size_t i = 0; i < ranks && status == VQC_OK; i++)
        equal = equal && strcmp(labels[i].sha256, labels[0].sha256) == 0;
    if (status == VQC_OK && !equal)
        status = lists_compare(comm, list, &labels[0], error);
    free(labels);
    return status;
}

vqc_status vqc_plan_agree(vqc_comm *comm, const vqc_archive_outline *outline, const vqc_environment *environment,
                          vqc_error *error)
{
    vqc_text list = {0};
    if (vqc_comm_size(comm) == 1)
        return VQC_OK;
    vqc_status status = vqc_comm_agree(comm, list_make(outline, environment, &list, error), error);
    if (status == VQC_OK)
        status = lists_agree(comm, &list, error);
    vqc_text_release(&list);
    return status;
}
