#ifndef VQC_ARCHIVE_ARCHIVE_H
#define VQC_ARCHIVE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"
#include "comm/comm.h"

/* The file that holds a study: one HDF5 file, README.md describes its layout.
 *
 * The structure is complete when the file appears and never changes: every dataset has its full size, in one piece,
 * and the space on the disk is taken. Afterwards all ranks write their own rows in place, each without regard to
 * the others. A row counts once its digest and its state, which are written after the data, say so. Killing every
 * process at any moment therefore loses at most the row that was being written, and never one whose writing
 * function had returned. Before a render's state becomes "done" its data are also forced to the disk, for the case
 * that the whole machine stops.
 *
 *     vqc_archive_start ── one launch at a time holds the archive (PATH.lock) ── vqc_archive_close
 *     render:  pending ──result_write──> done          pending ──failure_write──> failed ──result_write──> done
 *              done ──result_discard──> pending, where it was found damaged
 *
 * One rank at a time writes a given render; a render stays with one rank for a whole launch. An archive is used by
 * one thread of a process at a time, and all archives of a process by the same thread. */
typedef struct vqc_archive vqc_archive;

/* --- What a study consists of: given when the archive is created, and read back from it --- */

typedef struct vqc_archive_model {
    const char *role;          /* "generator", "perceptor" */
    const char *name;          /* the job file's name for it */
    const char *path;          /* of the checkpoint */
    const char *sha256;        /* of the checkpoint, 64 hexadecimal digits */
    const char *configuration; /* text */
} vqc_archive_model;

/* A file besides the models' that goes into pictures, or, of another archive, a latent in it. */
typedef struct vqc_archive_input {
    const char *what;   /* what the job file calls it: "prompts", "target", "init", "init: render 3", "mask" */
    const char *path;   /* as the job file gives it */
    const char *size;   /* bytes, a number in decimal digits */
    const char *sha256; /* 64 hexadecimal digits; "" where it was not known */
} vqc_archive_input;

/* A job file of an archive that was extended. */
typedef struct vqc_archive_job {
    const char *text;
    const char *sha256;   /* of the text */
    const char *table;    /* the prompts, where it names a table of them, else "" */
    const char *versions; /* of the program that read it; like an outline's */
    const char *renders;  /* how many it gives, a number in decimal digits */
    const char *added;    /* when it came into the archive, "2026-12-01T05:20:11Z"; "" for the first */
} vqc_archive_job;

/* Sizes that a group of renders has in common. Pictures are (height, width, 3) u8, latents (latent_rows,
 * latent_columns, latent_width) f32, codes (latent_rows, latent_columns) i32 or none, losses (steps, loss_count)
 * f32. */
typedef struct vqc_archive_extents {
    uint32_t height, width;
    uint32_t latent_rows, latent_columns, latent_width;
    bool without_codes; /* latents that are no codes of a codebook */
    uint32_t steps;
    uint32_t loss_count;
    const char *const *loss_names; /* loss_count of them */
    uint32_t snapshot_count;       /* may be 0 */
    uint64_t checkpoint_bytes;     /* may be 0: no checkpoints */
    bool relevance;                /* each has a mask that a text found */
} vqc_archive_extents;

/* How many codes a render of this shape has: one for each cell of the latent, or none. */
uint64_t vqc_archive_code_count(const vqc_archive_extents *shape);

typedef struct vqc_archive_render {
    const char *id;       /* unique */
    const char *prompt;   /* text */
    const char *settings; /* every resolved setting: a job file's `render` mapping, YAML text */
    uint64_t seed;
    uint32_t shape; /* index into the shapes */
} vqc_archive_render;

/* An archive that another one was merged from. */
typedef struct vqc_archive_source {
    const char *file;     /* its name, without the folder */
    const char *part;     /* like an outline's; "" where it was of the whole study */
    const char *versions; /* like an outline's */
    const char *build;
} vqc_archive_source;

