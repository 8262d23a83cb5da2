#ifndef VQC_CLI_SCORED_H
#define VQC_CLI_SCORED_H

#include <stdbool.h>
#include <stddef.h>

#include "archive/archive.h"
#include "image/image.h"
#include "record/archived_study.h"
#include "study/storage.h"

/* Pictures to be scored, with the text that each is to match: the renders of an archive, what `vqclip export` wrote
 * of one into a folder, or the pictures that a folder's list names (FOLDER/pictures.csv or pictures.tsv, with the
 * columns file and prompt and, where there are such, id, seed, category and settings).
 *
 * A picture's own text is, of an archive, the target with the largest weight at the last step, of those that are
 * texts with a weight above 0; the first of several. Of a story that is its last phrase. Of an exported picture it is
 * its prompt, which must have neither parts nor weights, as a picture does not say what they meant; of a list it is
 * the cell as it stands. A prompt without such a text gives pictures without an own text. */
typedef enum vqc_scored_state {
    VQC_SCORED_READY,
    VQC_SCORED_PENDING,
    VQC_SCORED_FAILED,
    VQC_SCORED_DAMAGED, /* it does not have its digest */
    VQC_SCORED_STATE_COUNT
} vqc_scored_state;

/* "pending" and so on. */
extern const char *const vqc_scored_state_words[VQC_SCORED_STATE_COUNT];

typedef struct vqc_scored_picture {
    size_t number;                             /* the render's; of a list its row, from 0 */
    const char *file;                          /* the name that export gives it, or as the list has it */
    const char *id, *prompt, *seed, *category; /* "" where it has none */
    const char *settings;                      /* what else decides what it shows; "" where that is not known */
    const char *text;                          /* its own; NULL: there is none */
    size_t group;                              /* of the same prompt and settings, numbered from 0 */
    vqc_scored_state state;
} vqc_scored_picture;

typedef struct vqc_scored {
    const char *kind;               /* "archive", "exported pictures", "listed pictures" */
    const char *path;               /* as it was given */
    const char *study, *job_sha256; /* "" where they are not known */
    const char *list_sha256;        /* of a list; else "" */
    vqc_scored_picture *pictures;
    size_t count;
    vqc_archive *archive;         /* of an archive; else NULL */
    vqc_archived_study *archived; /* the same */
    vqc_study_storage *storage;   /* that all texts belong to, but those of the archive */
} vqc_scored;

/* Opens an archive, or a folder. The states of an archive's renders, which a launch may be changing, are those of the
 * moment. VQC_BAD_INPUT: neither; a folder without such pictures, or with those of two archives; a picture whose own
 * text cannot be told, or that is there twice: a file of a list with the same prompt, an exported render. */
VQC_MUST_CHECK vqc_status vqc_scored_open(const char *path, vqc_scored *scored_out, vqc_error *error);
/* A zeroed one is allowed. */
void vqc_scored_close(vqc_scored *scored);

/* Whether several threads may read pictures at a time: those of files. */
bool vqc_scored_reads_apart(const vqc_scored *scored);

/* Reads a picture that is ready into a new image, and its SHA-256: of the pixels, as archives have it. One of an
 * archive that does not have its digest is VQC_BAD_INPUT, and so is a file that is no picture. */
VQC_MUST_CHECK vqc_status vqc_scored_read(const vqc_scored *scored, size_t index, vqc_image *image_out,
                                          char sha256[VQC_DIGEST_TEXT_SIZE], vqc_error *error);

#endif
