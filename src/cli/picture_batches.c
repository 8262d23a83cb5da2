#include "cli/picture_batches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cli/embeddings.h"
#include "cli/interruption.h"
#include "models/picture_input.h"

/* What is known of a picture besides its embedding, as ranks tell it each other. */
typedef struct picture_note {
    unsigned char damaged;
    char sha256[VQC_DIGEST_TEXT_SIZE];
} picture_note;

/* A rank's part of it. */
typedef struct batches {
    const vqc_ranks *ranks;
    const vqc_clip *clip;
    vqc_scored *scored;
    vqc_clip_image_tower tower;
    int threads;
    size_t batch;        /* pictures of each */
    size_t count;        /* of batches that each rank has; those behind the last picture are empty */
    size_t pixel_count;  /* of a picture's numbers */
    float *pixels;       /* (batch, side, side, 3) */
    vqc_image *images;   /* (batch): pictures that are read and not prepared yet */
    float *rows;         /* (count, batch, width) */
    picture_note *notes; /* (count, batch) */
    double tower_seconds;
} batches;

static void batches_release(batches *work)
{
    for (size_t i = 0; work->images != NULL && i < work->batch; i++)
        vqc_image_release(&work->images[i]);
    vqc_clip_image_tower_destroy(&work->tower);
    free(work->pixels);
    free(work->images);
    free(work->rows);
    free(work->notes);
}

static vqc_status batches_init(batches *work, vqc_compute *compute, vqc_error *error)
{
    const size_t total = work->scored->count;
    const size_t ranks = (size_t)vqc_comm_size(work->ranks->comm);
    const size_t needed = (total + VQC_PICTURE_BATCH - 1) / VQC_PICTURE_BATCH;
    work->batch = (total + needed - 1) / needed; /* so that the last one lacks few */
    work->count = ((total + work->batch - 1) / work->batch + ranks - 1) / ranks;
    work->pixel_count = (size_t)(3 * work->clip->vision.side * work->clip->vision.side);
    work->threads = vqc_ops_threads(compute->ops);
    VQC_TRY(vqc_memory_allocate(work->batch * work->pixel_count, sizeof(float), "pictures", &work->pixels, error));
    VQC_TRY(vqc_memory_allocate(work->batch, sizeof *work->images, "pictures", &work->images, error));
    VQC_TRY(vqc_memory_allocate(work->count * work->batch * (size_t)work->clip->embed_width, sizeof(float),
                                "embeddings", &work->rows, error));
    VQC_TRY(vqc_memory_allocate(work->count * work->batch, sizeof *work->notes, "pictures", &work->notes, error));
    return vqc_embeddings_image_tower(compute, work->clip, (int64_t)work->batch, false, &work->tower, error);
}

/* The first picture of this rank's batch `number`; behind the last one where it has none. */
static size_t first_of(const batches *work, size_t number)
{
    return (number * (size_t)vqc_comm_size(work->ranks->comm) + (size_t)vqc_comm_rank(work->ranks->comm)) *
           work->batch;
}

/* How many pictures a batch has. */
static size_t size_of(const batches *work, size_t number)
{
    const size_t first = first_of(work, number);
    const size_t left = first < work->scored->count ? work->scored->count - first : 0;
    return left < work->batch ? left : work->batch;
}

/* Reads picture `place` of a batch into its image; one that is damaged is said, and left out. */
static vqc_status picture_read(const batches *work, size_t number, size_t place, vqc_error *error)
{
    const size_t index = first_of(work, number) + place;
    picture_note *note = &work->notes[number * work->batch + place];
    if (work->scored->pictures[index].state != VQC_SCORED_READY)
        return VQC_OK;
    vqc_status status = vqc_scored_read(work->scored, index, &work->images[place], note->sha256, error);
    if (status != VQC_BAD_INPUT || work->scored->archive == NULL)
        return status;
    (void)fprintf(stderr, "vqclip: %s\n", error->message);
    note->damaged = 1;
    note->sha256[0] = '\0';
    return VQC_OK;
}

/* Makes an image, if there is one, what the tower sees. */
static vqc_status picture_prepare(const batches *work, size_t place, vqc_error *error)
{
    float *pixels = work->pixels + place * work->pixel_count;
    if (work->images[place].pixels == NULL) {
        memset(pixels, 0, work->pixel_count * sizeof *pixels);
        return VQC_OK;
    }
    vqc_status status = vqc_picture_input_from(&work->images[place], &work->clip->config.preparation,
                                               work->clip->vision.side, pixels, error);
    vqc_image_release(&work->images[place]);
    return status;
}

/* Both of one picture, in whatever thread. */
static vqc_status place_fill(const batches *work, size_t number, size_t place, vqc_error *error)
{
    if (place < size_of(work, number) && vqc_scored_reads_apart(work->scored))
        VQC_TRY(picture_read(work, number, place, error));
    return picture_prepare(work, place, error);
}

