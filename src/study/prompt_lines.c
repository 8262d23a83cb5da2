#include "study/prompt_lines.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/text_file.h"

enum { MAX_LINE = 16382, MAX_FILE = 1 << 30 };

/* Names of files whose lines are not prompts, and what they are. */
static const char *const structured[][2] = {
    {".json", "JSON"}, {".jsonl", "lines of JSON"}, {".ndjson", "lines of JSON"}, {".yaml", "YAML"}, {".yml", "YAML"},
    {".xml", "XML"},
};

static vqc_status name_check(const char *path, vqc_error *error)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof structured / sizeof structured[0]; i++) {
        size_t ending = strlen(structured[i][0]);
        if (length >= ending && strcasecmp(path + length - ending, structured[i][0]) == 0)
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "%s: expected a text file with one prompt a line, found %s by its name", path,
                                 structured[i][1]);
    }
    return VQC_OK;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* Ends the line where its last blank begins. */
static vqc_status line_end(const char *path, size_t number, char *line, size_t length, vqc_error *error)
{
    if (length > MAX_LINE)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s:%zu: a line of more than %d bytes", path, number, MAX_LINE);
    while (length > 0 && is_blank(line[length - 1]))
        length--;
    line[length] = '\0';
    if (strchr(line, '\r') != NULL)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s:%zu: expected lines that end in a line feed, found a carriage return inside one",
                             path, number);
    return VQC_OK;
}

/* Whether the line is the heading of a table, CSV: words between commas, perhaps in quotes, one of which is "prompt".
 */
static bool is_heading(const char *line)
{
    static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t count = 0;
    bool prompt = false;
    for (; *line != '\0'; count++) {
        const bool quoted = *line == '"';
        line += quoted;
        const size_t length = strspn(line, word);
        prompt = prompt || (length == strlen("prompt") && strncasecmp(line, "prompt", length) == 0);
        line += length;
        if (length == 0 || (quoted && *line != '"'))
            return false;
        line += quoted;
        if (*line != ',' && *line != '\0')
            return false;
        line += *line == ',';
    }
    return prompt && count > 1;
}

/* Cuts the text into its lines. */
static vqc_status lines_cut(const char *path, char *text, size_t size, vqc_prompt_lines *lines, vqc_error *error)
{
    size_t tabbed = 0;
    char *end = text + size;
    for (size_t number = 1; text < end; number++) {
        char *feed = memchr(text, '\n', (size_t)(end - text));
        size_t length = feed == NULL ? (size_t)(end - text) : (size_t)(feed - text);
        VQC_TRY(line_end(path, number, text, length, error));
        if (text[0] != '\0') {
            tabbed += strchr(text, '\t') != NULL;
            lines->lines[lines->count++] = (vqc_prompt_line){.text = text, .number = number};
        }
        text += length + 1;
    }
    if (lines->count > 0 && tabbed == lines->count)
        return vqc_error_set(
            error, VQC_BAD_INPUT,
            "%s:%zu: expected one prompt a line, found a tab in every line, as a table (TSV) has it, whose "
            "name ends in .tsv",
            path, lines->lines[0].number);
    if (lines->count > 0 && is_heading(lines->lines[0].text))
        return vqc_error_set(
            error, VQC_BAD_INPUT,
            "%s:%zu: expected one prompt a line, found the heading of a table (CSV), whose name ends "
            "in .csv",
            path, lines->lines[0].number);
    return VQC_OK;
}

static size_t feeds_count(const char *text, size_t size)
{
    size_t count = 0;
    for (const char *end = text + size; (text = memchr(text, '\n', (size_t)(end - text))) != NULL; text++)
        count++;
    return count;
}

vqc_status vqc_prompt_lines_read(const char *path, vqc_study_storage *storage, vqc_prompt_lines *lines_out,
                                 vqc_error *error)
{
    vqc_text file;
    size_t start;
    char *text = NULL;
    VQC_TRY(name_check(path, error));
    VQC_TRY(vqc_text_file_read(path, MAX_FILE, &file, error));
    *lines_out = (vqc_prompt_lines){0};
    vqc_status status = vqc_text_check(path, file.data, file.size, &start, error);
    if (status == VQC_OK)
        status = vqc_study_storage_allocate(storage, file.size - start + 1, 1, &text, error);
    if (status == VQC_OK)
        memcpy(text, file.data + start, file.size - start);
    if (status == VQC_OK)
        status = vqc_study_storage_allocate(storage, feeds_count(text, file.size - start) + 1,
                                            sizeof *lines_out->lines, &lines_out->lines, error);
    if (status == VQC_OK)
        status = lines_cut(path, text, file.size - start, lines_out, error);
    vqc_text_release(&file);
    return status;
}
