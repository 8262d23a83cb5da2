#include "config/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/memory.h"
#include "base/text_file.h"
#include "base/utf8.h"
#include "config/yaml_tree.h"

/* Where reading is. Exactly one event is held between calls of next_event. */
typedef struct yaml_reader {
    vqc_yaml *document;
    size_t start; /* of the text, behind a byte-order mark */
    size_t index; /* a place that libyaml counts in characters from the start, never going back ... */
    size_t byte;  /* ... and its byte in the source */
    yaml_parser_t parser;
    yaml_event_t event;
} yaml_reader;

/* ---- Nodes ---- */

static void node_destroy(vqc_yaml_node *node)
{
    if (node == NULL)
        return;
    for (size_t i = 0; i < node->count; i++)
        node_destroy(node->children[i]); /* no deeper than VQC_YAML_MAX_DEPTH */
    free(node->children);
    free(node->key);
    free(node->scalar);
    free(node);
}

vqc_yaml_kind vqc_yaml_kind_of(const vqc_yaml_node *node)
{
    return node->kind;
}

size_t vqc_yaml_line(const vqc_yaml_node *node)
{
    return node->place.line;
}

size_t vqc_yaml_column(const vqc_yaml_node *node)
{
    return node->place.column;
}

const char *vqc_yaml_key(const vqc_yaml_node *node)
{
    return node->key;
}

static vqc_text_place key_place(const vqc_yaml_node *node)
{
    return node->key == NULL ? node->place : node->key_place;
}

size_t vqc_yaml_key_line(const vqc_yaml_node *node)
{
    return key_place(node).line;
}

size_t vqc_yaml_key_column(const vqc_yaml_node *node)
{
    return key_place(node).column;
}

size_t vqc_yaml_count(const vqc_yaml_node *node)
{
    return node->count;
}

const vqc_yaml_node *vqc_yaml_at(const vqc_yaml_node *node, size_t index)
{
    return node->children[index];
}

const char *vqc_yaml_scalar(const vqc_yaml_node *node)
{
    return node->scalar;
}

bool vqc_yaml_is_plain(const vqc_yaml_node *node)
{
    return node->plain;
}

bool vqc_yaml_has_comment(const vqc_yaml_node *node)
{
    return node->has_comment;
}

const vqc_yaml_node *vqc_yaml_find(const vqc_yaml_node *mapping, const char *key)
{
    if (mapping->kind != VQC_YAML_MAPPING)
        return NULL;
    for (size_t i = 0; i < mapping->count; i++)
        if (strcmp(mapping->children[i]->key, key) == 0)
            return mapping->children[i];
    return NULL;
}

/* ---- Errors ---- */

/* Writes the way to a node, "render.optimizer.lr", cut where it is too long. Returns the length. */
static size_t describe_way(const vqc_yaml_node *node, char *text, size_t size)
{
    text[0] = '\0';
    if (node->parent == NULL)
        return 0;
    size_t length = describe_way(node->parent, text, size);
    int added = node->key == NULL ? snprintf(text + length, size - length, "[%zu]", node->index)
                                  : snprintf(text + length, size - length, "%s%s", length == 0 ? "" : ".", node->key);
    size_t total = length + (size_t)(added < 0 ? 0 : added);
    return total < size ? total : size - 1;
}

static vqc_status node_error(const vqc_yaml_node *node, vqc_text_place place, vqc_error *error, const char *message)
{
    char way[256];
    size_t length = describe_way(node, way, sizeof way);
    return vqc_error_set(error, VQC_BAD_INPUT, "%s:%zu:%zu: %s%s%s", node->document->name, place.line, place.column,
                         way, length == 0 ? "" : ": ", message);
}

