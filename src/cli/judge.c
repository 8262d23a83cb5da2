#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/visible.h"
#include "cli/attributes.h"
#include "cli/commands.h"
#include "cli/embeddings.h"
#include "cli/guided.h"
#include "cli/json_output.h"
#include "weights/parts.h"

enum { MAX_GROUPS = 16 };

typedef struct judge_options {
    vqc_compute compute;
    const char *perceptor;
    const char *vocabulary;
    const char *attributes;
    const char *labels;
    const char *archive;
    const vqc_text_list *pictures; /* the operands */
    vqc_clip_options clip;
    long head_width;
} judge_options;

/* Right answers of the pictures that one group of labels is for; the first group is all of them. */
typedef struct judge_group {
    const char *name;
    size_t *right, *asked; /* (attributes) */
} judge_group;

/* What a judge knows and has found. */
typedef struct judge_work {
    judge_options *options;
    vqc_clip *clip;
    vqc_attributes attributes;
    vqc_labels labels;
    float *means; /* (values, width): direction of each value's texts */
    float *row;   /* (width): the picture under judgement */
    vqc_picture_embedder embedder;
    judge_group groups[MAX_GROUPS];
    size_t group_count;
    size_t judged;
    bool guided;      /* the perceptor guided the archive's pictures */
    json_t *verdicts; /* NULL unless the result is JSON */
} judge_work;

static void work_release(judge_work *work)
{
    for (size_t i = 0; i < work->group_count; i++) {
        free(work->groups[i].right);
        free(work->groups[i].asked);
    }
    vqc_picture_embedder_release(&work->embedder);
    free(work->means);
    free(work->row);
    vqc_labels_release(&work->labels);
    vqc_attributes_release(&work->attributes);
    vqc_clip_close(work->clip);
    json_decref(work->verdicts);
}

/* Adds a text's unit vector to the mean of its value. */
static void mean_add(float *mean, const float *row, int64_t width)
{
    double scale = 1.0 / vqc_embeddings_length(row, width);
    for (int64_t i = 0; i < width; i++)
        mean[i] += (float)(scale * (double)row[i]);
}

/* The mean direction of the texts of each value. */
static vqc_status means_compute(judge_work *work, vqc_error *error)
{
    const vqc_attributes *attributes = &work->attributes;
    int64_t width = work->clip->embed_width;
    vqc_embeddings texts = {0};
    VQC_TRY(vqc_memory_allocate(attributes->value_count * (size_t)width, sizeof(float), "attributes", &work->means,
                                error));
    VQC_TRY(vqc_memory_allocate((size_t)width, sizeof(float), "an embedding", &work->row, error));
    VQC_TRY(vqc_embeddings_of_texts(&work->options->compute, work->clip, work->options->vocabulary, attributes->texts,
                                    attributes->text_count, false, &texts, error));
    for (size_t v = 0; v < attributes->value_count; v++) {
        const vqc_attribute_value *value = &attributes->values[v];
        for (size_t t = value->first; t < value->first + value->count; t++)
            mean_add(work->means + v * (size_t)width, texts.data + t * (size_t)width, width);
    }
    vqc_embeddings_release(&texts);
    return VQC_OK;
}

/* The value of the attribute that the picture in `row` is most like. */
static const vqc_attribute_value *value_choose(const judge_work *work, const vqc_attribute *attribute,
                                               double *similarity_out)
{
    size_t width = (size_t)work->clip->embed_width;
    size_t best = attribute->first;
    *similarity_out = -1.0;
    for (size_t v = attribute->first; v < attribute->first + attribute->count; v++) {
        double similarity = vqc_embeddings_cosine(work->row, work->means + v * width, (int64_t)width);
        if (similarity <= *similarity_out)
            continue;
        best = v;
        *similarity_out = similarity;
    }
    return &work->attributes.values[best];
}

