/* Tables of prompts: any bytes are the prompts of a study, or a one-line error. The first byte says which kind of
 * table it is; the rest is the file. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "study/prompt_table.h"
#include "study/study.h"

/* Every row is a mapping with a text, whose values have keys and places. */
static void rows_check(const vqc_yaml *yaml)
{
    const vqc_yaml_node *list = vqc_yaml_root(yaml);
    for (size_t i = 0; i < vqc_yaml_count(list); i++) {
        const vqc_yaml_node *row = vqc_yaml_at(list, i);
        const vqc_yaml_node *text = vqc_yaml_find(row, "text");
        if (text == NULL || vqc_yaml_scalar(text) == NULL || vqc_yaml_scalar(text)[0] == '\0')
            abort();
        for (size_t j = 0; j < vqc_yaml_count(row); j++)
            if (vqc_yaml_key(vqc_yaml_at(row, j)) == NULL || vqc_yaml_line(vqc_yaml_at(row, j)) < 2)
                abort();
    }
}

static void error_check(const vqc_error *error)
{
    if (strchr(error->message, '\n') != NULL || error->message[0] == '\0')
        abort();
}

/* The same bytes as a study has them that is read from an archive. */
static void study_check(const char *text, bool tabs, bool bare)
{
    vqc_error error = {0};
    vqc_study *study;
    char job[512];
    int size = snprintf(job, sizeof job,
                        "study: s\nmodels: {generator: {checkpoint: g}, perceptors: [{checkpoint: p}]}\n"
                        "prompts: {file: t.%s, quotes: %s}\n",
                        tabs ? "tsv" : "csv", bare ? "text" : "cells");
    const vqc_study_source source = {.name = "job", .text = job, .size = (size_t)size, .folder = "", .table = text};
    if (vqc_study_read(&source, &study, &error) == VQC_OK)
        vqc_study_close(study);
    else
        error_check(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vqc_error error = {0};
    vqc_yaml *yaml;
    const bool tabs = size > 0 && (data[0] & 1) != 0;
    const vqc_prompt_table_form form = {.quotes_are_text = size > 0 && (data[0] & 2) != 0};
    if (size == 0)
        return 0;
    char *text = malloc(size);
    if (text == NULL)
        abort();
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (vqc_prompt_table_parse(tabs ? "t.tsv" : "t.csv", text, size - 1, &form, &yaml, &error) == VQC_OK) {
        rows_check(yaml);
        vqc_yaml_destroy(yaml);
        study_check(text, tabs, form.quotes_are_text);
    } else {
        error_check(&error);
    }
    free(text);
    return 0;
}
