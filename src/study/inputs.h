#ifndef VQC_STUDY_INPUTS_H
#define VQC_STUDY_INPUTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"

/* The files besides the models' that a study's pictures are made from. They are found where the study's paths are
 * made ones that can be opened, which goes along the table below: a path without a row there is opened nowhere. */

typedef enum vqc_input_kind {
    VQC_INPUT_PROMPTS, /* a text file of prompts */
    VQC_INPUT_TARGET,  /* a picture, or embeddings */
    VQC_INPUT_START,   /* a picture, codes, or another archive */
    VQC_INPUT_MASK,
    VQC_INPUT_COUNT
} vqc_input_kind;

/* What has the path: a vqc_study, a vqc_target or a vqc_settings. */
typedef enum vqc_input_owner { VQC_INPUT_OF_STUDY, VQC_INPUT_OF_TARGET, VQC_INPUT_OF_SETTINGS } vqc_input_owner;

typedef struct vqc_input_row {
    const char *what; /* what the job file calls it */
    vqc_input_owner owner;
    size_t offset; /* of the path's pointer in the owner; NULL: there is no such file */
} vqc_input_row;

extern const vqc_input_row vqc_input_rows[VQC_INPUT_COUNT];

/* The path's pointer in an owner of the row's type. */
const char **vqc_input_path(vqc_input_kind kind, void *owner);

/* One file, or, of another archive, the latent of one of its renders: the archive itself may go on. */
typedef struct vqc_input {
    vqc_input_kind kind;
    const char *name;                  /* path as the job file gives it */
    const char *path;                  /* as it is opened */
    int64_t render;                    /* of the archive at the path; VQC_INPUT_FILE: the whole file */
    uint64_t size;                     /* bytes that the digest is of */
    char sha256[VQC_DIGEST_TEXT_SIZE]; /* that they are expected to have; "": not known */
} vqc_input;

enum { VQC_INPUT_FILE = -1 };

/* The number of the archive's render that an owner wants, or VQC_INPUT_FILE. */
int64_t vqc_input_render(vqc_input_kind kind, const void *owner);

/* Sorts a list by names, those from the root last, so that the order is the same wherever the job file lies, and
 * keeps each once. Returns their number. */
size_t vqc_inputs_settle(vqc_input *inputs, size_t count);

#endif
