#ifndef VQC_TESTS_MODELS_JSON_LINES_H
#define VQC_TESTS_MODELS_JSON_LINES_H

#include <jansson.h>

/* Calls `visit` with every object of a file that has one JSON object a line. Returns the number of lines, -1 where
 * the file cannot be opened. A line that is not an object fails the test. */
int json_lines_visit(const char *path, void (*visit)(const json_t *object, void *context), void *context);

/* The text under a key, which must be there. */
const char *json_line_text(const json_t *object, const char *key);

#endif
