#include "config/json_file.h"

#include <errno.h>
#include <unistd.h>

#include "base/text_file.h"

enum { MAX_SIZE = 64 << 20 };

static vqc_status text_parse(const char *path, const vqc_text *text, bool reals, json_t **root_out, vqc_error *error)
{
    const size_t flags = JSON_REJECT_DUPLICATES | (reals ? JSON_DECODE_INT_AS_REAL : 0);
    json_error_t problem;
    size_t start;
    VQC_TRY(vqc_text_check(path, text->data, text->size, &start, error));
    *root_out = json_loadb(text->data + start, text->size - start, flags, &problem);
    if (*root_out == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s:%d:%d: not valid JSON: %s", path, problem.line, problem.column,
                             problem.text);
    return VQC_OK;
}

vqc_status vqc_json_file_read_as(const char *path, const vqc_json_file_form *form, json_t **root_out,
                                 vqc_error *error)
{
    vqc_text text;
    *root_out = NULL;
    if (form->optional && access(path, F_OK) != 0 && errno == ENOENT)
        return VQC_OK;
    VQC_TRY(vqc_text_file_read(path, form->maximum, &text, error));
    vqc_status status = text_parse(path, &text, form->reals, root_out, error);
    vqc_text_release(&text);
    return status;
}

vqc_status vqc_json_file_read(const char *path, json_t **root_out, vqc_error *error)
{
    return vqc_json_file_read_as(path, &(vqc_json_file_form){.maximum = MAX_SIZE}, root_out, error);
}
