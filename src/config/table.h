#ifndef VQC_CONFIG_TABLE_H
#define VQC_CONFIG_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "config/yaml.h"

/* Tables as text, CSV and TSV: a heading and rows of as many cells. Cells may stand in quotes as RFC 4180 has it: ""
 * is a quote then, and separators and line feeds are text. Blanks belong to their cell; lines without anything do not
 * count, and end in a line feed, or a carriage return and one. Read with libcsv, in its strict mode. */
typedef struct vqc_table vqc_table;

enum {
    VQC_TABLE_MAX_SIZE = 64 << 20, /* bytes of a file */
    VQC_TABLE_MAX_COLUMNS = 1024,
    VQC_TABLE_MAX_CELL = 16382 /* bytes of a cell, quotes and all */
};

typedef struct vqc_table_form {
    char separator;
    bool bare; /* quotes are text like everything else; no cell has a separator or a line feed in it then */
} vqc_table_form;

/* Reads size bytes of text; the name stands for the file in messages. VQC_BAD_INPUT, with "NAME:LINE:COLUMN" (columns
 * count characters): what is no text (base/text_file.h), quotes that are not as above, rows that are shorter or
 * longer than the heading, carriage returns alone, and more than the limits. */
VQC_MUST_CHECK vqc_status vqc_table_parse(const char *name, const char *text, size_t size, vqc_table_form form,
                                          vqc_table **table_out, vqc_error *error);
/* NULL is allowed. */
void vqc_table_destroy(vqc_table *table);

/* Rows without the heading; there may be none, nor any column. */
size_t vqc_table_row_count(const vqc_table *table);
size_t vqc_table_column_count(const vqc_table *table);
/* The heading of a column, and a cell's text; they belong to the table. */
const char *vqc_table_heading(const vqc_table *table, size_t column);
const char *vqc_table_cell(const vqc_table *table, size_t row, size_t column);

/* Fills the error with "NAME:LINE:COLUMN: " of the heading, or of the cell, and the message. */
vqc_status vqc_table_heading_error(const vqc_table *table, size_t column, vqc_error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
vqc_status vqc_table_cell_error(const vqc_table *table, size_t row, size_t column, vqc_error *error,
                                const char *format, ...) __attribute__((format(printf, 5, 6)));

/* What a column becomes. */
typedef struct vqc_table_column {
    const char *key; /* NULL: nothing */
    bool text;       /* its cells are texts; else what begins with [ or { is YAML, and the rest plain scalars */
} vqc_table_column;

/* The table as a YAML document: a list with a mapping for each row, with the cells under the keys of their columns.
 * Empty cells are left out. Everything in a cell stands where the cell begins. The document does not need the table;
 * its source is the table's text. VQC_BAD_INPUT for YAML that is none. */
VQC_MUST_CHECK vqc_status vqc_table_to_yaml(const vqc_table *table, const vqc_table_column *columns,
                                            vqc_yaml **yaml_out, vqc_error *error);

#endif