/* Everything known before the first step. Texts are UTF-8. Renders are numbered by their place in the list. */
typedef struct vqc_archive_outline {
    const char *study;
    const char *job_text;   /* the job file */
    const char *job_sha256; /* of the job file */
    const char *versions;   /* of the program and its libraries, JSON text */
    const char *build;      /* how the program was built */
    const vqc_archive_model *models;
    size_t model_count; /* at least 1 */
    const char *table;  /* the prompts, where the job file names a table of them (CSV or TSV); NULL: it does not */
    const vqc_archive_input *inputs;
    size_t input_count; /* may be 0: there are none, or the archive is of vqclip 0.1.0, which did not record them */
    const vqc_archive_extents *shapes;
    size_t shape_count; /* at least 1, each used by a render */
    const vqc_archive_render *renders;
    size_t render_count;           /* at least 1 */
    const vqc_archive_job *jobs;   /* from the first one to the outline's own; none where that is the first */
    size_t job_count;              /* 0, or at least 2 */
    const char *const *categories; /* of the renders' prompts, "" where one has none; category_count of them */
    size_t category_count;         /* render_count, or 0: no prompt has one */
    const char *part;              /* "2 of 4": the part of the study that the archive is for; NULL: all of it */
    const bool *held;              /* (render_count): the renders of that part; NULL: all */
    const vqc_archive_source *sources;
    size_t source_count;    /* 0: it was not merged */
    size_t launch_capacity; /* launches that there is room for; 0: VQC_ARCHIVE_LAUNCH_CAPACITY */
} vqc_archive_outline;

/* Whether both are outlines of one study, be they of other parts of it; otherwise VQC_BAD_INPUT tells the first
 * difference. */
VQC_MUST_CHECK vqc_status vqc_archive_outline_same_study(const vqc_archive_outline *one,
                                                         const vqc_archive_outline *other, vqc_error *error);

/* Whether the outline's archive has room for the render's results: those of a part for its own alone. */
bool vqc_archive_outline_holds(const vqc_archive_outline *outline, size_t render);
/* How many of the study's renders these are. */
size_t vqc_archive_outline_held(const vqc_archive_outline *outline);

/* Bytes on the disk that an archive of this outline takes, up to a small overhead. A outline that cannot be stored
 * (an empty list, text that is not UTF-8, a row of 2 GiB or more) is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_archive_bytes(const vqc_archive_outline *outline, uint64_t *bytes_out,
                                            vqc_error *error);

/* --- Opening and closing --- */

/* Opens the study's archive for writing; collective. Where the file does not exist it is created from the outline:
 * under a temporary name, with all its space allocated, then renamed. Where it exists it must be that study's: the
 * job file's digest, the models' and inputs' digests and the renders must equal the outline's, else VQC_BAD_INPUT
 * says what differs; inputs that the file does not record are not compared. Only rank 0's outline is looked at.
 * *created_out tells which it was. VQC_FAILED: disk full (naming the bytes needed), folder not writable, another
 * launch has the archive. A launch that was just killed is waited for, for two seconds. Where the file system cannot
 * lock it is VQC_FAILED too, unless the caller goes without (VQC_ARCHIVE_UNLOCKED): then nothing keeps two launches
 * apart. */
typedef enum vqc_archive_locking { VQC_ARCHIVE_LOCKED, VQC_ARCHIVE_UNLOCKED } vqc_archive_locking;

VQC_MUST_CHECK vqc_status vqc_archive_start(vqc_comm *comm, const char *path, const vqc_archive_outline *outline,
                                            vqc_archive_locking locking, vqc_archive **archive_out, bool *created_out,
                                            vqc_error *error);

/* Extends the archive at the path, which nobody has open for writing, from outline `from`, which must be its own, to
 * `to`, whose jobs say how it came to that. Render i of `from` is number numbers[i] of `to`, and everything that the
 * archive holds of it comes along: states, results, snapshots, checkpoints; so do the launches. By one process. A new
 * file is made beside the old one and takes its place at the end, so that a kill at any moment leaves either; the
 * disk holds both meanwhile. Done renders that do not have their digests become pending: *damaged_out is their
 * number. An archive that is not that of `from`, sizes of a render that differ, and an archive of vqclip 0.1.0, which
 * has no digests of records, are VQC_BAD_INPUT; the rest is VQC_FAILED, as at the start. The file is as it was then.
 */
