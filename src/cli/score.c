#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/visible.h"
#include "cli/commands.h"
#include "cli/guided.h"
#include "cli/interruption.h"
#include "cli/json_output.h"
#include "cli/scoring.h"
#include "record/environment.h"
#include "record/study_archive.h"
#include "weights/parts.h"

enum { MAX_PERCEPTORS = 16, NAME_SIZE = 32 };

typedef struct score_options {
    vqc_compute compute;
    const char *output;
    vqc_text_list perceptors, vocabularies, heads;
    vqc_text_list keys, activations, cleanings, head_widths;
    const char *prefix;
    bool truncate;
    long peer_timeout;
} score_options;

/* Everything that scoring holds open. */
typedef struct score_work {
    const score_options *options;
    vqc_ranks ranks;
    vqc_scored scored;
    vqc_environment environment;
    char environment_line[VQC_ARCHIVE_DEVICE_SIZE]; /* without the threads, on which no byte depends */
    char names[MAX_PERCEPTORS][NAME_SIZE];
    vqc_score_perceptor perceptors[MAX_PERCEPTORS];
    vqc_clip *clips[MAX_PERCEPTORS];
    size_t count;
    vqc_scoring scoring;
} score_work;

static void work_release(score_work *work)
{
    for (size_t i = 0; i < work->count; i++) {
        free(work->perceptors[i].files);
        free(work->perceptors[i].scores);
        vqc_aesthetic_head_release(&work->perceptors[i].head);
        vqc_clip_close(work->clips[i]);
    }
    vqc_scoring_end(&work->scoring);
    vqc_scored_close(&work->scored);
}

/* ---- Options ---- */

/* NAME=FILE, or FILE: what stands before the first = is a name if it could be one. The length of it, 0 for none. */
static size_t name_length(const char *word)
{
    size_t length = 0;
    while (isalnum((unsigned char)word[length]) || (length > 0 && strchr("_-", word[length]) != NULL && word[length]))
        length++;
    return word[length] == '=' && isalpha((unsigned char)word[0]) ? length : 0;
}

/* The option's value for a perceptor, NULL where none is given. */
static const char *value_of(const vqc_text_list *list, size_t index)
{
    return index >= list->count || strcmp(list->items[index], "-") == 0 ? NULL : list->items[index];
}

/* Options that perceptors have: none, or one for each. */
static vqc_status lists_check(const score_options *options, vqc_error *error)
{
    const struct {
        const char *name;
        const vqc_text_list *list;
    } lists[] = {{"--key", &options->keys},
                 {"--activation", &options->activations},
                 {"--cleaning", &options->cleanings},
                 {"--head-width", &options->head_widths}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (lists[i].list->count != 0 && lists[i].list->count != options->perceptors.count)
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "%s: expected one for each --perceptor, in their order (- for none), found %zu for "
                                 "%zu",
                                 lists[i].name, lists[i].list->count, options->perceptors.count);
    return VQC_OK;
}

static vqc_status options_check(const score_options *options, vqc_error *error)
{
    if (options->output == NULL || options->perceptors.count == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "score: --perceptor, --vocabulary and -o, --output are needed");
    if (options->perceptors.count > MAX_PERCEPTORS)
        return vqc_error_set(error, VQC_BAD_INPUT, "--perceptor: expected at most %d, found %zu", MAX_PERCEPTORS,
                             options->perceptors.count);
    if (options->vocabularies.count != options->perceptors.count)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "--vocabulary: expected one for each --perceptor, in their order, found %zu for %zu",
                             options->vocabularies.count, options->perceptors.count);
    VQC_TRY(lists_check(options, error));
    return vqc_ranks_timeout_check(options->peer_timeout, error);
}

static vqc_status head_width_parse(const char *text, int64_t *width_out, vqc_error *error)
{
    char *end;
    errno = 0;
    *width_out = text == NULL ? 0 : strtoll(text, &end, 10);
    if (text == NULL || (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0))
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "--head-width: expected a number, found %s", text);
}

