#include "cli/scoring.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

static int texts_compare(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Sorts the texts and leaves each once. */
static void texts_unite(vqc_scoring *scoring)
{
    size_t count = 0;
    qsort(scoring->texts, scoring->text_count, sizeof *scoring->texts, texts_compare);
    for (size_t i = 0; i < scoring->text_count; i++)
        if (count == 0 || strcmp(scoring->texts[count - 1], scoring->texts[i]) != 0)
            scoring->texts[count++] = scoring->texts[i];
    scoring->text_count = count;
}

vqc_status vqc_scoring_begin(vqc_scoring *scoring, vqc_error *error)
{
    const vqc_scored *scored = scoring->scored;
    VQC_TRY(vqc_memory_allocate(scored->count, sizeof *scoring->texts, "texts", &scoring->texts, error));
    VQC_TRY(vqc_memory_allocate(scored->count, sizeof *scoring->own, "texts", &scoring->own, error));
    for (size_t i = 0; i < scored->count; i++)
        if (scored->pictures[i].text != NULL)
            scoring->texts[scoring->text_count++] = scored->pictures[i].text;
    texts_unite(scoring);
    for (size_t i = 0; i < scored->count; i++) {
        const char *text = scored->pictures[i].text;
        const char **found =
            text == NULL ? NULL
                         : bsearch(&text, scoring->texts, scoring->text_count, sizeof *scoring->texts, texts_compare);
        scoring->own[i] = found == NULL ? SIZE_MAX : (size_t)(found - scoring->texts);
    }
    return VQC_OK;
}

void vqc_scoring_end(vqc_scoring *scoring)
{
    free(scoring->texts);
    free(scoring->own);
    free(scoring->sha256);
}

/* Embeddings of one perceptor. */
typedef struct embeddings {
    vqc_picture_embeddings pictures;
    vqc_text_embeddings texts, prefixed;
} embeddings;

static void embeddings_release(embeddings *all)
{
    vqc_picture_embeddings_release(&all->pictures);
    vqc_text_embeddings_release(&all->texts);
    vqc_text_embeddings_release(&all->prefixed);
}

/* The texts first: one that is too long is found before any picture is looked at. */
static vqc_status embeddings_make(vqc_scoring *scoring, const vqc_clip *clip, const char *vocabulary, embeddings *all,
                                  vqc_error *error)
{
    vqc_text_form form = {.vocabulary = vocabulary, .prefix = "", .truncate = scoring->truncate};
    if (scoring->text_count > 0) {
        VQC_TRY(vqc_text_embeddings_make(scoring->ranks, scoring->compute, clip, &form, scoring->texts,
                                         scoring->text_count, &all->texts, error));
        form.prefix = scoring->prefix;
        VQC_TRY(vqc_text_embeddings_make(scoring->ranks, scoring->compute, clip, &form, scoring->texts,
                                         scoring->text_count, &all->prefixed, error));
    }
    return vqc_picture_embeddings_make(scoring->ranks, scoring->compute, clip, scoring->scored, &all->pictures,
                                       error);
}

static vqc_status scores_make(const vqc_scoring *scoring, const embeddings *all, vqc_score_perceptor *perceptor,
                              vqc_error *error)
{
    const vqc_scores_input input = {
        .scored = scoring->scored,
        .pictures = &all->pictures,
        .own = scoring->own,
        .texts = scoring->text_count == 0 ? NULL : &all->texts,
        .prefixed = &all->prefixed,
        .head = perceptor->has_head ? &perceptor->head : NULL,
        .threads = vqc_ops_threads(scoring->compute->ops),
    };
    VQC_TRY(
        vqc_memory_allocate(scoring->scored->count, sizeof *perceptor->scores, "scores", &perceptor->scores, error));
    perceptor->candidates = vqc_scores_candidates(input.texts);
    return vqc_scores_make(&input, perceptor->scores, error);
}

vqc_status vqc_scoring_run(vqc_scoring *scoring, const vqc_clip *clip, vqc_score_perceptor *perceptor,
                           vqc_error *error)
{
    embeddings all = {0};
    const double started = vqc_clock_seconds();
    vqc_status status = embeddings_make(scoring, clip, perceptor->vocabulary, &all, error);
    if (status == VQC_OK) {
        free(scoring->sha256);
        scoring->sha256 = all.pictures.sha256;
        all.pictures.sha256 = NULL;
        status = scores_make(scoring, &all, perceptor, error);
    }
    status = vqc_comm_agree(scoring->ranks->comm, status, error);
    perceptor->seconds = vqc_clock_seconds() - started;
    perceptor->picture_seconds = all.pictures.seconds;
    perceptor->tower_seconds = all.pictures.tower_seconds;
    embeddings_release(&all);
    return status;
}