static vqc_status group_add(judge_work *work, const char *name, judge_group **group_out, vqc_error *error)
{
    judge_group *group = &work->groups[work->group_count];
    if (work->group_count == MAX_GROUPS)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected at most %d groups", work->options->labels,
                             MAX_GROUPS - 1);
    work->group_count++;
    *group = (judge_group){.name = name};
    *group_out = group;
    VQC_TRY(vqc_memory_allocate(work->attributes.attribute_count, sizeof(size_t), "groups", &group->right, error));
    return vqc_memory_allocate(work->attributes.attribute_count, sizeof(size_t), "groups", &group->asked, error);
}

/* The group of that name, made if it is new. */
static vqc_status group_find(judge_work *work, const char *name, judge_group **group_out, vqc_error *error)
{
    for (size_t i = 0; i < work->group_count; i++) {
        *group_out = &work->groups[i];
        if (strcmp(work->groups[i].name, name) == 0)
            return VQC_OK;
    }
    return group_add(work, name, group_out, error);
}

/* Counts an answer for all pictures and for the label's group. */
static vqc_status answer_count(judge_work *work, const json_t *label, size_t attribute, bool right, vqc_error *error)
{
    judge_group *group;
    const char *name = json_string_value(json_object_get(label, "group"));
    VQC_TRY(group_find(work, "all", &group, error));
    group->asked[attribute]++;
    group->right[attribute] += right;
    if (name == NULL || strcmp(name, group->name) == 0)
        return VQC_OK;
    VQC_TRY(group_find(work, name, &group, error));
    group->asked[attribute]++;
    group->right[attribute] += right;
    return VQC_OK;
}

/* One attribute of the picture in `row`: printed, or added to the verdict. */
static vqc_status attribute_judge(judge_work *work, size_t number, const json_t *label, json_t *verdict,
                                  vqc_error *error)
{
    double similarity;
    const vqc_attribute *attribute = &work->attributes.attributes[number];
    const vqc_attribute_value *value = value_choose(work, attribute, &similarity);
    const char *expected = json_string_value(json_object_get(label, attribute->name));
    bool right = expected != NULL && strcmp(expected, value->name) == 0;
    if (expected != NULL)
        VQC_TRY(answer_count(work, label, number, right, error));
    if (verdict == NULL) {
        vqc_print(stdout, "  %s", value->name);
        if (expected != NULL && !right)
            vqc_print(stdout, " (%s)", expected);
        return VQC_OK;
    }
    json_t *answer = json_pack("{s: s, s: f}", "value", value->name, "similarity", similarity);
    if (expected != NULL)
        json_object_set_new(answer, "expected", json_string(expected));
    json_object_set_new(verdict, attribute->name, answer);
    return VQC_OK;
}

/* Judges a picture that has this name; label may be NULL. */
static vqc_status picture_judge(judge_work *work, const char *name, const vqc_image *picture, const json_t *label,
                                vqc_error *error)
{
    json_t *verdict = NULL;
    VQC_TRY(vqc_picture_embedder_run(&work->embedder, picture, work->row, error));
    work->judged++;
    if (work->verdicts != NULL) {
        verdict = json_object();
        json_object_set_new(verdict, "picture", json_string(name));
        json_array_append_new(work->verdicts, verdict);
    } else {
        vqc_print(stdout, "%s:", name);
    }
    for (size_t i = 0; i < work->attributes.attribute_count; i++)
        VQC_TRY(attribute_judge(work, i, label, verdict, error));
    if (verdict == NULL)
        (void)printf("\n");
    return VQC_OK;
}

static vqc_status file_judge(judge_work *work, const char *path, vqc_error *error)
{
    vqc_image picture;
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    VQC_TRY(vqc_image_read(path, &picture, error));
    vqc_status status = picture_judge(work, name, &picture, vqc_labels_find(&work->labels, "picture", name), error);
    vqc_image_release(&picture);
    return status == VQC_OK ? VQC_OK : vqc_error_prefix(error, "%s", path);
}

/* A finished render of the archive. */
static vqc_status render_judge(judge_work *work, const vqc_archive *archive, size_t number, vqc_error *error)
{
    vqc_image picture;
    char name[32];
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    const vqc_archive_render *render = &outline->renders[number];
    const vqc_archive_extents *shape = &outline->shapes[render->shape];
    (void)snprintf(name, sizeof name, "%05zu", number);
    VQC_TRY(vqc_image_create(shape->height, shape->width, &picture, error));
    vqc_status status = vqc_archive_picture_read(archive, number, picture.pixels, error);
    if (status == VQC_OK)
        status = picture_judge(work, name, &picture, vqc_labels_find(&work->labels, "text", render->prompt), error);
    vqc_image_release(&picture);
    return status;
}