/* A perceptor as the options name it: its name is what is given, else clip, or clip1 and on. */
static vqc_status perceptor_name(score_work *work, size_t index, vqc_error *error)
{
    const score_options *options = work->options;
    vqc_score_perceptor *perceptor = &work->perceptors[index];
    const char *word = options->perceptors.items[index];
    const size_t length = name_length(word);
    if (length >= NAME_SIZE)
        return vqc_error_set(error, VQC_BAD_INPUT, "--perceptor %s: expected a name of at most %d characters", word,
                             NAME_SIZE - 1);
    if (length > 0)
        (void)snprintf(work->names[index], NAME_SIZE, "%.*s", (int)length, word);
    else if (options->perceptors.count == 1)
        (void)snprintf(work->names[index], NAME_SIZE, "clip");
    else
        (void)snprintf(work->names[index], NAME_SIZE, "clip%zu", index + 1);
    for (size_t i = 0; i < index; i++)
        if (strcmp(work->names[i], work->names[index]) == 0)
            return vqc_error_set(error, VQC_BAD_INPUT, "--perceptor %s: expected a name of its own, found %s again",
                                 word, work->names[index]);
    *perceptor = (vqc_score_perceptor){.name = work->names[index],
                                       .path = length > 0 ? word + length + 1 : word,
                                       .vocabulary = options->vocabularies.items[index]};
    perceptor->options.key = value_of(&options->keys, index);
    perceptor->options.activation = value_of(&options->activations, index);
    perceptor->options.cleaning = value_of(&options->cleanings, index);
    work->count = index + 1;
    return head_width_parse(value_of(&options->head_widths, index), &perceptor->options.head_width, error);
}

/* ---- Opening ---- */

/* The perceptor that a head is of: the one that is named, else the only one. */
static vqc_status head_owner(score_work *work, const char *word, size_t length, size_t *index_out, vqc_error *error)
{
    for (size_t i = 0; i < work->count && length > 0; i++)
        if (strlen(work->names[i]) == length && strncmp(work->names[i], word, length) == 0) {
            *index_out = i;
            return VQC_OK;
        }
    *index_out = 0;
    if (length == 0 && work->count == 1)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "--head %s: expected NAME=FILE, with the name of a perceptor%s", word,
                         length == 0 ? "" : " (NAME=FILE of --perceptor; else clip, or clip1 and on)");
}

static vqc_status head_open(score_work *work, const char *word, vqc_error *error)
{
    size_t index;
    const size_t length = name_length(word);
    VQC_TRY(head_owner(work, word, length, &index, error));
    vqc_score_perceptor *perceptor = &work->perceptors[index];
    if (perceptor->has_head)
        return vqc_error_set(error, VQC_BAD_INPUT, "--head %s: expected one for each perceptor, found another of %s",
                             word, perceptor->name);
    VQC_TRY(vqc_aesthetic_head_read(length > 0 ? word + length + 1 : word, &perceptor->head, error));
    perceptor->has_head = true;
    if (perceptor->head.width == work->clips[index]->embed_width)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: tensor weight: expected a width of %lld, as embeddings of %s, "
                         "found %lld",
                         perceptor->head.path, (long long)work->clips[index]->embed_width, perceptor->path,
                         (long long)perceptor->head.width);
}

static vqc_status perceptor_open(score_work *work, size_t index, vqc_error *error)
{
    vqc_text files = {0};
    vqc_score_perceptor *perceptor = &work->perceptors[index];
    VQC_TRY(vqc_clip_open(perceptor->path, &perceptor->options, &work->clips[index], error));
    VQC_TRY(vqc_weights_digest(perceptor->path, perceptor->sha256, error));
    vqc_status status = vqc_perceptor_files_describe(&files, perceptor->vocabulary, work->clips[index], error);
    perceptor->files = files.data;
    VQC_TRY(status);
    perceptor->guided = VQC_SCORE_GUIDED_UNKNOWN;
    if (work->scored.archive == NULL)
        return VQC_OK;
    const vqc_archive_outline *outline = vqc_archive_outline_of(work->scored.archive);
    perceptor->guided = vqc_guided_by(outline, perceptor->sha256) == NULL ? VQC_SCORE_UNGUIDED : VQC_SCORE_GUIDED;
    return VQC_OK;
}

static vqc_status work_open(score_work *work, const char *source, vqc_error *error)
{
    const score_options *options = work->options;
    for (size_t i = 0; i < options->perceptors.count; i++)
        VQC_TRY(perceptor_name(work, i, error));
    VQC_TRY(vqc_scored_open(source, &work->scored, error));
    for (size_t i = 0; i < work->count; i++)
        VQC_TRY(perceptor_open(work, i, error));
    for (size_t i = 0; i < options->heads.count; i++)
        VQC_TRY(head_open(work, options->heads.items[i], error));
    VQC_TRY(
        vqc_environment_find(options->compute.ops, options->compute.dtype, VQC_VERSION, &work->environment, error));
    vqc_environment_write_bytes(&work->environment, work->environment_line);
    return VQC_OK;
}

