#include "config/table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "base/memory.h"
#include "base/text_file.h"
#include "config/yaml_tree.h"

typedef struct table_cell {
    const char *text;
    uint32_t line, column; /* where it begins, quotes and all */
} table_cell;

struct vqc_table {
    char *name;
    char *source; /* size bytes and a NUL */
    size_t size;
    char *texts;       /* of the cells, each with a NUL */
    size_t text_bytes; /* that are used */
    table_cell *cells; /* row by row, the heading first */
    size_t count, capacity;
    size_t columns;
};

/* Where reading is. */
typedef struct table_reader {
    vqc_table *table;
    vqc_text_place place; /* of the next byte */
    vqc_text_place begin; /* of the cell at hand */
    size_t cell_bytes;    /* of it so far, as the file has them */
    size_t row_cells;     /* finished, of the row at hand */
    bool row_ended;       /* by the last byte */
    bool cell_ended;
    vqc_status status;
    vqc_error *error;
} table_reader;

static vqc_status place_error(const vqc_table *table, size_t line, size_t column, vqc_error *error,
                              const char *message)
{
    return vqc_error_set(error, VQC_BAD_INPUT, "%s:%zu:%zu: %s", table->name, line, column, message);
}

/* ---- Reading: libcsv says where cells and rows end ---- */

/* A blank is no more than any other character. */
static int is_space(unsigned char byte)
{
    (void)byte;
    return 0;
}

static void cell_end(void *text, size_t size, void *context)
{
    table_reader *reader = context;
    vqc_table *table = reader->table;
    char *copy = table->texts + table->text_bytes;
    reader->cell_ended = true;
    if (reader->status == VQC_OK)
        reader->status = vqc_memory_grow(&table->cells, &table->capacity, table->count + 1, sizeof *table->cells,
                                         "a table", reader->error);
    if (reader->status != VQC_OK)
        return;
    memcpy(copy, text, size);
    copy[size] = '\0';
    table->text_bytes += size + 1; /* no more than the file has: the byte that ended the cell was one */
    table->cells[table->count++] =
        (table_cell){.text = copy, .line = (uint32_t)reader->begin.line, .column = (uint32_t)reader->begin.column};
    reader->row_cells++;
}

static void row_end(int byte, void *context)
{
    table_reader *reader = context;
    vqc_table *table = reader->table;
    char message[128];
    (void)byte;
    reader->row_ended = true;
    if (reader->status != VQC_OK)
        return;
    if (table->columns == 0)
        table->columns = reader->row_cells;
    const table_cell *first = &table->cells[table->count - reader->row_cells];
    if (table->columns > VQC_TABLE_MAX_COLUMNS || reader->row_cells != table->columns) {
        (void)snprintf(message, sizeof message, "expected %s%zu cells%s, found %zu",
                       table->columns > VQC_TABLE_MAX_COLUMNS ? "at most " : "",
                       table->columns > VQC_TABLE_MAX_COLUMNS ? (size_t)VQC_TABLE_MAX_COLUMNS : table->columns,
                       table->columns > VQC_TABLE_MAX_COLUMNS ? "" : ", as the heading has", reader->row_cells);
        reader->status = place_error(table, first->line, first->column, reader->error, message);
    }
    reader->row_cells = 0;
}

static vqc_status parser_refuse(const table_reader *reader, struct csv_parser *parser, vqc_error *error)
{
    if (csv_error(parser) != CSV_EPARSE)
        return vqc_error_set(error, VQC_FAILED, "%s: %s", reader->table->name, csv_strerror(csv_error(parser)));
    return place_error(reader->table, reader->begin.line, reader->begin.column, error,
                       "expected a cell in quotes as a whole, with \"\" for each quote in it, or one without quotes; "
                       "prompts: {file: ..., quotes: text} takes them as text");
}

/* Goes on behind the byte; columns count characters. */
static void place_advance(table_reader *reader, char byte)
{
    if (byte == '\n')
        reader->place = (vqc_text_place){reader->place.line + 1, 1};
    else if (((unsigned char)byte & 0xc0) != 0x80)
        reader->place.column++;
    reader->cell_bytes++;
    if (reader->cell_ended || reader->row_ended ||
        (reader->row_cells == 0 && byte == '\n' && reader->cell_bytes == 1)) {
        reader->begin = reader->place;
        reader->cell_bytes = 0;
    }
}

