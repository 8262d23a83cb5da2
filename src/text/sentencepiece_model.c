#include "text/sentencepiece_model.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/text_file.h"
#include "base/utf8.h"

/* ---- Protocol buffers ---- */

/* A message, or what is left of it. */
typedef struct message {
    const char *path, *name; /* for errors */
    const unsigned char *bytes;
    size_t size;
} message;

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

/* One field: number and what it holds. */
typedef struct field {
    uint64_t number;
    int wire;
    uint64_t value;             /* of varints, and the bits of fixed numbers */
    const unsigned char *bytes; /* of WIRE_BYTES */
    size_t size;
} field;

static vqc_status message_broken(const message *in, vqc_error *error)
{
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s: not a model of sentencepiece, or a broken one", in->path,
                         in->name);
}

static void message_skip(message *in, size_t size)
{
    in->bytes += size;
    in->size -= size;
}

static vqc_status varint_read(message *in, uint64_t *value_out, vqc_error *error)
{
    *value_out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (in->size == 0)
            return message_broken(in, error);
        unsigned char byte = in->bytes[0];
        message_skip(in, 1);
        *value_out |= (uint64_t)(byte & 0x7fU) << shift;
        if (byte < 0x80)
            return VQC_OK;
    }
    return message_broken(in, error);
}

/* Reads a fixed number of so many bytes. */
static vqc_status fixed_read(message *in, size_t size, uint64_t *value_out, vqc_error *error)
{
    *value_out = 0;
    if (in->size < size)
        return message_broken(in, error);
    for (size_t i = 0; i < size; i++)
        *value_out |= (uint64_t)in->bytes[i] << (8 * i);
    message_skip(in, size);
    return VQC_OK;
}

static vqc_status field_read(message *in, field *out, vqc_error *error)
{
    uint64_t key;
    VQC_TRY(varint_read(in, &key, error));
    *out = (field){.number = key >> 3, .wire = (int)(key & 7)};
    if (out->wire == WIRE_VARINT)
        return varint_read(in, &out->value, error);
    if (out->wire == WIRE_64 || out->wire == WIRE_32)
        return fixed_read(in, out->wire == WIRE_64 ? 8 : 4, &out->value, error);
    if (out->wire != WIRE_BYTES)
        return message_broken(in, error);
    VQC_TRY(varint_read(in, &out->value, error));
    if (out->value > in->size)
        return message_broken(in, error);
    out->bytes = in->bytes;
    out->size = (size_t)out->value;
    message_skip(in, out->size);
    return VQC_OK;
}

/* ---- The model's parts ---- */

/* SentencePiece.Type */
enum { PIECE_NORMAL = 1, PIECE_UNKNOWN = 2, PIECE_CONTROL = 3, PIECE_USER_DEFINED = 4, PIECE_UNUSED = 5 };
/* TrainerSpec */
enum { TRAINER_MODEL_TYPE = 3, TRAINER_SUFFIX = 24, TRAINER_BYTE_FALLBACK = 35, MODEL_UNIGRAM = 1 };
/* NormalizerSpec */
enum { NORMALIZER_MAP = 2, NORMALIZER_PREFIX = 3, NORMALIZER_SPACES = 4, NORMALIZER_ESCAPES = 5 };
/* ModelProto */
enum { MODEL_PIECE = 1, MODEL_TRAINER = 2, MODEL_NORMALIZER = 3 };

static float float_of(uint64_t bits)
{
    uint32_t word = (uint32_t)bits;
    float number;
    memcpy(&number, &word, sizeof number);
    return number;
}

/* Adds a piece with what its type makes of it. */
static vqc_status piece_add(vqc_sentencepiece_model *model, const message *in, const field *text, float score,
                            uint64_t type, vqc_error *error)
{
    int32_t id = (int32_t)model->pieces.count;
    const char *bytes = (const char *)text->bytes;
    if (text->size == 0 || memchr(bytes, '\0', text->size) != NULL || !vqc_utf8_is_valid(bytes, text->size))
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: piece %d: expected a text", in->path, id);
    if (type < PIECE_NORMAL || type > PIECE_UNUSED || type == PIECE_USER_DEFINED)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: piece %d: type: expected 1, 2, 3 or 5, found %llu", in->path,
                             id, (unsigned long long)type);
    if (!isfinite(score))
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: piece %d: score: not a finite number", in->path, id);
    if (vqc_pieces_find(&model->pieces, bytes, text->size) != VQC_PIECES_NONE)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: piece %d: there twice", in->path, id);
    VQC_TRY(vqc_memory_grow(&model->scores, &model->score_capacity, (size_t)id + 1, sizeof *model->scores, "scores",
                            error));
    model->scores[id] = type == PIECE_NORMAL ? (double)score : (double)NAN;
    if (type == PIECE_UNKNOWN)
        model->unigram.unknown = id;
    if (type == PIECE_NORMAL && (double)score < model->unigram.unknown_score)
        model->unigram.unknown_score = (double)score;
    return vqc_pieces_add(&model->pieces, bytes, text->size, id, error);
}

