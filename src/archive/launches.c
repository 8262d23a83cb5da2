#include <string.h>

#include "archive/internal.h"

vqc_status vqc_archive_launch_count(const vqc_archive *archive, size_t *count_out, vqc_error *error)
{
    uint32_t count;
    VQC_TRY(vqc_dataset_read(&archive->file_table[VQC_FILE_LAUNCH_COUNT], 0, NULL, &count, error));
    if (count > archive->stored.outline.launch_capacity)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: dataset /launches/count: expected at most %zu, found %u",
                             archive->path, archive->stored.outline.launch_capacity, count);
    *count_out = count;
    return VQC_OK;
}

vqc_status vqc_archive_launch_append(vqc_archive *archive, const char *text, vqc_error *error)
{
    char row[VQC_ARCHIVE_LAUNCH_SIZE] = {0};
    const size_t length = strlen(text);
    VQC_TRY(vqc_archive_writable_check(archive, error));
    if (length >= sizeof row)
        return vqc_error_set(error, VQC_FAILED, "%s: the launch's description has %zu bytes, there is room for %zu",
                             archive->path, length, sizeof row - 1);
    memcpy(row, text, length);
    size_t count;
    VQC_TRY(vqc_archive_launch_count(archive, &count, error));
    const size_t capacity = archive->stored.outline.launch_capacity;
    const uint64_t index = count < capacity ? count : capacity - 1;
    const uint32_t next = (uint32_t)index + 1;
    VQC_TRY(vqc_dataset_write(&archive->file_table[VQC_FILE_LAUNCH_TEXT], 1, &index, row, error));
    return vqc_dataset_write(&archive->file_table[VQC_FILE_LAUNCH_COUNT], 0, NULL, &next, error);
}

vqc_status vqc_archive_launch_read(const vqc_archive *archive, size_t index, char text_out[VQC_ARCHIVE_LAUNCH_SIZE],
                                   vqc_error *error)
{
    size_t count;
    const uint64_t row = index;
    VQC_TRY(vqc_archive_launch_count(archive, &count, error));
    if (index >= count)
        return vqc_error_set(error, VQC_FAILED, "%s: there is no launch %zu among %zu", archive->path, index, count);
    VQC_TRY(vqc_dataset_read(&archive->file_table[VQC_FILE_LAUNCH_TEXT], 1, &row, text_out, error));
    text_out[VQC_ARCHIVE_LAUNCH_SIZE - 1] = '\0';
    return VQC_OK;
}