/* ---- What ranks must agree on ---- */

/* All of a rank's input that decides the scores. */
typedef struct rank_input {
    char files[VQC_DIGEST_TEXT_SIZE];
    char environment[VQC_ARCHIVE_DEVICE_SIZE];
} rank_input;

static vqc_status input_describe(const score_work *work, vqc_text *text, vqc_error *error)
{
    VQC_TRY(vqc_text_append(text, error, "%s %s %zu\n", work->scored.job_sha256, work->scored.list_sha256,
                            work->scored.count));
    for (size_t i = 0; i < work->scored.count; i++) {
        const vqc_scored_picture *picture = &work->scored.pictures[i];
        VQC_TRY(vqc_text_append(text, error, "%zu %s %s %zu\n", picture->number, picture->file, picture->prompt,
                                picture->group));
    }
    for (size_t i = 0; i < work->count; i++)
        VQC_TRY(vqc_text_append(text, error, "%s %s %s\n", work->perceptors[i].sha256, work->perceptors[i].files,
                                work->perceptors[i].head.sha256));
    return VQC_OK;
}

static vqc_status input_make(const score_work *work, rank_input *input, vqc_error *error)
{
    vqc_text text = {0};
    *input = (rank_input){0};
    memcpy(input->environment, work->environment_line, sizeof input->environment);
    vqc_status status = input_describe(work, &text, error);
    if (status == VQC_OK)
        status = vqc_digest_bytes(text.data, text.size, input->files, error);
    vqc_text_release(&text);
    return status;
}

static vqc_status inputs_compare(const rank_input *all, int ranks, vqc_error *error)
{
    for (int i = 1; i < ranks; i++) {
        if (strcmp(all[i].files, all[0].files) != 0)
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "rank %d: the pictures, their texts or a perceptor's files differ from rank 0's", i);
        if (strcmp(all[i].environment, all[0].environment) != 0)
            return vqc_error_set(error, VQC_BAD_INPUT, "rank %d: the environment: %s; differs from rank 0's: %s", i,
                                 all[i].environment, all[0].environment);
    }
    return VQC_OK;
}

static vqc_status ranks_agree(const score_work *work, vqc_error *error)
{
    rank_input own;
    rank_input *all = NULL;
    const int ranks = vqc_comm_size(work->ranks.comm);
    vqc_status status = input_make(work, &own, error);
    if (status == VQC_OK)
        status = vqc_memory_allocate((size_t)ranks, sizeof *all, "the ranks' inputs", &all, error);
    status = vqc_comm_agree(work->ranks.comm, status, error);
    if (status == VQC_OK)
        status = vqc_comm_all_gather(work->ranks.comm, &own, sizeof own, all, error);
    if (status == VQC_OK)
        status = inputs_compare(all, ranks, error);
    free(all);
    return status;
}

