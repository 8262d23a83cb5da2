#ifndef VQC_STUDY_STUDY_H
#define VQC_STUDY_STUDY_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"
#include "study/inputs.h"
#include "study/prompt.h"
#include "study/settings.h"

/* A study: one job file, read, checked and expanded to its numbered list of renders. Immutable once opened; all
 * texts, paths and settings belong to it. Paths in it are as the job file gives them, seen from the job file's
 * folder.
 *
 * A render points to its settings. Renders that differ in prompt or seed alone point to the same ones, so a study
 * takes less than 600 bytes a render beside what its settings take, each combination once. */

typedef struct vqc_perceptor_source {
    const char *name;
    const char *checkpoint;
    const char *key; /* of what in it is meant (weights/weights.h); NULL: it says so itself */
    const char *vocabulary;
    const char *cleaning;   /* of its texts; NULL: as the files beside the checkpoint and the vocabulary say */
    const char *activation; /* NULL: as the checkpoint's family says */
    int64_t head_width;     /* 0: the rule, 64 */
    int64_t crops;          /* that it sees at every step; 0: as the settings have it */
    double weight;          /* of its loss; where it changes, the largest on the way */
    vqc_curve weight_curve;
    bool truncate; /* texts of more tokens than it takes are cut, else they are errors */
} vqc_perceptor_source;

typedef struct vqc_generator_source {
    const char *config;
    const char *checkpoint;
    const char *key; /* as a perceptor's */
} vqc_generator_source;

enum { VQC_STUDY_MAX_PERCEPTORS = 16, VQC_STUDY_MAX_TEAM = 65536 };

/* More than that (vqc_study_pull), and gradients of the picture leave the range of their sum (ops/gradient_sum.h). */
#define VQC_STUDY_MAX_PULL 1e6

enum { VQC_RENDER_NONE = -1 };

/* One picture to make. */
typedef struct vqc_render {
    int64_t number; /* from 0, in the order of the file: prompt, then seed, then sweep */
    const vqc_prompt *prompt;
    uint64_t seed;
    const vqc_settings *settings; /* the study's; shared with other renders */
    const char *variant;          /* the swept settings, "optimizer.lr=0.05", or ""; shared too */
    int64_t source;               /* number of the render whose latent it starts from; VQC_RENDER_NONE: of none */
    int32_t wave;                 /* how many renders must be made before it, one after the other */
} vqc_render;

typedef struct vqc_study {
    const char *path;
    const char *name;
    const char *text; /* the job file */
    size_t text_size;
    char digest[VQC_DIGEST_TEXT_SIZE]; /* of the job file */
    vqc_generator_source generator;
    vqc_perceptor_source perceptors[VQC_STUDY_MAX_PERCEPTORS];
    size_t perceptor_count;
    vqc_prompt *prompts;
    size_t prompt_count;
    vqc_render *renders;
    size_t render_count;
    const char *prompts_path; /* of the file that the prompts came from; NULL: the job file has them */
    const char *table;        /* that file's text, where it is a table (study/prompt_table.h); else NULL */
    vqc_input *inputs;        /* every file besides the models' (study/inputs.h), sorted by names */
    size_t input_count;
    int64_t team; /* ranks that work on one render together; 0: the program chooses */
} vqc_study;

/* Reads a job file. Every error is VQC_BAD_INPUT with file, line, column and key; files that the study names must be
 * there and readable. No model is opened. */
VQC_MUST_CHECK vqc_status vqc_study_open(const char *path, vqc_study **study_out, vqc_error *error);

/* The text of a job file that may be gone: what an archive keeps of its study. */
typedef struct vqc_study_source {
    const char *name; /* what stands for the file's path in messages */
    const char *text; /* size bytes and a NUL */
    size_t size;
    const char *folder;       /* that its paths are seen from, ending in a slash; "" for the working directory */
    const char *const *lines; /* the prompts, where the text names a file of lines instead of listing them */
    size_t line_count;
    const char *table;   /* the table, where it names one; NULL: it does not */
    vqc_edition edition; /* of the text; 0: today's */
} vqc_study_source;

/* Expands such a text as vqc_study_open does a file, but the files that it names need not be there. */
VQC_MUST_CHECK vqc_status vqc_study_read(const vqc_study_source *source, vqc_study **study_out, vqc_error *error);

/* NULL is allowed. */
void vqc_study_close(vqc_study *study);

/* How strongly a prompt's targets pull, all together: the sum of their weights' sizes, times the largest weight of a
 * perceptor. */
double vqc_study_pull(const vqc_study *study, const vqc_prompt *prompt);

#endif