vqc_status vqc_yaml_error(const vqc_yaml_node *node, vqc_error *error, const char *format, ...)
{
    char message[VQC_ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return node_error(node, node->place, error, message);
}

vqc_status vqc_yaml_key_error(const vqc_yaml_node *node, vqc_error *error, const char *format, ...)
{
    char message[VQC_ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return node_error(node, key_place(node), error, message);
}

/* The place of a byte of the text; columns count characters. */
static vqc_text_place place_of_byte(const vqc_yaml *document, size_t offset)
{
    vqc_text_place place = {1, 1};
    for (size_t i = 0; i < offset && i < document->size; i++) {
        unsigned char byte = (unsigned char)document->source[i];
        if (byte == '\n')
            place.column = 1;
        else if (byte < 0x80 || byte >= 0xc0)
            place.column++;
        place.line += byte == '\n';
    }
    return place;
}

static vqc_status text_error(const vqc_yaml *document, vqc_text_place place, const char *message, vqc_error *error)
{
    return vqc_error_set(error, VQC_BAD_INPUT, "%s:%zu:%zu: %s", document->name, place.line, place.column, message);
}

static vqc_text_place place_of_mark(yaml_mark_t mark)
{
    return (vqc_text_place){mark.line + 1, mark.column + 1};
}

static vqc_status event_error(const yaml_reader *reader, const char *message, vqc_error *error)
{
    return text_error(reader->document, place_of_mark(reader->event.start_mark), message, error);
}

/* What libyaml says about a text it cannot read. */
static vqc_status parser_error(const yaml_reader *reader, vqc_error *error)
{
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return vqc_error_set(error, VQC_FAILED, "%s: out of memory", reader->document->name);
    vqc_text_place place = parser->error == YAML_READER_ERROR
                               ? place_of_byte(reader->document, reader->start + parser->problem_offset)
                               : place_of_mark(parser->problem_mark);
    return text_error(reader->document, place, parser->problem == NULL ? "not YAML" : parser->problem, error);
}

/* ---- Reading ---- */

/* Replaces the event that is held by the next one. */
static vqc_status next_event(yaml_reader *reader, vqc_error *error)
{
    yaml_event_delete(&reader->event);
    if (yaml_parser_parse(&reader->parser, &reader->event) == 0)
        return parser_error(reader, error);
    return VQC_OK;
}

/* Copies the text of the scalar event that is held. */
static vqc_status copy_scalar(const yaml_reader *reader, char **text_out, vqc_error *error)
{
    const char *value = (const char *)reader->event.data.scalar.value;
    if (strlen(value) != reader->event.data.scalar.length)
        return event_error(reader, "expected text, found the character U+0000", error);
    return vqc_memory_copy_text(value, text_out, error);
}

/* Whether the scalar event that is held has a comment behind it in its line. */
static bool comment_follows(yaml_reader *reader)
{
    const vqc_yaml *document = reader->document;
    for (; reader->index < reader->event.end_mark.index && reader->byte < document->size; reader->index++)
        reader->byte += vqc_utf8_sequence_size(document->source + reader->byte, document->size - reader->byte);
    const char *behind = document->source + reader->byte;
    size_t blanks = strspn(behind, " \t"); /* the source ends in a NUL */
    return blanks > 0 && behind[blanks] == '#';
}

vqc_status vqc_yaml_child_append(vqc_yaml_node *parent, vqc_yaml_node **child_out, vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&parent->children, &parent->capacity, parent->count + 1, sizeof(vqc_yaml_node *),
                            "a YAML document", error));
    vqc_yaml_node *child;
    VQC_TRY(vqc_memory_allocate(1, sizeof *child, "a YAML document", &child, error));
    *child = (vqc_yaml_node){.document = parent->document, .parent = parent, .index = parent->count};
    parent->children[parent->count++] = child;
    *child_out = child;
    return VQC_OK;
}

/* Anchors and tags are refused. */
static vqc_status check_plain_node(const yaml_reader *reader, const yaml_char_t *anchor, const yaml_char_t *tag,
                                   vqc_error *error)
{
    if (anchor != NULL)
        return event_error(reader, "anchors are not supported", error);
    if (tag != NULL)
        return event_error(reader, "tags are not supported", error);
    return VQC_OK;
}

static vqc_status read_node(yaml_reader *reader, vqc_yaml_node *node, int depth, vqc_error *error);

/* Reads the key that is held into a new child, and moves on to its value. */
static vqc_status read_key(yaml_reader *reader, vqc_yaml_node *mapping, vqc_yaml_node **child_out, vqc_error *error)
{
    if (reader->event.type != YAML_SCALAR_EVENT)
        return event_error(reader, "expected a key, found no plain text", error);
    VQC_TRY(check_plain_node(reader, reader->event.data.scalar.anchor, reader->event.data.scalar.tag, error));
    if (reader->event.data.scalar.length == 0)
        return event_error(reader, "expected a key, found nothing", error);
    if (mapping->count == VQC_YAML_MAX_KEYS)
        return event_error(reader, "too many keys in one mapping", error);
    char *key;
    VQC_TRY(copy_scalar(reader, &key, error));
    const vqc_yaml_node *first = vqc_yaml_find(mapping, key);
    vqc_yaml_node *child;
    vqc_status status = vqc_yaml_child_append(mapping, &child, error);
    if (status != VQC_OK) {
        free(key);
        return status;
    }
    child->key = key;
    child->key_place = place_of_mark(reader->event.start_mark);
    if (first != NULL)
        return vqc_yaml_key_error(child, error, "the key stands twice in this mapping, first in line %zu",
                                  first->key_place.line);
    *child_out = child;
    return next_event(reader, error);
}

/* Reads the children of a sequence or mapping whose start event is held. */
static vqc_status read_children(yaml_reader *reader, vqc_yaml_node *node, int depth, vqc_error *error)
{
    if (depth >= VQC_YAML_MAX_DEPTH)
        return event_error(reader, "nested too deeply", error);
    bool mapping = node->kind == VQC_YAML_MAPPING;
    yaml_event_type_t end = mapping ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    for (;;) {
        VQC_TRY(next_event(reader, error));
        if (reader->event.type == end)
            return VQC_OK;
        vqc_yaml_node *child = NULL;
        if (mapping)
            VQC_TRY(read_key(reader, node, &child, error));
        else
            VQC_TRY(vqc_yaml_child_append(node, &child, error));
        VQC_TRY(read_node(reader, child, depth + 1, error));
    }
}

