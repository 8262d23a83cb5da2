#include "config/json_file.h"

#include "base/text_file.h"

enum { MAX_SIZE = 64 << 20 };

static vqc_status text_parse(const char *path, const vqc_text *text, json_t **root_out, vqc_error *error)
{
    json_error_t problem;
    size_t start;
    VQC_TRY(vqc_text_check(path, text->data, text->size, &start, error));
    *root_out = json_loadb(text->data + start, text->size - start, JSON_REJECT_DUPLICATES, &problem);
    if (*root_out == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s:%d:%d: not valid JSON: %s", path, problem.line, problem.column,
                             problem.text);
    return VQC_OK;
}

vqc_status vqc_json_file_read(const char *path, json_t **root_out, vqc_error *error)
{
    vqc_text text;
    VQC_TRY(vqc_text_file_read(path, MAX_SIZE, &text, error));
    vqc_status status = text_parse(path, &text, root_out, error);
    vqc_text_release(&text);
    return status;
}
