/* What a command does with an archive that is not as it was made. A study is rendered first; an input is a program
 * that changes its archive: elements of its datasets, its links and datasets by way of HDF5, or bytes of HDF5's
 * structures. In the first two cases the file mostly gets a right seal, so that the command reads it; changed
 * structures keep the old seal, which must not fit, or have none, so that another process looks first.
 *
 * Built once for each command, FUZZ_READER: show, verify, export, judge, resume or latent. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dirent.h>
#include <fcntl.h>
#include <hdf5.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/seal.h"
#include "cli/commands.h"
#include "fuzz.h"

#define MODELS VQC_SOURCE_DIR "/jobs/models/"
#define FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"
#define JOB_MODELS                                                                                                   \
    "models:\n"                                                                                                      \
    "  generator: {config: " FIXTURES "net2net.yaml, checkpoint: " FIXTURES "net2net.safetensors}\n"                 \
    "  perceptors: [{checkpoint: " FIXTURES "open_clip_gelu/open_clip_model.safetensors}]\n"

enum { MAX_PARTS = 128, MAX_DATASETS = 64, RECORD = 12, PATH_SIZE = 256 };

typedef struct part {
    char path[64];
    uint64_t offset, bytes, element;
} part;

/* The study's archive, what it consists of, and where it is put. */
typedef struct subject {
    char folder[PATH_SIZE], path[PATH_SIZE];
    uint8_t *bytes;
    size_t size;
    uint64_t block_bytes;
    part parts[MAX_DATASETS];
    size_t part_count;
} subject;

/* One change. */
typedef struct change {
    uint8_t kind, dataset;
    uint16_t index;
    uint8_t value[8];
} change;

static const char *in_folder(const subject *s, const char *name, char path[PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%.200s/%s", s->folder, name);
    return path;
}

static void file_write(const char *path, const void *bytes, size_t size)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (file < 0 || write(file, bytes, size) != (ssize_t)size || close(file) != 0)
        abort();
}

static void text_write(const subject *s, const char *name, const char *text)
{
    char path[PATH_SIZE];
    file_write(in_folder(s, name, path), text, strlen(text));
}

static vqc_status call(const vqc_command *command, const char *const *words, vqc_error *error)
{
    enum { MAX_WORDS = 16 };
    char *copies[MAX_WORDS];
    int count = 0;
    *error = (vqc_error){0};
    for (; words[count] != NULL; count++)
        copies[count] = strdup(words[count]);
    const vqc_status status = vqc_command_run(command, count, copies, error);
    if (status != VQC_OK && error->message[0] == '\0')
        abort();
    for (int i = 0; i < count; i++)
        free(copies[i]);
    return status;
}

/* --- The study --- */

/* Visiting links has one form in all versions of HDF5, visiting objects has not. */
static herr_t part_note(hid_t file, const char *name, const H5L_info_t *information, void *context)
{
    subject *s = context;
    (void)information;
    const hid_t dataset = H5Oopen(file, name, H5P_DEFAULT);
    if (H5Iget_type(dataset) != H5I_DATASET || s->part_count == MAX_DATASETS) {
        (void)H5Oclose(dataset);
        return 0;
    }
    const hid_t type = H5Dget_type(dataset);
    part *p = &s->parts[s->part_count++];
    (void)snprintf(p->path, sizeof p->path, "/%s", name);
    p->offset = H5Dget_offset(dataset);
    p->bytes = H5Dget_storage_size(dataset);
    p->element = H5Tget_size(type);
    (void)H5Tclose(type);
    (void)H5Oclose(dataset);
    return 0;
}