/* Reads the node whose first event is held; its last event is held afterwards. */
static vqc_status read_node(yaml_reader *reader, vqc_yaml_node *node, int depth, vqc_error *error)
{
    const yaml_event_t *event = &reader->event;
    node->place = place_of_mark(event->start_mark);
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        VQC_TRY(check_plain_node(reader, event->data.scalar.anchor, event->data.scalar.tag, error));
        node->kind = VQC_YAML_SCALAR;
        node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        node->has_comment = comment_follows(reader);
        return copy_scalar(reader, &node->scalar, error);
    case YAML_SEQUENCE_START_EVENT:
        VQC_TRY(check_plain_node(reader, event->data.sequence_start.anchor, event->data.sequence_start.tag, error));
        node->kind = VQC_YAML_SEQUENCE;
        return read_children(reader, node, depth, error);
    case YAML_MAPPING_START_EVENT:
        VQC_TRY(check_plain_node(reader, event->data.mapping_start.anchor, event->data.mapping_start.tag, error));
        node->kind = VQC_YAML_MAPPING;
        return read_children(reader, node, depth, error);
    default:
        return event_error(reader, "aliases are not supported", error);
    }
}

/* Reads the stream: its start, one document, its end. */
static vqc_status read_stream(yaml_reader *reader, vqc_error *error)
{
    vqc_yaml *document = reader->document;
    VQC_TRY(next_event(reader, error)); /* the start of the stream */
    VQC_TRY(next_event(reader, error));
    if (reader->event.type == YAML_STREAM_END_EVENT)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a YAML document, found nothing", document->name);
    VQC_TRY(next_event(reader, error));
    VQC_TRY(vqc_memory_allocate(1, sizeof *document->root, "a YAML document", &document->root, error));
    document->root->document = document;
    VQC_TRY(read_node(reader, document->root, 0, error));
    VQC_TRY(next_event(reader, error)); /* the end of the document */
    VQC_TRY(next_event(reader, error));
    if (reader->event.type != YAML_STREAM_END_EVENT)
        return event_error(reader, "expected one YAML document, found a second one", error);
    return VQC_OK;
}

static vqc_status parse_document(vqc_yaml *document, vqc_error *error)
{
    size_t start;
    VQC_TRY(vqc_text_check(document->name, document->source, document->size, &start, error));
    yaml_reader reader = {.document = document, .start = start, .byte = start};
    if (yaml_parser_initialize(&reader.parser) == 0)
        return vqc_error_set(error, VQC_FAILED, "%s: out of memory", document->name);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)document->source + start,
                                 document->size - start);
    vqc_status status = read_stream(&reader, error);
    yaml_event_delete(&reader.event);
    yaml_parser_delete(&reader.parser);
    return status;
}

/* Makes a document from a text that it takes over, whatever happens. */
static vqc_status create_document(const char *name, char *source, size_t size, vqc_yaml **yaml_out, vqc_error *error)
{
    vqc_yaml *document;
    vqc_status status = vqc_memory_allocate(1, sizeof *document, "a YAML document", &document, error);
    if (status != VQC_OK) {
        free(source);
        return status;
    }
    document->source = source;
    document->size = size;
    status = vqc_memory_copy_text(name, &document->name, error);
    if (status == VQC_OK)
        status = parse_document(document, error);
    if (status != VQC_OK) {
        vqc_yaml_destroy(document);
        return status;
    }
    *yaml_out = document;
    return VQC_OK;
}

static vqc_status check_size(const char *name, size_t size, vqc_error *error)
{
    if (size > VQC_YAML_MAX_SIZE)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: a YAML file may have %d bytes at most", name,
                             VQC_YAML_MAX_SIZE);
    return VQC_OK;
}

vqc_status vqc_yaml_parse(const char *name, const char *text, size_t size, vqc_yaml **yaml_out, vqc_error *error)
{
    VQC_TRY(check_size(name, size, error));
    char *source;
    VQC_TRY(vqc_memory_allocate(size + 1, 1, "a YAML document", &source, error));
    memcpy(source, text, size);
    return create_document(name, source, size, yaml_out, error);
}

vqc_status vqc_yaml_read(const char *path, vqc_yaml **yaml_out, vqc_error *error)
{
    vqc_text text;
    VQC_TRY(vqc_text_file_read(path, VQC_YAML_MAX_SIZE, &text, error));
    return create_document(path, text.data, text.size, yaml_out, error);
}

void vqc_yaml_destroy(vqc_yaml *yaml)
{
    if (yaml == NULL)
        return;
    node_destroy(yaml->root);
    free(yaml->source);
    free(yaml->name);
    free(yaml);
}

const char *vqc_yaml_name(const vqc_yaml *yaml)
{
    return yaml->name;
}

const char *vqc_yaml_source(const vqc_yaml *yaml, size_t *size_out)
{
    *size_out = yaml->size;
    return yaml->source;
}

const vqc_yaml_node *vqc_yaml_root(const vqc_yaml *yaml)
{
    return yaml->root;
}