/* Whether a row has begun, in which a carriage return may be text. */
static bool in_row(const table_reader *reader)
{
    return reader->row_cells > 0 || reader->cell_bytes > 0;
}

static vqc_status byte_read(table_reader *reader, struct csv_parser *parser, const char *byte, vqc_error *error)
{
    const bool begun = in_row(reader);
    reader->cell_ended = false;
    reader->row_ended = false;
    if (csv_parse(parser, byte, 1, cell_end, row_end, reader) != 1)
        return parser_refuse(reader, parser, error);
    VQC_TRY(reader->status);
    if (*byte == '\r' && (reader->row_ended || !begun) && byte[1] != '\n') /* the text ends in a NUL */
        return place_error(reader->table, reader->place.line, reader->place.column, error,
                           "expected lines that end in a line feed, found a carriage return alone");
    if (*byte == '\r' && !begun)
        return VQC_OK; /* of a line without anything */
    place_advance(reader, *byte);
    if (reader->cell_bytes > VQC_TABLE_MAX_CELL)
        return place_error(reader->table, reader->begin.line, reader->begin.column, error,
                           "a cell of more than 16382 bytes");
    return VQC_OK;
}

/* What ends with the file: a last line without a line feed. */
static vqc_status end_read(table_reader *reader, struct csv_parser *parser, vqc_error *error)
{
    if (csv_fini(parser, cell_end, row_end, reader) != 0)
        return parser_refuse(reader, parser, error);
    return reader->status;
}

static vqc_status cells_read(vqc_table *table, size_t start, vqc_table_form form, vqc_error *error)
{
    struct csv_parser parser;
    table_reader reader = {.table = table, .place = {1, 1}, .begin = {1, 1}, .error = error};
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return vqc_error_set(error, VQC_FAILED, "%s: libcsv cannot be started", table->name);
    csv_set_delim(&parser, (unsigned char)form.separator);
    csv_set_space_func(&parser, is_space);
    if (form.bare)
        csv_set_quote(&parser, '\0'); /* no text has one */
    vqc_status status = VQC_OK;
    for (size_t i = start; i < table->size && status == VQC_OK; i++)
        status = byte_read(&reader, &parser, &table->source[i], error);
    if (status == VQC_OK)
        status = end_read(&reader, &parser, error);
    csv_free(&parser);
    return status;
}

static vqc_status table_fill(vqc_table *table, const char *name, const char *text, size_t size, vqc_table_form form,
                             vqc_error *error)
{
    size_t start;
    VQC_TRY(vqc_memory_copy_text(name, &table->name, error));
    if (size > VQC_TABLE_MAX_SIZE)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: a table may have %d bytes at most", name, VQC_TABLE_MAX_SIZE);
    VQC_TRY(vqc_text_check(name, text, size, &start, error));
    VQC_TRY(vqc_memory_allocate(size + 1, 1, "a table", &table->source, error));
    VQC_TRY(vqc_memory_allocate(size + 2, 1, "a table", &table->texts, error));
    memcpy(table->source, text, size);
    table->size = size;
    return cells_read(table, start, form, error);
}

vqc_status vqc_table_parse(const char *name, const char *text, size_t size, vqc_table_form form,
                           vqc_table **table_out, vqc_error *error)
{
    vqc_table *table;
    VQC_TRY(vqc_memory_allocate(1, sizeof *table, "a table", &table, error));
    vqc_status status = table_fill(table, name, text, size, form, error);
    if (status != VQC_OK) {
        vqc_table_destroy(table);
        return status;
    }
    *table_out = table;
    return VQC_OK;
}

void vqc_table_destroy(vqc_table *table)
{
    if (table == NULL)
        return;
    free(table->name);
    free(table->source);
    free(table->texts);
    free(table->cells);
    free(table);
}

/* ---- Cells ---- */

size_t vqc_table_row_count(const vqc_table *table)
{
    return table->columns == 0 ? 0 : table->count / table->columns - 1;
}

size_t vqc_table_column_count(const vqc_table *table)
{
    return table->columns;
}

const char *vqc_table_heading(const vqc_table *table, size_t column)
{
    return table->cells[column].text;
}

static const table_cell *cell_at(const vqc_table *table, size_t row, size_t column)
{
    return &table->cells[(row + 1) * table->columns + column];
}

const char *vqc_table_cell(const vqc_table *table, size_t row, size_t column)
{
    return cell_at(table, row, column)->text;
}

