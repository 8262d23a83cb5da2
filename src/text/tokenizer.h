#ifndef VQC_TEXT_TOKENIZER_H
#define VQC_TEXT_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "text/token_list.h"

/* Text -> token ids, as the library does it whose file it is. */
typedef struct vqc_tokenizer vqc_tokenizer;

/* What the caller knows; zero and NULL: not said. */
typedef struct vqc_tokenizer_options {
    const char *weights;       /* path of the weights that the tokens are for */
    const char *configuration; /* path of the configuration of the weights */
    size_t rows;               /* of their token table */
    const char *cleaning;      /* word of text/text_cleaning.h; else as the files say */
} vqc_tokenizer_options;

/* The file that a tokenizer is read from: the path itself, or, in a folder, tokenizer.json, vocab.json or
 * spiece.model, the first that is there. *file_out is new memory. A folder with none of them is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_tokenizer_path(const char *path, char **file_out, vqc_error *error);

/* Files beside a tokenizer's own that say more of it: what they are called in an archive, and their names. */
typedef struct vqc_tokenizer_companion {
    const char *key, *name;
} vqc_tokenizer_companion;

enum { VQC_TOKENIZER_COMPANIONS = 4 };
extern const vqc_tokenizer_companion vqc_tokenizer_companions[VQC_TOKENIZER_COMPANIONS];

/* The path of a companion of a tokenizer's file, new memory; NULL where there is none, or where it does not count:
 * nothing beside OpenAI's byte pairs does. */
VQC_MUST_CHECK vqc_status vqc_tokenizer_companion_find(const char *file, const vqc_tokenizer_companion *companion,
                                                       char **path_out, vqc_error *error);

/* Reads the tokenizer at path, a file or a folder; which kind it is its bytes tell. VQC_BAD_INPUT names the file and
 * the place: one that no kind recognises, that is broken, that asks for what is not computed, or, with rows, whose
 * number of ids is another: a message with both numbers and both files. */
VQC_MUST_CHECK vqc_status vqc_tokenizer_create(const char *path, const vqc_tokenizer_options *options,
                                               vqc_tokenizer **tokenizer_out, vqc_error *error);
/* NULL is allowed. */
void vqc_tokenizer_destroy(vqc_tokenizer *tokenizer);

/* Number of ids: 49408 for CLIP. */
size_t vqc_tokenizer_vocabulary_size(const vqc_tokenizer *tokenizer);
/* How many ids stand behind those of every text; a text that is cut keeps them. */
size_t vqc_tokenizer_after(const vqc_tokenizer *tokenizer);
/* The id that fills up a row, and on which side; false: the files do not say it. */
bool vqc_tokenizer_padding(const vqc_tokenizer *tokenizer, int32_t *id_out, bool *left_out);
/* Whose rules it follows and how it cleans, for people: "OpenAI's byte pairs, cleaning: lower". */
const char *vqc_tokenizer_rules(const vqc_tokenizer *tokenizer);

/* The ids of a NUL-terminated UTF-8 text, with those that stand before and after every text. The list is replaced,
 * not appended to, and may be of any length: fitting it to a model's context is the caller's. The text is cleaned
 * first (text/text_cleaning.h); one that is not UTF-8 or too long is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_tokenizer_encode(const vqc_tokenizer *tokenizer, const char *text,
                                               vqc_token_list *tokens, vqc_error *error);

/* The token as the file writes it, for people: "astronaut</w>". NULL if there is no such id. Belongs to the
 * tokenizer. */
const char *vqc_tokenizer_token_text(const vqc_tokenizer *tokenizer, int32_t id);

#endif
