#ifndef VQC_TEXT_TOKENIZER_TYPE_H
#define VQC_TEXT_TOKENIZER_TYPE_H

#include <stdbool.h>

#include "base/status.h"
#include "text/text_cleaning.h"
#include "text/token_list.h"

/* The kinds of tokenizers. Each is a row of the list in tokenizer.c, and knows one sort of file. */

/* The file that a tokenizer is read from, as its bytes begin. */
typedef struct vqc_tokenizer_file {
    const char *path;
    const char *name; /* the path's last part */
    unsigned char head[16];
    size_t head_size; /* less where the file is shorter */
} vqc_tokenizer_file;

struct vqc_tokenizer_surroundings; /* text/tokenizer_surroundings.h: what lies beside it and says more */

/* What a tokenizer says of itself. */
typedef struct vqc_tokenizer_facts {
    size_t size;           /* ids are 0 to size - 1 */
    size_t after;          /* how many ids stand behind those of every text: its end */
    int32_t padding;       /* id that fills up a row; VQC_TOKENIZER_NO_PADDING: nothing says it */
    bool pads_left;        /* before the text, not behind it */
    vqc_cleaning cleaning; /* of its own library, where nothing else is said */
    char rules[96];        /* whose rules these are, for people */
} vqc_tokenizer_facts;

enum { VQC_TOKENIZER_NO_PADDING = -1 };

typedef struct vqc_tokenizer_type {
    const char *name; /* for people */
    bool (*recognise)(const vqc_tokenizer_file *file);
    /* Reads the file. *own_out is what the type alone knows. VQC_BAD_INPUT names the file and what in it. */
    vqc_status (*read)(const vqc_tokenizer_file *file, struct vqc_tokenizer_surroundings *surroundings,
                       void **own_out, vqc_tokenizer_facts *facts, vqc_error *error);
    /* Appends the ids of a text that was cleaned, with those that stand before and after every text. */
    vqc_status (*encode)(const void *own, const char *text, vqc_token_list *tokens, vqc_error *error);
    /* The text of an id from 0 to size - 1, for people. */
    const char *(*token_text)(const void *own, int32_t id);
    void (*destroy)(void *own); /* NULL is allowed */
} vqc_tokenizer_type;

extern const vqc_tokenizer_type vqc_tokenizer_json;
extern const vqc_tokenizer_type vqc_tokenizer_merges;
extern const vqc_tokenizer_type vqc_tokenizer_sentencepiece;
extern const vqc_tokenizer_type vqc_tokenizer_openai;

#endif