/* Whether the perceptor that judges guided the pictures, which is said. */
static vqc_status guidance_look(judge_work *work, const vqc_archive *archive, vqc_error *error)
{
    char sha256[VQC_DIGEST_TEXT_SIZE];
    VQC_TRY(vqc_weights_digest(work->options->perceptor, sha256, error));
    const vqc_archive_model *model = vqc_guided_by(vqc_archive_outline_of(archive), sha256);
    work->guided = model != NULL;
    if (model != NULL)
        vqc_guided_say(work->options->archive, work->options->perceptor, model);
    return VQC_OK;
}

static vqc_status archive_judge(judge_work *work, vqc_error *error)
{
    vqc_archive *archive;
    VQC_TRY(vqc_archive_open(work->options->archive, &archive, error));
    vqc_status status = guidance_look(work, archive, error);
    size_t count = vqc_archive_outline_of(archive)->render_count;
    for (size_t i = 0; i < count && status == VQC_OK; i++) {
        vqc_archive_state state;
        status = vqc_archive_state_read(archive, i, &state, error);
        if (status == VQC_OK && state == VQC_ARCHIVE_DONE)
            status = render_judge(work, archive, i, error);
    }
    vqc_archive_close(archive);
    return status;
}

/* Percent of right answers; an attribute that no label has is left out. */
static void groups_print(const judge_work *work)
{
    vqc_print(stdout, "\nright answers in percent\n%-16s %8s", "", "pictures");
    for (size_t a = 0; a < work->attributes.attribute_count; a++)
        vqc_print(stdout, " %10s", work->attributes.attributes[a].name);
    (void)printf("\n");
    for (size_t i = 0; i < work->group_count; i++) {
        const judge_group *group = &work->groups[i];
        vqc_print(stdout, "%-16s %8zu", group->name, group->asked[0]);
        for (size_t a = 0; a < work->attributes.attribute_count; a++)
            (void)printf(" %10.1f",
                         group->asked[a] == 0 ? 0.0 : 100.0 * (double)group->right[a] / (double)group->asked[a]);
        (void)printf("\n");
    }
}

static json_t *groups_to_json(const judge_work *work)
{
    json_t *groups = json_object();
    for (size_t i = 0; i < work->group_count; i++) {
        json_t *entry = json_object();
        for (size_t a = 0; a < work->attributes.attribute_count; a++) {
            json_t *rate = json_pack("{s: I, s: I}", "right", (json_int_t)work->groups[i].right[a], "asked",
                                     (json_int_t)work->groups[i].asked[a]);
            json_object_set_new(entry, work->attributes.attributes[a].name, rate);
        }
        json_object_set_new(groups, work->groups[i].name, entry);
    }
    return groups;
}

static vqc_status results_print(judge_work *work, vqc_error *error)
{
    if (work->verdicts == NULL) {
        if (work->group_count > 0)
            groups_print(work);
        return VQC_OK;
    }
    json_t *report = json_object();
    json_object_set(report, "pictures", work->verdicts);
    json_object_set_new(report, "groups", groups_to_json(work));
    if (work->options->archive != NULL)
        json_object_set_new(report, "guided", json_boolean(work->guided));
    vqc_json_add_compute(report, &work->options->compute);
    return vqc_json_print(report, error);
}

static vqc_status options_check(const judge_options *options, vqc_error *error)
{
    if (options->perceptor == NULL || options->vocabulary == NULL || options->attributes == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "judge: --perceptor, --vocabulary and --attributes are needed");
    if ((options->archive == NULL) == (options->pictures->count == 0))
        return vqc_error_set(error, VQC_BAD_INPUT, "judge: expected either --archive or pictures");
    return VQC_OK;
}