static vqc_status piece_read(vqc_sentencepiece_model *model, message in, vqc_error *error)
{
    field text = {0};
    float score = 0.0F;
    uint64_t type = PIECE_NORMAL;
    while (in.size > 0) {
        field next;
        VQC_TRY(field_read(&in, &next, error));
        if (next.number == 1 && next.wire == WIRE_BYTES)
            text = next;
        else if (next.number == 2 && next.wire == WIRE_32)
            score = float_of(next.value);
        else if (next.number == 3 && next.wire == WIRE_VARINT)
            type = next.value;
        else
            return message_broken(&in, error);
    }
    return piece_add(model, &in, &text, score, type, error);
}

/* The field must hold this value; others are not computed. */
static vqc_status value_check(const message *in, const field *found, const char *name, uint64_t value,
                              vqc_error *error)
{
    if (found->wire != WIRE_VARINT)
        return message_broken(in, error);
    if (found->value != value)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s.%s: expected %llu, found %llu", in->path, in->name, name,
                             (unsigned long long)value, (unsigned long long)found->value);
    return VQC_OK;
}

static vqc_status trainer_read(message in, vqc_error *error)
{
    while (in.size > 0) {
        field next;
        VQC_TRY(field_read(&in, &next, error));
        if (next.number == TRAINER_MODEL_TYPE)
            VQC_TRY(value_check(&in, &next, "model_type", MODEL_UNIGRAM, error));
        if (next.number == TRAINER_SUFFIX)
            VQC_TRY(value_check(&in, &next, "treat_whitespace_as_suffix", 0, error));
        if (next.number == TRAINER_BYTE_FALLBACK)
            VQC_TRY(value_check(&in, &next, "byte_fallback", 0, error));
    }
    return VQC_OK;
}

static vqc_status normalizer_read(vqc_sentencepiece_model *model, message in, vqc_error *error)
{
    while (in.size > 0) {
        field next;
        VQC_TRY(field_read(&in, &next, error));
        if (next.number == NORMALIZER_MAP && next.size > 0) {
            vqc_charsmap_release(&model->map);
            VQC_TRY(vqc_charsmap_init(&model->map, in.path, next.bytes, next.size, error));
        } else if (next.number == NORMALIZER_PREFIX) {
            model->adds_prefix = next.value != 0;
        } else if (next.number == NORMALIZER_SPACES) {
            model->removes_spaces = next.value != 0;
        } else if (next.number == NORMALIZER_ESCAPES) {
            VQC_TRY(value_check(&in, &next, "escape_whitespaces", 1, error));
        }
    }
    return VQC_OK;
}

static vqc_status part_read(vqc_sentencepiece_model *model, const message *in, const field *part, vqc_error *error)
{
    message inner = {.path = in->path, .name = "the model", .bytes = part->bytes, .size = part->size};
    if (part->wire != WIRE_BYTES)
        return message_broken(in, error);
    if (part->number == MODEL_PIECE) {
        inner.name = "pieces";
        return piece_read(model, inner, error);
    }
    if (part->number == MODEL_TRAINER) {
        inner.name = "trainer_spec";
        return trainer_read(inner, error);
    }
    inner.name = "normalizer_spec";
    return part->number == MODEL_NORMALIZER ? normalizer_read(model, inner, error) : VQC_OK;
}

static vqc_status model_read(vqc_sentencepiece_model *model, message in, vqc_error *error)
{
    static const float unknown_penalty = 10.0F;
    while (in.size > 0) {
        field part;
        VQC_TRY(field_read(&in, &part, error));
        VQC_TRY(part_read(model, &in, &part, error));
    }
    if (model->unigram.unknown == VQC_PIECES_NONE)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: no piece of the type 2, unknown", in.path);
    model->unigram.pieces = &model->pieces;
    model->unigram.scores = model->scores;
    model->unigram.unknown_score = (double)((float)model->unigram.unknown_score - unknown_penalty);
    return VQC_OK;
}

