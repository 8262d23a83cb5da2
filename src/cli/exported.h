#ifndef VQC_CLI_EXPORTED_H
#define VQC_CLI_EXPORTED_H

#include <stdbool.h>
#include <stddef.h>

#include "image/image.h"

/* The pictures that `vqclip export` writes, as who reads them again knows them: files NUMBER.png, the render's number
 * in at least five digits, whose texts say what they were made from. */
#define VQC_EXPORTED_PROMPT "Title"
#define VQC_EXPORTED_STUDY "vqclip study"
#define VQC_EXPORTED_ID "vqclip id"
#define VQC_EXPORTED_SEED "vqclip seed"
#define VQC_EXPORTED_SETTINGS "vqclip settings"
#define VQC_EXPORTED_JOB "vqclip job SHA-256"
#define VQC_EXPORTED_CATEGORY "vqclip category"

/* The name of a render's file. */
enum { VQC_EXPORTED_NAME_SIZE = 32 };
void vqc_exported_name(size_t number, char name[VQC_EXPORTED_NAME_SIZE]);

/* Whether a file's name is that of an exported picture. */
bool vqc_exported_is_picture(const char *name);

/* The text of a picture that has the key, NULL where it has none. */
const char *vqc_exported_text(const vqc_image_texts *texts, const char *key);

#endif