VQC_MUST_CHECK vqc_status vqc_archive_extend(const char *path, const vqc_archive_outline *from,
                                             const vqc_archive_outline *to, const size_t *numbers,
                                             vqc_archive_locking locking, size_t *damaged_out, vqc_error *error);

/* Whether a launch holds the archive at this path, as far as can be seen from here (archive/lock.h). */
bool vqc_archive_is_held(const char *path);

/* Opens an archive to read it; one process, no other rank takes part, and a launch may be writing it. The file is
 * hostile until checked: all sizes are bounded by the file's. VQC_BAD_INPUT names the file and dataset. */
VQC_MUST_CHECK vqc_status vqc_archive_open(const char *path, vqc_archive **archive_out, vqc_error *error);

/* Collective for an archive from vqc_archive_start. NULL is allowed. Every write has reached the file before, so
 * there is nothing left that could fail. */
void vqc_archive_close(vqc_archive *archive);

/* Whether the file that was opened for writing is still the one at its path, and has its size: nobody would find what
 * goes into one that was removed, replaced or cut. Every function that writes looks first; this is for the end of a
 * launch. VQC_FAILED says what has happened. */
VQC_MUST_CHECK vqc_status vqc_archive_place_check(const vqc_archive *archive, vqc_error *error);

/* The outline as the file has it; belongs to the archive. */
const vqc_archive_outline *vqc_archive_outline_of(const vqc_archive *archive);
const char *vqc_archive_path(const vqc_archive *archive);

/* --- A render's state and results. `render` is its number in the study; a number out of range is VQC_FAILED. In the
 * archive of a part the renders of other parts are pending, and there is no room to write or read more of them:
 * VQC_FAILED. --- */

typedef enum vqc_archive_state {
    VQC_ARCHIVE_PENDING = 0,
    VQC_ARCHIVE_DONE = 1,
    VQC_ARCHIVE_FAILED = 2,
} vqc_archive_state;

enum {
    VQC_ARCHIVE_DEVICE_SIZE = 128, /* bytes of these texts, with the NUL; longer ones are cut */
    VQC_ARCHIVE_HOST_SIZE = 256,
    VQC_ARCHIVE_REASON_SIZE = VQC_ERROR_MESSAGE_SIZE,
};

typedef struct vqc_archive_result {
    const uint8_t *picture;
    const float *latent;
    const int32_t *codes; /* where the shape has any */
    const float *losses;
    const float *relevance; /* (2, latent_rows, latent_columns): what a text found, 0 to 1, and the mask that came of
                               it; NULL where the shape has none */
    double seconds;         /* computing time, over all launches */
    const char *device;     /* what computed it */
    const char *host;
} vqc_archive_result;

/* Writes a render's result; when this returns VQC_OK the render is done and stays so. A render that is done
 * already is VQC_FAILED, and nothing is changed. */
VQC_MUST_CHECK vqc_status vqc_archive_result_write(vqc_archive *archive, size_t render,
                                                   const vqc_archive_result *result, vqc_error *error);

/* Records that a render failed, and why. A render that is done already is VQC_FAILED. */
VQC_MUST_CHECK vqc_status vqc_archive_failure_write(vqc_archive *archive, size_t render, const char *reason,
                                                    vqc_error *error);

/* Writes snapshot number `snapshot`, a picture of the render's size. */
VQC_MUST_CHECK vqc_status vqc_archive_snapshot_write(vqc_archive *archive, size_t render, uint32_t snapshot,
                                                     const uint8_t *picture, vqc_error *error);

VQC_MUST_CHECK vqc_status vqc_archive_state_read(const vqc_archive *archive, size_t render,
                                                 vqc_archive_state *state_out, vqc_error *error);

