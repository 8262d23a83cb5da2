#include "cli/scores.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

enum { LANES = 8 };

/* Σ left · right, in as many sums as processors add at a time. */
static double rows_multiply(const float *left, const float *right, int64_t width)
{
    double sums[LANES] = {0};
    double sum = 0.0;
    int64_t i = 0;
    for (; i + LANES <= width; i += LANES)
        for (int lane = 0; lane < LANES; lane++)
            sums[lane] += (double)left[i + lane] * (double)right[i + lane];
    for (; i < width; i++)
        sum += (double)left[i] * (double)right[i];
    for (int lane = 0; lane < LANES; lane++)
        sum += sums[lane];
    return sum;
}

/* Lengths of rows, new memory. */
static vqc_status lengths_make(const float *rows, size_t count, int64_t width, double **lengths_out, vqc_error *error)
{
    VQC_TRY(vqc_memory_allocate(count, sizeof **lengths_out, "lengths", lengths_out, error));
    for (size_t i = 0; i < count; i++) {
        const float *row = rows + i * (size_t)width;
        (*lengths_out)[i] = sqrt(rows_multiply(row, row, width));
    }
    return VQC_OK;
}

/* Lengths of all that is compared. */
typedef struct measures {
    const vqc_scores_input *input;
    double *pictures, *texts, *prefixed;
} measures;

static void measures_release(measures *all)
{
    free(all->pictures);
    free(all->texts);
    free(all->prefixed);
}

static bool is_direction(double length)
{
    return isfinite(length) && length > 0.0;
}

static vqc_status directions_check(const measures *all, vqc_error *error)
{
    const vqc_scores_input *input = all->input;
    for (size_t i = 0; i < input->scored->count; i++)
        if (input->scored->pictures[i].state == VQC_SCORED_READY && !is_direction(all->pictures[i]))
            return vqc_error_set(error, VQC_FAILED, "%s: %s: its embedding has the length %g, and so no direction",
                                 input->scored->path, input->scored->pictures[i].file, all->pictures[i]);
    for (size_t i = 0; input->texts != NULL && i < input->texts->count; i++)
        if (!is_direction(all->texts[i]) || !is_direction(all->prefixed[i]))
            return vqc_error_set(error, VQC_FAILED, "%s: text %zu has an embedding of length %g, and so no direction",
                                 input->scored->path, i + 1, all->texts[i]);
    return VQC_OK;
}

static vqc_status measures_make(measures *all, vqc_error *error)
{
    const vqc_scores_input *input = all->input;
    const int64_t width = input->pictures->width;
    VQC_TRY(lengths_make(input->pictures->rows, input->scored->count, width, &all->pictures, error));
    if (input->texts == NULL)
        return VQC_OK;
    VQC_TRY(lengths_make(input->texts->rows, input->texts->count, width, &all->texts, error));
    return lengths_make(input->prefixed->rows, input->prefixed->count, width, &all->prefixed, error);
}

/* The cosine of picture and text. */
static double cosine(const measures *all, size_t picture, const vqc_text_embeddings *texts, const double *lengths,
                     size_t text)
{
    const int64_t width = all->input->pictures->width;
    return rows_multiply(all->input->pictures->rows + picture * (size_t)width, texts->rows + text * (size_t)width,
                         width) /
           (all->pictures[picture] * lengths[text]);
}

/* What compares a picture with texts. */
static void texts_score(const measures *all, size_t picture, vqc_score *score)
{
    const vqc_text_embeddings *texts = all->input->texts;
    const size_t own = texts->namely[all->input->own[picture]];
    const size_t own_prefixed = all->input->prefixed->namely[all->input->own[picture]];
    double nearest = -INFINITY;
    size_t rank = 1;
    score->cosine = cosine(all, picture, texts, all->texts, own);
    score->clipscore =
        VQC_CLIPSCORE_WEIGHT * fmax(cosine(all, picture, all->input->prefixed, all->prefixed, own_prefixed), 0.0);
    for (size_t i = 0; i < texts->count; i++) {
        if (texts->namely[i] != i || i == own)
            continue;
        const double other = cosine(all, picture, texts, all->texts, i);
        rank += other >= score->cosine;
        nearest = fmax(nearest, other);
    }
    if (isinf(nearest)) /* there is no other text */
        return;
    score->rank = rank;
    score->margin = score->cosine - nearest;
}

