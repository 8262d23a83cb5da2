#ifndef VQC_CLI_SCORE_TABLE_H
#define VQC_CLI_SCORE_TABLE_H

#include <stdbool.h>

#include "base/text.h"
#include "cli/scores.h"

/* What `vqclip score` writes: a table with a row for each picture that is ready, and a record of how it came about.
 */

/* Whether a perceptor guided the pictures that it scores. */
typedef enum vqc_score_guided { VQC_SCORE_UNGUIDED, VQC_SCORE_GUIDED, VQC_SCORE_GUIDED_UNKNOWN } vqc_score_guided;

/* A perceptor, and what it found. */
typedef struct vqc_score_perceptor {
    const char *name; /* before its columns' names */
    const char *path, *vocabulary;
    vqc_clip_options options;
    char sha256[VQC_DIGEST_TEXT_SIZE];
    char *files; /* beside its weights, and their digests, as archives have them */
    vqc_score_guided guided;
    bool has_head;
    vqc_aesthetic_head head;
    size_t candidates;      /* texts that a rank is among */
    vqc_score *scores;      /* (pictures) */
    double seconds;         /* that it took, models apart */
    double picture_seconds; /* of them for embedding pictures, by this rank */
    double tower_seconds;   /* and of these in the tower */
} vqc_score_perceptor;

typedef struct vqc_score_table {
    const vqc_scored *scored;
    const char (*sha256)[VQC_DIGEST_TEXT_SIZE]; /* of each picture's pixels */
    const vqc_score_perceptor *perceptors;
    size_t perceptor_count;
    const char *prefix;
    bool truncate;
    const char *environment; /* a line of record/environment.h */
} vqc_score_table;

/* Means over pictures; of diversity over groups. NaN where nothing has the number. */
typedef struct vqc_score_means {
    double cosine, clipscore, r_precision, margin, diversity, aesthetic;
} vqc_score_means;

vqc_score_means vqc_score_means_of(const vqc_scored *scored, const vqc_score_perceptor *perceptor);

/* How many pictures are in a state. */
size_t vqc_score_count(const vqc_scored *scored, vqc_scored_state state);

/* Writes the table to `path`, CSV with a heading as RFC 4180 quotes it, and the record to `path`.json. Each has its
 * name once it is complete. */
VQC_MUST_CHECK vqc_status vqc_score_table_write(const vqc_score_table *table, const char *path, vqc_error *error);

#endif