/* Reads the lists, then opens the model. */
static vqc_status work_open(judge_work *work, vqc_error *error)
{
    judge_options *options = work->options;
    VQC_TRY(vqc_attributes_read(options->attributes, &work->attributes, error));
    if (options->labels != NULL)
        VQC_TRY(vqc_labels_read(options->labels, &work->attributes, &work->labels, error));
    VQC_TRY(vqc_compute_open(&options->compute, error));
    VQC_TRY(vqc_clip_open(options->perceptor, &options->clip, &work->clip, error));
    options->compute.load_seconds = vqc_clock_seconds() - options->compute.started;
    if (options->compute.json)
        work->verdicts = json_array();
    VQC_TRY(means_compute(work, error));
    return vqc_picture_embedder_init(&work->embedder, &options->compute, work->clip, error);
}

static vqc_status pictures_judge(judge_work *work, vqc_error *error)
{
    VQC_TRY(work_open(work, error));
    if (work->options->archive != NULL)
        VQC_TRY(archive_judge(work, error));
    for (size_t i = 0; i < work->options->pictures->count; i++)
        VQC_TRY(file_judge(work, work->options->pictures->items[i], error));
    return results_print(work, error);
}

static vqc_status options_judge(judge_options *options, vqc_error *error)
{
    judge_work work = {.options = options};
    VQC_TRY(options_check(options, error));
    options->clip.head_width = options->head_width;
    vqc_status status = pictures_judge(&work, error);
    work_release(&work);
    return status;
}

static vqc_status judge_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    judge_options *options = context;
    options->pictures = operands;
    vqc_status status = options_judge(options, error);
    vqc_compute_close(&options->compute);
    return status;
}

static const vqc_option table[] = {
    {.name = "--perceptor",
     .value = "FILE",
     .help = "CLIP model that judges",
     VQC_OPTION_MEMBER(judge_options, perceptor)},
    {.name = "--vocabulary",
     .value = "FILE",
     .help = "its tokenizer: byte pairs, tokenizer.json, vocab.json, spiece.model, or their folder",
     VQC_OPTION_MEMBER(judge_options, vocabulary)},
    {.name = "--attributes",
     .value = "FILE",
     .help = "JSON: attribute, its values, texts that describe each",
     VQC_OPTION_MEMBER(judge_options, attributes)},
    {.name = "--labels",
     .value = "FILE",
     .help = "JSON: what the pictures are meant to show, to count right answers",
     VQC_OPTION_MEMBER(judge_options, labels)},
    {.name = "--archive",
     .value = "FILE",
     .help = "judge the finished renders of a study instead of picture files",
     VQC_OPTION_MEMBER(judge_options, archive)},
    {.name = "--key",
     .value = "NAME",
     .help = "which model of a file that holds two",
     VQC_OPTION_MEMBER(judge_options, clip.key)},
    {.name = "--activation",
     .value = "NAME",
     .help = "quick_gelu, gelu or gelu_tanh, where the file does not say",
     VQC_OPTION_MEMBER(judge_options, clip.activation)},
    {.name = "--cleaning",
     .value = "NAME",
     .help = "of its texts: none, lower, whitespace or canonicalize (default: as the files say)",
     VQC_OPTION_MEMBER(judge_options, clip.cleaning)},
    {.name = "--head-width",
     .value = "N",
     .help = "width of the picture tower's attention heads (default: as the model's files say, else 64)",
     VQC_OPTION_MEMBER(judge_options, head_width)},
    VQC_COMPUTE_OPTIONS(judge_options, "cpu", "f32"),
};

const vqc_command vqc_command_judge = {
    .name = "judge",
    .summary = "what pictures show, as a CLIP model sees it",
    .usage = "vqclip judge --perceptor FILE --vocabulary FILE --attributes FILE [--labels FILE]\n"
             "       (--archive FILE | PICTURE...)",
    .about = "Says what pictures show, as a CLIP model sees it: of each attribute the value whose texts are\n"
             "nearest on average. With labels, a wrong answer is followed by the right one in brackets, and the\n"
             "shares of right answers come last. To mean anything the judge must not have guided the pictures.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_maximum = SIZE_MAX,
    .options_size = sizeof(judge_options),
    .run = judge_run,
};