static void picture_score(const measures *all, size_t picture, vqc_score *score)
{
    const vqc_scores_input *input = all->input;
    *score = (vqc_score){.cosine = NAN, .clipscore = NAN, .margin = NAN, .diversity = NAN, .aesthetic = NAN};
    if (input->scored->pictures[picture].state != VQC_SCORED_READY)
        return;
    if (input->own[picture] != SIZE_MAX)
        texts_score(all, picture, score);
    if (input->head != NULL)
        score->aesthetic = vqc_aesthetic_head_score(
            input->head, input->pictures->rows + picture * (size_t)input->pictures->width, all->pictures[picture]);
}

/* A group's sum of directions: of m of them, ‖sum‖² is m and twice the cosines of their pairs. */
typedef struct group_sum {
    double *sum; /* (width) */
    size_t count;
} group_sum;

static void group_add(const measures *all, size_t picture, group_sum *group)
{
    const int64_t width = all->input->pictures->width;
    const float *row = all->input->pictures->rows + picture * (size_t)width;
    for (int64_t i = 0; i < width; i++)
        group->sum[i] += (double)row[i] / all->pictures[picture];
    group->count++;
}

static double group_diversity(const group_sum *group, int64_t width)
{
    const double count = (double)group->count;
    double square = 0.0;
    for (int64_t i = 0; i < width; i++)
        square += group->sum[i] * group->sum[i];
    return group->count < 2 ? NAN : fmax(1.0 - (square - count) / (count * (count - 1.0)), 0.0);
}

static void groups_score(const measures *all, group_sum *groups, size_t group_count, double *sums, vqc_score *scores)
{
    const vqc_scored *scored = all->input->scored;
    const int64_t width = all->input->pictures->width;
    for (size_t i = 0; i < group_count; i++)
        groups[i] = (group_sum){.sum = sums + i * (size_t)width};
    for (size_t i = 0; i < scored->count; i++)
        if (scored->pictures[i].state == VQC_SCORED_READY) {
            scores[i].first = groups[scored->pictures[i].group].count == 0;
            group_add(all, i, &groups[scored->pictures[i].group]);
        }
    for (size_t i = 0; i < scored->count; i++)
        if (scored->pictures[i].state == VQC_SCORED_READY)
            scores[i].diversity = group_diversity(&groups[scored->pictures[i].group], width);
}

static vqc_status diversity_score(const measures *all, vqc_score *scores, vqc_error *error)
{
    const vqc_scored *scored = all->input->scored;
    group_sum *groups = NULL;
    double *sums = NULL;
    size_t count = 0;
    for (size_t i = 0; i < scored->count; i++)
        count = scored->pictures[i].group < count ? count : scored->pictures[i].group + 1;
    vqc_status status = vqc_memory_allocate(count, sizeof *groups, "groups of pictures", &groups, error);
    if (status == VQC_OK)
        status = vqc_memory_allocate(count * (size_t)all->input->pictures->width, sizeof *sums, "groups of pictures",
                                     &sums, error);
    if (status == VQC_OK)
        groups_score(all, groups, count, sums, scores);
    free(groups);
    free(sums);
    return status;
}

vqc_status vqc_scores_make(const vqc_scores_input *input, vqc_score *scores, vqc_error *error)
{
    measures all = {.input = input};
    vqc_status status = measures_make(&all, error);
    if (status == VQC_OK)
        status = directions_check(&all, error);
    if (status == VQC_OK) {
#pragma omp parallel for schedule(static) num_threads(input->threads)
        for (size_t i = 0; i < input->scored->count; i++)
            picture_score(&all, i, &scores[i]);
        status = diversity_score(&all, scores, error);
    }
    measures_release(&all);
    return status;
}

size_t vqc_scores_candidates(const vqc_text_embeddings *texts)
{
    size_t count = 0;
    for (size_t i = 0; texts != NULL && i < texts->count; i++)
        count += texts->namely[i] == i;
    return count;
}
