#ifndef VQC_RECORD_ENVIRONMENT_H
#define VQC_RECORD_ENVIRONMENT_H

#include "archive/archive.h"
#include "base/dtype.h"
#include "base/text.h"
#include "ops/ops.h"
#include "study/settings.h"

/* What the bytes of a render depend on besides the study and the model files. An archive keeps it with each of its
 * renders as one line, as the launches of a study may run in different ones:
 *
 *     cpu; avx512_core_vnni; f32; threads 2; vqclip 0.1.0; oneDNN 2.6.0; glibc 2.36; build 1f0c6a2e
 *
 * A field that is not known, or is not there, is "-". */
typedef enum vqc_environment_field {
    VQC_ENVIRONMENT_DEVICE,          /* kind of device: name of the implementation of the operations */
    VQC_ENVIRONMENT_INSTRUCTION_SET, /* that the library of the operations uses */
    VQC_ENVIRONMENT_PRECISION,       /* of activations; "tf32": f32, but for the factors of products */
    VQC_ENVIRONMENT_THREADS,         /* "threads N", each rank's */
    VQC_ENVIRONMENT_PROGRAM,         /* "vqclip VERSION" */
    VQC_ENVIRONMENT_LIBRARY,         /* of the operations, with its version */
    VQC_ENVIRONMENT_SYSTEM,          /* the C library, for its mathematical functions, with its version */
    VQC_ENVIRONMENT_BUILD,           /* "build " and the start of the SHA-256 of vqc_environment_build() */
    VQC_ENVIRONMENT_FIELD_COUNT
} vqc_environment_field;

enum { VQC_ENVIRONMENT_FIELD_SIZE = 48 };

typedef struct vqc_environment {
    char field[VQC_ENVIRONMENT_FIELD_COUNT][VQC_ENVIRONMENT_FIELD_SIZE];
} vqc_environment;

/* The environment of this process. `program` is the version of vqclip. */
VQC_MUST_CHECK vqc_status vqc_environment_find(const vqc_ops *ops, vqc_dtype precision, const char *program,
                                               vqc_environment *environment_out, vqc_error *error);

/* How the program was built: compiler, machine, flags, and how its operations round (VQC_OPS_ROUNDING). */
const char *vqc_environment_build(void);

/* The line, cut where it would be longer than an archive keeps; and back from it. Fields that a line lacks are "-":
 * archives of the first programs held the device alone. */
void vqc_environment_write(const vqc_environment *environment, char line_out[VQC_ARCHIVE_DEVICE_SIZE]);
void vqc_environment_read(const char *line, vqc_environment *environment_out);

/* The line without the threads, on which no byte depends ("-"): in this environment a render may be gone on with that
 * was begun in another one with the same line. */
void vqc_environment_write_bytes(const vqc_environment *environment, char line_out[VQC_ARCHIVE_DEVICE_SIZE]);

/* Appends "FIELD A here, B recorded" for each field that differs, separated by commas; nothing if all are equal.
 * The bytes are bound to be equal only then. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_environment_compare(const vqc_environment *here, const vqc_environment *recorded,
                                                  vqc_text *differences, vqc_error *error);

/* Number of threads of a recorded environment, 0 if it does not say. */
int vqc_environment_threads(const vqc_environment *environment);

/* Appends the versions of the program and its libraries, and the edition of job files, as JSON text. Fails for want
 * of memory alone. */
VQC_MUST_CHECK vqc_status vqc_environment_versions(const vqc_environment *environment, vqc_text *text,
                                                   vqc_error *error);

/* The edition of job files (study/settings.h) that such versions name; the first where they name none. */
int64_t vqc_environment_edition(const char *versions);

/* Whether versions that vqc_environment_versions wrote are those of this version of the program, "0.2.0". */
bool vqc_environment_versions_have(const char *versions, const char *program);

#endif