static void archive_learn(subject *s)
{
    struct stat information;
    const int file = open(s->path, O_RDONLY);
    if (file < 0 || fstat(file, &information) != 0)
        abort();
    s->size = (size_t)information.st_size;
    s->bytes = malloc(s->size + 1);
    if (s->bytes == NULL || read(file, s->bytes, s->size) != (ssize_t)s->size || close(file) != 0)
        abort();
    s->bytes[s->size] = 0;
    const char *block = strstr((const char *)s->bytes, "block ");
    s->block_bytes = strtoull(block + 6, NULL, 10);
    const hid_t archive = H5Fopen(s->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (archive < 0 || H5Lvisit(archive, H5_INDEX_NAME, H5_ITER_INC, part_note, s) < 0)
        abort();
    (void)H5Fclose(archive);
}

static subject *subject_make(void)
{
    static subject s = {.folder = "/tmp/vqclip-fuzz-XXXXXX"};
    char job[PATH_SIZE];
    sigset_t alarm;
    /* oneDNN's kernels move the stack pointer, where a handler would write; so no thread takes libFuzzer's alarm, as
     * none of the program's takes a signal. */
    (void)sigemptyset(&alarm);
    (void)sigaddset(&alarm, SIGALRM);
    (void)pthread_sigmask(SIG_BLOCK, &alarm, NULL);
    if (mkdtemp(s.folder) == NULL || freopen("/dev/null", "w", stdout) == NULL)
        abort();
    (void)in_folder(&s, "fuzzed.h5", s.path);
    text_write(
        &s, "fuzzed.yaml",
        "study: fuzzed\n" JOB_MODELS
        "render: {size: [16, 16], steps: 2, crops: {count: 1, group: 1}, augment: [], snapshots: 1}\n"
        "seeds: [0, 18446744073709551615]\nprompts: [{targets: [{noise: 1}]}, {targets: [{noise: 2}], steps: 1}]\n");
    text_write(&s, "other.yaml",
               "study: other\n" JOB_MODELS
               "render: {size: [16, 16], steps: 1, crops: {count: 1, group: 1}, augment: []}\n"
               "prompts: [{targets: [{noise: 1}], init: {latent: {archive: fuzzed.h5, render: 1}}}]\n");
    text_write(&s, "attributes.json", "{\"colour\": {\"red\": [\"a red house\"], \"blue\": [\"a blue house\"]}}\n");
    const char *const words[] = {
        in_folder(&s, "fuzzed.yaml", job), "-o", s.folder, "--threads", "1", "--checkpoint", "0", NULL};
    vqc_error error;
    if (call(&vqc_command_render, words, &error) != VQC_OK) {
        (void)fprintf(stderr, "%s\n", error.message);
        abort();
    }
    archive_learn(&s);
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return &s;
}

/* --- Changes of what datasets hold --- */

static void element_change(const change *c, const part *p, uint8_t *bytes)
{
    static const uint64_t numbers[] = {0,          1,          2,          3,          0x7f,       0x80,
                                       0xff,       0x7fffffff, 0x80000000, 0xffffffff, 0x7f800000, 0x7fc00000,
                                       UINT64_MAX, INT64_MAX,  513,        4294967296};
    uint64_t number = numbers[c->value[0] % (sizeof numbers / sizeof numbers[0])];
    const uint64_t element = c->index % (p->bytes / p->element);
    if (c->kind % 2 == 0)
        memcpy(&number, c->value, sizeof number);
    memcpy(bytes + p->offset + element * p->element, &number, p->element < 8 ? p->element : 8);
}

static void range_change(const change *c, const subject *s, const part *p, uint8_t *bytes)
{
    const part *other = &s->parts[c->value[0] % s->part_count];
    const uint64_t start = c->index % p->bytes;
    uint64_t count = 1 + (uint64_t)c->value[1] + 256 * (uint64_t)c->value[2];
    count = count > p->bytes - start ? p->bytes - start : count;
    if (c->value[3] % 2 == 0)
        memset(bytes + p->offset + start, c->value[0], count);
    else
        memmove(bytes + p->offset + start, bytes + other->offset, count < other->bytes ? count : other->bytes);
}

/* --- Changes of the structure, by HDF5 --- */

static void dataset_make(hid_t file, const part *p, const change *c)
{
    static const hsize_t sizes[] = {1, 2, 3, 4, 5, 16, 513, 100000};
    const int rank = c->value[1] % 6;
    hsize_t dims[6];
    for (int i = 0; i < rank; i++)
        dims[i] = sizes[c->value[2 + i] % 8] % 1000 + (i == 0 ? sizes[c->value[2] % 8] / 1000 * 1000 : 0);
    hid_t types[] = {H5T_STD_U8LE,   H5T_STD_U32LE,  H5T_STD_U64LE, H5T_STD_I32LE,
                     H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_C_S1,      H5T_STD_U32BE};
    const hid_t type = H5Tcopy(types[c->value[7] % 8]);
    if (c->value[7] % 8 == 6)
        (void)H5Tset_size(type, c->value[6] % 4 == 0 ? H5T_VARIABLE : (size_t)c->value[6] + 1);
    hsize_t bytes = H5Tget_size(type);
    for (int i = 0; i < rank; i++)
        bytes *= dims[i];
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    (void)H5Pset_layout(properties, c->value[6] % 3 == 0 ? H5D_COMPACT : H5D_CONTIGUOUS);
    (void)H5Pset_alloc_time(properties, H5D_ALLOC_TIME_EARLY);
    const hid_t space = rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, dims, NULL);
    if (bytes < 1 << 22) {
        const hid_t dataset = H5Dcreate2(file, p->path, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
        if (dataset >= 0)
            (void)H5Dclose(dataset);
    }
    (void)H5Sclose(space);
    (void)H5Pclose(properties);
    (void)H5Tclose(type);
}

static void structure_change(const change *c, const subject *s, const part *p)
{
    const part *other = &s->parts[c->index % s->part_count];
    const hid_t file = H5Fopen(s->path, H5F_ACC_RDWR, H5P_DEFAULT);
    if (file < 0)
        return;
    if (H5Ldelete(file, p->path, H5P_DEFAULT) >= 0)
        switch (c->value[0] % 8) {
        case 0:
            break;
        case 1:
            (void)H5Lcreate_soft(other->path, file, p->path, H5P_DEFAULT, H5P_DEFAULT);
            break;
        case 2:
            (void)H5Lcreate_external("fuzzed.h5", other->path, file, p->path, H5P_DEFAULT, H5P_DEFAULT);
            break;
        case 3:
            (void)H5Lcreate_hard(file, other->path, file, p->path, H5P_DEFAULT, H5P_DEFAULT);
            break;
        case 4: {
            const hid_t group = H5Gcreate2(file, p->path, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
            if (group >= 0)
                (void)H5Gclose(group);
            break;
        }
        default:
            dataset_make(file, p, c);
        }
    (void)H5Fclose(file);
}

/* --- A run --- */

static change change_read(const uint8_t *record)
{
    change c = {.kind = record[0], .dataset = record[1], .index = (uint16_t)(record[2] | record[3] << 8)};
    memcpy(c.value, record + 4, sizeof c.value);
    return c;
}

/* A right seal, with the parts that the old one has. A file that lost datasets may be too short for these, and keeps
 * the old one, which does not fit. */
static void seal_make(const subject *s)
{
    vqc_error error = {0};
    vqc_seal seal = {0};
    unsigned long long offset;
    unsigned long long size;
    for (const char *line = (const char *)s->bytes; (line = strstr(line, "\nwritten ")) != NULL; line++)
        if (sscanf(line, "\nwritten %llu %llu", &offset, &size) != 2 ||
            vqc_seal_add(&seal, offset, size, &error) != VQC_OK)
            abort();
    (void)!vqc_seal_write(&seal, s->path, s->block_bytes, &error);
    vqc_seal_release(&seal);
}

/* Puts the changed archive where the command finds it. */
static void archive_put(const subject *s, const uint8_t *data, size_t size)
{
    bool raw = false;
    uint8_t *bytes = malloc(s->size);
    if (bytes == NULL)
        abort();
    memcpy(bytes, s->bytes, s->size);
    for (size_t at = 1; at + RECORD <= size; at += RECORD) {
        const change c = change_read(data + at);
        const part *p = &s->parts[c.dataset % s->part_count];
        uint32_t place;
        memcpy(&place, c.value, sizeof place);
        if (c.kind % 8 < 4)
            element_change(&c, p, bytes);
        else if (c.kind % 8 < 6)
            range_change(&c, s, p, bytes);
        else if (c.kind % 8 == 7) { /* where HDF5 keeps its structures, more often than not */
            bytes[s->block_bytes + place % (place % 4 == 0 ? s->size - s->block_bytes : 65536)] = c.value[7];
            raw = true;
        }
    }
    file_write(s->path, bytes, s->size);
    free(bytes);
    if (raw) /* not for HDF5 in this process, be it to change the structure or to read it */
        return;
    for (size_t at = 1; at + RECORD <= size; at += RECORD) {
        const change c = change_read(data + at);
        if (c.kind % 8 == 6)
            structure_change(&c, s, &s->parts[c.dataset % s->part_count]);
    }
    if (data[0] % 16 > 1)
        seal_make(s);
}

/* Changed structures without a seal are for the process that looks first. */
static void seal_remove(const subject *s)
{
    const int file = open(s->path, O_WRONLY);
    if (file < 0 || pwrite(file, "V", 1, 0) != 1 || close(file) != 0)
        abort();
}

static void folder_empty(const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char inner[2 * PATH_SIZE];
        (void)snprintf(inner, sizeof inner, "%.255s/%.255s", path, entry->d_name);
        (void)unlink(inner);
    }
    if (folder != NULL)
        (void)closedir(folder);
}

static void reader_run(const subject *s, bool more)
{
    char path[PATH_SIZE];
    char beside[PATH_SIZE];
    vqc_error ignored;
    if (strcmp(FUZZ_READER, "show") == 0)
        (void)call(&vqc_command_show, (const char *[]){s->path, more ? "--json" : NULL, NULL}, &ignored);
    else if (strcmp(FUZZ_READER, "verify") == 0)
        (void)call(&vqc_command_verify, (const char *[]){s->path, more ? "--rerender" : NULL, "1", NULL}, &ignored);
    else if (strcmp(FUZZ_READER, "export") == 0) {
        folder_empty(in_folder(s, "pictures", path));
        (void)call(&vqc_command_export, (const char *[]){s->path, "-o", path, NULL}, &ignored);
    } else if (strcmp(FUZZ_READER, "judge") == 0)
        (void)call(&vqc_command_judge,
                   (const char *[]){"--archive", s->path, "--perceptor", MODELS "picturebook-vit.safetensors",
                                    "--vocabulary", MODELS "picturebook.bpe.gz", "--attributes",
                                    in_folder(s, "attributes.json", path), "--threads", "1", NULL},
                   &ignored);
    else if (strcmp(FUZZ_READER, "resume") == 0)
        (void)call(&vqc_command_render,
                   (const char *[]){in_folder(s, "fuzzed.yaml", path), "-o", s->folder, "--threads", "1", NULL},
                   &ignored);
    else if (strcmp(FUZZ_READER, "latent") == 0) {
        (void)unlink(in_folder(s, "other.h5", path));
        (void)call(&vqc_command_render,
                   (const char *[]){in_folder(s, "other.yaml", beside), "-o", s->folder, "--threads", "1", NULL},
                   &ignored);
    } else
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const subject *s;
    if (s == NULL)
        s = subject_make();
    if (size == 0 || size > 1 + 64 * RECORD)
        return 0;
    archive_put(s, data, size);
    if (data[0] % 16 == 1)
        seal_remove(s);
    reader_run(s, data[0] / 16 % 4 == 0);
    return 0;
}