vqc_status vqc_table_heading_error(const vqc_table *table, size_t column, vqc_error *error, const char *format, ...)
{
    char message[VQC_ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return place_error(table, table->cells[column].line, table->cells[column].column, error, message);
}

vqc_status vqc_table_cell_error(const vqc_table *table, size_t row, size_t column, vqc_error *error,
                                const char *format, ...)
{
    char message[VQC_ERROR_MESSAGE_SIZE];
    const table_cell *cell = cell_at(table, row, column);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return place_error(table, cell->line, cell->column, error, message);
}

/* ---- As YAML ---- */

/* Takes the children over from a document of their own, to where their cell is. */
static void children_take(vqc_yaml_node *node, vqc_yaml_node *from)
{
    node->kind = from->kind;
    node->children = from->children;
    node->count = from->count;
    node->capacity = from->capacity;
    node->scalar = from->scalar;
    node->plain = from->plain;
    from->children = NULL;
    from->count = 0;
    from->scalar = NULL;
}

/* Gives all below the node its document and place. */
static void children_place(vqc_yaml_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        node->children[i]->document = node->document;
        node->children[i]->parent = node;
        node->children[i]->place = node->place;
        node->children[i]->key_place = node->place;
        children_place(node->children[i]); /* no deeper than VQC_YAML_MAX_DEPTH */
    }
}

/* Reads a cell that is YAML. */
static vqc_status flow_read(const table_cell *cell, vqc_yaml_node *node, vqc_error *error)
{
    vqc_yaml *yaml;
    vqc_error reason;
    if (vqc_yaml_parse("its YAML", cell->text, strlen(cell->text), &yaml, &reason) != VQC_OK)
        return reason.status == VQC_FAILED ? vqc_error_set(error, VQC_FAILED, "%s", reason.message)
                                           : vqc_yaml_error(node, error, "%s", reason.message);
    children_take(node, yaml->root);
    children_place(node);
    vqc_yaml_destroy(yaml);
    return VQC_OK;
}

static vqc_status cell_add(vqc_yaml_node *row, const table_cell *cell, const vqc_table_column *column,
                           vqc_error *error)
{
    vqc_yaml_node *node;
    if (column->key == NULL || cell->text[0] == '\0')
        return VQC_OK;
    VQC_TRY(vqc_yaml_child_append(row, &node, error));
    node->place = (vqc_text_place){cell->line, cell->column};
    node->key_place = node->place;
    VQC_TRY(vqc_memory_copy_text(column->key, &node->key, error));
    if (!column->text && (cell->text[0] == '[' || cell->text[0] == '{'))
        return flow_read(cell, node, error);
    node->plain = !column->text;
    return vqc_memory_copy_text(cell->text, &node->scalar, error);
}

static vqc_status rows_add(const vqc_table *table, const vqc_table_column *columns, vqc_yaml *yaml, vqc_error *error)
{
    vqc_yaml_node *row;
    VQC_TRY(vqc_memory_allocate(1, sizeof *yaml->root, "a table", &yaml->root, error));
    *yaml->root = (vqc_yaml_node){.document = yaml, .kind = VQC_YAML_SEQUENCE, .place = {1, 1}};
    for (size_t i = 0; i < vqc_table_row_count(table); i++) {
        const table_cell *cells = cell_at(table, i, 0);
        VQC_TRY(vqc_yaml_child_append(yaml->root, &row, error));
        row->kind = VQC_YAML_MAPPING;
        row->place = (vqc_text_place){cells->line, cells->column};
        for (size_t j = 0; j < table->columns; j++)
            VQC_TRY(cell_add(row, &cells[j], &columns[j], error));
    }
    return VQC_OK;
}

vqc_status vqc_table_to_yaml(const vqc_table *table, const vqc_table_column *columns, vqc_yaml **yaml_out,
                             vqc_error *error)
{
    vqc_yaml *yaml;
    VQC_TRY(vqc_memory_allocate(1, sizeof *yaml, "a table", &yaml, error));
    vqc_status status = vqc_memory_copy_text(table->name, &yaml->name, error);
    if (status == VQC_OK)
        status = vqc_memory_allocate(table->size + 1, 1, "a table", &yaml->source, error);
    if (status == VQC_OK) {
        memcpy(yaml->source, table->source, table->size);
        yaml->size = table->size;
        status = rows_add(table, columns, yaml, error);
    }
    if (status != VQC_OK) {
        vqc_yaml_destroy(yaml);
        return status;
    }
    *yaml_out = yaml;
    return VQC_OK;
}