/* All ranks take the pictures' states from rank 0: a launch may be writing the archive. */
static vqc_status states_share(score_work *work, vqc_error *error)
{
    unsigned char *states = NULL;
    vqc_status status = vqc_memory_allocate(work->scored.count, 1, "states", &states, error);
    VQC_TRY(vqc_comm_agree(work->ranks.comm, status, error));
    for (size_t i = 0; i < work->scored.count; i++)
        states[i] = (unsigned char)work->scored.pictures[i].state;
    status = vqc_comm_broadcast(work->ranks.comm, states, work->scored.count, 0, error);
    for (size_t i = 0; i < work->scored.count && status == VQC_OK; i++)
        work->scored.pictures[i].state = (vqc_scored_state)states[i];
    free(states);
    VQC_TRY(status);
    if (vqc_score_count(&work->scored, VQC_SCORED_READY) == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected finished renders, found none", work->scored.path);
    return VQC_OK;
}

/* ---- What is said ---- */

/* The renders of a state, the first of them by their numbers. */
static void left_out_say(const vqc_scored *scored, vqc_scored_state state)
{
    enum { SHOWN = 8 };
    size_t shown = 0;
    const size_t count = vqc_score_count(scored, state);
    if (count == 0)
        return;
    vqc_print(stderr, "vqclip: %s: left out: %zu of %zu renders, which are %s (", scored->path, count, scored->count,
              vqc_scored_state_words[state]);
    for (size_t i = 0; i < scored->count && shown < SHOWN; i++)
        if (scored->pictures[i].state == state)
            (void)fprintf(stderr, "%s%zu", shown++ == 0 ? "" : ", ", scored->pictures[i].number);
    (void)fprintf(stderr, "%s)\n", count > SHOWN ? ", ..." : "");
}

static void guidance_say(const score_work *work)
{
    const vqc_scored *scored = &work->scored;
    for (size_t i = 0; i < work->count && scored->archive != NULL; i++) {
        const vqc_score_perceptor *perceptor = &work->perceptors[i];
        if (perceptor->guided == VQC_SCORE_GUIDED)
            vqc_guided_say(scored->path, perceptor->path,
                           vqc_guided_by(vqc_archive_outline_of(scored->archive), perceptor->sha256));
    }
    if (scored->archive == NULL)
        vqc_print(stderr, "vqclip: %s: whether a perceptor guided these pictures is not known: an archive says it\n",
                  scored->path);
}

static void mean_print(const char *name, double value)
{
    if (!isnan(value))
        (void)printf("  %s %.4f", name, value);
}

static void results_print(const score_work *work)
{
    vqc_print(stdout, "%s: scores of %zu of %zu pictures, and %s.json\n", work->options->output,
              vqc_score_count(&work->scored, VQC_SCORED_READY), work->scored.count, work->options->output);
    for (size_t i = 0; i < work->count; i++) {
        const vqc_score_means means = vqc_score_means_of(&work->scored, &work->perceptors[i]);
        vqc_print(stdout, "%s:", work->perceptors[i].name);
        mean_print("CLIPScore", means.clipscore);
        mean_print("cosine", means.cosine);
        mean_print("R-precision", means.r_precision);
        mean_print("margin", means.margin);
        mean_print("diversity", means.diversity);
        mean_print("aesthetic", means.aesthetic);
        (void)printf("  (%zu texts)\n", work->perceptors[i].candidates);
    }
}

/* The times of rank 0. */
static vqc_status results_print_json(const score_work *work, vqc_error *error)
{
    json_t *perceptors = json_array();
    for (size_t i = 0; i < work->count; i++) {
        const vqc_score_perceptor *perceptor = &work->perceptors[i];
        json_array_append_new(perceptors, json_pack("{s: s, s: f, s: f, s: f}", "name", perceptor->name, "seconds",
                                                    perceptor->seconds, "picture_seconds", perceptor->picture_seconds,
                                                    "tower_seconds", perceptor->tower_seconds));
    }
    json_t *report = json_pack(
        "{s: s, s: I, s: I, s: o}", "scores", work->options->output, "pictures", (json_int_t)work->scored.count,
        "scored", (json_int_t)vqc_score_count(&work->scored, VQC_SCORED_READY), "perceptors", perceptors);
    vqc_json_add_compute(report, &work->options->compute);
    return vqc_json_print(report, error);
}

/* ---- The work ---- */

static vqc_status table_write(const score_work *work, vqc_error *error)
{
    const vqc_score_table table = {
        .scored = &work->scored,
        .sha256 = (const char(*)[VQC_DIGEST_TEXT_SIZE])work->scoring.sha256,
        .perceptors = work->perceptors,
        .perceptor_count = work->count,
        .prefix = work->options->prefix,
        .truncate = work->options->truncate,
        .environment = work->environment_line,
    };
    if (vqc_comm_rank(work->ranks.comm) != 0)
        return VQC_OK;
    VQC_TRY(vqc_score_table_write(&table, work->options->output, error));
    if (work->options->compute.json)
        return results_print_json(work, error);
    results_print(work);
    return VQC_OK;
}

static vqc_status pictures_score(score_work *work, const char *source, vqc_error *error)
{
    VQC_TRY(vqc_comm_agree(work->ranks.comm, work_open(work, source, error), error));
    VQC_TRY(ranks_agree(work, error));
    VQC_TRY(states_share(work, error));
    if (vqc_comm_rank(work->ranks.comm) == 0) {
        left_out_say(&work->scored, VQC_SCORED_PENDING);
        left_out_say(&work->scored, VQC_SCORED_FAILED);
        guidance_say(work);
    }
    VQC_TRY(vqc_comm_agree(work->ranks.comm, vqc_scoring_begin(&work->scoring, error), error));
    for (size_t i = 0; i < work->count; i++)
        VQC_TRY(vqc_scoring_run(&work->scoring, work->clips[i], &work->perceptors[i], error));
    VQC_TRY(vqc_comm_agree(work->ranks.comm, table_write(work, error), error));
    const size_t damaged = vqc_score_count(&work->scored, VQC_SCORED_DAMAGED);
    if (damaged == 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED, "%s: %zu pictures are damaged and have no scores", work->scored.path,
                         damaged);
}

static vqc_status score_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    score_options *options = context;
    score_work work = {.options = options};
    VQC_TRY(options_check(options, error));
    VQC_TRY(vqc_interruption_watch(error));
    vqc_status status = vqc_ranks_meet(options->peer_timeout, &work.ranks, error);
    if (work.ranks.comm == NULL)
        return status;
    if (status == VQC_OK)
        status = vqc_ranks_open_devices(&work.ranks, options->peer_timeout, &options->compute, error);
    work.scoring = (vqc_scoring){.ranks = &work.ranks,
                                 .compute = &options->compute,
                                 .scored = &work.scored,
                                 .prefix = options->prefix,
                                 .truncate = options->truncate};
    if (status == VQC_OK)
        status = pictures_score(&work, operands->items[0], error);
    vqc_ranks_say(&work.ranks, status, error);
    work_release(&work);
    vqc_ranks_part(&work.ranks);
    vqc_compute_close(&options->compute);
    return status;
}