/* What is known of a render's outcome. Without meaning in a render that is pending. */
typedef struct vqc_archive_outcome {
    vqc_archive_state state;
    double seconds;
    char device[VQC_ARCHIVE_DEVICE_SIZE];
    char host[VQC_ARCHIVE_HOST_SIZE];
    char reason[VQC_ARCHIVE_REASON_SIZE];      /* of a failure, "" otherwise */
    char picture_sha256[VQC_DIGEST_TEXT_SIZE]; /* of the picture's bytes */
    char latent_sha256[VQC_DIGEST_TEXT_SIZE];  /* of the latent's bytes, little-endian f32 */
} vqc_archive_outcome;

VQC_MUST_CHECK vqc_status vqc_archive_outcome_read(const vqc_archive *archive, size_t render,
                                                   vqc_archive_outcome *outcome_out, vqc_error *error);

/* Reads a result's parts into memory of the shape's size. Undefined values unless the render is done. A done render's
 * picture or latent that does not have its digest is VQC_BAD_INPUT, and has been read nevertheless. */
VQC_MUST_CHECK vqc_status vqc_archive_picture_read(const vqc_archive *archive, size_t render, uint8_t *picture_out,
                                                   vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_archive_latent_read(const vqc_archive *archive, size_t render, float *latent_out,
                                                  vqc_error *error);
/* Sets nothing where the shape has no codes. */
VQC_MUST_CHECK vqc_status vqc_archive_codes_read(const vqc_archive *archive, size_t render, int32_t *codes_out,
                                                 vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_archive_losses_read(const vqc_archive *archive, size_t render, float *losses_out,
                                                  vqc_error *error);
/* A render whose shape has no relevance is VQC_FAILED. */
VQC_MUST_CHECK vqc_status vqc_archive_relevance_read(const vqc_archive *archive, size_t render, float *relevance_out,
                                                     vqc_error *error);
/* *present_out is false, and the picture untouched, where that snapshot was not written yet. One that does not have
 * its digest is VQC_BAD_INPUT, and has been read nevertheless. */
VQC_MUST_CHECK vqc_status vqc_archive_snapshot_read(const vqc_archive *archive, size_t render, uint32_t snapshot,
                                                    uint8_t *picture_out, bool *present_out, vqc_error *error);

/* What of a done render does not have the digest that stands beside it: the first in this order. */
typedef enum vqc_archive_damage {
    VQC_ARCHIVE_DAMAGE_NONE,
    VQC_ARCHIVE_DAMAGE_PICTURE, /* or the latent */
    VQC_ARCHIVE_DAMAGE_RECORD,
    VQC_ARCHIVE_DAMAGE_SNAPSHOT, /* the render's result is right */
} vqc_archive_damage;

/* Compares all of a done render with its digests; a digest that is missing fits nothing, nor does a snapshot. Reading
 * itself can fail besides. */
VQC_MUST_CHECK vqc_status vqc_archive_result_check(const vqc_archive *archive, size_t render,
                                                   vqc_archive_damage *damage_out, vqc_error *error);

/* Compares what a done render claims of itself: its record, whose digest nothing but the end of making it writes, so
 * that one which was never made is found. It costs some kilobytes a render, and what it leaves out is read by those
 * who compare it: pictures, latents and snapshots. Archives without digests of records have nothing else: there it
 * compares picture and latent. */
VQC_MUST_CHECK vqc_status vqc_archive_claim_check(const vqc_archive *archive, size_t render,
                                                  vqc_archive_damage *damage_out, vqc_error *error);

/* "its picture or latent", for "... does not have the recorded SHA-256". */
const char *vqc_archive_damage_word(vqc_archive_damage damage);

/* The record's part of it: all of a result but the bytes of picture and latent, that is losses, codes, relevance,
 * seconds, device, host and the two digests. */
VQC_MUST_CHECK vqc_status vqc_archive_record_check(const vqc_archive *archive, size_t render, bool *intact_out,
                                                   vqc_error *error);

/* Whether the archive has digests of records and snapshots. Those of vqclip 0.1.0 do not, and none of these is found
 * damaged in them. */
bool vqc_archive_has_record_digests(const vqc_archive *archive);

/* Makes a render pending, whatever it was: for a result that was found damaged, before it is made again. */
VQC_MUST_CHECK vqc_status vqc_archive_result_discard(vqc_archive *archive, size_t render, vqc_error *error);

/* Checks what opening the archive leaves unchecked: that the job file's text has its digest, and that every render
 * has a known state and its own row, and a result's digests are digests. The first fault is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_archive_check(const vqc_archive *archive, vqc_error *error);

/* --- Checkpoints of a render under way: two slots, used in turn, so that one is whole at any moment --- */

/* A checkpoint belongs to the environment in which it was computed: a text, shorter than VQC_ARCHIVE_DEVICE_SIZE,
 * whose meaning is the caller's. Step, environment and bytes stand under one digest. An archive of vqclip 0.1.0 has
 * no room for the text: a checkpoint in it is only found by those who ask for the environment that it is of, and
 * those that 0.1.0 wrote are not found at all. */

/* Writes the state after `step` steps: the shape's checkpoint_bytes bytes, whose meaning is the caller's. */
VQC_MUST_CHECK vqc_status vqc_archive_checkpoint_write(vqc_archive *archive, size_t render, uint32_t step,
                                                       const char *environment, const void *bytes, vqc_error *error);

/* What was found. */
typedef struct vqc_archive_checkpoint {
    bool present;
    uint32_t step; /* where it is present */
    bool foreign;  /* there is none of this environment, but one of another, or of none that is known */
    char environment[VQC_ARCHIVE_DEVICE_SIZE]; /* that other one's; "" where it is not known */
} vqc_archive_checkpoint;

/* The steps of the newest checkpoint of any environment, 0 where there is none: only its label is looked at, for
 * people, and for a choice that does not matter. */
VQC_MUST_CHECK vqc_status vqc_archive_checkpoint_step(const vqc_archive *archive, size_t render, uint32_t *step_out,
                                                      vqc_error *error);

/* Reads the newest checkpoint of the environment whose digest is right into checkpoint_bytes bytes at bytes_out,
 * which are without meaning where there is none. */
VQC_MUST_CHECK vqc_status vqc_archive_checkpoint_read(const vqc_archive *archive, size_t render,
                                                      const char *environment, void *bytes_out,
                                                      vqc_archive_checkpoint *checkpoint_out, vqc_error *error);

/* --- Who is at work on a render, for people --- */

typedef struct vqc_archive_worker {
    bool present; /* the newest launch has begun the render */
    int rank;
    char host[VQC_ARCHIVE_HOST_SIZE];
} vqc_archive_worker;

/* Says that this launch, which has been appended, has begun the render, or goes on with it. An archive of an earlier
 * version has no room for that, and nothing is written. */
VQC_MUST_CHECK vqc_status vqc_archive_worker_write(vqc_archive *archive, size_t render, int rank, const char *host,
                                                   vqc_error *error);
/* Whether the launch is still at work vqc_archive_is_held says, and whether the render is finished its state. */
VQC_MUST_CHECK vqc_status vqc_archive_worker_read(const vqc_archive *archive, size_t render,
                                                  vqc_archive_worker *worker_out, vqc_error *error);

/* The library that reads and writes archives, with its version: "HDF5 1.10.8". */
enum { VQC_ARCHIVE_LIBRARY_SIZE = 48 };
void vqc_archive_library(char text_out[VQC_ARCHIVE_LIBRARY_SIZE]);

/* --- Launches: when, on which ranks, hosts and devices --- */

enum {
    VQC_ARCHIVE_LAUNCH_CAPACITY = 512, /* launches, unless the outline has room for more; further ones overwrite the
                                          last */
    VQC_ARCHIVE_LAUNCH_SIZE = 4096,    /* bytes of one text, with the NUL */
};

/* Appends a launch: JSON text. One rank does it. A text that is too long is VQC_FAILED. */
VQC_MUST_CHECK vqc_status vqc_archive_launch_append(vqc_archive *archive, const char *text, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_archive_launch_count(const vqc_archive *archive, size_t *count_out, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_archive_launch_read(const vqc_archive *archive, size_t index,
                                                  char text_out[VQC_ARCHIVE_LAUNCH_SIZE], vqc_error *error);

#endif
