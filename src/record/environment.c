#include "record/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm/devices.h"
#include "ops/ops.h"

#ifdef __GLIBC__
#include <gnu/libc-version.h>
#define C_LIBRARY "glibc ", gnu_get_libc_version()
#else
#define C_LIBRARY "", ""
#endif

#define COMPILER VQC_COMPILER " " __VERSION__
#define THREADS "threads "
#define EDITION "\"edition\": " /* in the versions */

static const char *const field_names[VQC_ENVIRONMENT_FIELD_COUNT] = {
    [VQC_ENVIRONMENT_DEVICE] = "device",       [VQC_ENVIRONMENT_INSTRUCTION_SET] = "instruction set",
    [VQC_ENVIRONMENT_PRECISION] = "precision", [VQC_ENVIRONMENT_THREADS] = "threads",
    [VQC_ENVIRONMENT_PROGRAM] = "program",     [VQC_ENVIRONMENT_LIBRARY] = "library of the operations",
    [VQC_ENVIRONMENT_SYSTEM] = "C library",    [VQC_ENVIRONMENT_BUILD] = "build",
};

const char *vqc_environment_build(void)
{
    return COMPILER "; " VQC_MACHINE "; " VQC_BUILD_FLAGS "; " VQC_OPS_ROUNDING;
}

static void field_set(vqc_environment *environment, vqc_environment_field field, const char *prefix, const char *text)
{
    (void)snprintf(environment->field[field], VQC_ENVIRONMENT_FIELD_SIZE, "%s%s", prefix,
                   text[0] == '\0' ? "-" : text);
}

vqc_status vqc_environment_find(const vqc_ops *ops, vqc_dtype precision, const char *program,
                                vqc_environment *environment_out, vqc_error *error)
{
    char digest[VQC_DIGEST_TEXT_SIZE];
    char threads[16];
    vqc_ops_description description;
    vqc_environment *here = environment_out;
    VQC_TRY(vqc_digest_bytes(vqc_environment_build(), strlen(vqc_environment_build()), digest, error));
    vqc_ops_describe(ops, &description);
    (void)snprintf(threads, sizeof threads, "%d", vqc_ops_threads(ops));
    field_set(here, VQC_ENVIRONMENT_DEVICE, "", vqc_ops_name(ops));
    field_set(here, VQC_ENVIRONMENT_INSTRUCTION_SET, "", description.instruction_set);
    bool tf32 = description.tf32 && precision == VQC_DTYPE_F32;
    field_set(here, VQC_ENVIRONMENT_PRECISION, "", tf32 ? "tf32" : vqc_dtype_name(precision));
    field_set(here, VQC_ENVIRONMENT_THREADS, THREADS, threads);
    field_set(here, VQC_ENVIRONMENT_PROGRAM, "vqclip ", program);
    field_set(here, VQC_ENVIRONMENT_LIBRARY, "", description.library);
    field_set(here, VQC_ENVIRONMENT_SYSTEM, C_LIBRARY);
    (void)snprintf(here->field[VQC_ENVIRONMENT_BUILD], VQC_ENVIRONMENT_FIELD_SIZE, "build %.8s", digest);
    return VQC_OK;
}

void vqc_environment_write(const vqc_environment *environment, char line_out[VQC_ARCHIVE_DEVICE_SIZE])
{
    size_t size = 0;
    line_out[0] = '\0';
    for (int i = 0; i < VQC_ENVIRONMENT_FIELD_COUNT && size < VQC_ARCHIVE_DEVICE_SIZE; i++)
        size += (size_t)snprintf(line_out + size, VQC_ARCHIVE_DEVICE_SIZE - size, "%s%s", i == 0 ? "" : "; ",
                                 environment->field[i]);
}

void vqc_environment_write_bytes(const vqc_environment *environment, char line_out[VQC_ARCHIVE_DEVICE_SIZE])
{
    vqc_environment bytes = *environment;
    field_set(&bytes, VQC_ENVIRONMENT_THREADS, "", "");
    vqc_environment_write(&bytes, line_out);
}

void vqc_environment_read(const char *line, vqc_environment *environment_out)
{
    for (int i = 0; i < VQC_ENVIRONMENT_FIELD_COUNT; i++) {
        size_t length = strcspn(line, ";");
        (void)snprintf(environment_out->field[i], VQC_ENVIRONMENT_FIELD_SIZE, "%.*s", length == 0 ? 1 : (int)length,
                       length == 0 ? "-" : line);
        line += length;
        line += strspn(line, "; ");
    }
}

vqc_status vqc_environment_compare(const vqc_environment *here, const vqc_environment *recorded,
                                   vqc_text *differences, vqc_error *error)
{
    char line[VQC_ARCHIVE_DEVICE_SIZE];
    vqc_environment kept; /* as an archive would have it, cut where its line is full */
    vqc_environment_write(here, line);
    vqc_environment_read(line, &kept);
    here = &kept;
    for (int i = 0; i < VQC_ENVIRONMENT_FIELD_COUNT; i++)
        if (strcmp(here->field[i], recorded->field[i]) != 0)
            VQC_TRY(vqc_text_append(differences, error, "%s%s %s here, %s recorded",
                                    differences->size == 0 ? "" : ", ", field_names[i], here->field[i],
                                    recorded->field[i]));
    return VQC_OK;
}

int vqc_environment_threads(const vqc_environment *environment)
{
    const char *text = environment->field[VQC_ENVIRONMENT_THREADS];
    if (strncmp(text, THREADS, strlen(THREADS)) != 0)
        return 0;
    long threads = strtol(text + strlen(THREADS), NULL, 10);
    return threads > 0 && threads <= 4096 ? (int)threads : 0;
}

/* Appends ", "name": "version"" of a text "name version". */
static vqc_status version_append(vqc_text *text, const char *field, vqc_error *error)
{
    size_t name = strcspn(field, " ");
    if (field[name] == '\0')
        return VQC_OK;
    return vqc_text_append(text, error, "%s\"%.*s\": \"%s\"", text->size == 1 ? "" : ", ", (int)name, field,
                           field + name + 1);
}

bool vqc_environment_versions_have(const char *versions, const char *program)
{
    char entry[VQC_ARCHIVE_DEVICE_SIZE];
    (void)snprintf(entry, sizeof entry, "\"vqclip\": \"%s\"", program);
    return strstr(versions, entry) != NULL;
}

int64_t vqc_environment_edition(const char *versions)
{
    const char *entry = strstr(versions, EDITION);
    return entry == NULL ? VQC_EDITION_FIRST : strtoll(entry + strlen(EDITION), NULL, 10);
}

vqc_status vqc_environment_versions(const vqc_environment *environment, vqc_text *text, vqc_error *error)
{
    char archive[VQC_ARCHIVE_LIBRARY_SIZE];
    char devices[VQC_COMM_LIBRARY_SIZE];
    vqc_archive_library(archive);
    vqc_comm_devices_library(devices);
    VQC_TRY(vqc_text_append(text, error, "{"));
    VQC_TRY(version_append(text, environment->field[VQC_ENVIRONMENT_PROGRAM], error));
    VQC_TRY(version_append(text, environment->field[VQC_ENVIRONMENT_LIBRARY], error));
    VQC_TRY(version_append(text, environment->field[VQC_ENVIRONMENT_SYSTEM], error));
    VQC_TRY(version_append(text, archive, error));
    VQC_TRY(version_append(text, devices, error));
    return vqc_text_append(text, error, ", " EDITION "%d}", VQC_EDITION_NOW);
}