vqc_status vqc_sentencepiece_model_init(vqc_sentencepiece_model *model, const char *path, vqc_error *error)
{
    vqc_text bytes;
    *model = (vqc_sentencepiece_model){
        .adds_prefix = true,
        .removes_spaces = true,
        .unigram = {.unknown = VQC_PIECES_NONE, .unknown_score = (double)FLT_MAX, .single = true}};
    VQC_TRY(vqc_text_file_read(path, VQC_SENTENCEPIECE_MAX_FILE, &bytes, error));
    const message whole = {
        .path = path, .name = "the model", .bytes = (const unsigned char *)bytes.data, .size = bytes.size};
    vqc_status status = model_read(model, whole, error);
    vqc_text_release(&bytes);
    if (status != VQC_OK)
        vqc_sentencepiece_model_release(model);
    return status;
}

void vqc_sentencepiece_model_release(vqc_sentencepiece_model *model)
{
    vqc_pieces_release(&model->pieces);
    free(model->scores);
    vqc_charsmap_release(&model->map);
    *model = (vqc_sentencepiece_model){0};
}

/* ---- Texts ---- */

static const char space_mark[] = "\xe2\x96\x81";
enum { MARK_SIZE = 3 };

/* The replacement of what a text begins with: of the longest key, else its first character as it stands. A key that
 * ends inside a character leaves the rest of it, of which each byte becomes U+FFFD, as in sentencepiece. */
static const char *prefix_normalise(const vqc_sentencepiece_model *model, const char *text, size_t size,
                                    size_t *content_size, size_t *key_size)
{
    const char *content = NULL;
    if (model->map.units != NULL)
        content = vqc_charsmap_find(&model->map, text, size, true, key_size);
    if (content != NULL) {
        *content_size = strlen(content);
        return content;
    }
    *content_size = *key_size = vqc_utf8_sequence_size(text, size);
    if (*key_size > 0)
        return text;
    *content_size = MARK_SIZE;
    *key_size = 1;
    return "\xef\xbf\xbd";
}

/* Appends with marks for spaces; those at the start only where no space came before. */
static vqc_status content_append(const char *content, size_t size, bool *after_space, vqc_text *target,
                                 vqc_error *error)
{
    while (*after_space && size > 0 && content[0] == ' ') {
        content++;
        size--;
    }
    for (size_t i = 0; i < size; i++)
        VQC_TRY(vqc_text_append(target, error, "%.*s", content[i] == ' ' ? MARK_SIZE : 1,
                                content[i] == ' ' ? space_mark : content + i));
    if (size > 0)
        *after_space = content[size - 1] == ' ';
    return VQC_OK;
}

static vqc_status text_normalise(const vqc_sentencepiece_model *model, const char *text, size_t size,
                                 vqc_text *target, vqc_error *error)
{
    bool after_space = model->removes_spaces;
    bool begun = !model->removes_spaces;
    size_t content_size;
    size_t key_size;
    for (size_t at = 0; at < size; at += key_size) {
        const char *content = prefix_normalise(model, text + at, size - at, &content_size, &key_size);
        if (!begun && content_size == 1 && content[0] == ' ')
            continue;
        if (target->size == 0 && model->adds_prefix)
            VQC_TRY(vqc_text_append(target, error, "%s", space_mark));
        begun = true;
        VQC_TRY(content_append(content, content_size, &after_space, target, error));
        after_space = after_space && model->removes_spaces;
    }
    while (model->removes_spaces && target->size >= MARK_SIZE &&
           memcmp(target->data + target->size - MARK_SIZE, space_mark, MARK_SIZE) == 0)
        target->size -= MARK_SIZE;
    return VQC_OK;
}

vqc_status vqc_sentencepiece_model_encode(const vqc_sentencepiece_model *model, const char *text, size_t size,
                                          vqc_token_list *tokens, vqc_error *error)
{
    vqc_text normalised = {0};
    if (!vqc_utf8_is_valid(text, size))
        return vqc_error_set(error, VQC_BAD_INPUT, "text is not UTF-8");
    vqc_status status = text_normalise(model, text, size, &normalised, error);
    if (status == VQC_OK && normalised.size > 0)
        status = vqc_unigram_encode(&model->unigram, normalised.data, normalised.size, tokens, error);
    vqc_text_release(&normalised);
    return status;
}