static const vqc_option table[] = {
    {.name = "--perceptor",
     .value = "[NAME=]FILE",
     .help = "CLIP model that scores; may be repeated; NAME begins its columns (default: clip)",
     VQC_OPTION_MEMBER(score_options, perceptors)},
    {.name = "--vocabulary",
     .value = "FILE",
     .help = "its tokenizer: byte pairs, tokenizer.json, vocab.json, spiece.model, or their folder",
     VQC_OPTION_MEMBER(score_options, vocabularies)},
    {.name = "-o, --output",
     .value = "FILE",
     .help = "the table to write, CSV; FILE.json says how it came about",
     VQC_OPTION_MEMBER(score_options, output)},
    {.name = "--head",
     .value = "[NAME=]FILE",
     .help = "aesthetic head of a perceptor: a linear layer, tensors weight (1, width) and bias (1)",
     VQC_OPTION_MEMBER(score_options, heads)},
    {.name = "--prefix",
     .value = "TEXT",
     .usual = "A photo depicts ",
     .help = "that texts have before them for CLIPScore, and there alone",
     VQC_OPTION_MEMBER(score_options, prefix)},
    {.name = "--truncate",
     .help = "cut texts that are too long instead of refusing them",
     VQC_OPTION_MEMBER(score_options, truncate)},
    {.name = "--key",
     .value = "NAME",
     .help = "which model of a file that holds two; like the next three, one for each perceptor, - for none",
     VQC_OPTION_MEMBER(score_options, keys)},
    {.name = "--activation",
     .value = "NAME",
     .help = "quick_gelu, gelu or gelu_tanh, where the file does not say",
     VQC_OPTION_MEMBER(score_options, activations)},
    {.name = "--cleaning",
     .value = "NAME",
     .help = "of its texts: none, lower, whitespace or canonicalize (default: as the files say)",
     VQC_OPTION_MEMBER(score_options, cleanings)},
    {.name = "--head-width",
     .value = "N",
     .help = "width of the picture tower's attention heads (default: as the model's files say, else 64)",
     VQC_OPTION_MEMBER(score_options, head_widths)},
    VQC_PEER_TIMEOUT_OPTION(score_options),
    {.name = "--share-device",
     .help = "cuda: several ranks may compute on one GPU",
     VQC_OPTION_MEMBER(score_options, compute.share_device)},
    VQC_COMPUTE_OPTIONS(score_options, "cpu", "f32"),
};

const vqc_command vqc_command_score = {
    .name = "score",
    .summary = "a study's pictures compared with their texts, as a table",
    .usage = "vqclip score ARCHIVE|FOLDER --perceptor FILE --vocabulary FILE -o scores.csv",
    .about =
        "Scores the finished renders of an archive, what export wrote of one into a folder, or the pictures that\n"
        "FOLDER/pictures.csv lists (columns file and prompt), alone or under mpirun or srun. A row for each has\n"
        "the cosine with its text; CLIPScore, 2.5 max(cosine, 0) of the text behind the prefix; the rank of its\n"
        "text among all the study's, whether that is 1 (R-precision), and by which margin; the mean distance,\n"
        "1 - cosine, of the pictures of the same prompt and settings; what an aesthetic head finds; and whether\n"
        "the perceptor guided the picture. Of a prompt with several texts the one with the largest weight at the\n"
        "last step counts.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_minimum = 1,
    .operand_maximum = 1,
    .options_size = sizeof(score_options),
    .run = score_run,
};