/* Fills the pixels with a batch. */
static vqc_status batch_read(batches *work, size_t number, vqc_error *error)
{
    vqc_status result = VQC_OK;
    size_t failed = work->batch; /* the first of those that fail, whichever thread comes first */
    if (!vqc_scored_reads_apart(work->scored))
        for (size_t i = 0; i < size_of(work, number); i++)
            VQC_TRY(picture_read(work, number, i, error));
#pragma omp parallel for schedule(dynamic) num_threads(work->threads)
    for (size_t i = 0; i < work->batch; i++) {
        vqc_error own = {0};
        vqc_status status = place_fill(work, number, i, &own);
        if (status == VQC_OK)
            continue;
#pragma omp critical(vqc_picture_batches)
        if (i < failed) {
            failed = i;
            result = status;
            *error = own;
        }
    }
    return result;
}

/* Puts the batch that is in the pixels into the tower's queue, prepares the next one, and waits for the rows. */
static vqc_status batch_run(batches *work, size_t number, vqc_error *error)
{
    vqc_network *network = work->tower.network;
    double started = vqc_clock_seconds();
    VQC_TRY(vqc_network_write(network, work->tower.pixels, work->pixels, error));
    VQC_TRY(vqc_network_forward(network, error));
    work->tower_seconds += vqc_clock_seconds() - started;
    if (number + 1 < work->count && size_of(work, number + 1) > 0)
        VQC_TRY(batch_read(work, number + 1, error));
    started = vqc_clock_seconds();
    vqc_status status = vqc_network_read(network, work->tower.embedding,
                                         work->rows + number * work->batch * (size_t)work->clip->embed_width, error);
    work->tower_seconds += vqc_clock_seconds() - started;
    return status;
}

static vqc_status batches_run(batches *work, vqc_error *error)
{
    if (size_of(work, 0) > 0)
        VQC_TRY(batch_read(work, 0, error));
    for (size_t i = 0; i < work->count && size_of(work, i) > 0; i++) {
        if (vqc_interruption_asked())
            return vqc_error_set(error, VQC_STOPPED, "stopped; no scores were written");
        VQC_TRY(batch_run(work, i, error));
    }
    return VQC_OK;
}

/* Hands the rows of all ranks to each: those of the ranks' batches of one number lie behind each other. */
static vqc_status rows_gather(const batches *work, vqc_picture_embeddings *all, picture_note *notes, vqc_error *error)
{
    const size_t ranks = (size_t)vqc_comm_size(work->ranks->comm);
    const size_t row = (size_t)work->clip->embed_width * sizeof(float);
    for (size_t i = 0; i < work->count; i++) {
        const size_t own = i * work->batch;
        const size_t first = own * ranks;
        VQC_TRY(vqc_comm_all_gather(work->ranks->comm, work->rows + own * (size_t)work->clip->embed_width,
                                    work->batch * row, all->rows + first * (size_t)work->clip->embed_width, error));
        VQC_TRY(vqc_comm_all_gather(work->ranks->comm, work->notes + own, work->batch * sizeof *notes, notes + first,
                                    error));
    }
    return VQC_OK;
}

/* Room for the result of all ranks, and their notes. */
static vqc_status gathered_allocate(const batches *work, vqc_picture_embeddings *all, picture_note **notes,
                                    vqc_error *error)
{
    const size_t places = work->count * work->batch * (size_t)vqc_comm_size(work->ranks->comm);
    VQC_TRY(vqc_memory_allocate(places * (size_t)work->clip->embed_width, sizeof(float), "embeddings", &all->rows,
                                error));
    VQC_TRY(vqc_memory_allocate(work->scored->count, sizeof *all->sha256, "digests", &all->sha256, error));
    return vqc_memory_allocate(places, sizeof **notes, "pictures", notes, error);
}

static vqc_status result_gather(const batches *work, vqc_picture_embeddings *all, vqc_error *error)
{
    picture_note *notes = NULL;
    vqc_status status = vqc_comm_agree(work->ranks->comm, gathered_allocate(work, all, &notes, error), error);
    if (status == VQC_OK)
        status = rows_gather(work, all, notes, error);
    for (size_t i = 0; i < work->scored->count && status == VQC_OK; i++) {
        memcpy(all->sha256[i], notes[i].sha256, VQC_DIGEST_TEXT_SIZE);
        if (notes[i].damaged != 0)
            work->scored->pictures[i].state = VQC_SCORED_DAMAGED;
    }
    free(notes);
    return status;
}

void vqc_picture_embeddings_release(vqc_picture_embeddings *embeddings)
{
    free(embeddings->rows);
    free(embeddings->sha256);
    *embeddings = (vqc_picture_embeddings){0};
}

vqc_status vqc_picture_embeddings_make(const vqc_ranks *ranks, vqc_compute *compute, const vqc_clip *clip,
                                       vqc_scored *scored, vqc_picture_embeddings *embeddings_out, vqc_error *error)
{
    batches work = {.ranks = ranks, .clip = clip, .scored = scored};
    vqc_picture_embeddings all = {.width = clip->embed_width};
    vqc_status status = batches_init(&work, compute, error);
    const double started = vqc_clock_seconds();
    if (status == VQC_OK)
        status = batches_run(&work, error);
    all.seconds = vqc_clock_seconds() - started;
    all.tower_seconds = work.tower_seconds;
    status = vqc_comm_agree(ranks->comm, status, error);
    if (status == VQC_OK)
        status = result_gather(&work, &all, error);
    batches_release(&work);
    if (status != VQC_OK) {
        vqc_picture_embeddings_release(&all);
        return status;
    }
    *embeddings_out = all;
    return VQC_OK;
}
